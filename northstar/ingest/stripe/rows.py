"""From Stripe's JSON to rows of raw tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from northstar.ingest.contract import IngestError
from northstar.ingest.landing import LoadWriter
from northstar.ingest.stripe.columns import DECIMAL, FLAG, FLOAT, INSTANT, OBJECTS, TEXT, WHOLE, RawObject

Json = dict[str, Any]

_MICROSECONDS = 1_000_000
_ROWS_AT_ONCE = 1_000
"""Rows of one raw table that are held before they are written to its file."""


@dataclass(frozen=True)
class Stamp:
    """What was the occasion of a row: an event, or a look at the account."""

    commit_ts: int
    """When the change happened, or when the object was looked at; seconds since 1970."""
    event_id: str | None = None
    event_type: str | None = None


@dataclass(frozen=True)
class Element:
    """One object as it is to be landed."""

    object: str
    id: str
    parent: str | None
    body: Json
    payload: str
    """The object as canonical JSON, without what is landed as rows of its own."""
    content_hash: str


def element(object: str, body: Json, parent: str | None = None) -> Element:
    """Take one object out of what Stripe sent: its nested lists left out, or as ids where they have one."""
    kept = dict(body)
    for nested in OBJECTS[object].nested:
        if nested.field in kept:
            if nested.expanded:
                kept[nested.field] = _ids(kept[nested.field])
            else:
                del kept[nested.field]
    payload = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    digest = hashlib.blake2b(payload.encode(), digest_size=16).hexdigest()
    return Element(object, kept["id"], parent, kept, payload, digest)


def _ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_ids(item) for item in value]
    return value["id"] if isinstance(value, dict) else value


class RowBuffer:
    """Rows on their way to the landing zone, numbered as they come."""

    def __init__(self, writer: LoadWriter, seq: int) -> None:
        self._writer = writer
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self.seq = seq
        """``_seq`` of the last row."""

    def add(self, op: str, object: str, id: str, parent: str | None, content: Element | None, stamp: Stamp) -> None:
        """Append one row; ``content`` is None for a deletion of which nothing but the key is known."""
        self.seq += 1
        row: dict[str, Any] = {
            "_op": op,
            "_commit_ts": stamp.commit_ts * _MICROSECONDS,
            "_seq": self.seq,
            "_event_id": stamp.event_id,
            "_event_type": stamp.event_type,
            "_content_hash": content.content_hash if content else None,
            "_parent": parent,
            "_payload": content.payload if content else None,
            "id": id,
        }
        if content is not None:
            raw = OBJECTS[object]
            for column, read in zip(raw.columns, _READERS[object], strict=True):
                try:
                    row[column.name] = read(content.body)
                except (TypeError, ValueError, InvalidOperation):
                    raise IngestError(
                        f"Stripe {object}.{column.path} is not {column.type} as declared for this API version; "
                        "correct northstar/ingest/stripe/columns.py"
                    ) from None
        rows = self._rows.setdefault(object, [])
        rows.append(row)
        if len(rows) >= _ROWS_AT_ONCE:
            self._write(object)

    def flush(self) -> None:
        """Write what is held."""
        for object in list(self._rows):
            self._write(object)

    def _write(self, object: str) -> None:
        rows = self._rows.pop(object)
        self._writer.write(object, pa.Table.from_pylist(rows, schema=raw_schema(OBJECTS[object])))


def raw_schema(raw: RawObject) -> pa.Schema:
    """The columns of a raw table, without the stamps that landing adds."""
    parent = [pa.field("_parent", TEXT)] if raw.is_nested else []
    return pa.schema(
        [
            pa.field("_op", TEXT),
            pa.field("_commit_ts", INSTANT),
            pa.field("_seq", WHOLE),
            pa.field("_event_id", TEXT),
            pa.field("_event_type", TEXT),
            pa.field("_content_hash", TEXT),
            *parent,
            *(pa.field(column.name, column.type) for column in raw.columns),
            pa.field("_payload", TEXT),
        ]
    )


def _text(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value["id"]
    if value is not None and not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: Any) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise TypeError
    return value


def _float(value: Any) -> float | None:
    if isinstance(value, bool):
        raise TypeError
    return None if value is None else float(value)


def _flag(value: Any) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise TypeError
    return value


def _instant(value: Any) -> int | None:
    seconds = _whole(value)
    return None if seconds is None else seconds * _MICROSECONDS


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        raise TypeError
    return None if value is None else Decimal(str(value))


_CONVERTERS: dict[pa.DataType, Callable[[Any], Any]] = {
    TEXT: _text, WHOLE: _whole, FLOAT: _float, FLAG: _flag, INSTANT: _instant, DECIMAL: _decimal,
}  # fmt: skip


def _reader(path: str, convert: Callable[[Any], Any]) -> Callable[[Json], Any]:
    """What reads a column's value from an object (paths: see columns.py)."""
    head, _, summed = path.partition("[].")
    steps = head.split(".")

    def read(body: Json) -> Any:
        value: Any = body
        for step in steps:
            if not isinstance(value, dict):
                return None
            value = value.get(step)
        if not summed:
            return convert(value)
        return None if value is None else sum(convert(item[summed]) for item in value)

    return read


_READERS = {
    raw.name: [_reader(column.path, _CONVERTERS[column.type]) for column in raw.columns] for raw in OBJECTS.values()
}
