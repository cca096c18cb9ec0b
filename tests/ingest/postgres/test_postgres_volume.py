"""Sizes that the real source has: measured in a process of their own, with margins for a busy machine."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from postgres_helpers import Reader, Warehouse

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

COLUMNS = (
    "id bigint PRIMARY KEY, tenant int NOT NULL, patient uuid, status text, amount numeric(12, 2), quantity int,"
    " ratio float8, active boolean, born date, created_at timestamptz NOT NULL, updated_at timestamp, payload jsonb,"
    " note text"
)
ROW = (
    "g, g % 500, gen_random_uuid(), 'open', (g % 1000) / 7.0, g % 100, random(), g % 10 > 0,"
    " date '1950-01-01' + g % 9000, now(), now()::timestamp, jsonb_build_object('name', md5(g::text)), md5(g::text)"
)


def read(warehouse: Warehouse, reader: Reader, memory: str | None = None) -> dict[str, Any]:
    outcome = warehouse.tick_apart(reader, memory=memory)
    assert outcome.exit_code == 0, outcome
    return outcome.report


def test_one_transaction_of_a_million_rows(app: psycopg.Connection[Any], warehouse: Warehouse, reader: Reader) -> None:
    app.execute(f"CREATE TABLE t ({COLUMNS})")
    read(warehouse, reader)
    app.execute(f"INSERT INTO t SELECT {ROW} FROM generate_series(1, 1000000) g")
    report = read(warehouse, reader, memory="256MB")
    print("one transaction of 1,000,000 rows:", report)  # noqa: T201
    assert (report["rows"], report["batches"]) == (1_000_000, 1)
    assert report["peak_mb"] < 600
    counts = warehouse.query("SELECT count(*), count(DISTINCT (_commit_lsn, _seq)), sum(id) FROM raw_app.public__t")
    assert counts == [(1_000_000, 1_000_000, 500_000_500_000)]


def test_a_snapshot_of_a_million_rows(app: psycopg.Connection[Any], warehouse: Warehouse, reader: Reader) -> None:
    app.execute(f"CREATE TABLE t ({COLUMNS})")
    app.execute(f"INSERT INTO t SELECT {ROW} FROM generate_series(1, 1000000) g")
    report = read(warehouse, reader, memory="256MB")
    print("a snapshot of 1,000,000 rows:", report)  # noqa: T201
    assert report["rows"] == 1_000_000
    assert report["peak_mb"] < 600


def test_1200_tables_of_which_40_change(app: psycopg.Connection[Any], warehouse: Warehouse, reader: Reader) -> None:
    for number in range(1200):
        app.execute(f"CREATE TABLE t{number:04d} ({COLUMNS})")
    for number in range(40):
        app.execute(f"INSERT INTO t{number:04d} SELECT {ROW} FROM generate_series(1, 5000) g")
    report = read(warehouse, reader)
    print("first run, 1,200 tables, 200,000 rows:", report)  # noqa: T201
    assert (report["objects"], report["rows"]) == (1200, 200_000)
    assert len(warehouse.objects()) == 1200

    for number in range(40):
        table = f"t{number:04d}"
        for start in range(1, 4351, 87):
            app.execute(
                f"UPDATE {table} SET status = 'closed', amount = amount + 1 WHERE id BETWEEN %s AND %s",
                [start, start + 86],
            )
    report = read(warehouse, reader)
    print("a tick of 174,000 changes in 2,000 transactions:", report)  # noqa: T201
    assert (report["objects"], report["rows"], report["notices"]) == (40, 174_000, [])
    assert report["seconds"] < 60
    assert report["peak_mb"] < 1000
    assert read(warehouse, reader)["rows"] == 0
    warehouse.check("t0000", "t0039", "t0040")
