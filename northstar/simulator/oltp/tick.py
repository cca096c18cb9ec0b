"""Half an hour of the clinics' life: what is to be written, collected first and then executed in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import psycopg

from northstar.simulator.company import Company
from northstar.simulator.oltp.chance import Chance, Ints, Times

Statement = tuple[str, Sequence[Any]]
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Transaction:
    """Statements that the app commits together at one moment."""

    at: datetime
    statements: list[Statement]


@dataclass
class Tick:
    """The half hour (start, end] and everything that is going to be written in it."""

    conn: psycopg.Connection[Any]
    company: Company
    start: datetime
    end: datetime
    claimed: set[int] = field(default_factory=set)
    """Appointments that something happens to in this half hour; nothing else may touch them."""
    transactions: list[Transaction] = field(default_factory=list)

    @property
    def chance(self) -> Chance:
        """Draws that belong to this half hour."""
        return Chance(self.company.seed, "oltp", "tick", self.start.isoformat())

    @property
    def steady(self) -> Chance:
        """Draws that are the same in every half hour and in the seed."""
        return Chance(self.company.seed, "oltp")

    def count(self, purpose: str, expected: float) -> int:
        """A whole number of things to do, right on average."""
        return int(expected + self.chance.uniform(purpose, np.zeros(1, dtype=np.int64))[0])

    def moment(self, purpose: str, key: int) -> datetime:
        """A whole second within the half hour; the last two minutes are left for what follows from it."""
        seconds = int((self.end - self.start).total_seconds())
        share = self.chance.uniform(f"{purpose} moment", np.array([key], dtype=np.int64))[0]
        return self.start + timedelta(seconds=1 + int(share * max(seconds - 120, 1)))

    def add(self, at: datetime, *statements: Statement) -> None:
        """Plan one transaction; ``at`` must lie within the half hour."""
        self.transactions.append(Transaction(at, list(statements)))

    def rows(self, query: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """Read from the database as it was before the half hour."""
        return self.conn.execute(query, parameters).fetchall()

    def pick(self, query: str, count: int, key: str, parameters: dict[str, Any] | None = None) -> list[Row]:
        """Some rows of a query by chance: the same ones for the same seed, start and content."""
        if count <= 0:
            return []
        salt = int(self.chance.between(f"pick {query}", np.zeros(1, dtype=np.int64), 0, 1 << 31)[0])
        ordered = f"{query} ORDER BY hashint8extended({key}, %(salt)s), {key} LIMIT %(count)s"
        return self.rows(ordered, {**(parameters or {}), "salt": salt, "count": count})

    def execute(self) -> None:
        """Write everything, transaction by transaction, in order of time."""
        ordered = sorted(self.transactions, key=lambda transaction: transaction.at)
        with self.conn.pipeline():
            for position, transaction in enumerate(ordered):
                self.conn.execute("BEGIN")
                if position == len(ordered) - 1:
                    # The others needn't wait for the disk: when the last one is safe, and readable by logical
                    # decoding, so are all before it.
                    self.conn.execute("SET LOCAL synchronous_commit = on")
                for query, parameters in transaction.statements:
                    self.conn.execute(query, parameters)
                self.conn.execute("COMMIT")


def keys(values: Sequence[int]) -> Ints:
    """Keys as an array."""
    return np.array(values, dtype=np.int64)


def instants(values: Sequence[datetime | None]) -> Times:
    """Moments read from the database, whose session is in UTC, as UTC without a zone; None becomes NaT."""
    plain = [None if value is None else value.replace(tzinfo=None) for value in values]
    return np.array(plain, dtype="datetime64[us]")
