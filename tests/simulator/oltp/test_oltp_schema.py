"""The schema of the app: how many tables, and the awkward ones among them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from oltp_period import ANCHOR

from northstar.simulator.company import Company
from northstar.simulator.oltp import advance, create_schema, seed
from northstar.simulator.oltp.extra_tables import definitions


def names(conn: psycopg.Connection[Any], query: str) -> set[str]:
    return {row[0] for row in conn.execute(query.encode())}


def test_about_1200_tables_some_of_them_awkward(database: str) -> None:
    create_schema(database)
    seed(database, Company(seed=5, scale=0.1, anchor=ANCHOR))
    with psycopg.connect(database) as conn:
        own = "relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
        tables = names(conn, f"SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p') AND {own}")
        keyed = names(conn, "SELECT indrelid::regclass::text FROM pg_index WHERE indisprimary")
        full = names(conn, f"SELECT oid::regclass::text FROM pg_class WHERE relreplident = 'f' AND {own}")
        kinds = names(conn, "SELECT DISTINCT data_type FROM information_schema.columns")
        filled = names(conn, "SELECT relid::regclass::text FROM pg_stat_user_tables WHERE n_live_tup > 0")
    assert 1190 <= len(tables) <= 1210
    assert tables - keyed - full == {"legacy.fax_log", "legacy.import_lines", 'legacy."TempNotes"'}
    assert full == {"legacy.price_history"}
    assert {"ARRAY", "jsonb", "bytea", "uuid", "inet", "numeric", "USER-DEFINED", "real"} <= kinds
    assert 250 <= len(filled) <= 450


def test_generated_tables_are_of_a_plausible_width_and_their_names_differ() -> None:
    tables = definitions()
    assert len({table.full_name for table in tables}) == len(tables)
    assert all(8 <= len(table.columns) + 3 <= 20 for table in tables)
    assert len({table.schema for table in tables}) >= 30


def test_too_few_tables_are_refused(database: str) -> None:
    with pytest.raises(ValueError, match="extra_tables must be 0, or between"):
        create_schema(database, extra_tables=5)


def test_a_company_without_extra_tables_works_too(database: str) -> None:
    company = Company(seed=5, scale=0.1, anchor=ANCHOR)
    create_schema(database, extra_tables=0)
    seed(database, company)
    advance(database, company, ANCHOR, ANCHOR + timedelta(hours=1))
