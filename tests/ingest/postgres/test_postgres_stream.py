"""The stream: every change once, in the order of commits, as the replica identity lets it be known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from postgres_helpers import Warehouse, kinds

from northstar import failpoints
from northstar.clock import to_naive_utc, utc_now

BIG = "repeat('x', 9000)"
NOISE = "SELECT pg_logical_emit_message(false, 'noise', repeat('x', 1000000), true) FROM generate_series(1, 24)"
"""Some megabytes of WAL that do not concern the warehouse, flushed: what is not, the reader rightly does not see."""


def big_table(app: psycopg.Connection[Any], name: str = "t") -> None:
    """A table with a column that is stored out of line, so that an update that leaves it alone does not send it."""
    app.execute(f"CREATE TABLE {name} (id int PRIMARY KEY, a text, big text)")
    app.execute(f"ALTER TABLE {name} ALTER big SET STORAGE EXTERNAL")
    app.execute(f"INSERT INTO {name} VALUES (1, 'a', {BIG}), (2, 'a', {BIG})")


def test_order_is_that_of_commits(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    app.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
    warehouse.tick()
    with psycopg.connect(warehouse.settings.dsn) as slow:
        slow.execute("INSERT INTO t VALUES (1, 0), (2, 0)")
        app.execute("INSERT INTO t VALUES (3, 0)")
        with psycopg.connect(warehouse.settings.dsn) as undone:
            undone.execute("INSERT INTO t VALUES (4, 0)")
            undone.rollback()
    app.execute("UPDATE t SET v = 1 WHERE id = 1")
    warehouse.tick()
    rows = warehouse.rows("public__t")
    assert [(row["_op"], row["id"], row["_seq"]) for row in rows] == [
        ("I", 3, 1),
        ("I", 1, 1),
        ("I", 2, 2),
        ("U", 1, 1),
    ]
    assert rows[1]["_xid"] == rows[2]["_xid"] < rows[0]["_xid"], "the transaction that began first ended last"
    committed = [row["_commit_ts"] for row in rows]
    assert committed == sorted(committed)
    now = to_naive_utc(utc_now())
    assert all(timedelta(0) <= now - moment < timedelta(minutes=5) for moment in committed)
    assert warehouse.tick().rows == 0


def test_a_changed_key_is_a_delete_and_an_update(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    big_table(app)
    warehouse.tick()
    app.execute("UPDATE t SET id = 10, a = 'b' WHERE id = 1")
    warehouse.tick()
    old, new = warehouse.rows("public__t")[-2:]
    assert (old["_op"], old["id"], old["a"], old["big"]) == ("D", 1, None, None)
    assert (new["_op"], new["id"], new["a"], new["_unchanged"]) == ("U", 10, "b", "big")
    assert new["_seq"] == old["_seq"] + 1
    warehouse.check("t")


def test_unchanged_large_values_are_named(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    big_table(app)
    warehouse.tick()
    app.execute("UPDATE t SET a = 'b' WHERE id = 1")
    app.execute("UPDATE t SET big = NULL WHERE id = 2")
    warehouse.tick()
    first, second = warehouse.rows("public__t")[-2:]
    assert (first["_unchanged"], first["big"]) == ("big", None)
    assert (second["_unchanged"], second["big"]) == (None, None)
    warehouse.check("t")


def test_full_identity_gives_the_old_row(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    big_table(app)
    app.execute("ALTER TABLE t REPLICA IDENTITY FULL")
    warehouse.tick()
    app.execute("UPDATE t SET a = 'b' WHERE id = 1; UPDATE t SET id = 10 WHERE id = 1; DELETE FROM t WHERE id = 2")
    warehouse.tick()
    update, key_before, key_after, delete = warehouse.rows("public__t")[2:]
    assert (update["_op"], update["_unchanged"], len(update["big"])) == ("U", None, 9000)
    assert (key_before["_op"], key_before["id"], key_before["a"], len(key_before["big"])) == ("D", 1, "b", 9000)
    assert (key_after["_op"], key_after["id"], len(key_after["big"])) == ("U", 10, 9000)
    assert (delete["_op"], delete["id"], delete["a"]) == ("D", 2, "a")
    warehouse.check("t")


def test_full_identity_without_a_key_replaces_rows(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    app.execute("CREATE TABLE t (a int, b text); ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t VALUES (1, 'x')")
    warehouse.tick()
    app.execute("INSERT INTO t VALUES (1, 'x'), (NULL, NULL); UPDATE t SET b = 'y' WHERE a = 1")
    warehouse.tick()
    assert [(row["_op"], row["a"], row["b"]) for row in warehouse.rows("public__t")] == [
        ("R", 1, "x"), ("I", 1, "x"), ("I", None, None),
        ("D", 1, "x"), ("U", 1, "y"), ("D", 1, "x"), ("U", 1, "y"),
    ]  # fmt: skip


def test_identity_by_an_index(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    app.execute(
        "CREATE TABLE t (code text NOT NULL UNIQUE, v int); ALTER TABLE t REPLICA IDENTITY USING INDEX t_code_key;"
        "INSERT INTO t VALUES ('a', 1)"
    )
    warehouse.tick()
    app.execute("UPDATE t SET code = 'b'; DELETE FROM t")
    warehouse.tick()
    assert [(row["_op"], row["code"]) for row in warehouse.rows("public__t")] == [
        ("R", "a"), ("D", "a"), ("U", "b"), ("D", "b"),
    ]  # fmt: skip


def test_truncate_is_a_row_for_each_table(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    app.execute("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a)")
    app.execute("INSERT INTO a VALUES (1); INSERT INTO b VALUES (1, 1)")
    warehouse.tick()
    app.execute("TRUNCATE a, b; INSERT INTO a VALUES (2)")
    report = warehouse.tick()
    assert (warehouse.ops("public__a"), warehouse.ops("public__b")) == ("RTI", "RT")
    assert report.notices == [], "a truncate is in the stream, so nothing is read again"
    warehouse.check("a", "b")


def test_rows_have_the_schema_of_their_time(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    """All these changes are read in one run."""
    app.execute("CREATE TABLE t (id int PRIMARY KEY, a text, gone text, n int)")
    warehouse.tick()
    app.execute("INSERT INTO t VALUES (1, 'before', 'g', 1)")
    app.execute("ALTER TABLE t ADD COLUMN extra int; INSERT INTO t VALUES (2, 'added', 'g', 2, 7)")
    app.execute("ALTER TABLE t DROP COLUMN gone; INSERT INTO t VALUES (3, 'dropped', 3, 8)")
    app.execute("ALTER TABLE t ALTER n TYPE bigint; INSERT INTO t VALUES (4, 'wider', 5000000000, 9)")
    app.execute("ALTER TABLE t ALTER extra TYPE text; INSERT INTO t VALUES (5, 'other', 5, 'ten')")
    app.execute("ALTER TABLE t RENAME a TO b; INSERT INTO t VALUES (6, 'renamed', 6, 'x')")
    report = warehouse.tick()
    stream = [row for row in warehouse.rows("public__t") if row["_op"] == "I"]
    assert [(r["id"], r["a"], r["b"], r["gone"], r["n"], r["extra"], r["extra__varchar"]) for r in stream] == [
        (1, "before", None, "g", 1, None, None),
        (2, "added", None, "g", 2, 7, None),
        (3, "dropped", None, None, 3, 8, None),
        (4, "wider", None, None, 5000000000, 9, None),
        (5, "other", None, None, 5, None, "ten"),
        (6, None, "renamed", None, 6, None, "x"),
    ]
    assert kinds(report) == [("public__t", "table_read_again")]
    again = [row for row in warehouse.rows("public__t") if row["_op"] == "R"]
    assert [(row["id"], row["b"], row["extra__varchar"]) for row in again][:2] == [
        (1, "before", None),
        (2, "added", "7"),
    ]


def test_a_large_catch_up_is_several_loads(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    app.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
    warehouse.tick()
    for start in range(0, 1000, 100):
        app.execute("INSERT INTO t SELECT g, 0 FROM generate_series(%s::int, %s::int) g", [start, start + 99])
    warehouse.settings = replace(warehouse.settings, batch_messages=250)
    report = warehouse.tick()
    assert (report.batches, report.rows) == (4, 1000)
    per_load = warehouse.query(
        "SELECT row_count FROM ops.load_ledger WHERE object = '*' AND row_count > 0 ORDER BY batch_no"
    )
    assert per_load == [(300,), (300,), (300,), (100,)], "batches end with a transaction"
    warehouse.check("t")


def test_an_idle_source_is_let_go_of(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    """WAL that does not concern the warehouse is released too, but never beyond what the peek has seen."""
    app.execute("CREATE TABLE t (id int PRIMARY KEY); CREATE UNLOGGED TABLE other (x text)")
    warehouse.tick()
    app.execute(NOISE)

    def confirmed() -> int:
        row = app.execute("SELECT (confirmed_flush_lsn - '0/0')::int8 FROM pg_replication_slots").fetchone()
        assert row is not None
        position: int = row[0]
        return position

    before = confirmed()
    report = warehouse.tick()
    assert (report.batches, report.rows) == (1, 0)
    assert confirmed() - before > 16 << 20
    assert confirmed() == warehouse.cursor()["confirmed_lsn"]
    assert warehouse.tick().batches == 0
    app.execute("INSERT INTO t VALUES (1)")
    warehouse.tick()
    warehouse.check("t")


def test_asynchronous_commits_are_not_lost(
    app: psycopg.Connection[Any], warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed but not flushed is not in the peek, and must not be passed over by an idle advance."""
    app.execute("CREATE TABLE t (id int PRIMARY KEY)")
    warehouse.tick()
    app.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
    app.execute("SELECT pg_reload_conf()")
    try:
        app.execute(NOISE)
        app.execute("SET synchronous_commit = off; INSERT INTO t VALUES (1)")

        def flush(place: str) -> None:
            if place == "after_commit":
                with psycopg.connect(warehouse.settings.dsn, autocommit=True) as other:
                    other.execute("INSERT INTO t VALUES (2)")

        with monkeypatch.context() as patch:
            patch.setattr(failpoints, "reach", flush)
            report = warehouse.tick()
        assert (report.batches, report.rows) == (1, 0), "an idle advance, made while the first row was not flushed"
        warehouse.tick()
        warehouse.check("t")
    finally:
        app.execute("ALTER SYSTEM RESET wal_writer_delay")
        app.execute("SELECT pg_reload_conf()")


def test_a_table_altered_so_that_raw_cannot_hold_it_does_not_stop_the_others(
    app: psycopg.Connection[Any], warehouse: Warehouse
) -> None:
    app.execute("CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE other (id int PRIMARY KEY)")
    warehouse.tick()
    app.execute('ALTER TABLE t ADD "V" int; INSERT INTO t VALUES (1, 1, 1); INSERT INTO other VALUES (1)')
    assert kinds(warehouse.tick()) == [("public__t", "ambiguous_columns")]
    warehouse.check("other")
    app.execute('ALTER TABLE t DROP "V"')
    assert kinds(warehouse.tick()) == [("public__t", "table_read_again")]
    warehouse.check("t", "other")
