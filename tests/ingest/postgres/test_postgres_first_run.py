"""The first run: publication, slot, and all tables as they were at one moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from moto.server import ThreadedMotoServer
from postgres_helpers import Warehouse, kinds

from northstar import failpoints
from northstar.ingest.contract import IngestError
from northstar.ingest.postgres import from_environment


def test_all_tables_are_read_and_published_by_name(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    app.execute(
        "CREATE SCHEMA billing; CREATE TABLE billing.invoices (id int PRIMARY KEY, note text);"
        "INSERT INTO billing.invoices VALUES (1, 'a'), (2, NULL), (3, ''), (4, 'two\nlines, \"quoted\"');"
        "CREATE TABLE without_rows (id int PRIMARY KEY);"
        "CREATE TABLE without_key (a int); INSERT INTO without_key VALUES (1);"
        "CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY); CREATE TEMP TABLE mine (id int PRIMARY KEY)"
    )
    report = warehouse.tick()
    assert [(row["_op"], row["id"], row["note"]) for row in warehouse.rows("billing__invoices")] == [
        ("R", 1, "a"), ("R", 2, None), ("R", 3, ""), ("R", 4, 'two\nlines, "quoted"'),
    ]  # fmt: skip
    assert warehouse.objects() == {"billing__invoices", "public__without_rows"}
    assert warehouse.rows("public__without_rows") == []
    assert kinds(report) == [("*", "first_snapshot"), ("public__without_key", "table_without_key")]
    published = app.execute("SELECT tablename, pubname FROM pg_publication_tables ORDER BY 1").fetchall()
    assert published == [("invoices", "northstar"), ("without_rows", "northstar")]
    assert app.execute("SELECT puballtables FROM pg_publication").fetchall() == [(False,)]
    app.execute("UPDATE without_key SET a = 2; DELETE FROM without_key")


def test_columns_begin_with_the_log_s_own_in_order(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    app.execute('CREATE TABLE t (id int PRIMARY KEY, "_op" text, "Mixed Case" text)')
    app.execute("INSERT INTO t VALUES (1, 'theirs', 'kept')")
    warehouse.tick()
    (row,) = warehouse.rows("public__t")
    assert list(row) == [
        "_op", "_commit_lsn", "_seq", "_commit_ts", "_xid", "_unchanged",
        "id", "_op__source", "mixed case", "_load_id", "_loaded_at",
    ]  # fmt: skip
    assert (row["_op"], row["_op__source"], row["mixed case"]) == ("R", "theirs", "kept")
    assert row["_commit_ts"] is not None and row["_commit_ts"].tzinfo is None


def test_types(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    app.execute(
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN money_amount AS numeric(12, 2);"
        "CREATE DOMAIN fee AS money_amount CHECK (VALUE >= 0);"
        "CREATE TABLE t (id bigint PRIMARY KEY, small smallint, real4 real, real8 float8, yes boolean, d date,"
        " ts timestamp, tz timestamptz, n numeric(10, 2), free numeric, wide numeric(40, 2), fee fee, e mood, a int[],"
        " j jsonb, b bytea, i interval, tm time, r int4range, u uuid, bits bit(3), c char(3), v varchar(9),"
        " doubled bigint GENERATED ALWAYS AS (id * 2) STORED)"
    )
    insert = (
        "INSERT INTO t VALUES (%s, 7, 0.1, 0.1, true, '2026-02-03', '2026-02-03 04:05:06.789',"
        " '2026-02-03 04:05:06+02', 12.5, 1.10, 3, 9.99, 'ok', '{1,2}', '{\"k\": 1}', '\\xdeadbeef', '1 day 2 hours',"
        " '12:00', '[1,5)', '00000000-0000-0000-0000-000000000001', B'101', 'US', 'v')"
    )
    app.execute(insert, [1])
    warehouse.tick()
    app.execute(insert, [2])
    warehouse.tick()
    snapshot, streamed = warehouse.rows("public__t")
    assert "doubled" not in snapshot, "generated columns are not in the stream"
    for row, number in ((snapshot, 1), (streamed, 2)):
        values = {name: value for name, value in row.items() if not name.startswith("_")}
        assert values == {
            "id": number, "small": 7, "real4": pytest.approx(0.1), "real8": 0.1, "yes": True, "d": date(2026, 2, 3),
            "ts": datetime(2026, 2, 3, 4, 5, 6, 789000), "tz": datetime(2026, 2, 3, 2, 5, 6), "n": Decimal("12.50"),
            "free": "1.10", "wide": "3.00", "fee": Decimal("9.99"), "e": "ok", "a": "{1,2}", "j": '{"k": 1}',
            "b": "\\xdeadbeef", "i": "P1DT2H", "tm": "12:00:00", "r": "[1,5)",
            "u": "00000000-0000-0000-0000-000000000001", "bits": "101", "c": "US ", "v": "v",
        }  # fmt: skip
    types = dict(warehouse.query("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'public__t'"))
    assert (types["small"], types["fee"], types["real4"], types["tz"]) == (
        "SMALLINT", "DECIMAL(12,2)", "FLOAT", "TIMESTAMP",
    )  # fmt: skip


def test_values_beyond_their_type_are_kept_as_text_beside_the_others(
    app: psycopg.Connection[Any], warehouse: Warehouse
) -> None:
    app.execute("CREATE TABLE t (id int PRIMARY KEY, d date, tz timestamptz, n numeric(6, 2), f float8)")
    strange = (
        "INSERT INTO t VALUES (%s, '2026-01-01', '2026-01-01 00:00+00', 1.5, 1.5),"
        " (%s, 'infinity', '0044-03-15 00:00+00 BC', 'NaN', 'NaN'), (%s, '12026-01-01', '-infinity', 2, '-Infinity')"
    )
    app.execute(strange, [1, 2, 3])
    warehouse.tick()
    app.execute(strange, [4, 5, 6])
    warehouse.tick()
    rows = warehouse.rows("public__t")
    assert [row["id"] for row in rows] == [1, 2, 3, 4, 5, 6]
    for first in (rows[:3], rows[3:]):
        assert [row["d"] for row in first] == [date(2026, 1, 1), None, None]
        assert [row["d__varchar"] for row in first] == [None, "infinity", "12026-01-01"]
        assert [row["tz__varchar"] for row in first] == [None, "0044-03-15 00:00:00+00 BC", "-infinity"]
        assert [(row["n"], row["n__varchar"]) for row in first] == [
            (Decimal("1.50"), None), (None, "NaN"), (Decimal("2.00"), None),
        ]  # fmt: skip
        assert [str(row["f"]) for row in first] == ["1.5", "nan", "-inf"]


def test_a_transaction_committed_exactly_at_the_snapshot_s_end_comes_once(
    app: psycopg.Connection[Any], warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slot waits for transactions in two rounds; one that began after the first may be open at the end.

    If nothing else is written, its commit stands exactly at the consistent point: not in the snapshot, and at a
    position no higher than it.
    """
    app.execute("CREATE TABLE t (id int PRIMARY KEY)")
    dsn = warehouse.settings.dsn
    with psycopg.connect(dsn) as first, psycopg.connect(dsn) as second, psycopg.connect(dsn) as last:
        first.execute("INSERT INTO t VALUES (1)")
        reading = threading.Thread(target=warehouse.tick)
        with monkeypatch.context() as patch:
            patch.setattr(failpoints, "reach", lambda place: last.commit() if place == "after_slot" else None)
            reading.start()
            waited_for(app, first)
            second.execute("INSERT INTO t VALUES (2)")
            first.commit()
            waited_for(app, second)
            last.execute("INSERT INTO t VALUES (3)")
            second.commit()
            reading.join()
    warehouse.tick()
    rows = [(row["_op"], row["id"], row["_commit_lsn"]) for row in warehouse.rows("public__t")]
    snapshot = rows[0][2]
    assert rows == [("R", 1, snapshot), ("R", 2, snapshot), ("I", 3, snapshot + 1)]


def waited_for(app: psycopg.Connection[Any], connection: psycopg.Connection[Any]) -> None:
    """Return once someone waits for the end of a connection's transaction."""
    xid = connection.execute("SELECT pg_current_xact_id()::xid").fetchone()
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted AND transactionid = %s"
    while app.execute(waiting, xid).fetchone() == (0,):
        time.sleep(0.01)


def test_a_large_table_is_read_in_pieces(
    app: psycopg.Connection[Any], warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("northstar.ingest.postgres.snapshot._CHUNK_BYTES", 1000)
    app.execute("CREATE TABLE t (id int PRIMARY KEY, v text)")
    app.execute("INSERT INTO t SELECT g, repeat(E'x\n,', g % 50) FROM generate_series(1, 2000) g")
    warehouse.tick()
    warehouse.check("t")


def test_inherited_and_partitioned_tables(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    app.execute(
        "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);"
        "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2);"
        "CREATE TABLE visits (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);"
        "CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
        "INSERT INTO visits VALUES (1, '2026-05-05')"
    )
    warehouse.tick()
    app.execute("INSERT INTO child VALUES (3); INSERT INTO visits VALUES (2, '2026-06-06')")
    report = warehouse.tick()
    assert warehouse.objects() == {"public__parent", "public__child", "public__visits"}
    assert [row["id"] for row in warehouse.rows("public__parent")] == [1]
    assert [(row["_op"], row["id"]) for row in warehouse.rows("public__child")] == [("R", 2), ("I", 3)]
    assert [(row["_op"], row["id"]) for row in warehouse.rows("public__visits")] == [("R", 1), ("I", 2)]
    assert report.notices == []


def test_missing_settings_are_named() -> None:
    with pytest.raises(IngestError, match="NORTHSTAR_APP_DSN is not set"):
        from_environment({})
    with pytest.raises(IngestError, match="lower-case letters"):
        from_environment({"NORTHSTAR_APP_DSN": "postgresql://x@127.0.0.1/y", "NORTHSTAR_APP_SLOT": "No-Slot"})


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an empty bucket of an S3 server."""
    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket="landing")
        yield "s3://landing/northstar"
    finally:
        server.stop()


def test_landing_on_s3(app: psycopg.Connection[Any], database: str, tmp_path: Path, bucket: str) -> None:
    app.execute("CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE without_rows (id int PRIMARY KEY)")
    app.execute("INSERT INTO t VALUES (1, 'a'), (2, NULL)")
    warehouse = Warehouse(tmp_path, database, landing=bucket)
    warehouse.tick()
    app.execute("UPDATE t SET v = 'b' WHERE id = 1; DELETE FROM t WHERE id = 2")
    warehouse.tick()
    assert warehouse.tick().batches == 0
    warehouse.check("t")
    keys = [item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket="landing")["Contents"]]
    files = [Path(key).name for key in keys if key.endswith(".parquet")]
    assert sorted(files) == ["public__t-00000.parquet", "public__t-00000.parquet", "public__without_rows-00001.parquet"]
