"""The warehouse of the gateway that is chosen, also for what does without the SQLMesh project: loading that is slow."""

from __future__ import annotations

import duckdb

from northstar import snowflake_connection
from northstar.contracts import CONTRACTS, load_contracts
from northstar.erasure.screen import Screen
from northstar.gateway import is_snowflake
from northstar.ingest import duckdb_sink
from northstar.ingest.duckdb_sink import DuckDBSink
from northstar.ingest.landing import LandingZone
from northstar.ingest.snowflake_sink import STAGE, SnowflakeSink
from northstar.settings import Settings
from northstar.snowflake_connection import Connection


def connect(settings: Settings) -> duckdb.DuckDBPyConnection | Connection:
    """Open the warehouse.  Raises IngestError when it cannot be opened, ValueError when settings are missing."""
    if is_snowflake(settings.environment):
        return snowflake_connection.connect(settings)
    return duckdb_sink.connect(settings.duckdb)


def sink_over(
    connection: duckdb.DuckDBPyConnection | Connection, settings: Settings, landing: LandingZone, owns: bool = True
) -> DuckDBSink | SnowflakeSink:
    """What loads batches over a connection, which it closes if told to own it."""
    screen = Screen(load_contracts(settings.project / CONTRACTS))
    if isinstance(connection, Connection):
        stage = settings.environment.get("NORTHSTAR_SNOWFLAKE_STAGE") or STAGE
        return SnowflakeSink(connection.raw, landing, stage, owns, screen=screen)
    return DuckDBSink(connection, landing, owns, screen=screen)
