"""What tests of two engines share: settings for Snowflake's gateway on the emulator, and rows with their types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import snowflake.connector
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlmesh import Context

from northstar.ingest.snowflake_sink import STAGE


def throw_away_key(folder: Path) -> Path:
    """A private key that opens nothing."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = folder / "throw_away.p8"
    path.write_bytes(
        made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def create_stage(landing: Path) -> None:
    """What infra creates in production: the stage over the landing zone."""
    with snowflake.connector.connect(database="NORTHSTAR") as connection:
        connection.cursor().execute("CREATE SCHEMA IF NOT EXISTS ops")
        connection.cursor().execute(f"CREATE STAGE IF NOT EXISTS {STAGE} URL = 'file://{landing}'")


def typed_rows(context: Context, table: str) -> list[Any]:
    """The names of a table's columns, then its rows in a fixed order, every value with its type.

    Read through the engine adapter's cursor: a data frame turns decimals into floats on one engine only.
    """
    adapter = context.engine_adapter
    adapter.execute(f"SELECT * FROM {table}")
    columns = [column[0] for column in adapter.cursor.description]
    rows = [tuple((type(value).__name__, value) for value in row) for row in adapter.cursor.fetchall()]
    return [columns, *sorted(rows, key=repr)]
