"""Asking an account, with what gateway snowflake connects by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import snowflake.connector

from northstar.access.drift import Ask, Rows
from northstar.settings import Settings


@contextmanager
def asking(settings: Settings) -> Iterator[Ask]:
    """Runs statements and returns their rows.  Raises ValueError when the gateway is not configured."""
    given = {
        name: settings.environment.get(f"NORTHSTAR_SNOWFLAKE_{name}", "") for name in ("ACCOUNT", "USER", "KEY_PATH")
    }
    if missing := [name for name, value in given.items() if not value]:
        raise ValueError(f"NORTHSTAR_SNOWFLAKE_{missing[0]} is not set (docs/settings.md)")
    connection = snowflake.connector.connect(
        account=given["ACCOUNT"],
        user=given["USER"],
        private_key_file=given["KEY_PATH"],
        role=settings.environment.get("NORTHSTAR_SNOWFLAKE_ROLE", "TRANSFORMER"),
        warehouse=settings.environment.get("NORTHSTAR_SNOWFLAKE_WAREHOUSE", "TRANSFORM"),
    )

    def ask(statement: str) -> Rows:
        cursor = connection.cursor(snowflake.connector.DictCursor)
        cursor.execute(statement)
        rows: list[dict[str, Any]] = cursor.fetchall()
        return rows

    with closing(connection):
        yield ask
