"""The servers that several packages of tests use."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from northstar.simulator.postgres_server import PostgresServer

_numbers = itertools.count(1)


LONGEST = (
    "warehouse/test_month.py",
    "tick/test_company_kills.py",
    "snowflake/test_parity.py",
    "warehouse/test_hours.py",
    "demo/test_demo.py",
    "warehouse/test_utilization_paths.py",
    "warehouse/test_idempotence_of_all.py",
    "phi/test_canary.py",
    "project/test_virtual_environments.py",
)
"""Files that are begun first, so that at the end no process waits for another's."""


def pytest_configure(config: pytest.Config) -> None:
    """One cache of SQLMesh's for the session, whose warehouses all begin empty; never a developer's own."""
    if not hasattr(config, "workerinput"):
        os.environ["NORTHSTAR_CACHE"] = tempfile.mkdtemp(prefix="northstar_cache_")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove it."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop("NORTHSTAR_CACHE"), ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Longest files first, the others as they are."""
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get("/".join(item.path.parts[-2:]), len(order)))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server shared by all tests of the session.  A test that stops it starts it again."""
    # What a test stops is the process, never the machine, so nothing is gained by waiting for the disk.
    with PostgresServer(settings={"fsync": "off", "full_page_writes": "off"}) as server:
        yield server


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[str]:
    """The DSN of a fresh, empty database, dropped with its replication slots at the end."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgres_server.dsn(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield postgres_server.dsn(name)
    finally:
        postgres_server.start()
        with psycopg.connect(postgres_server.dsn(), autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name])
            admin.execute(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = %s", [name]
            )
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
