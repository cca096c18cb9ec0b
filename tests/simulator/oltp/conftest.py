"""A small company that has been seeded and has worked for a while, shared by the tests that only look at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from oltp_period import ANCHOR, END, keep_copies

from northstar.simulator.company import Company
from northstar.simulator.oltp import advance, create_schema, seed
from northstar.simulator.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def company() -> Company:
    return Company(seed=11, scale=0.1, anchor=ANCHOR)


@pytest.fixture(scope="session")
def worked(postgres_server: PostgresServer, company: Company) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the database of a company after its seed and 18 hours of work."""
    with psycopg.connect(postgres_server.dsn(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE oltp_worked")
    dsn = postgres_server.dsn("oltp_worked")
    create_schema(dsn, extra_tables=40)
    seed(dsn, company)
    with psycopg.connect(dsn, autocommit=True, options="-c timezone=UTC") as conn:
        keep_copies(conn)
        advance(dsn, company, ANCHOR, END)
        yield conn
