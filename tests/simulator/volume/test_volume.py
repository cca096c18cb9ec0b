"""The generator at volume: the same rows from the same seed, of lives that hang together, as ingestion lands them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from northstar.ingest.duckdb_sink import DuckDBSink
from northstar.ingest.landing import LandingZone
from northstar.ingest.registry import open_source
from northstar.ingest.runner import ingest
from northstar.simulator.company import Company
from northstar.simulator.oltp import create_schema, seed
from northstar.simulator.volume import Generator, VolumeCompany
from northstar.simulator.volume.source import VolumeSource

Connection = duckdb.DuckDBPyConnection
NewRaw = Callable[[str], Connection]
COMPANY = VolumeCompany(80, patients_per_clinic=40, mean_lead_days=2.0)
DAYS = 20


def digests(connection: Connection, generator: Generator, but: str = "") -> dict[str, Any]:
    """Of each raw table a number that does not depend on the order of its rows."""
    return {
        table: connection.execute(
            f"SELECT count(*), sum(hash(r)::HUGEINT) FROM (SELECT * {but} FROM raw_app.{table}) AS r"
        )
        .fetchall()
        for table in generator.tables
    }  # fmt: skip


def one(connection: Connection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


@pytest.fixture(scope="module")
def filled(new_raw: NewRaw) -> tuple[Connection, Generator]:
    connection = new_raw("filled")
    generator = Generator(connection, COMPANY)
    generator.fill_raw(0, DAYS * 48)
    return connection, generator


def test_the_same_seed_gives_the_same_rows_however_they_are_cut(
    filled: tuple[Connection, Generator], new_raw: NewRaw
) -> None:
    connection, generator = filled
    again = new_raw("again")
    pieces = Generator(again, COMPANY)
    total = sum(pieces.fill_raw(first, last) for first, last in ((0, 1), (1, 500), (500, DAYS * 48)))
    assert digests(again, pieces) == digests(connection, generator)
    assert total == sum(one(connection, f"SELECT count(*) FROM raw_app.{table}") for table in generator.facts)
    other = new_raw("other")
    Generator(other, VolumeCompany(80, seed=8, patients_per_clinic=40, mean_lead_days=2.0)).fill_raw(0, DAYS * 48)
    assert one(other, "SELECT max(hash(r)) FROM raw_app.scheduling__appointments AS r") != one(
        connection, "SELECT max(hash(r)) FROM raw_app.scheduling__appointments AS r"
    )


def test_lives_hang_together(filled: tuple[Connection, Generator]) -> None:
    connection, generator = filled
    assert all(one(connection, f"SELECT count(*) FROM raw_app.{table}") for table in generator.tables)
    # An appointment's first change is its booking, its times never run backwards, nothing is known before it happened.
    assert (
        one(
            connection,
            """
        SELECT count_if(_op <> 'I') FROM (FROM raw_app.scheduling__appointments
        QUALIFY row_number() OVER (PARTITION BY appointment_id ORDER BY _commit_lsn) = 1)""",
        )
        == 0
    )
    assert one(
        connection,
        """
        SELECT count(*),
          count_if(greatest(booked_at, arrived_at, checked_in_at, fulfilled_at, cancelled_at) > _commit_ts),
          count_if(ends_at <= starts_at OR arrived_at > checked_in_at OR fulfilled_at < checked_in_at)
        FROM raw_app.scheduling__appointments""",
    )[1:] == (0, 0)
    # The source commits in the order of its log.
    assert (
        one(
            connection,
            """
        SELECT count_if(_commit_ts < earlier) FROM (
          SELECT _commit_ts, max(_commit_ts) OVER (
            ORDER BY _commit_lsn ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
            AS earlier FROM raw_app.scheduling__appointments)""",
        )
        == 0
    )
    # Headers equal what hangs on them.
    assert one(connection, """
        WITH invoice AS (FROM raw_app.billing__invoices
          QUALIFY row_number() OVER (PARTITION BY invoice_id ORDER BY _commit_lsn DESC) = 1),
        line AS (SELECT invoice_id, sum(amount_minor) AS amount, sum(tax_minor) AS tax
          FROM raw_app.billing__invoice_lines GROUP BY ALL),
        paid AS (SELECT invoice_id, sum(amount_minor) AS amount FROM raw_app.billing__payment_allocations GROUP BY ALL)
        SELECT count_if(subtotal_minor IS DISTINCT FROM line.amount OR tax_minor IS DISTINCT FROM line.tax
          OR amount_paid_minor <> coalesce(paid.amount, 0)) FROM invoice LEFT JOIN line USING (invoice_id)
        LEFT JOIN paid USING (invoice_id)""") == 0  # fmt: skip


@pytest.mark.parametrize(
    ("child", "parent", "key"),
    [
        ("scheduling__appointments", "patients__patients", "patient_id"),
        ("scheduling__appointments", "directory__providers", "provider_id"),
        ("scheduling__appointments", "directory__clinics", "clinic_id, account_id"),
        ("scheduling__appointments", "scheduling__appointment_types", "appointment_type_id, account_id"),
        ("scheduling__appointment_events", "scheduling__appointments", "appointment_id"),
        ("billing__invoices", "patients__patients", "patient_id, account_id"),
        ("billing__invoice_lines", "billing__invoices", "invoice_id"),
        ("billing__payment_allocations", "billing__invoices", "invoice_id"),
        ("billing__payment_allocations", "billing__payments", "payment_id"),
        ("billing__refunds", "billing__payments", "payment_id"),
        ("billing__credit_notes", "billing__invoices", "invoice_id, currency"),
        ("directory__clinics", "directory__accounts", "account_id"),
        ("directory__providers", "directory__specialties", "specialty_code"),
        ("scheduling__provider_schedules", "directory__providers", "provider_id"),
    ],
)
def test_keys_lead_to_rows(filled: tuple[Connection, Generator], child: str, parent: str, key: str) -> None:
    connection, _ = filled
    orphans = f"SELECT count(*) FROM raw_app.{child} ANTI JOIN raw_app.{parent} USING ({key})"
    assert one(connection, orphans) == 0


def test_there_are_updates_late_arrivals_and_skew(filled: tuple[Connection, Generator]) -> None:
    connection, _ = filled
    updates, late = one(connection, """
        SELECT count_if(_op = 'U') / count(*),
          count_if(status = 'arrived' AND _commit_ts > starts_at + INTERVAL 6 HOUR) / count_if(status = 'arrived')
        FROM raw_app.scheduling__appointments""")  # fmt: skip
    assert 0.4 < updates < 0.8
    assert 0.001 < late < 0.1
    busiest = one(
        connection,
        """
        SELECT max(visits) / avg(visits) FROM (
          SELECT clinic_id, count(*) AS visits FROM raw_app.scheduling__appointments GROUP BY ALL)""",
    )
    assert busiest > 2
    assert one(connection, "SELECT count(*) FROM raw_app.directory__providers WHERE _op = 'U'") > 10


def test_the_ledger_and_the_seals_say_what_is_there(filled: tuple[Connection, Generator]) -> None:
    connection, generator = filled
    assert one(connection, "SELECT sum(row_count) FROM ops.load_ledger WHERE object <> '*'") == sum(
        one(connection, f"SELECT count(*) FROM raw_app.{table}") for table in generator.tables
    )
    sealed = connection.execute(
        "SELECT source, max(sealed_through), count(*) FROM ops.source_seal GROUP BY ALL"
    ).fetchall()
    end = (COMPANY.start + timedelta(days=DAYS)).replace(tzinfo=None)
    assert sorted(sealed) == [(name, end, DAYS * 48) for name in ("app", "partner", "salesforce", "stripe")]
    assert one(connection, "SELECT max(_loaded_at) FROM raw_app.scheduling__appointments") < end


def test_what_the_source_lands_is_what_the_generator_fills(
    filled: tuple[Connection, Generator], new_raw: NewRaw, tmp_path: Path
) -> None:
    connection, generator = filled
    landed = new_raw("read")
    landing = LandingZone(str(tmp_path / "zone"))
    sink, source = DuckDBSink(landed, landing, owns=False), VolumeSource(COMPANY)
    for until in (700, 701, DAYS * 48):
        source.until = until
        ingest(source, sink, landing, COMPANY.boundary(until - 1))
    source.close()
    stamps = "EXCLUDE (_load_id, _loaded_at)"
    assert digests(landed, generator, stamps) == digests(connection, generator, stamps)


def test_raw_is_as_the_simulated_company_s(
    filled: tuple[Connection, Generator], new_raw: NewRaw, tmp_path: Path, database: str
) -> None:
    """Every column of every table that is filled, by name and type, beside what a real PostgreSQL lands."""
    create_schema(database, extra_tables=0)
    seed(database, Company(seed=7, scale=0.05, anchor=datetime(2026, 3, 4, 14, tzinfo=UTC)))
    landed, landing = new_raw("landed"), LandingZone(str(tmp_path / "zone"))
    source = open_source("app", {"NORTHSTAR_APP_DSN": database, "NORTHSTAR_APP_SLOT": "volume"})
    ingest(source, DuckDBSink(landed, landing, owns=False), landing, datetime(2026, 3, 4, 14, tzinfo=UTC))
    source.close()
    connection, generator = filled
    shape = """SELECT table_name, lower(column_name), data_type FROM duckdb_columns()
        WHERE schema_name = 'raw_app' AND list_contains(?, table_name) ORDER BY ALL"""
    ours, theirs = (c.execute(shape, [list(generator.tables)]).fetchall() for c in (connection, landed))
    assert {row[0] for row in theirs} == set(generator.tables)
    assert ours == theirs


@pytest.mark.parametrize("rate", [0, 1 << 21])
def test_a_rate_out_of_range_is_refused(rate: int) -> None:
    with pytest.raises(ValueError, match="appointments per tick"):
        VolumeCompany(rate)
