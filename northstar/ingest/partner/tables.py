"""The raw tables of the partner source as Arrow."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from northstar.ingest.partner.feeds import Feed
from northstar.ingest.partner.reading import Layout
from northstar.ingest.partner.records import Rejected
from northstar.ingest.partner.state import Seen

FILE = "file"
REJECTED_RECORD = "rejected_record"

_INSTANT = pa.timestamp("us")
_ROW_FIELDS = (
    pa.field("_op", pa.string()),
    pa.field("_commit_ts", _INSTANT),
    pa.field("_file", pa.string()),
    pa.field("_sha256", pa.string()),
    pa.field("_row", pa.int64()),
    pa.field("_seq", pa.int64()),
)
_REJECTED_SCHEMA = pa.schema(
    [
        *_ROW_FIELDS,
        pa.field("feed", pa.string()),
        pa.field("encoding", pa.string()),
        pa.field("byte_offset", pa.int64()),
        pa.field("byte_length", pa.int64()),
        pa.field("reason", pa.string()),
        pa.field("content_base64", pa.string()),
    ]
)
_FILE_SCHEMA = pa.schema(
    [
        *(column for column in _ROW_FIELDS if column.name != "_row"),
        pa.field("version", pa.string()),
        pa.field("etag", pa.string()),
        pa.field("size", pa.int64()),
        pa.field("feed", pa.string()),
        pa.field("encoding", pa.string()),
        pa.field("status", pa.string()),
        pa.field("row_count", pa.int64()),
        pa.field("rejected_count", pa.int64()),
        pa.field("message", pa.string()),
    ]
)


class Sequence64:
    """The total order of everything that the source lands: continued from the cursor."""

    def __init__(self, last: int) -> None:
        self.last = last

    def take(self, count: int) -> range:
        """The next ``count`` numbers."""
        first = self.last + 1
        self.last += count
        return range(first, first + count)


@dataclass(frozen=True)
class Stamp:
    """What all rows of one change of one file have in common."""

    op: str
    commit_ts: datetime
    """Naive UTC."""
    file: str
    sha256: str | None

    def columns(self, row_numbers: Sequence[int], sequence: Sequence64) -> list[pa.Array]:
        """The leading columns of a table of rows."""
        count = len(row_numbers)
        return [
            pa.repeat(pa.scalar(self.op, pa.string()), count),
            pa.repeat(pa.scalar(self.commit_ts, _INSTANT), count),
            pa.repeat(pa.scalar(self.file, pa.string()), count),
            pa.repeat(pa.scalar(self.sha256, pa.string()), count),
            pa.array(row_numbers, pa.int64()),
            pa.array(sequence.take(count), pa.int64()),
        ]


def row_table(
    stamp: Stamp,
    feed: Feed,
    layout: Layout,
    numbers: Sequence[int],
    values: Iterable[Sequence[str]],
    sequence: Sequence64,
) -> pa.Table:
    """Good records, every column as the text that the file has, in the feed's order whatever the file's."""
    by_name: dict[str, Any] = dict(zip(layout.names, zip(*values, strict=True), strict=True))
    names = [*(column.name for column in feed.columns), *sorted(layout.extra)]
    columns = [
        pa.array(by_name[name], pa.string()) if name in by_name else pa.nulls(len(numbers), pa.string())
        for name in names
    ]
    schema = pa.schema([*_ROW_FIELDS, *(pa.field(name, pa.string()) for name in names)])
    return pa.Table.from_arrays([*stamp.columns(numbers, sequence), *columns], schema=schema)


def rejected_table(
    stamp: Stamp, feed: Feed, encoding: str | None, rejected: Sequence[Rejected], sequence: Sequence64
) -> pa.Table:
    """Bad records, byte for byte.  ``_row`` is the record's number in its file, 0 for the header."""
    count = len(rejected)
    columns = [
        pa.repeat(pa.scalar(feed.name, pa.string()), count),
        pa.repeat(pa.scalar(encoding, pa.string()), count),
        pa.array([record.offset for record in rejected], pa.int64()),
        pa.array([len(record.raw) for record in rejected], pa.int64()),
        pa.array([record.reason for record in rejected], pa.string()),
        pa.array([base64.b64encode(record.raw).decode() for record in rejected], pa.string()),
    ]
    numbers = [record.number for record in rejected]
    return pa.Table.from_arrays([*stamp.columns(numbers, sequence), *columns], schema=_REJECTED_SCHEMA)


@dataclass(frozen=True)
class FileEvent:
    """One row of ``file``: a version seen for the first time (I), or something that befell it later (U)."""

    op: str
    at: datetime
    """Naive UTC."""
    seen: Seen
    message: str | None

    def row(self, seq: int) -> dict[str, Any]:
        """The row's columns."""
        return {
            "_op": self.op,
            "_commit_ts": self.at,
            "_file": self.seen.file,
            "_sha256": self.seen.sha256,
            "_seq": seq,
            "version": self.seen.version_id or self.seen.etag,
            "etag": self.seen.etag,
            "size": self.seen.size,
            "feed": self.seen.feed,
            "encoding": self.seen.encoding,
            "status": self.seen.status,
            "row_count": self.seen.rows,
            "rejected_count": self.seen.rejected,
            "message": self.message,
        }


def file_table(events: Sequence[FileEvent], sequence: Sequence64) -> pa.Table:
    """The files' history.  A version's key is ``(_file, version)``; its last row by ``_seq`` is its present state."""
    numbers = sequence.take(len(events))
    return pa.Table.from_pylist(
        [event.row(seq) for event, seq in zip(events, numbers, strict=True)], schema=_FILE_SCHEMA
    )


def withdrawn_table(stamp: Stamp, feed: Feed, rows: Sequence[tuple[Any, ...]], sequence: Sequence64) -> pa.Table:
    """D rows for ``rows``, each a record number followed by the feed's key columns; other columns are NULL."""
    numbers = [row[0] for row in rows]
    layout = Layout(feed.key, ())
    return row_table(stamp, feed, layout, numbers, [row[1:] for row in rows], sequence)
