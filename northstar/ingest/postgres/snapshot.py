"""Whole tables, read at one moment of the source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv as pacsv
from psycopg import sql

from northstar.clock import to_naive_utc
from northstar.ingest.contract import Notice
from northstar.ingest.landing import LoadWriter
from northstar.ingest.postgres.catalog import Catalog, Table, read_catalog
from northstar.ingest.postgres.slot import ExportedSnapshot
from northstar.ingest.postgres.types import META_FIELDS, SourceColumn, raw_columns

_CHUNK_BYTES = 8 << 20

_MOVED = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.InsufficientPrivilege,
)
"""What is raised when a table changed between the snapshot and its turn."""


def position_before(lsn: int) -> int:
    """The commit position of rows that are read in a snapshot with this consistent point.

    What the snapshot shows was committed by records that start before the consistent point; the first transaction
    that it does not show may well be committed by a record that starts exactly there.  Records are aligned to eight
    bytes, so one byte before is the place between the two.
    """
    return lsn - 1


class SnapshotReader:
    """Reads tables as they were at an exported snapshot, and writes them as rows of raw.

    Each table is read in a transaction of its own: a lock on a table lasts as long as its own reading, so that the
    source's migrations do not wait for the whole snapshot.
    """

    def __init__(
        self, connection: psycopg.Connection[Any], snapshot: ExportedSnapshot, writer: LoadWriter, truncate: bool
    ) -> None:
        """With ``truncate`` a T row comes before those of each table: what raw had of it before is void."""
        self._connection = connection
        self._snapshot = snapshot
        self._writer = writer
        self._truncate = truncate
        self._seq = 0

    def catalog(self, publication: str) -> Catalog:
        """The source's tables at the moment of the snapshot."""
        with self._connection.transaction():
            self._import_snapshot()
            return read_catalog(self._connection, publication)

    def read(self, table: Table) -> Notice | None:
        """Read one table; a notice says why it could not be, and then nothing of it was written."""
        source = sql.SQL("{}{}").format(
            sql.SQL("" if table.partitioned else "ONLY "), sql.Identifier(table.schema, table.name)
        )
        try:
            with self._connection.transaction():
                self._import_snapshot()
                self._connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(source))
                if self._rewritten(table):
                    return Notice(table.object, "table_busy", "was rewritten while the snapshot was taken; tried again")
                self._copy(table, source)
        except _MOVED as error:
            reason = type(error).__name__
            return Notice(table.object, "table_busy", f"could not be read at the snapshot ({reason}); tried again")
        return None

    def _import_snapshot(self) -> None:
        self._connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(self._snapshot.name))

    def _rewritten(self, table: Table) -> bool:
        """Whether the table was rewritten since the snapshot, so that it looks empty to it.

        ``pg_relation_filenode`` tells the present, the catalog read in the snapshot tells that moment.
        """
        files = {partition.oid: partition.file for partition in table.partitions} or {table.oid: table.file}
        present = self._connection.execute(
            "SELECT oid, pg_relation_filenode(oid::oid)::int8 FROM unnest(%s::int8[]) AS oid", [list(files)]
        )
        return any((file or 0) != files[oid] for oid, file in present)

    def _copy(self, table: Table, source: sql.Composed) -> None:
        columns = [column.source for column in table.columns]
        names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
        statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT (FORMAT csv)").format(names, source)
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            # Written even if it has no rows: models can be planned on an empty table.
            head = pa.nulls(1 if self._truncate else 0, pa.string())
            self._write("T", table.object, columns, [head] * len(columns))
            for chunk in _chunks(copy):
                self._write("R", table.object, columns, _parse(chunk, len(columns)))
        self._writer.finish(table.object)

    def _write(self, op: str, object: str, columns: Sequence[SourceColumn], values: Sequence[pa.Array]) -> None:
        rows = len(values[0])
        numbers = range(self._seq + 1, self._seq + 1 + rows)
        self._seq += rows
        meta = [
            pa.repeat(pa.scalar(op), rows),
            pa.repeat(pa.scalar(position_before(self._snapshot.lsn), pa.int64()), rows),
            pa.array(numbers, pa.int64()),
            pa.repeat(pa.scalar(to_naive_utc(self._snapshot.taken_at), pa.timestamp("us")), rows),
            pa.nulls(rows, pa.int64()),
            pa.nulls(rows, pa.string()),
        ]
        fields, arrays = raw_columns(columns, values)
        self._writer.write(object, pa.table(meta + arrays, schema=pa.schema([*META_FIELDS, *fields])))


def _chunks(copy: Iterable[bytes | bytearray | memoryview]) -> Iterator[bytes]:
    """Rows of a COPY, some megabytes at a time; the server sends each row as a message of its own."""
    pieces: list[bytes | bytearray | memoryview] = []
    size = 0
    for piece in copy:
        pieces.append(piece)
        size += len(piece)
        if size >= _CHUNK_BYTES:
            yield b"".join(pieces)
            pieces, size = [], 0
    if pieces:
        yield b"".join(pieces)


def _parse(chunk: bytes, columns: int) -> list[pa.Array]:
    """Split CSV into columns of text: NULL is nothing at all, an empty text is quoted."""
    names = [str(number) for number in range(columns)]
    table = pacsv.read_csv(
        pa.BufferReader(chunk),
        read_options=pacsv.ReadOptions(column_names=names, block_size=len(chunk) + 1, use_threads=False),
        parse_options=pacsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return [column.combine_chunks() for column in table.columns]
