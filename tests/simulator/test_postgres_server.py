"""The launcher of the simulated company's database."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from northstar.simulator import postgres_server
from northstar.simulator.postgres_server import PostgresServer, PostgresServerError


def setting(dsn: str, name: str) -> str:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    value: str = row[0]
    return value


def test_runs_with_logical_decoding_and_a_cap_on_retained_wal(postgres_server: PostgresServer) -> None:
    assert setting(postgres_server.dsn(), "wal_level") == "logical"
    assert setting(postgres_server.dsn(), "max_slot_wal_keep_size") == "2GB"
    assert setting(postgres_server.dsn(), "listen_addresses") == "127.0.0.1"


def test_data_and_port_outlive_the_object(tmp_path_factory: pytest.TempPathFactory) -> None:
    with PostgresServer() as temporary:
        kept = temporary.data
    assert not kept.exists(), "a temporary data directory is removed"

    data = Path("/var/tmp") / tmp_path_factory.getbasetemp().name / "northstar-kept"
    first = PostgresServer(data, settings={"work_mem": "5MB"})
    try:
        first.start()
        port = first.port
        with psycopg.connect(first.dsn(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        attached = PostgresServer(data)
        attached.start()
        assert attached.port == port, "a running server is used as it is"
        assert setting(attached.dsn(), "work_mem") == "5MB"
        first.crash()
        assert not first.running
        attached.start()
        assert attached.port == port, "the port of the last start is taken again"
        with psycopg.connect(attached.dsn()) as connection:
            assert connection.execute("SELECT one FROM kept").fetchall() == [(1,)], "recovered from the WAL"
        attached.restart(settings={"work_mem": "6MB"})
        assert setting(attached.dsn(), "work_mem") == "6MB"
    finally:
        first.stop()
        assert data.exists()
        shutil.rmtree(data.parent)


def test_missing_binaries_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NORTHSTAR_POSTGRES_BIN", str(tmp_path))
    with pytest.raises(PostgresServerError, match="NORTHSTAR_POSTGRES_BIN"):
        postgres_server.binaries()
