"""The messages of ``pgoutput``, protocol version 1, taken apart.

Layout: PostgreSQL documentation, "Logical Replication Message Formats".  Integers are big-endian.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct

from northstar.ingest.postgres.names import raw_object
from northstar.ingest.postgres.types import SourceColumn

BEGIN, COMMIT, RELATION, INSERT, UPDATE, DELETE, TRUNCATE = b"BCRIUDT"
_OLD_KEY, _OLD_ROW, _NEW_ROW = b"KON"
_TEXT, _NULL, _UNCHANGED_TOAST = b"tnu"
_EPOCH_MICROSECONDS = 946_684_800_000_000
"""2000-01-01, where PostgreSQL counts time from, in microseconds since 1970."""

_U16 = Struct(">H").unpack_from
_U32 = Struct(">I").unpack_from
_BEGIN = Struct(">QqI").unpack_from
_COMMIT = Struct(">QQ").unpack_from
_COLUMN_TYPE = Struct(">Ii").unpack_from


class Unchanged:
    """Stands for a large value that the source did not send because the update left it alone."""

    def __repr__(self) -> str:
        return "UNCHANGED"


UNCHANGED = Unchanged()
Value = bytes | None | Unchanged
Row = list[Value]


@dataclass(frozen=True)
class Relation:
    """A table as it was when the changes that follow were made."""

    oid: int
    schema: str
    name: str
    identity: str
    """Replica identity: d(efault), i(ndex), f(ull), n(othing)."""
    columns: tuple[SourceColumn, ...]
    key: tuple[int, ...]
    """Positions of the columns of the replica identity; all of them when it is full."""

    @property
    def object(self) -> str:
        """The name of the raw table."""
        return raw_object(self.schema, self.name)


@dataclass(frozen=True)
class Begin:
    """The start of a transaction, known to be committed."""

    commit_lsn: int
    commit_microseconds: int
    """Since 1970, UTC."""
    xid: int


def begin(message: bytes) -> Begin:
    """Read a Begin message."""
    commit_lsn, microseconds, xid = _BEGIN(message, 1)
    return Begin(commit_lsn, microseconds + _EPOCH_MICROSECONDS, xid)


def commit_end(message: bytes) -> int:
    """The position just after the transaction that a Commit message ends."""
    end: int = _COMMIT(message, 2)[1]
    return end


def relation(message: bytes, domains: dict[int, tuple[int, int]]) -> Relation:
    """Read a Relation message; ``domains`` gives the base type and modifier of each domain."""
    (oid,) = _U32(message, 1)
    schema, position = _string(message, 5)
    name, position = _string(message, position)
    identity = chr(message[position])
    (count,) = _U16(message, position + 1)
    position += 3
    columns, key = [], []
    for number in range(count):
        if message[position] & 1:
            key.append(number)
        column, position = _string(message, position + 1)
        declared = _COLUMN_TYPE(message, position)
        position += 8
        columns.append(SourceColumn(column, *domains.get(declared[0], declared)))
    return Relation(oid, schema or "pg_catalog", name, identity, tuple(columns), tuple(key))


def relation_oid(message: bytes) -> int:
    """The relation of an Insert, Update or Delete message."""
    oid: int = _U32(message, 1)[0]
    return oid


def truncated(message: bytes) -> Sequence[int]:
    """The relations of a Truncate message."""
    (count,) = _U32(message, 1)
    return Struct(f">{count}I").unpack_from(message, 6)


def rows(message: bytes) -> tuple[Row | None, Row | None]:
    """The old and the new row of an Insert, Update or Delete message.

    The old row is what the replica identity gives: the key columns with NULL for the rest, or the whole row.
    """
    old: Row | None = None
    kind, position = message[5], 6
    if kind in (_OLD_KEY, _OLD_ROW):
        old, position = _row(message, position)
        if position == len(message):
            return old, None
        kind, position = message[position], position + 1
    if kind != _NEW_ROW:
        raise ValueError(f"unknown kind of row {chr(kind)!r} in a pgoutput message")
    new, _ = _row(message, position)
    return old, new


def _row(message: bytes, position: int) -> tuple[Row, int]:
    (count,) = _U16(message, position)
    position += 2
    values: Row = []
    for _ in range(count):
        kind = message[position]
        position += 1
        if kind == _TEXT:
            (length,) = _U32(message, position)
            position += 4
            values.append(message[position : position + length])
            position += length
        elif kind == _NULL:
            values.append(None)
        elif kind == _UNCHANGED_TOAST:
            values.append(UNCHANGED)
        else:
            raise ValueError(f"unknown kind of value {chr(kind)!r} in a pgoutput message")
    return values, position


def _string(message: bytes, position: int) -> tuple[str, int]:
    end = message.index(b"\0", position)
    return message[position:end].decode(), end + 1
