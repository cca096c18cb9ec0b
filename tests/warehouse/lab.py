"""The app's database with a life of its own, and warehouses that read it: what the tests in this folder build upon."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from northstar.clock import to_naive_utc
from northstar.settings import Settings
from northstar.simulator.company import Company
from northstar.simulator.oltp.activity import advance
from northstar.simulator.oltp.schema import create_schema
from northstar.simulator.oltp.seed import seed
from northstar.simulator.postgres_server import PostgresServer
from northstar.simulator.services import settings_under
from northstar.tick import TickReport, tick
from northstar.warehouse import Warehouse

PROJECT = Path(__file__).parents[2]
HALF_HOUR = timedelta(minutes=30)
Row = dict[str, Any]

_databases = itertools.count(1)


@dataclass
class Lab:
    """One simulated company in one PostgreSQL database, at the moment ``now`` of its life."""

    dsn: str
    company: Company
    now: datetime

    def live(self, until: datetime) -> None:
        """Let the clinics work up to ``until``."""
        advance(self.dsn, self.company, self.now, until)
        self.now = until

    def environment(self) -> dict[str, str]:
        """The variables by which a warehouse finds what it reads."""
        return {"NORTHSTAR_APP_DSN": self.dsn}

    def edit(self, *statements: str, **parameters: Any) -> None:
        """Change the source in one transaction; a query names its parameters like ``%(at)s``, ``at`` being now."""
        with psycopg.connect(self.dsn, options="-c timezone=UTC") as conn:
            for statement in statements:
                conn.execute(statement.encode(), {"at": self.now, **parameters} if "%(" in statement else None)

    def source(self, query: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> list[Row]:
        """Rows of the source, with instants in UTC without a zone, as the warehouse has them."""
        with psycopg.connect(self.dsn, options="-c timezone=UTC") as conn:
            cursor = conn.execute(query.encode(), parameters)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, map(_plain, row), strict=True)) for row in cursor]


@dataclass
class LabWarehouse:
    """A warehouse with a replication slot of its own on the lab's database."""

    lab: Lab
    warehouse: Warehouse
    environment: dict[str, str]
    sources: tuple[str, ...] = ("app",)
    reports: list[TickReport] = field(default_factory=list)

    def tick(self, at: datetime | None = None) -> TickReport:
        """Land, seal and model at ``at``, by default the lab's present; any failure of it is the test's."""
        report = self.try_tick(at)
        failures = report.run.failures if report.run else {}
        assert report.status == "ok", (report.status, report.source_errors, failures)
        return report

    def try_tick(self, at: datetime | None = None, **environment: str) -> TickReport:
        """The same, whatever comes of it, with some variables of the environment changed."""
        report = tick(self.warehouse, self.sources, {**self.environment, **environment}, at or self.lab.now)
        self.reports.append(report)
        return report

    def rows(self, query: str, parameters: Sequence[Any] | None = None) -> list[Row]:
        """Rows of the warehouse."""
        cursor = self.warehouse.connection.execute(query, parameters)
        names = [column[0].lower() for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextmanager
def open_lab(server: PostgresServer, company: Company, extra_tables: int = 20) -> Iterator[Lab]:
    """A fresh database, seeded; dropped at the end with its replication slots."""
    name = f"lab_{next(_databases)}"
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        create_schema(server.dsn(name), extra_tables=extra_tables)
        seed(server.dsn(name), company)
        yield Lab(server.dsn(name), company, company.anchor)
    finally:
        with psycopg.connect(server.dsn(), autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name])
            admin.execute(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = %s", [name]
            )
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def open_warehouse(
    lab: Lab,
    home: Path,
    slot: str = "northstar",
    sources: tuple[str, ...] = ("app",),
    project: Path = PROJECT,
    gateway: Mapping[str, str] | None = None,
) -> Iterator[LabWarehouse]:
    """An empty warehouse in the directory ``home``.  Each on one lab needs its own ``slot``.

    ``gateway`` has the variables of another gateway than duckdb.
    """
    home.mkdir(parents=True, exist_ok=True)
    environment = {
        "NORTHSTAR_PROJECT": str(project),
        **settings_under(home),
        "NORTHSTAR_APP_SLOT": slot,
        **lab.environment(),
        **(gateway or {}),
    }
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in environment.items():  # SQLMesh reads its configuration from the environment
            patch.setenv(variable, value)
        warehouse = Warehouse(Settings.from_environment(environment))
    with warehouse:
        yield LabWarehouse(lab, warehouse, environment, sources)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return to_naive_utc(value)
    return value


def differences(
    left: Sequence[Row], right: Sequence[Row], key: Sequence[str], limit: int = 12
) -> list[tuple[Any, dict[str, tuple[Any, Any]] | str]]:
    """Where two sets of rows differ, by key: values of the columns of ``right`` that differ, or who lacks the row.

    Fails when a key repeats.  Numbers are compared by value, so that a DECIMAL equals an integer.
    """
    ours, theirs = ({tuple(row[name] for name in key): row for row in rows} for rows in (left, right))
    assert len(ours) == len(left), "a key repeats on the left"
    assert len(theirs) == len(right), "a key repeats on the right"
    found: list[tuple[Any, dict[str, tuple[Any, Any]] | str]] = []
    for row_key in sorted(ours.keys() | theirs.keys(), key=repr):
        if row_key not in ours or row_key not in theirs:
            found.append((row_key, "only on the right" if row_key not in ours else "only on the left"))
            continue
        one, other = ours[row_key], theirs[row_key]
        changed = {name: (one[name], other[name]) for name in other if _number(one[name]) != _number(other[name])}
        if changed:
            found.append((row_key, changed))
    return found if len(found) <= limit else [*found[:limit], (f"and {len(found) - limit} more", "")]


def _number(value: Any) -> Any:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
