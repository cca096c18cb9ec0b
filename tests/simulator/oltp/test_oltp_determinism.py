"""The same seed gives the same database, row for row; another seed another one; and its size follows the scale."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import psycopg
import pytest
from oltp_period import ANCHOR
from psycopg import sql

from northstar.simulator.company import Company
from northstar.simulator.oltp import advance, create_schema, seed
from northstar.simulator.postgres_server import PostgresServer

EXTRA = 60


class Build(Protocol):
    """How tests ask for a database."""

    def __call__(self, company: Company, hours: list[float], extra_tables: int = EXTRA) -> str: ...


@pytest.fixture
def build(postgres_server: PostgresServer) -> Iterator[Build]:
    """Make a database of a company that then works in stretches of the given hours; returns its DSN."""
    names: list[str] = []

    def make(company: Company, hours: list[float], extra_tables: int = EXTRA) -> str:
        names.append(f"oltp_build_{len(names)}")
        with psycopg.connect(postgres_server.dsn(), autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(names[-1])))
        dsn = postgres_server.dsn(names[-1])
        create_schema(dsn, extra_tables)
        seed(dsn, company)
        now = company.anchor
        for stretch in hours:
            advance(dsn, company, now, now + timedelta(hours=stretch))
            now += timedelta(hours=stretch)
        return dsn

    yield make
    with psycopg.connect(postgres_server.dsn(), autocommit=True) as admin:
        for name in names:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def fingerprints(dsn: str) -> dict[str, tuple[int, str]]:
    """Number of rows and hash of all content, by table."""
    with psycopg.connect(dsn, options="-c timezone=UTC") as conn:
        tables = conn.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        query = sql.SQL("SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY t::text COLLATE \"C\")) FROM {} t")
        found: dict[str, Any] = {}
        for schema, table in tables:
            found[f"{schema}.{table}"] = conn.execute(query.format(sql.Identifier(schema, table))).fetchone()
    return found


def test_same_seed_same_rows_however_time_is_cut(build: Build) -> None:
    company = Company(seed=3, scale=0.1, anchor=ANCHOR)
    once, again = fingerprints(build(company, [3.0])), fingerprints(build(company, [0.5, 2.0, 0.5]))
    assert once == again
    assert sum(rows > 0 for rows, _ in once.values()) > 50


def test_another_seed_gives_other_rows(build: Build) -> None:
    one, other = (fingerprints(build(Company(seed, 0.1, ANCHOR), [0.5])) for seed in (3, 4))
    same = {table for table in one if one[table] == other[table] and one[table][0]}
    # What does not come from the seed: reference lists, and some of the awkward tables.
    assert {table for table in same if not table.lower().startswith("legacy")} <= {
        "directory.specialties", "directory.regions", "billing.payers"
    }  # fmt: skip


def test_size_follows_the_scale(build: Build) -> None:
    small, large = (fingerprints(build(Company(3, scale, ANCHOR), [], 0)) for scale in (0.1, 0.2))
    for table in ("directory.clinics", "patients.patients", "scheduling.appointments", "billing.invoices"):
        assert 1.5 < large[table][0] / small[table][0] < 5, table


def test_clocks_that_change_in_the_period(build: Build) -> None:
    """Visits keep their local time of day before and after the clocks change (2026-11-01 in the United States)."""
    dsn = build(Company(3, 0.1, datetime(2026, 11, 1, 5, 0, tzinfo=ZoneInfo("UTC"))), [3.0], 0)
    query = """
        SELECT min(extract(hour FROM a.starts_at AT TIME ZONE time_zone)),
            count(DISTINCT extract(hour FROM a.starts_at AT TIME ZONE 'UTC') - extract(hour FROM s.starts_at))
        FROM scheduling.appointments a JOIN directory.clinics USING (clinic_id)
            JOIN scheduling.provider_schedules s ON s.provider_id = a.provider_id AND s.clinic_id = a.clinic_id
                AND s.starts_at = (a.starts_at AT TIME ZONE time_zone)::time
        WHERE time_zone = 'America/New_York' AND s.starts_at < '13:00'
    """
    with psycopg.connect(dsn) as conn:
        row = conn.execute(query).fetchone()
    assert row is not None and row[0] >= 8 and row[1] == 2
