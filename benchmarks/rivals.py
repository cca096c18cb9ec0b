"""What a tick is measured beside: each does the same to the same rows, in turn with the tick."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Protocol

from benchmarks.by_hand import ByHand
from benchmarks.dbt.contestant import InDbt, Ran
from benchmarks.house import House
from benchmarks.report import processor_seconds
from northstar.clock import to_naive_utc


class Rival(Protocol):
    """Keeps what the compared models keep."""

    name: str
    took: list[Ran]

    def tick(self, house: House, before: int) -> None:
        """Take in what the house landed since it had ``before`` half hours."""

    def differences(self, house: House) -> dict[str, int]:
        """By model, how many rows only one of the two has; the last thing that is asked."""


class RivalByHand:
    """Written by hand, on the same connection."""

    name = "by hand"

    def __init__(self, house: House) -> None:
        self.took: list[Ran] = []
        self._by_hand = ByHand(house.warehouse)
        self._by_hand.run(*span(house))

    def tick(self, house: House, before: int) -> None:
        """Six statements."""
        started, used = time.monotonic(), processor_seconds()
        self._by_hand.run(_boundary(house, before), _boundary(house, house.boundaries))
        self.took.append(Ran(time.monotonic() - started, processor_seconds() - used))

    def differences(self, house: House) -> dict[str, int]:
        """Compared on the connection."""
        return self._by_hand.differences()


class RivalInDbt:
    """In dbt, in a process and a database of its own.  What it takes to copy raw rows there does not count."""

    name = "dbt"

    def __init__(self, house: House, home: Path) -> None:
        self.took: list[Ran] = []
        self.in_dbt = InDbt(home, house.warehouse.context)
        self.in_dbt.load(house.warehouse.connection)
        self.in_dbt.run(*span(house), first=True)

    def close(self) -> None:
        """End dbt's process."""
        self.in_dbt.close()

    def tick(self, house: House, before: int) -> None:
        """A build with its tests."""
        self.in_dbt.load(house.warehouse.connection, since=_boundary(house, before))
        self.took.append(self.in_dbt.run(_boundary(house, before), _boundary(house, house.boundaries)))

    def differences(self, house: House) -> dict[str, int]:
        """Compared once its process has let go of the database."""
        self.in_dbt.close()
        models = house.warehouse.context.models.values()
        named = [model.name.lower() for model in models if not model.kind.is_external and not model.kind.is_seed]
        # A record of audited intervals says how often the one or the other looked
        compared = [name for name in named if not name.endswith("_audited")]
        return self.in_dbt.differences(house.warehouse.connection, compared)


def span(house: House) -> tuple[datetime, datetime]:
    """From the begin of history to the present, UTC without a zone."""
    return to_naive_utc(house.company.start), _boundary(house, house.boundaries)


def _boundary(house: House, half_hours: int) -> datetime:
    return to_naive_utc(house.company.boundary(half_hours - 1))
