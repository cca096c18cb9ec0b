"""From decoded WAL messages to rows of raw.

Order: transactions come in the order of their commits, and a row's place is (_commit_lsn, _seq), _seq being its number
within the transaction.  The position of a single change in the WAL would not do: transactions interleave there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from northstar.ingest.landing import LoadWriter
from northstar.ingest.postgres import messages, names
from northstar.ingest.postgres.messages import UNCHANGED, Begin, Relation, Row
from northstar.ingest.postgres.types import META_FIELDS, raw_columns

_DRAIN_BYTES = 8 << 20
_DRAIN_ROWS = 20_000
"""When buffered rows are written out, also in the middle of a transaction."""


@dataclass
class _Buffer:
    relation: Relation
    meta: list[tuple[str, int, int, int, int, str | None]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def table(self) -> pa.Table:
        meta = [pa.array(values, f.type) for f, values in zip(META_FIELDS, zip(*self.meta, strict=True), strict=True)]
        columns = zip(*self.rows, strict=True)
        # Values are UTF-8: the connection's client_encoding says so, and the cast checks it.
        text = [pa.array(values, pa.binary()).cast(pa.string()) for values in columns]
        fields, arrays = raw_columns(self.relation.columns, text)
        return pa.table(meta + arrays, schema=pa.schema([*META_FIELDS, *fields]))


class Decoder:
    """Takes messages in their order, and writes rows of raw."""

    def __init__(
        self,
        writer: LoadWriter,
        watermark: int,
        primary_keys: Mapping[int, frozenset[str]],
        domains: dict[int, tuple[int, int]],
    ) -> None:
        """``watermark``: transactions committed there or before are in raw already, and are skipped.

        ``primary_keys``: of tables with replica identity full, whose messages do not tell the key.
        """
        self.watermark = watermark
        """The commit position of the last transaction that was written or skipped."""
        self.end_lsn = 0
        """The position just after the last transaction seen, 0 before the first."""
        self.commit_microseconds = 0
        """When the last transaction was committed, since 1970."""
        self.rows = 0
        self.relations: dict[int, Relation] = {}
        self.seen: set[Relation] = set()
        """The tables as they were when changes were made to them."""
        self._writer = writer
        self._skip_through = watermark
        self._primary_keys = primary_keys
        self._domains = domains
        self._buffers: dict[int, _Buffer] = {}
        self._buffered_bytes = self._buffered_rows = 0
        self._unlandable: set[int] = set()
        """Relations that raw cannot hold as they are now; once they are as they should be they are read whole."""
        self._begin: Begin | None = None
        self._skip = False
        self._seq = 0

    def feed(self, message: bytes) -> None:
        """Take one message."""
        kind = message[0]
        if kind in (messages.INSERT, messages.UPDATE, messages.DELETE):
            if not self._skip:
                self._change(kind, message)
        elif kind == messages.BEGIN:
            self._begin = messages.begin(message)
            self._skip = self._begin.commit_lsn <= self._skip_through
            self._seq = 0
        elif kind == messages.COMMIT:
            self._commit(message)
        elif kind == messages.RELATION:
            self._describe(messages.relation(message, self._domains))
        elif kind == messages.TRUNCATE and not self._skip:
            for oid in messages.truncated(message):
                relation = self.relations[oid]
                self._emit("T", relation, [None] * len(relation.columns))

    def drain(self) -> None:
        """Write out what is buffered."""
        for buffer in self._buffers.values():
            self._write(buffer)
        self._buffers.clear()
        self._buffered_bytes = self._buffered_rows = 0

    def _commit(self, message: bytes) -> None:
        if self._begin is None:
            raise ValueError("a pgoutput Commit message without its Begin")
        self.end_lsn = messages.commit_end(message)
        self.watermark = max(self.watermark, self._begin.commit_lsn)
        self.commit_microseconds = self._begin.commit_microseconds

    def _describe(self, relation: Relation) -> None:
        """Remember a table's columns; rows made before a change of them go to a table of their own."""
        if self.relations.get(relation.oid) == relation:
            return
        buffer = self._buffers.pop(relation.oid, None)
        if buffer is not None:
            self._write(buffer)
        self.relations[relation.oid] = relation
        if names.obstacle(relation.object, [column.name for column in relation.columns]):
            self._unlandable.add(relation.oid)
        else:
            self._unlandable.discard(relation.oid)

    def _change(self, kind: int, message: bytes) -> None:
        self._buffered_bytes += len(message)
        relation = self.relations[messages.relation_oid(message)]
        old, new = messages.rows(message)
        if kind == messages.DELETE:
            assert old is not None
            self._emit("D", relation, old)
        elif kind == messages.INSERT or old is None:
            assert new is not None
            self._emit(chr(kind), relation, new)
        else:
            assert new is not None
            self._update(relation, old, new)
        if self._buffered_bytes >= _DRAIN_BYTES or self._buffered_rows >= _DRAIN_ROWS:
            self.drain()

    def _update(self, relation: Relation, old: Row, new: Row) -> None:
        """Emit an update of which the old row is known: with a changed key it is a delete of the old one first."""
        full = relation.identity == "f"
        key = self._full_identity_key(relation) if full else relation.key
        for number in range(len(new)) if full else key:
            # A large value is never NULL.  Where the old row has NULL it is not whole after all: of a partition whose
            # own replica identity is narrower than that of the partitioned table.
            if new[number] is UNCHANGED and old[number] is not None:
                new[number] = old[number]
        # Without a primary key there is nothing that would tell the new row from the old one.
        if not key or any(old[number] != new[number] for number in key):
            self._emit("D", relation, old)
        self._emit("U", relation, new)

    def _full_identity_key(self, relation: Relation) -> tuple[int, ...]:
        names = self._primary_keys.get(relation.oid, frozenset())
        return tuple(number for number, column in enumerate(relation.columns) if column.name in names)

    def _emit(self, op: str, relation: Relation, row: Row) -> None:
        assert self._begin is not None
        self.seen.add(relation)
        if relation.oid in self._unlandable:
            return
        self._seq += 1
        self.rows += 1
        self._buffered_rows += 1
        buffer = self._buffers.get(relation.oid)
        if buffer is None:
            buffer = self._buffers[relation.oid] = _Buffer(relation)
        unchanged = None
        if UNCHANGED in row:
            unchanged = ",".join(c.name for c, value in zip(relation.columns, row, strict=True) if value is UNCHANGED)
            row = [None if value is UNCHANGED else value for value in row]
        begin = self._begin
        buffer.meta.append((op, begin.commit_lsn, self._seq, begin.commit_microseconds, begin.xid, unchanged))
        buffer.rows.append(row)

    def _write(self, buffer: _Buffer) -> None:
        self._writer.write(buffer.relation.object, buffer.table())
