"""Half-hour boundaries, and the stamp that loads carry (design 4.1, sealing)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

TICK = timedelta(minutes=30)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc_now() -> datetime:
    """The present, timezone-aware in UTC."""
    return datetime.now(UTC)


def floor_boundary(moment: datetime) -> datetime:
    """The latest half-hour boundary at or before ``moment``."""
    return moment - (moment - _EPOCH) % TICK


def next_boundary(moment: datetime) -> datetime:
    """The first half-hour boundary strictly after ``moment``."""
    return floor_boundary(moment) + TICK


def parse_boundary(text: str) -> datetime:
    """Read a boundary given by a person, such as ``2026-11-04T10:30`` (UTC unless an offset is given).

    Raises ValueError, saying what is wrong, when it is no time or no half-hour boundary.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a time; write it like 2026-11-04T10:30 (UTC)") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if floor_boundary(moment) != moment:
        raise ValueError(f"{text!r} is not a half-hour boundary; minutes must be 00 or 30")
    return moment


def load_stamp(boundary: datetime, sealed_through: datetime | None) -> datetime:
    """The ``_loaded_at`` of rows landed for the interval that ends at ``boundary``: its last second.

    Raises ValueError when the source is sealed through that boundary already: no row may be stamped before a seal.
    """
    if sealed_through is not None and boundary <= sealed_through:
        raise ValueError(
            f"the interval that ends at {boundary:%Y-%m-%d %H:%M} is sealed (through {sealed_through:%Y-%m-%d %H:%M}); "
            "late rows belong to the next interval"
        )
    return boundary - timedelta(seconds=1)


def to_naive_utc(moment: datetime) -> datetime:
    """Drop the zone after converting to UTC: every timestamp in the warehouse is UTC without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def from_naive_utc(moment: datetime) -> datetime:
    """The inverse of :func:`to_naive_utc`."""
    return moment.replace(tzinfo=UTC)
