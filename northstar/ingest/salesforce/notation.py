"""Instants and Ids, as Salesforce and the cursor write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from northstar.ingest.contract import IngestError


def instant(text: str) -> datetime:
    """An instant as Salesforce writes it, timezone-aware in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def literal(moment: datetime) -> str:
    """An instant as SOQL wants it, to the millisecond."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def floor_minute(moment: datetime) -> datetime:
    """The beginning of a minute: /deleted ignores seconds."""
    return moment - timedelta(seconds=moment.second, microseconds=moment.microsecond)


def milliseconds(moment: datetime) -> int:
    """An instant as the cursor holds it."""
    return round(moment.timestamp() * 1000)


def quoted_id(id: str) -> str:
    """A record Id as a SOQL literal.  Raises IngestError when it is none, so that nothing else gets into a query."""
    if not (id.isascii() and id.isalnum()):
        raise IngestError("a Salesforce record Id has characters that Ids do not have")
    return f"'{id}'"


def utc_from_ms(ms: int) -> datetime:
    """An instant given in milliseconds since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)
