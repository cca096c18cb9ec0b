"""``python -m benchmarks.ingest``: how fast each source is read, landed and loaded, at first and when it changed.

The servers of Stripe, Salesforce and S3 run in this process, so that their rates are lower bounds.  ``memory GB`` is
what a source added at its most to what the process held before; on Linux only.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from unittest.mock import patch

import psycopg
import typer
from psycopg import sql

from benchmarks.report import Result, forget_peak_memory, peak_memory_gb, show
from northstar.clock import TICK
from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.landing import LandingZone
from northstar.ingest.registry import SOURCES, open_source
from northstar.ingest.runner import ingest
from northstar.simulator.company import Company
from northstar.simulator.oltp import create_schema, seed
from northstar.simulator.postgres_server import PostgresServer
from northstar.simulator.services import Services

ANCHOR = datetime(2026, 3, 4, 14, tzinfo=UTC)
_LARGEST = """
    SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'updated_at' AND NOT a.attisdropped
    WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' ORDER BY c.reltuples DESC LIMIT 40
"""
_ROWS_A_TRANSACTION = 100


def measure(home: Path, scale: float, changes: int, extra_tables: int, hours: float = 24) -> Result:
    """Read everything once, then what ``hours`` of the company's life changed, then a tick's worth of PostgreSQL."""
    result = Result("ingest", {"scale": scale, "changes": changes, "extra_tables": extra_tables, "hours": hours})
    company = Company(seed=7, scale=scale, anchor=ANCHOR)
    with PostgresServer() as server:
        create_schema(server.dsn(), extra_tables=extra_tables)
        seed(server.dsn(), company)
        with Services(server.dsn(), company, ANCHOR) as services:
            environment = services.environment()
            aws = {name: value for name, value in environment.items() if name.startswith("AWS_")}
            landing = LandingZone(str(home / "landing"))
            connection = connect(home / "northstar.duckdb")
            sink = DuckDBSink(connection, landing)
            with patch.dict(os.environ, aws):  # boto3 looks at the process's environment
                for name in SOURCES:
                    result.figures[f"{name} first read"] = _read(name, environment, sink, landing, ANCHOR)
                later = ANCHOR + timedelta(hours=hours)
                services.advance(ANCHOR, later)
                for name in SOURCES:
                    result.figures[f"{name} changes of some hours"] = _read(name, environment, sink, landing, later)
                made = _change(server.dsn(), changes)
                result.figures["app changes of a tick"] = _read("app", environment, sink, landing, later + TICK)
            sink.close()
    assert result.figures["app changes of a tick"]["rows"] == made, (result.figures["app changes of a tick"], made)
    return result


def _read(
    name: str, environment: Mapping[str, str], sink: DuckDBSink, landing: LandingZone, boundary: datetime
) -> dict[str, Any]:
    forget_peak_memory()
    before = peak_memory_gb()
    source = open_source(name, environment)
    started = time.monotonic()
    try:
        report = ingest(source, sink, landing, boundary)
    finally:
        source.close()
    seconds = time.monotonic() - started
    return {
        "rows": report.rows,
        "tables": len(report.objects),
        "seconds": seconds,
        "rows a second": report.rows / seconds,
        "memory GB": round(peak_memory_gb() - before, 3),
        "peak memory GB": peak_memory_gb(),
    }


def _change(dsn: str, changes: int) -> int:
    """Update rows of the largest tables, in small transactions, until there are so many changes; returns how many."""
    made = 0
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("ANALYZE")
        tables = conn.execute(_LARGEST).fetchall()
        while made < changes:
            before = made
            for schema, table in tables:
                made += _update(conn, sql.Identifier(schema, table), (changes - made) // 4 + 1)
                if made >= changes:
                    return made
            assert made > before, "the tables are empty"
    return made


def _update(conn: psycopg.Connection[Any], table: sql.Identifier, most: int) -> int:
    pages = conn.execute(sql.SQL("SELECT ctid FROM {} LIMIT %s").format(table), [most]).fetchall()
    statement = sql.SQL("UPDATE {} SET updated_at = updated_at + interval '1 second' WHERE ctid = ANY(%s::tid[])")
    made = 0
    for first in range(0, len(pages), _ROWS_A_TRANSACTION):
        some = [ctid for (ctid,) in pages[first : first + _ROWS_A_TRANSACTION]]
        made += conn.execute(statement.format(table), [some]).rowcount
    return made


def main(
    scale: Annotated[float, typer.Option(help="1 is 20 accounts and 20,000 patients.")] = 0.5,
    changes: Annotated[int, typer.Option(help="Changes of PostgreSQL in the tick.")] = 174_000,
    extra_tables: Annotated[int, typer.Option(help="Tables of the app that no model reads.")] = 1160,
) -> None:
    """Measure all sources."""
    with tempfile.TemporaryDirectory(prefix="northstar_ingest_") as home:
        result = measure(Path(home), scale, changes, extra_tables)
    columns = ("tables", "rows", "seconds", "rows a second", "memory GB", "peak memory GB")
    rows = [(name, *(value[c] for c in columns)) for name, value in result.figures.items() if isinstance(value, dict)]
    show("ingestion", ("what", *columns), rows)
    print(result.write())


if __name__ == "__main__":
    typer.run(main)
