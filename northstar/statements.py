"""What DuckDB's connection and Snowflake's have in common, for statements that both engines understand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Answer(Protocol):
    """What a statement gave back."""

    def fetchone(self) -> Any:
        """The next row, None when there is none left."""

    def fetchall(self) -> Any:
        """All rows that are left."""


class Statements(Protocol):
    """Either engine's connection."""

    def execute(self, statement: str, parameters: Any = ..., /) -> Answer:
        """Execute with ``?`` for parameters."""


@contextmanager
def transaction(connection: Statements) -> Iterator[None]:
    """All that the block writes over the connection, or nothing."""
    connection.execute("BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
