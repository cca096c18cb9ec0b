"""The marts that are compared with legacy reports, for SQL of DuckDB whatever engine the warehouse is on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from northstar.ingest import opening
from northstar.settings import Settings
from northstar.snowflake_connection import Connection


@contextmanager
def marts(settings: Settings, names: Iterable[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The DuckDB warehouse itself, or a DuckDB in memory with copies of the marts on Snowflake: rows a day and key."""
    with closing(opening.connect(settings)) as warehouse:
        if not isinstance(warehouse, Connection):
            yield warehouse
            return
        with duckdb.connect() as copies:
            for name in sorted(names):
                copies.execute(f"CREATE SCHEMA IF NOT EXISTS {name.partition('.')[0]}")
                copies.register("fetched", _fetched(warehouse, name))
                copies.execute(f"CREATE TABLE {name} AS SELECT * FROM fetched")
            yield copies


def _fetched(warehouse: Connection, table: str) -> pa.Table:
    cursor = warehouse.execute(f"SELECT * FROM {table}")
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return pa.table({column.name: [row[place] for row in rows] for place, column in enumerate(cursor.description)})
