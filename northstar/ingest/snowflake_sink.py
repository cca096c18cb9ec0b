"""The Snowflake warehouse as a sink: Parquet on a stage, ``COPY INTO`` and the ledger's rows in one transaction.

DDL commits on Snowflake, so that tables are made to fit before the transaction begins: a load that fails may leave an
empty column behind, and never a row.  The ledger alone says what is loaded; COPY is told to load what it is given
(``FORCE``), because what Snowflake itself remembers of files ends after 64 days, and how many rows came is compared.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from northstar import failpoints
from northstar.clock import TICK, from_naive_utc, to_naive_utc, utc_now
from northstar.ingest.contract import Batch, IngestError, LandedFile
from northstar.ingest.landing import LandingZone, Screen
from northstar.ingest.ledger import WHOLE_BATCH, Entries, expire_cursors
from northstar.ingest.snowflake_tables import RawTables, column_type, literal, name_of, quoted
from northstar.ingest.types import duckdb_type
from northstar.snowflake_connection import Connection
from northstar.statements import NO_SUCH_OBJECT, insert, transaction

STAGE = "NORTHSTAR.OPS.LANDING"
"""The stage over the landing zone, unless ``NORTHSTAR_SNOWFLAKE_STAGE`` names another."""
_ROWS_A_FETCH = 10_000
_FILES_A_COPY = 1000
_FILE_FORMAT = "FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE BINARY_AS_TEXT = FALSE)"

_OPS_TABLES = (
    "CREATE SCHEMA IF NOT EXISTS ops",
    "CREATE TABLE IF NOT EXISTS ops.load_ledger ("
    "source VARCHAR NOT NULL, batch_no NUMBER(38, 0) NOT NULL, load_id VARCHAR NOT NULL, object VARCHAR NOT NULL, "
    "file VARCHAR, origin VARCHAR, row_count NUMBER(38, 0) NOT NULL, cursor_after VARCHAR, "
    "source_as_of TIMESTAMP_NTZ NOT NULL, loaded_at TIMESTAMP_NTZ NOT NULL, recorded_at TIMESTAMP_NTZ NOT NULL)",
    "CREATE TABLE IF NOT EXISTS ops.source_seal ("
    "source VARCHAR NOT NULL, sealed_through TIMESTAMP_NTZ NOT NULL, sealed_at TIMESTAMP_NTZ NOT NULL)",
    "CREATE TABLE IF NOT EXISTS ops.source_notice ("
    "source VARCHAR NOT NULL, load_id VARCHAR NOT NULL, object VARCHAR NOT NULL, kind VARCHAR NOT NULL, "
    "detail VARCHAR NOT NULL, noticed_at TIMESTAMP_NTZ NOT NULL)",
)


class SnowflakeSink:
    """Loads batches into raw over one connection, which it closes only if told to own it."""

    def __init__(
        self,
        connection: SnowflakeConnection,
        landing: LandingZone,
        stage: str = STAGE,
        owns: bool = True,
        loading: threading.RLock | None = None,
        screen: Screen | None = None,
    ) -> None:
        self._connection = Connection(connection)
        self._landing, self._stage, self._owns = landing, stage, owns
        self._loading, self._screen = loading or threading.RLock(), screen
        for statement in _OPS_TABLES:
            self._connection.execute(statement)

    def ledger(self, source: str) -> SnowflakeLedger:
        """The ledger as one source sees it."""
        return SnowflakeLedger(self._connection, source)

    def sealed_through(self, source: str) -> datetime | None:
        """Through when a source is complete in raw, None when it was never sealed."""
        row = self._connection.execute(
            "SELECT MAX(sealed_through) FROM ops.source_seal WHERE source = ?", [source]
        ).fetchone()
        return from_naive_utc(row[0]) if row and row[0] else None

    def seal(self, source: str, through: datetime) -> None:
        """Say that a source is complete through a boundary, and through each that was missed before it.  Idempotent."""
        sealed = self.sealed_through(source)
        first = through if sealed is None else sealed + TICK
        now = to_naive_utc(utc_now())
        passed = [to_naive_utc(first + number * TICK) for number in range((through - first) // TICK + 1)]
        insert(self._connection, "ops.source_seal", [[source, boundary, now] for boundary in passed])

    def load(self, source: str, batch: Batch, loaded_at: datetime) -> None:
        """Load a batch whole or not at all.  Raises IngestError when it is loaded already."""
        with self._loading:
            self._refuse_known(source, batch)
            if self._screen is not None:
                batch = self._screen(self._connection, self._landing, source, batch)
            selects = self._fit(source, batch.files)
            with transaction(self._connection):
                self._copy(source, batch.files, selects, midway="in_load")
                self._record(source, batch, loaded_at)
                failpoints.reach("before_commit")
            failpoints.reach("after_commit")

    def replace(self, source: str, load_id: str, files: Sequence[LandedFile]) -> None:
        """Put files in the place of what raw has of a load; the ledger stays as it is."""
        with self._loading:
            selects = self._fit(source, files)
            with transaction(self._connection):
                for object in sorted({file.object for file in files}):
                    self._connection.execute(f"DELETE FROM {_table(source, object)} WHERE _load_id = ?", [load_id])
                failpoints.reach("in_replace")
                self._copy(source, files, selects, midway="after_replaced_file")
            failpoints.reach("after_replace")

    def declare(self, schema: str, object: str, columns: Mapping[str, str]) -> None:
        """Create an empty raw table that models read, unless it is there; types as DuckDB spells them."""
        with self._loading:
            RawTables(self._connection, schema).declare(object, columns)

    def fork(self) -> SnowflakeSink:
        """The same warehouse for another thread.  The connection is shared: its transactions exclude each other."""
        return SnowflakeSink(
            self._connection.raw, self._landing, self._stage, owns=False, loading=self._loading, screen=self._screen
        )

    def close(self) -> None:
        """Close the connection if it is this sink's own."""
        if self._owns:
            self._connection.close()

    def _refuse_known(self, source: str, batch: Batch) -> None:
        known = self._connection.execute(
            "SELECT COUNT(*) FROM ops.load_ledger WHERE source = ? AND load_id = ?", [source, batch.load_id]
        ).fetchone()
        if known and known[0]:
            raise IngestError(f"load {batch.load_id} of source {source} is in the ledger already")

    def _fit(self, source: str, files: Sequence[LandedFile]) -> list[tuple[str, str]]:
        """Make tables fit; returns for each file the columns it fills, and the expressions that fill them."""
        tables = RawTables(self._connection, f"raw_{source}")
        return [_columns_and_values(file, tables.fit(file)) for file in files]

    def _copy(self, source: str, files: Sequence[LandedFile], selects: Sequence[tuple[str, str]], midway: str) -> None:
        numbered = list(zip(files, selects, strict=True))
        for (object, _, _), group in groupby(numbered, lambda one: (one[0].object, one[1], _folder(one[0]))):
            together = list(group)
            for start in range(0, len(together), _FILES_A_COPY):
                some = [file for file, _ in together[start : start + _FILES_A_COPY]]
                self._copy_files(_table(source, object), some, *together[0][1])
            failpoints.reach(midway)

    def _copy_files(self, target: str, files: Sequence[LandedFile], columns: str, values: str) -> None:
        root = self._landing.root
        folder = _folder(files[0])
        if not folder.startswith(f"{root}/"):
            raise IngestError(f"{files[0].path} is not in the landing zone {self._landing.url}")
        location = literal(f"@{self._stage}/{folder.removeprefix(f'{root}/')}/")
        names = ", ".join(literal(file.path.rpartition("/")[2]) for file in files)
        result = self._connection.execute(
            f"COPY INTO {target} ({columns}) FROM (SELECT {values} FROM {location}) FILES = ({names}) "
            f"{_FILE_FORMAT} ON_ERROR = ABORT_STATEMENT FORCE = TRUE"
        ).fetchall()
        loaded = sum(int(row[3]) for row in result if len(row) > 3)
        expected = sum(file.rows for file in files)
        if loaded != expected:
            raise IngestError(f"COPY INTO {target} loaded {loaded} rows of {expected}: {names} in {location}")

    def _record(self, source: str, batch: Batch, loaded_at: datetime) -> None:
        row = self._connection.execute(
            "SELECT COALESCE(MAX(batch_no), 0) + 1 FROM ops.load_ledger WHERE source = ?", [source]
        ).fetchone()
        assert row is not None
        stamp, now = to_naive_utc(loaded_at), to_naive_utc(utc_now())
        as_of = to_naive_utc(batch.source_as_of)
        entries: list[list[Any]] = [[file.object, file.path, file.origin, file.rows, None] for file in batch.files]
        entries.append([WHOLE_BATCH, None, None, batch.rows, json.dumps(batch.cursor, sort_keys=True)])
        of_all = [source, int(row[0]), batch.load_id]
        insert(self._connection, "ops.load_ledger", [[*of_all, *entry, as_of, stamp, now] for entry in entries])
        expire_cursors(self._connection, source, int(row[0]))
        insert(
            self._connection,
            "ops.source_notice",
            [[source, batch.load_id, notice.object, notice.kind, notice.detail, now] for notice in batch.notices],
        )


def _folder(file: LandedFile) -> str:
    return file.path.rpartition("/")[0]


def _table(source: str, object: str) -> str:
    return f"{name_of(f'raw_{source}')}.{name_of(object)}"


def _columns_and_values(file: LandedFile, parked: Mapping[str, str]) -> tuple[str, str]:
    columns = ", ".join(name_of(parked.get(name.lower(), name)) for name in file.schema.names)
    values = ", ".join(f"$1:{quoted(field.name)}::{column_type(duckdb_type(field.type))}" for field in file.schema)
    return columns, values


class SnowflakeLedger(Entries):
    """What a source may ask: its entries, and what of its rows is live."""

    def __init__(self, connection: Connection, source: str) -> None:
        super().__init__(connection, source)
        self._connection = connection

    def live_keys(self, object: str, key: Sequence[str], order: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The keys whose last change in raw, by ``order``, is not a delete; none when the table does not exist."""
        return self._live(object, key, order, (), "TRUE", [])

    def live_rows(
        self, object: str, key: Sequence[str], order: Sequence[str], columns: Sequence[str], where: tuple[str, set[str]]
    ) -> Iterator[tuple[Any, ...]]:
        """Key and further columns of the last change of each live key, of rows whose ``where`` column is in a set."""
        column, values = where
        condition = f"{name_of(column)} IN ({', '.join('?' * len(values))})"
        return self._live(object, key, order, columns, condition, sorted(values)) if values else iter(())

    def _live(
        self,
        object: str,
        key: Sequence[str],
        order: Sequence[str],
        columns: Sequence[str],
        condition: str,
        parameters: list[Any],
    ) -> Iterator[tuple[Any, ...]]:
        keys = ", ".join(name_of(name) for name in key)
        wanted = ", ".join(dict.fromkeys(name_of(name) for name in (*key, *columns)))
        latest = ", ".join(f"{name_of(name)} DESC" for name in order)
        inner = ", ".join(dict.fromkeys(name_of(name) for name in (*key, *columns, "_op")))
        try:
            cursor = self._connection.execute(
                f"SELECT {wanted} FROM (SELECT {inner} FROM {_table(self._source, object)} WHERE {condition} "
                f"QUALIFY ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY {latest}) = 1) WHERE _op <> 'D' "
                f"ORDER BY {keys}",  # a replayed read must number its rows as the first did
                parameters,
            )
        except ProgrammingError as error:
            if error.errno == NO_SUCH_OBJECT:
                return
            raise
        while rows := cursor.fetchmany(_ROWS_A_FETCH):
            yield from rows
