"""What DuckDB's connection and Snowflake's have in common, for statements that both engines understand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import duckdb
from snowflake.connector.errors import ProgrammingError

NO_SUCH_OBJECT = 2003
"""Snowflake's number of the error that a table or its schema is not there, or not for this role."""


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

    def close(self) -> None:
        """Close the connection."""


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


def rows_if_there(connection: Statements, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a query; none where what it reads is not there yet."""
    try:
        return list(connection.execute(query, parameters).fetchall())
    except duckdb.CatalogException:
        return []
    except ProgrammingError as error:
        if error.errno == NO_SUCH_OBJECT:
            return []
        raise
