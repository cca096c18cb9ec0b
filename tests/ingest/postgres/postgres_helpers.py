"""A warehouse that reads the source tick by tick, and the oracle that replays raw."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from subprocess import PIPE
from typing import Any
from uuid import UUID

import duckdb
import psycopg
from psycopg import sql

from northstar.clock import TICK
from northstar.ingest import duckdb_sink
from northstar.ingest.contract import Cursor
from northstar.ingest.landing import LandingZone
from northstar.ingest.postgres import PostgresSettings, PostgresSource
from northstar.ingest.runner import IngestReport, ingest

FIRST_BOUNDARY = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
ORDER = "ORDER BY _commit_lsn, _seq"
Row = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """How a reading in a process of its own ended."""

    exit_code: int
    report: dict[str, Any]
    """Empty when the process was killed."""


class Reader:
    """Starts processes that read the source, see ``read_app.py``."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("read_app.py")
        self._server = subprocess.Popen([sys.executable, str(script)], stdin=PIPE, stdout=PIPE, text=True)

    def read(self, outcome: Path, environment: dict[str, str], arguments: dict[str, Any]) -> Outcome:
        outcome.unlink(missing_ok=True)
        assert self._server.stdin is not None and self._server.stdout is not None
        job = {"outcome": str(outcome), "environment": environment, "arguments": arguments}
        self._server.stdin.write(json.dumps(job) + "\n")
        self._server.stdin.flush()
        exit_code = int(self._server.stdout.readline())
        return Outcome(exit_code, json.loads(outcome.read_text()) if outcome.exists() else {})

    def close(self) -> None:
        self._server.communicate()


class Warehouse:
    """Raw in a DuckDB file, filled from one database, one tick after the other."""

    def __init__(self, directory: Path, dsn: str, landing: str | None = None, **settings: Any) -> None:
        self.path = directory / "warehouse.duckdb"
        self.landing_url = landing or str(directory / "landing")
        self.settings = replace(PostgresSettings(dsn, lock_seconds=5), **settings)
        self.boundary = FIRST_BOUNDARY

    def tick(self) -> IngestReport:
        """Read the source up to now in this process."""
        self.boundary += TICK
        landing = LandingZone(self.landing_url)
        sink = duckdb_sink.DuckDBSink(duckdb_sink.connect(self.path), landing)
        source = PostgresSource(self.settings)
        try:
            return ingest(source, sink, landing, self.boundary)
        finally:
            source.close()
            sink.close()

    def tick_apart(self, reader: Reader, failpoint: str = "", memory: str | None = None) -> Outcome:
        """Read the source up to now in a process of its own, which dies at ``failpoint``.

        ``memory`` is how much DuckDB may use, which otherwise caches as much as there is.
        """
        self.boundary += TICK
        return reader.read(
            self.path.with_suffix(".json"),
            {"NORTHSTAR_APP_DSN": self.settings.dsn, "NORTHSTAR_FAILPOINT": failpoint},
            {
                "warehouse": str(self.path),
                "landing": self.landing_url,
                "boundary": self.boundary.isoformat(),
                "batch_messages": self.settings.batch_messages,
                "memory": memory,
            },
        )

    def query(self, statement: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        connection = duckdb_sink.connect(self.path)
        try:
            return connection.execute(statement, parameters or []).fetchall()
        finally:
            connection.close()

    def rows(self, object: str) -> list[Row]:
        """All rows of a raw table in their order."""
        connection = duckdb_sink.connect(self.path)
        try:
            result = connection.execute(f'SELECT * FROM raw_app."{object}" {ORDER}')
            names = [column[0] for column in result.description or ()]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        finally:
            connection.close()

    def ops(self, object: str) -> str:
        """The operations of a raw table in their order, as a word."""
        return "".join(row["_op"] for row in self.rows(object))

    def objects(self) -> set[str]:
        return {name for (name,) in self.query("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw_app'")}

    def cursor(self) -> Cursor:
        connection = duckdb_sink.connect(self.path)
        try:
            cursor = duckdb_sink.DuckDBLedger(connection, "app").cursor
        finally:
            connection.close()
        assert cursor is not None
        return cursor

    def change_cursor(self, **values: Any) -> None:
        """Forge the ledger: what the last batch is said to have led to."""
        cursor = json.dumps({**self.cursor(), **values})
        connection: duckdb.DuckDBPyConnection = duckdb_sink.connect(self.path)
        connection.execute(
            "UPDATE ops.load_ledger SET cursor_after = ? WHERE cursor_after IS NOT NULL "
            "AND batch_no = (SELECT max(batch_no) FROM ops.load_ledger)",
            [cursor],
        )
        connection.close()

    def check(self, *tables: str) -> None:
        """Each raw table has each change once, and replays to what the source holds."""
        for table in tables:
            rows = self.rows(f"public__{table}")
            places = [(row["_commit_lsn"], row["_seq"]) for row in rows]
            assert len(set(places)) == len(places), f"{table}: a change is in raw twice"
            with psycopg.connect(self.settings.dsn) as connection:
                key = primary_key(connection, table)
                expected = source_rows(connection, table)
            assert as_multiset(replay(rows, key).values(), expected) == as_multiset(expected, expected), table


def kinds(report: IngestReport) -> list[tuple[str, str]]:
    """Objects and kinds of a report's notices."""
    return sorted((notice.object, notice.kind) for notice in report.notices)


def primary_key(connection: psycopg.Connection[Any], table: str) -> list[str]:
    return [
        name
        for (name,) in connection.execute(
            "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid "
            "AND a.attnum = ANY (i.indkey) WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY 1",
            [table],
        )
    ]


def source_rows(connection: psycopg.Connection[Any], table: str) -> list[Row]:
    cursor = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
    names = [column.name for column in cursor.description or ()]
    return [{name: plain(value) for name, value in zip(names, row, strict=True)} for row in cursor]


def plain(value: Any) -> Any:
    """A value of the source as raw has it: instants in UTC without a zone, what has no type in raw as text."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, dict):
        return json.dumps(value)
    return str(value) if isinstance(value, UUID) else value


def replay(rows: list[Row], key: list[str]) -> dict[tuple[Any, ...], Row]:
    """What a table holds after its log: written from the contract alone, without a look at the code under test.

    A change that does not fit what was there before is a fault, unless a later T voids it: so a lost slot is healed.
    """
    state: dict[tuple[Any, ...], Row] = {}
    deleted: Row | None = None
    faults: list[str] = []
    for row in rows:
        place = f"{row['_op']} at {row['_commit_lsn']}/{row['_seq']}"
        identity = tuple(row[name] for name in key)
        if row["_op"] == "T":
            state.clear()
            faults.clear()
        elif row["_op"] == "D":
            deleted = state.pop(identity, None)
            if deleted is None:
                faults.append(f"{place}: no such row")
        else:
            row = dict(row)
            if row["_op"] == "I" and identity in state:
                faults.append(f"{place}: there is such a row")
            if row["_unchanged"]:
                previous = state.get(identity) or deleted
                if previous is None:
                    faults.append(f"{place}: no row to take unchanged values from")
                for name in row["_unchanged"].split(","):
                    row[name] = previous[name] if previous else None
            state[identity] = row
    assert not faults
    return state


def as_multiset(rows: Any, like: list[Row]) -> list[str]:
    """Rows reduced to the columns of the source's table, in an order of their own."""
    names = list(like[0]) if like else []
    return sorted(repr([row[name] for name in names]) for row in rows)
