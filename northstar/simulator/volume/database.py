"""The generated company's app as a real PostgreSQL: its tables as of a half hour, and what is written after it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import duckdb
import psycopg

from northstar.ingest.contract import Cursor
from northstar.ingest.duckdb_sink import DuckDBSink
from northstar.ingest.landing import LandingZone
from northstar.ingest.postgres.cursor import State
from northstar.ingest.postgres.snapshot import position_before
from northstar.ingest.postgres.source import PostgresSource
from northstar.ingest.registry import open_source
from northstar.simulator.oltp import create_schema, extra_rows
from northstar.simulator.oltp.chance import Chance
from northstar.simulator.oltp.localtime import naive
from northstar.simulator.oltp.tables import copy_columns
from northstar.simulator.postgres_server import PostgresServer
from northstar.simulator.volume.company import VolumeCompany
from northstar.simulator.volume.generator import SOURCE, Generator

WAL_START = 1 << 40
"""Where the server's log begins: behind every position that the generator gives to a commit in its first years."""
_OTHER_TABLES = 32
"""Tables that no model reads, of which each half hour changes a row."""
_ROWS_A_TRANSACTION = 100
_LOG_COLUMNS = ("_op", "_commit_lsn", "_seq", "_commit_ts", "_xid", "_unchanged")
_SLOT = "northstar"
_Write = tuple[bytes, list[Any]]
"""A statement and its values."""


class AppDatabase:
    """A server of its own.  As a context manager it is started, without a table, on entry and removed on exit."""

    def __init__(self, company: VolumeCompany, extra_tables: int = 1160) -> None:
        self._company, self._extra_tables = company, extra_tables
        self._server = PostgresServer()
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        self._generator = Generator(self._connection, company)
        self._others: list[tuple[str, str, int]] = []
        """Of the tables that no model reads: name, key, and how many rows it has."""
        self.advanced_to = 0
        """The half hour up to which the tables tell of the company's life."""

    def __enter__(self) -> AppDatabase:
        try:
            self._server.start()
            self._server.skip_wal(WAL_START)
        except BaseException:
            self._server.stop("immediate")
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._server.stop("immediate")
        self._connection.close()

    @property
    def dsn(self) -> str:
        """A connection URL."""
        return self._server.dsn()

    def environment(self) -> dict[str, str]:
        """The variables by which a warehouse finds it."""
        return {"NORTHSTAR_APP_DSN": self.dsn, "NORTHSTAR_APP_SLOT": _SLOT}

    def fill(self, until: int) -> Cursor:
        """Make all tables with the rows that they have at the end of half hour ``until``, and a slot behind them.

        Returns the cursor of a reader that has read the log so far.
        """
        create_schema(self.dsn, self._extra_tables)
        state = self._followed()
        with psycopg.connect(self.dsn, options="-c timezone=UTC -c session_replication_role=replica") as conn:
            for table in self._generator.tables:
                self._copy_state(conn, table, until)
            self._copy_others(conn)
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            conn.execute("VACUUM ANALYZE")
            conn.execute("CHECKPOINT")
            created = conn.execute(
                "SELECT (lsn - '0/0')::int8 FROM pg_create_logical_replication_slot(%s, 'pgoutput')", [_SLOT]
            ).fetchone()
        assert created
        self.advanced_to = until
        return replace(state, commit_lsn=position_before(created[0]), confirmed_lsn=created[0]).to_cursor()

    def advance(self, until: int) -> int:
        """Write what happens up to half hour ``until``, in the order of commits; returns the number of changed rows."""
        changes = 0
        with psycopg.connect(self.dsn, options="-c timezone=UTC") as conn:
            for half_hour in range(self.advanced_to, until):
                writes = [*self._writes(conn, half_hour), *self._other_writes(half_hour)]
                for first in range(0, len(writes), _ROWS_A_TRANSACTION):
                    with conn.transaction(), conn.pipeline():
                        for statement, values in writes[first : first + _ROWS_A_TRANSACTION]:
                            conn.execute(statement, values)
                changes += len(writes)
        self.advanced_to = max(self.advanced_to, until)
        return changes

    def _followed(self) -> State:
        """What a reader that has read all of the tables knows of them.  They are empty, so that it takes no time."""
        with tempfile.TemporaryDirectory() as zone, duckdb.connect() as scratch:
            landing = LandingZone(zone)
            source = open_source(SOURCE, self.environment())
            assert isinstance(source, PostgresSource)
            try:
                ledger = DuckDBSink(scratch, landing, owns=False).ledger(SOURCE)
                *_, last = source.read(ledger, landing, datetime.now(UTC))
            finally:
                source.close()
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            conn.execute("SELECT pg_drop_replication_slot(%s)", [_SLOT])  # else it would keep the log of filling them
        return State.from_cursor(last.cursor)

    def _copy_state(self, conn: psycopg.Connection[Any], table: str, until: int) -> None:
        """Fill a table with the last image of each of its keys."""
        query = f"""
        SELECT * EXCLUDE ({", ".join(_LOG_COLUMNS)}) FROM ({self._generator.tables[table](0, until)})
        QUALIFY row_number() OVER (PARTITION BY {_key(conn, table)} ORDER BY _commit_lsn DESC, _seq DESC) = 1
        """
        for batch in self._connection.execute(query).to_arrow_reader(100_000):
            copy_columns(conn, _name(table), dict(zip(batch.schema.names, batch.columns, strict=True)))

    def _copy_others(self, conn: psycopg.Connection[Any]) -> None:
        existing = {row[0] for row in conn.execute("SELECT schemaname || '.' || tablename FROM pg_tables")}
        chance = Chance(self._company.seed, "oltp")
        for name, columns in extra_rows.seed_tables(chance, naive(self._company.start), existing):
            rows = copy_columns(conn, name, columns)
            if len(self._others) < _OTHER_TABLES:
                self._others.append((name, next(iter(columns)), rows))

    def _writes(self, conn: psycopg.Connection[Any], half_hour: int) -> Iterator[_Write]:
        """The statements of an application that changes one row at a time."""
        logged: list[tuple[int, int, str, dict[str, Any]]] = []
        statements: dict[str, _Statements] = {}
        for table in self._generator.tables:
            changed = self._generator.arrow(table, half_hour, half_hour + 1)
            columns = [name for name in changed.column_names if name not in _LOG_COLUMNS]
            statements[table] = _Statements.of(table, _key(conn, table), columns)
            logged += [(row["_commit_lsn"], row["_seq"], table, row) for row in changed.to_pylist()]
        for _, _, table, row in sorted(logged, key=lambda change: change[:3]):
            yield statements[table].write(row)

    def _other_writes(self, half_hour: int) -> Iterator[_Write]:
        at = self._company.boundary(half_hour)
        for name, key, rows in self._others:
            yield f"UPDATE {name} SET updated_at = %s WHERE {key} = %s".encode(), [at, 1 + half_hour % rows]


@dataclass(frozen=True)
class _Statements:
    """How a row of one table is inserted and updated."""

    key: str
    columns: Sequence[str]
    insert: bytes
    update: bytes

    @staticmethod
    def of(table: str, key: str, columns: Sequence[str]) -> _Statements:
        names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
        insert = f"INSERT INTO {_name(table)} ({names}) VALUES ({marks})"
        update = f"UPDATE {_name(table)} SET ({names}) = ROW({marks}) WHERE {key} = %s"
        return _Statements(key, columns, insert.encode(), update.encode())

    def write(self, row: Mapping[str, Any]) -> _Write:
        """The statement of one change of the log, and its values."""
        values = [row[column] for column in self.columns]
        return (self.update, [*values, row[self.key]]) if row["_op"] == "U" else (self.insert, values)


def _name(table: str) -> str:
    """The name in the app of a raw table."""
    return table.replace("__", ".", 1)


def _key(conn: psycopg.Connection[Any], table: str) -> str:
    """The only column of a table's primary key."""
    row = conn.execute(
        "SELECT a.attname FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
        "WHERE i.indrelid = %s::regclass AND i.indisprimary",
        [_name(table)],
    ).fetchone()
    assert row, table
    return str(row[0])
