"""A source database and a warehouse that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from postgres_helpers import Reader, Warehouse


@pytest.fixture
def app(database: str) -> Iterator[psycopg.Connection[Any]]:
    """The application: a connection in autocommit."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def warehouse(tmp_path: Path, database: str) -> Warehouse:
    """An empty warehouse."""
    return Warehouse(tmp_path, database)


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    """Reads the source in processes that may be killed."""
    reader = Reader()
    try:
        yield reader
    finally:
        reader.close()
