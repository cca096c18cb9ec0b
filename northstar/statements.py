"""What DuckDB's connection and Snowflake's have in common, for statements that both engines understand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

import duckdb
from snowflake.connector.errors import ProgrammingError

Engine = Literal["duckdb", "snowflake"]

NO_SUCH_OBJECT = 2003
"""Snowflake's number of the error that a table or its schema is not there, or not for this role."""
_ROWS_A_STATEMENT = 200
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Sql:
    """A piece of SQL, and the values of its ``?`` in their order: Snowflake keeps the text of statements for a year."""

    text: str
    values: tuple[Any, ...] = ()

    def __add__(self, other: Sql | str) -> Sql:
        added = Sql(other) if isinstance(other, str) else other
        return Sql(self.text + added.text, self.values + added.values)


def joined(separator: str, pieces: Iterable[Sql]) -> Sql:
    """Pieces behind each other."""
    every = list(pieces)
    return Sql(separator.join(one.text for one in every), tuple(value for one in every for value in one.values))


def listed(values: Iterable[Any]) -> Sql:
    """Values, for what stands in brackets behind IN."""
    return joined(", ", [Sql("?", (value,)) for value in values])


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


def batched(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """As many at a time as one statement may have parameters for."""
    return (items[first : first + _ROWS_A_STATEMENT] for first in range(0, len(items), _ROWS_A_STATEMENT))


def insert(connection: Statements, table: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, many by one statement."""
    for some in batched(rows):
        places = ", ".join([f"({', '.join('?' * len(some[0]))})"] * len(some))
        connection.execute(f"INSERT INTO {table} VALUES {places}", [value for row in some for value in row])


def changed(connection: Statements, statement: Sql) -> int:
    """How many rows a statement wrote, updated or deleted: both engines answer it with that."""
    row = connection.execute(statement.text, statement.values).fetchone()
    return int(row[0]) if row else 0


def engine_of(connection: Statements) -> Engine:
    """Which engine a connection is to."""
    return "duckdb" if isinstance(connection, duckdb.DuckDBPyConnection) else "snowflake"


def write_out(connection: Statements) -> None:
    """Let DuckDB bring its file up to date, so that no log beside it keeps old values."""
    if engine_of(connection) == "duckdb":
        connection.execute("CHECKPOINT")
