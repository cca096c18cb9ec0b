"""What goes wrong with slots, servers and rights: healed with a notice, or refused with a reason."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from postgres_helpers import Warehouse, kinds

from northstar.ingest.contract import IngestError, SourceUnreachable
from northstar.ingest.postgres import PostgresSettings, PostgresSource
from northstar.ingest.postgres import source as source_module
from northstar.simulator.postgres_server import PostgresServer


@pytest.fixture
def two_tables(app: psycopg.Connection[Any], warehouse: Warehouse) -> Warehouse:
    """A warehouse that has read two tables."""
    app.execute("CREATE TABLE a (id int PRIMARY KEY, v int); CREATE TABLE b (id int PRIMARY KEY)")
    app.execute("INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (1)")
    warehouse.tick()
    return warehouse


LOSSES = {
    "slot_lost": "SELECT pg_drop_replication_slot('northstar')",
    "slot_moved": "SELECT count(*) FROM pg_logical_slot_get_binary_changes('northstar', NULL, NULL,"
    " 'proto_version', '1', 'publication_names', 'northstar')",
    "publication_lost": "DROP PUBLICATION northstar",
}


@pytest.mark.parametrize(("kind", "statement"), LOSSES.items(), ids=LOSSES.keys())
def test_a_lost_position_is_healed_by_reading_all_tables(
    app: psycopg.Connection[Any], two_tables: Warehouse, kind: str, statement: str
) -> None:
    app.execute("DELETE FROM a WHERE id = 1; UPDATE a SET v = 20; INSERT INTO b VALUES (2)")
    app.execute(statement)
    report = two_tables.tick()
    assert kinds(report) == [("*", kind)]
    assert (two_tables.ops("public__a"), two_tables.ops("public__b")) == ("RRTR", "RTRR")
    app.execute("INSERT INTO a VALUES (3, 3); DELETE FROM b WHERE id = 1")
    assert two_tables.tick().notices == []
    two_tables.check("a", "b")


def test_a_warehouse_restored_from_a_backup_is_healed(app: psycopg.Connection[Any], two_tables: Warehouse) -> None:
    """The slot is ahead of the ledger then: what lies between is in neither."""
    backup = two_tables.path.read_bytes()
    app.execute("UPDATE a SET v = 20; DELETE FROM b")
    two_tables.tick()
    two_tables.path.write_bytes(backup)
    app.execute("INSERT INTO a VALUES (3, 3)")
    assert kinds(two_tables.tick()) == [("*", "slot_moved")]
    two_tables.check("a", "b")


def test_a_slot_of_another_warehouse_is_left_alone(
    app: psycopg.Connection[Any], two_tables: Warehouse, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = Warehouse(tmp_path / "other", two_tables.settings.dsn)
    with pytest.raises(IngestError, match="NORTHSTAR_APP_SLOT"):
        other.tick()
    app.execute("INSERT INTO b VALUES (2)")
    other.settings = replace(other.settings, slot="other")
    other.tick()
    assert two_tables.tick().notices == []
    two_tables.check("a", "b")
    other.check("a", "b")


@pytest.mark.parametrize(
    ("forged", "message"),
    [
        ({"system_identifier": "1"}, "another PostgreSQL cluster"),
        ({"database": "elsewhere"}, "from database elsewhere"),
        ({"confirmed_lsn": 1 << 60}, "restored from a backup"),
        ({"format": 0}, "another version"),
    ],
)
def test_another_server_is_refused(two_tables: Warehouse, forged: dict[str, Any], message: str) -> None:
    two_tables.change_cursor(**forged)
    before = two_tables.query("SELECT count(*) FROM ops.load_ledger")
    with pytest.raises(IngestError, match=message):
        two_tables.tick()
    assert two_tables.query("SELECT count(*) FROM ops.load_ledger") == before


def test_a_second_reader_leaves(app: psycopg.Connection[Any], two_tables: Warehouse) -> None:
    app.execute("SELECT pg_advisory_lock(hashtext('northstar'), hashtext('northstar'))")
    two_tables.settings = replace(two_tables.settings, lock_seconds=0.3)
    with pytest.raises(IngestError, match="another reader is using replication slot northstar"):
        two_tables.tick()
    # One that is only slow to end is waited for.
    two_tables.settings = replace(two_tables.settings, lock_seconds=10)
    threading.Timer(0.5, app.close).start()
    two_tables.tick()


def test_a_reader_survives_the_loss_of_its_connection(two_tables: Warehouse, app: psycopg.Connection[Any]) -> None:
    source = PostgresSource(two_tables.settings)
    source.acknowledge(two_tables.cursor())
    app.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE 'northstar%'")
    with pytest.raises(IngestError, match="the next run goes on from there"):
        source.acknowledge(two_tables.cursor())
    source.acknowledge(two_tables.cursor())
    source.close()


def test_a_publication_of_all_tables_is_refused(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    app.execute("CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION northstar FOR ALL TABLES")
    with pytest.raises(IngestError, match="publishes all tables"):
        warehouse.tick()
    app.execute("DROP PUBLICATION northstar")
    warehouse.tick()
    warehouse.check("t")


def test_nobody_listens(warehouse: Warehouse) -> None:
    warehouse.settings = replace(warehouse.settings, dsn="postgresql://postgres@127.0.0.1:1/none")
    with pytest.raises(IngestError, match="cannot connect to the application's database"):
        warehouse.tick()


def test_least_privilege(app: psycopg.Connection[Any], warehouse: Warehouse) -> None:
    """The role that the settings' docstring asks for is enough, and what it may not read is left out."""
    app.execute(
        "CREATE ROLE owner_of_tables; CREATE ROLE reader LOGIN REPLICATION IN ROLE owner_of_tables;"
        f"GRANT CREATE ON DATABASE {app.info.dbname} TO reader;"
        "CREATE TABLE mine (id int PRIMARY KEY); ALTER TABLE mine OWNER TO owner_of_tables;"
        "CREATE TABLE granted (id int PRIMARY KEY); GRANT SELECT ON granted TO reader;"
        "CREATE TABLE secret (id int PRIMARY KEY);"
        "CREATE TABLE policed (id int PRIMARY KEY); GRANT SELECT ON policed TO reader;"
        "ALTER TABLE policed ENABLE ROW LEVEL SECURITY"
    )
    try:
        superuser = warehouse.settings.dsn
        warehouse.settings = replace(warehouse.settings, dsn=superuser.replace("postgres@", "reader@"))
        assert kinds(warehouse.tick()) == [
            ("*", "first_snapshot"),
            ("public__granted", "table_not_owned"),
            ("public__policed", "table_with_row_security"),
            ("public__secret", "table_not_readable"),
        ]
        app.execute("INSERT INTO mine VALUES (1)")
        app.execute("ALTER PUBLICATION northstar OWNER TO postgres; ALTER PUBLICATION northstar ADD TABLE granted")
        assert kinds(warehouse.tick()) == [("public__granted", "table_read_again")]
        warehouse.check("mine", "granted")
    finally:
        app.execute("DROP OWNED BY reader; DROP OWNED BY owner_of_tables; DROP ROLE reader; DROP ROLE owner_of_tables")


# -- a server of one's own, to be set and broken ------------------------------------------------------------------


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    settings = {"fsync": "off", "max_wal_size": "32MB", "min_wal_size": "32MB", "shared_buffers": "32MB"}
    with PostgresServer(settings=settings) as server:
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
        yield server


def test_a_slot_beyond_the_cap_on_retained_wal_is_healed(own_server: PostgresServer, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path, own_server.dsn())
    noise = "SELECT pg_logical_emit_message(false, 'noise', repeat('x', 1000000)) FROM generate_series(1, 40)"
    warehouse.tick()
    with psycopg.connect(own_server.dsn(), autocommit=True) as app:
        app.execute("ALTER SYSTEM SET max_slot_wal_keep_size = -1")
        app.execute("SELECT pg_reload_conf()")
    assert kinds(warehouse.tick()) == [("*", "wal_unbounded")]
    with psycopg.connect(own_server.dsn(), autocommit=True) as app:
        app.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '48MB'")
        app.execute("SELECT pg_reload_conf()")
        app.execute(noise)
        assert kinds(warehouse.tick()) == [("*", "wal_retention_high")]
        app.execute("INSERT INTO t VALUES (2)")
        app.execute(noise)
        app.execute(noise)
        app.execute("CHECKPOINT")
        assert app.execute("SELECT wal_status FROM pg_replication_slots").fetchall() == [("lost",)]
        assert ("*", "slot_lost") in kinds(warehouse.tick())
        app.execute("INSERT INTO t VALUES (3)")
        warehouse.tick()
    warehouse.check("t")


def test_a_server_that_crashes_is_read_on(own_server: PostgresServer, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path, own_server.dsn())
    warehouse.tick()
    for number in range(2, 5):
        with psycopg.connect(own_server.dsn(), autocommit=True) as app:
            app.execute("INSERT INTO t VALUES (%s)", [number])
        warehouse.tick()
        own_server.crash()
        with pytest.raises(IngestError, match="cannot connect"):
            warehouse.tick()
        own_server.start()
        assert warehouse.tick().notices == []
    warehouse.check("t")


def test_a_new_timeline_is_healed(own_server: PostgresServer, tmp_path: Path) -> None:
    """After a failover or a restore, what the slot has may not be what was read before."""
    warehouse = Warehouse(tmp_path, own_server.dsn())
    warehouse.tick()
    own_server.crash()
    (own_server.data / "recovery.signal").touch()
    own_server.restart(settings={"restore_command": "false"})
    with psycopg.connect(own_server.dsn(), autocommit=True) as app:
        while app.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
            time.sleep(0.05)
        app.execute("CHECKPOINT; INSERT INTO t VALUES (2)")
    (notice,) = warehouse.tick().notices
    assert notice.kind == "timeline_changed"
    warehouse.check("t")


def test_a_server_without_logical_decoding_is_refused(own_server: PostgresServer, tmp_path: Path) -> None:
    own_server.restart(settings={"wal_level": "replica"})
    with pytest.raises(IngestError, match="set wal_level = logical"):
        Warehouse(tmp_path, own_server.dsn()).tick()


def test_a_server_that_stands_still_is_cut_off_when_time_is_up(app: psycopg.Connection[Any], database: str) -> None:
    """A stopped process keeps its connections open, and its kernel answers keepalives: nothing else would end this."""
    source = PostgresSource(PostgresSettings(database))
    connection = source._connection()
    backend = connection.info.backend_pid
    failures: list[Exception] = []

    def ask() -> None:
        try:
            connection.execute("SELECT 1")
        except psycopg.Error as error:
            failures.append(error)

    os.kill(backend, signal.SIGSTOP)
    try:
        asking = threading.Thread(target=ask)
        asking.start()
        asking.join(timeout=0.5)
        assert asking.is_alive()
        source.interrupt()
        asking.join(timeout=5)
        assert not asking.is_alive()
        assert isinstance(source_module._as_ingest_error(failures[0]), SourceUnreachable)  # type: ignore[arg-type]
    finally:
        os.kill(backend, signal.SIGCONT)
        source.close()
