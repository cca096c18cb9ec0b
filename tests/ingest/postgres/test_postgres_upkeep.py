"""The publication kept up to date, and tables read again whose rows changed without the stream showing it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest
from postgres_helpers import Warehouse, kinds

from northstar import failpoints


def test_a_new_table_is_added_and_read(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    app.execute("CREATE TABLE old (id int PRIMARY KEY)")
    warehouse.tick()
    app.execute("CREATE TABLE fresh (id int PRIMARY KEY, v int); INSERT INTO fresh VALUES (1, 0)")
    app.execute("INSERT INTO old VALUES (1)")
    report = warehouse.tick()
    assert kinds(report) == [("public__fresh", "table_read_again")]
    app.execute("UPDATE fresh SET v = 1")
    assert warehouse.tick().notices == []
    assert warehouse.ops("public__fresh") == "TRU"
    assert warehouse.ops("public__old") == "I"
    warehouse.check("fresh", "old")


def test_a_table_without_key_is_reported_once_and_followed_once_it_has_one(
    app: psycopg.Connection[Any], warehouse: Warehouse
) -> None:
    app.execute("CREATE TABLE t (id int)")
    assert ("public__t", "table_without_key") in kinds(warehouse.tick())
    assert warehouse.tick().notices == [], "said once"
    app.execute("INSERT INTO t VALUES (1); UPDATE t SET id = 2; ALTER TABLE t ADD PRIMARY KEY (id)")
    assert kinds(warehouse.tick()) == [("public__t", "table_read_again")]
    app.execute("ALTER TABLE t DROP CONSTRAINT t_pkey; INSERT INTO t VALUES (3)")
    assert kinds(warehouse.tick()) == [("public__t", "table_without_key")]
    app.execute("UPDATE t SET id = 4 WHERE id = 3")  # refused as long as the table is published
    app.execute("ALTER TABLE t ADD PRIMARY KEY (id)")
    assert kinds(warehouse.tick()) == [("public__t", "table_read_again")]
    warehouse.check("t")


def test_deferrable_keys_identify_nothing(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    app.execute("CREATE TABLE t (id int PRIMARY KEY DEFERRABLE); INSERT INTO t VALUES (1)")
    assert ("public__t", "table_without_key") in kinds(warehouse.tick())
    app.execute("UPDATE t SET id = 2")


def test_dropped_and_recreated_tables(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    app.execute("CREATE TABLE gone (id int PRIMARY KEY); CREATE TABLE again (id int PRIMARY KEY)")
    app.execute("INSERT INTO gone VALUES (1); INSERT INTO again VALUES (1)")
    warehouse.tick()
    app.execute("INSERT INTO gone VALUES (2); DROP TABLE gone, again; CREATE TABLE again (id int PRIMARY KEY)")
    app.execute("INSERT INTO again VALUES (2)")
    assert kinds(warehouse.tick()) == [("public__again", "table_read_again"), ("public__gone", "table_dropped")]
    assert warehouse.ops("public__gone") == "RI"
    warehouse.check("again")


REWRITES = {
    "default": "ALTER TABLE t ADD COLUMN d int DEFAULT 7",
    "volatile default": "ALTER TABLE t ADD COLUMN d float8 DEFAULT random()",
    "default, then rewritten": "ALTER TABLE t ADD COLUMN d int DEFAULT 7; VACUUM FULL t",
    "same type by expression": "ALTER TABLE t ALTER v TYPE int USING v + 100",
    "other type by expression": "ALTER TABLE t ALTER v TYPE bigint USING v * 10",
    "renamed column": "ALTER TABLE t RENAME v TO w",
    "replaced column": "ALTER TABLE t DROP v; ALTER TABLE t ADD v int",
    "renamed to and fro": "ALTER TABLE t RENAME v TO w; UPDATE t SET w = 5 WHERE id = 1; ALTER TABLE t RENAME w TO v",
    "out of the publication and back": "ALTER PUBLICATION northstar DROP TABLE t; UPDATE t SET v = 6;"
    "ALTER PUBLICATION northstar ADD TABLE t",
    "out of the publication": "ALTER PUBLICATION northstar DROP TABLE t; UPDATE t SET v = 6",
    "other key": "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (v)",
}


@pytest.mark.parametrize("statements", REWRITES.values(), ids=REWRITES.keys())
def test_rows_that_changed_without_the_stream_are_read_again(
    app: psycopg.Connection[Any], warehouse: Warehouse, statements: str
) -> None:
    app.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
    app.execute("CREATE TABLE still (id int PRIMARY KEY, v int)")
    app.execute("INSERT INTO t SELECT g, g FROM generate_series(1, 3) g; INSERT INTO still VALUES (1, 1)")
    warehouse.tick()
    for statement in statements.split(";"):
        app.execute(statement)
    first = warehouse.tick()
    # What was changed and changed back comes to light in the stream of the first run.
    second = warehouse.tick()
    assert kinds(first) + kinds(second) == [("public__t", "table_read_again")]
    warehouse.check("t", "still")
    assert warehouse.ops("public__still") == "R"
    assert warehouse.tick().notices == []


HARMLESS = {
    "nullable column": "ALTER TABLE t ADD COLUMN d int; UPDATE t SET d = 1 WHERE id = 1",
    "not null": "ALTER TABLE t ALTER v SET NOT NULL",
    "default for later": "ALTER TABLE t ALTER v SET DEFAULT 3; INSERT INTO t (id) VALUES (10)",
    "vacuum full": "VACUUM FULL t",
    "truncate": "TRUNCATE t",
    "longer text": "ALTER TABLE t ALTER c TYPE varchar(50)",
    "wider number": "ALTER TABLE t ALTER n TYPE numeric(12, 2)",
    "index": "CREATE INDEX ON t (v)",
}


@pytest.mark.parametrize("statements", HARMLESS.values(), ids=HARMLESS.keys())
def test_harmless_changes_read_nothing_again(
    app: psycopg.Connection[Any], warehouse: Warehouse, statements: str
) -> None:
    app.execute("CREATE TABLE t (id int PRIMARY KEY, v int, c varchar(5), n numeric(10, 2))")
    app.execute("INSERT INTO t SELECT g, g, 'c', 1 FROM generate_series(1, 3) g")
    warehouse.tick()
    for statement in statements.split(";"):
        app.execute(statement)
    assert warehouse.tick().notices == []
    warehouse.check("t")


PARTITION_CHANGES = {
    "attached": "CREATE TABLE p3 (LIKE visits INCLUDING ALL); INSERT INTO p3 VALUES (9, 30);"
    "ALTER TABLE visits ATTACH PARTITION p3 FOR VALUES FROM (20) TO (40)",
    "detached": "ALTER TABLE visits DETACH PARTITION p1; ALTER TABLE p1 DROP CONSTRAINT p1_pkey",
    "dropped": "DROP TABLE p1",
    "truncated alone": "TRUNCATE p1",
    "default": "ALTER TABLE visits ADD COLUMN d int DEFAULT 7",
}


@pytest.mark.parametrize("statements", PARTITION_CHANGES.values(), ids=PARTITION_CHANGES.keys())
def test_partitions_that_bring_or_take_rows(
    app: psycopg.Connection[Any], warehouse: Warehouse, statements: str
) -> None:
    app.execute(
        "CREATE TABLE visits (id int, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);"
        "CREATE TABLE p1 PARTITION OF visits FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE p2 PARTITION OF visits FOR VALUES FROM (10) TO (20);"
        "INSERT INTO visits VALUES (1, 1), (2, 11)"
    )
    warehouse.tick()
    for statement in statements.split(";"):
        app.execute(statement)
    assert ("public__visits", "table_read_again") in kinds(warehouse.tick())
    warehouse.check("visits")


def test_a_partition_made_in_place_brings_no_rows(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    app.execute("CREATE TABLE visits (id int, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)")
    warehouse.tick()
    app.execute("CREATE TABLE p1 PARTITION OF visits FOR VALUES FROM (0) TO (10); INSERT INTO visits VALUES (1, 1)")
    assert warehouse.tick().notices == []
    assert warehouse.ops("public__visits") == "I"
    warehouse.check("visits")


def test_a_locked_table_waits_for_the_next_run(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    warehouse.settings = replace(warehouse.settings, lock_seconds=0.3)
    app.execute("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE free (id int PRIMARY KEY)")
    with psycopg.connect(warehouse.settings.dsn) as maintenance:
        maintenance.execute("LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE")
        assert ("public__t", "table_busy") in kinds(warehouse.tick())
        assert warehouse.objects() == {"public__free"}
    assert kinds(warehouse.tick()) == [("public__t", "table_read_again")]
    warehouse.check("t", "free")


@pytest.mark.parametrize("first", [True, False], ids=["first run", "reading again"])
def test_tables_that_change_between_the_snapshot_and_their_turn(
    app: psycopg.Connection[Any], warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    """A table rewritten after the snapshot looks empty to it: that must not come to raw."""
    warehouse.settings = replace(warehouse.settings, lock_seconds=0.3)
    names = ("calm", "dropped", "locked", "rewritten", "truncated")
    app.execute("".join(f"CREATE TABLE {name} (id int PRIMARY KEY, v int);" for name in names))
    app.execute("".join(f"INSERT INTO {name} VALUES (1, 1);" for name in names))
    if not first:
        warehouse.tick()
        app.execute("SELECT pg_drop_replication_slot('northstar')")
    locker = psycopg.connect(warehouse.settings.dsn)

    def meanwhile(place: str) -> None:
        if place == "after_slot":
            app.execute("DROP TABLE dropped; TRUNCATE truncated; ALTER TABLE rewritten ALTER v TYPE int USING v + 1")
            locker.execute("LOCK TABLE locked")
        elif place == "after_publication":
            locker.rollback()

    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "reach", meanwhile)
        report = warehouse.tick()
    locker.close()
    unread = ["public__locked", "public__rewritten", "public__truncated"]
    assert [object for object, kind in kinds(report) if kind == "table_busy"] == unread
    assert [object for object, kind in kinds(report) if kind == "table_read_again"] == unread, "in the same run"
    warehouse.check("calm", "locked", "rewritten", "truncated")


def test_a_long_transaction_delays_reading_again_but_not_the_stream(
    app: psycopg.Connection[Any], warehouse: Warehouse
) -> None:
    warehouse.settings = replace(warehouse.settings, lock_seconds=0.5)
    app.execute("CREATE TABLE t (id int PRIMARY KEY)")
    warehouse.tick()
    with psycopg.connect(warehouse.settings.dsn) as long:
        long.execute("SELECT pg_current_xact_id()")
        app.execute("CREATE TABLE fresh (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
        assert kinds(warehouse.tick()) == [("*", "snapshot_waits")]
        assert warehouse.ops("public__t") == "I"
    assert kinds(warehouse.tick()) == [("public__fresh", "table_read_again")]
    warehouse.check("t", "fresh")
