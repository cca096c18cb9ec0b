"""The DuckDB warehouse as a sink."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as pads

from northstar import failpoints
from northstar.clock import TICK, from_naive_utc, to_naive_utc, utc_now
from northstar.ingest.contract import Batch, IngestError, LandedFile
from northstar.ingest.landing import LandingZone, Screen
from northstar.ingest.ledger import WHOLE_BATCH, Entries, expire_cursors
from northstar.ingest.types import drift, duckdb_type
from northstar.statements import transaction

CATALOG = "NORTHSTAR"
"""Upper case: SQLMesh compares catalog names as strings, and models are written in dialect snowflake."""

_OPS_TABLES = """
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.load_ledger (
    source VARCHAR NOT NULL, batch_no BIGINT NOT NULL, load_id VARCHAR NOT NULL, object VARCHAR NOT NULL,
    file VARCHAR, origin VARCHAR, row_count BIGINT NOT NULL, cursor_after VARCHAR,
    source_as_of TIMESTAMP NOT NULL, loaded_at TIMESTAMP NOT NULL, recorded_at TIMESTAMP NOT NULL);
CREATE TABLE IF NOT EXISTS ops.source_seal (
    source VARCHAR NOT NULL, sealed_through TIMESTAMP NOT NULL, sealed_at TIMESTAMP NOT NULL);
CREATE TABLE IF NOT EXISTS ops.source_notice (
    source VARCHAR NOT NULL, load_id VARCHAR NOT NULL, object VARCHAR NOT NULL, kind VARCHAR NOT NULL,
    detail VARCHAR NOT NULL, noticed_at TIMESTAMP NOT NULL);
"""

_ROWS_A_FETCH = 10_000


def quoted(identifier: str) -> str:
    """An identifier, quoted for DuckDB."""
    return '"' + identifier.replace('"', '""') + '"'


def connect(path: Path | str) -> duckdb.DuckDBPyConnection:
    """Open the warehouse file the way SQLMesh does, as catalog NORTHSTAR.

    Raises IngestError naming the file when another process has it open.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS {CATALOG}")
        prepare(connection)
    except duckdb.IOException as error:
        connection.close()
        raise IngestError(f"cannot open the warehouse {path}: {str(error).splitlines()[0]}") from error
    return connection


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Set up a connection to which the warehouse is attached, the way SQLMesh's own is."""
    connection.execute(f"USE {CATALOG}; SET TimeZone = 'UTC'; SET checkpoint_threshold = '1GB'")
    connection.execute("SET preserve_insertion_order = false")


class DuckDBSink:
    """Loads batches into raw over one connection, which it closes only if told to own it."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        landing: LandingZone,
        owns: bool = True,
        loading: threading.Lock | None = None,
        screen: Screen | None = None,
    ) -> None:
        self._connection = connection
        self._screen = screen
        self._landing = landing
        self._owns = owns
        self._loading = loading or threading.Lock()
        connection.execute(_OPS_TABLES)

    def ledger(self, source: str) -> DuckDBLedger:
        """The ledger as one source sees it."""
        return DuckDBLedger(self._connection, source)

    def sealed_through(self, source: str) -> datetime | None:
        """Through when a source is complete in raw, None when it was never sealed."""
        row = self._connection.execute(
            "SELECT max(sealed_through) FROM ops.source_seal WHERE source = ?", [source]
        ).fetchone()
        return from_naive_utc(row[0]) if row and row[0] else None

    def seal(self, source: str, through: datetime) -> None:
        """Say that a source is complete through a boundary, and through each that was missed before it.  Idempotent.

        A missed boundary is sealed late and empty: what was not read then belongs to the interval that it was read for.
        """
        sealed = self.sealed_through(source)
        first = through if sealed is None else sealed + TICK
        passed = [to_naive_utc(first + number * TICK) for number in range((through - first) // TICK + 1)]
        if passed:
            self._connection.execute(
                "INSERT INTO ops.source_seal SELECT ?, unnest(?), ?", [source, passed, to_naive_utc(utc_now())]
            )

    def load(self, source: str, batch: Batch, loaded_at: datetime) -> None:
        """Load a batch whole or not at all.  Raises IngestError when it is loaded already."""
        if self._screen is not None:
            batch = self._screen(self._connection, self._landing, source, batch)
        with self._loading:
            self._load_whole(source, batch, loaded_at)

    def replace(self, source: str, load_id: str, files: Sequence[LandedFile]) -> None:
        """Put files in the place of what raw has of a load; the ledger stays as it is."""
        schema = f"raw_{source}"
        with self._loading, transaction(self._connection):
            tables = self._tables(schema)
            for object in {file.object for file in files} & tables.keys():
                self._connection.execute(f"DELETE FROM {schema}.{quoted(object)} WHERE _load_id = ?", [load_id])
            failpoints.reach("in_replace")
            for file in files:
                self._load_file(schema, file, tables)
                failpoints.reach("after_replaced_file")
        failpoints.reach("after_replace")

    def _load_whole(self, source: str, batch: Batch, loaded_at: datetime) -> None:
        with transaction(self._connection):
            self._load(source, batch, loaded_at)
            failpoints.reach("before_commit")
        failpoints.reach("after_commit")

    def declare(self, schema: str, object: str, columns: Mapping[str, str]) -> None:
        """Create an empty raw table that models read, unless it is there: its source may be down, or have no rows."""
        definition = ", ".join(f"{quoted(name)} {sql_type}" for name, sql_type in columns.items())
        self._connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        self._connection.execute(f"CREATE TABLE IF NOT EXISTS {schema}.{quoted(object)} ({definition})")

    def fork(self) -> DuckDBSink:
        """The same warehouse over a connection of its own, for another thread; loads exclude each other."""
        connection = self._connection.cursor()
        prepare(connection)
        return DuckDBSink(connection, self._landing, loading=self._loading, screen=self._screen)

    def close(self) -> None:
        """Close the connection if it is this sink's own."""
        if self._owns:
            self._connection.close()

    def _load(self, source: str, batch: Batch, loaded_at: datetime) -> None:
        connection = self._connection
        known = connection.execute(
            "SELECT coalesce(max(batch_no), 0) + 1, count_if(load_id = ?) FROM ops.load_ledger WHERE source = ?",
            [batch.load_id, source],
        ).fetchone()
        assert known is not None
        if known[1]:
            raise IngestError(f"load {batch.load_id} of source {source} is in the ledger already")
        stamp, now = to_naive_utc(loaded_at), to_naive_utc(utc_now())
        as_of = to_naive_utc(batch.source_as_of)
        schema = f"raw_{source}"
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        tables = self._tables(schema)
        entries: list[list[Any]] = []
        for number, file in enumerate(batch.files):
            self._load_file(schema, file, tables)
            entries.append([file.object, file.path, file.origin, file.rows, None])
            if number == len(batch.files) // 2:
                failpoints.reach("in_load")
        entries.append([WHOLE_BATCH, None, None, batch.rows, json.dumps(batch.cursor, sort_keys=True)])
        connection.executemany(
            "INSERT INTO ops.load_ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [[source, known[0], batch.load_id, *entry, as_of, stamp, now] for entry in entries],
        )
        expire_cursors(connection, source, known[0])
        if batch.notices:
            connection.executemany(
                "INSERT INTO ops.source_notice VALUES (?, ?, ?, ?, ?, ?)",
                [[source, batch.load_id, notice.object, notice.kind, notice.detail, now] for notice in batch.notices],
            )

    def _tables(self, schema: str) -> dict[str, dict[str, str]]:
        """The raw tables of a source with the types of their columns, names in lower case."""
        tables: dict[str, dict[str, str]] = {}
        for table, column, data_type in self._connection.execute(
            "SELECT table_name, lower(column_name), data_type FROM duckdb_columns() "
            "WHERE database_name = ? AND schema_name = ?",
            [CATALOG, schema],
        ).fetchall():
            tables.setdefault(table, {})[column] = data_type
        return tables

    def _load_file(self, schema: str, file: LandedFile, tables: dict[str, dict[str, str]]) -> None:
        parked = self._fit_table(schema, file, tables)
        columns = ", ".join(quoted(parked.get(name.lower(), name.lower())) for name in file.schema.names)
        values = ", ".join(quoted(name) for name in file.schema.names)
        target = f"{schema}.{quoted(file.object)}"
        if self._landing.local:
            self._connection.execute(
                f"INSERT INTO {target} ({columns}) SELECT {values} FROM read_parquet(?)", [file.path]
            )
        else:
            self._connection.register(
                "landed_file", pads.dataset(file.path, format="parquet", filesystem=self._landing.filesystem)
            )
            self._connection.execute(f"INSERT INTO {target} ({columns}) SELECT {values} FROM landed_file")
            self._connection.unregister("landed_file")

    def _fit_table(self, schema: str, file: LandedFile, tables: dict[str, dict[str, str]]) -> dict[str, str]:
        """Create or alter the raw table so that the file fits; returns which columns are parked where."""
        incoming = {field.name.lower(): duckdb_type(field.type) for field in file.schema}
        if len(incoming) != len(file.schema):
            raise IngestError(f"{schema}.{file.object}: two columns differ only in the case of their names")
        target = f"{schema}.{quoted(file.object)}"
        existing = tables.get(file.object)
        if existing is None:
            columns = ", ".join(f"{quoted(name)} {sql_type}" for name, sql_type in incoming.items())
            self._connection.execute(f"CREATE TABLE {target} ({columns})")
            tables[file.object] = incoming
            return {}
        changes = drift(existing, incoming)
        for name, sql_type in changes.add.items():
            self._connection.execute(f"ALTER TABLE {target} ADD COLUMN {quoted(name)} {sql_type}")
        for name, sql_type in changes.widen.items():
            self._connection.execute(f"ALTER TABLE {target} ALTER {quoted(name)} TYPE {sql_type}")
        existing.update(changes.add | changes.widen)
        return changes.park


class DuckDBLedger(Entries):
    """What a source may ask: its entries, and what of its rows is live."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: str) -> None:
        super().__init__(connection, source)
        self._connection = connection

    def live_keys(self, object: str, key: Sequence[str], order: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The keys whose last change in raw, by ``order``, is not a delete; none when the table does not exist."""
        return self._live(object, key, order, (), "true", [])

    def live_rows(
        self, object: str, key: Sequence[str], order: Sequence[str], columns: Sequence[str], where: tuple[str, set[str]]
    ) -> Iterator[tuple[Any, ...]]:
        """Key and further columns of the last change of each live key, of rows whose ``where`` column is in a set."""
        column, values = where
        condition = f"{quoted(column)} IN (SELECT unnest(?))"
        return self._live(object, key, order, columns, condition, [sorted(values)]) if values else iter(())

    def _live(
        self,
        object: str,
        key: Sequence[str],
        order: Sequence[str],
        columns: Sequence[str],
        condition: str,
        parameters: list[Any],
    ) -> Iterator[tuple[Any, ...]]:
        keys = ", ".join(quoted(name) for name in key)
        wanted = ", ".join(quoted(name) for name in (*key, *columns))
        latest = ", ".join(f"{quoted(name)} DESC" for name in order)
        table = f"{CATALOG}.raw_{self._source}.{quoted(object)}"
        # On a cursor of its own the result is streamed, and the sink's connection stays free for a load.
        cursor = self._connection.cursor()
        try:
            cursor.execute(
                f"SELECT {wanted} FROM (SELECT {wanted}, _op FROM {table} WHERE {condition} "
                f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {latest}) = 1) WHERE _op <> 'D' "
                f"ORDER BY {keys}",  # a replayed read must number its rows as the first did
                parameters,
            )
            while rows := cursor.fetchmany(_ROWS_A_FETCH):
                yield from rows
        except duckdb.CatalogException:
            return
        finally:
            cursor.close()
