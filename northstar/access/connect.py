"""Asking an account, with what gateway snowflake connects by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from snowflake.connector import DictCursor, SnowflakeConnection
from sqlmesh.core.config import SnowflakeConnectionConfig

from northstar.access.drift import Ask, Rows
from northstar.gateway import ACCOUNT, missing
from northstar.settings import Settings
from northstar.snowflake_connection import open_connection


@contextmanager
def asking(settings: Settings) -> Iterator[Ask]:
    """Yield what runs a statement and returns its rows.  Raises ValueError when the gateway is not configured."""
    with closing(open_connection(_connection(settings))) as connection:
        yield asked(connection)


def asked(connection: SnowflakeConnection) -> Ask:
    """What runs a statement on a connection and returns its rows."""

    def ask(statement: str) -> Rows:
        cursor = connection.cursor(DictCursor)
        cursor.execute(statement)
        rows: list[dict[str, Any]] = cursor.fetchall()
        return rows

    return ask


def _connection(settings: Settings) -> SnowflakeConnectionConfig:
    """What config.yaml says, without the database, which an empty account lacks, and the state, which is not asked."""
    lacks = missing(settings.environment, ACCOUNT)
    if lacks:
        sentence = "; ".join(lacks)
        raise ValueError(f"{sentence} (docs/settings.md)")

    def given(name: str, default: str | None = None) -> str | None:
        return settings.environment.get(f"NORTHSTAR_SNOWFLAKE_{name}") or default

    return SnowflakeConnectionConfig(
        account=settings.environment["NORTHSTAR_SNOWFLAKE_ACCOUNT"],
        user=given("USER"),
        authenticator="SNOWFLAKE_JWT",
        private_key=given("KEY"),
        private_key_path=given("KEY_PATH"),
        private_key_passphrase=given("KEY_PASSPHRASE"),
        role=given("ROLE", "TRANSFORMER"),
        warehouse=given("WAREHOUSE", "TRANSFORM"),
    )
