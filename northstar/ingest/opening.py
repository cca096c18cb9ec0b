"""The warehouse of the gateway that is chosen, for what needs no SQLMesh project: loading that takes seconds."""

from __future__ import annotations

import duckdb

from northstar import snowflake_connection
from northstar.gateway import is_snowflake
from northstar.ingest import duckdb_sink
from northstar.settings import Settings
from northstar.snowflake_connection import Connection


def connect(settings: Settings) -> duckdb.DuckDBPyConnection | Connection:
    """Open the warehouse.  Raises IngestError when it cannot be opened, ValueError when settings are missing."""
    if is_snowflake(settings.environment):
        return snowflake_connection.connect(settings)
    return duckdb_sink.connect(settings.duckdb)
