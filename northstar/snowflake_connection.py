"""A connection of Snowflake's connector with the few calls that Northstar's own tables need, as DuckDB's has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import snowflake.connector
from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import Error
from sqlmesh.core.config import Config, SnowflakeConnectionConfig
from sqlmesh.core.config.loader import load_config_from_paths

from northstar.gateway import require
from northstar.ingest.contract import IngestError
from northstar.query_tag import set_tag
from northstar.settings import Settings


class Connection:
    """Executes with ``?`` for parameters, which the connector sends beside the statement and never writes into it.

    The connector must have been opened with ``paramstyle="qmark"``.
    """

    def __init__(self, raw: SnowflakeConnection) -> None:
        self.raw = raw

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> SnowflakeCursor:
        """Execute over a cursor of its own, so that a result that is still being read stays."""
        set_tag(self.raw)
        cursor = self.raw.cursor()
        cursor.execute(statement, tuple(parameters) or None)
        return cursor

    def close(self) -> None:
        """Close the connection."""
        self.raw.close()


def open_connection(config: SnowflakeConnectionConfig) -> SnowflakeConnection:
    """Connect as SQLMesh does, for statements with ``?``, each of which commits by itself outside a transaction."""
    given = config.model_dump(include=config._connection_kwargs_keys, exclude_none=True)
    return snowflake.connector.connect(**given, autocommit=True, paramstyle="qmark")


def connect(settings: Settings) -> Connection:
    """Connect as gateway snowflake of config.yaml says, without loading the project.

    Raises ValueError when settings are missing, IngestError when the account does not let in.
    """
    require(settings.environment)
    config = load_config_from_paths(Config, project_paths=[settings.project / "config.yaml"])
    try:
        return Connection(open_connection(cast(SnowflakeConnectionConfig, config.get_connection("snowflake"))))
    except Error as error:
        raise IngestError(f"cannot connect to Snowflake: {str(error).splitlines()[0]}") from error
