"""However what the whole company told arrives again, every table of core and the marts has the same contents."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from company_lab import SOURCES, open_company
from fresh import MAY_DIFFER, OF_ARRIVAL, models
from lab import HALF_HOUR, LabWarehouse, open_warehouse
from told_again import Load, halves, heard, shuffled, told_again

from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(5400)]

START = datetime(2026, 10, 12, 13, 30, tzinfo=UTC)
"""A Monday on which clinics on both sides of the ocean are open; in the next half hours every partner delivers."""
HALF_HOURS = 3
LAST = START + (HALF_HOURS + 2) * HALF_HOUR
"""Every way ends with a tick at this full hour, so that all have the same present."""
Digests = dict[str, tuple[int, int]]
"""By table: how many rows it has, and a hash of their contents whatever their order."""


@dataclass
class Day:
    """What the company told in some half hours, and a warehouse that has heard what was before."""

    warehouse: LabWarehouse
    home: Path
    told: list[dict[str, list[Load]]]
    """By half hour and source."""
    begin: Digests
    reference: Digests = field(default_factory=dict)

    def hear(self, ticks: list[dict[str, list[Load]]], times: int = 1, orphans: bool = False) -> Digests:
        """From the begin, tick by tick; then the last one.  Ticks before may fail where ``orphans`` precede parents."""
        restore(self.warehouse, self.home, "begin")
        with told_again(SOURCES) as tellers:
            for number, loads in enumerate(ticks, 1):
                for name, more in loads.items():
                    tellers[name].loads += more
                for _ in range(times):
                    status = self.warehouse.try_tick(START + number * HALF_HOUR).status
                    assert status in ("ok", "models_failed" if orphans else "ok"), number
            for _ in range(times):
                self.warehouse.tick(LAST)
            assert all(teller.told == len(teller.loads) for teller in tellers.values())
        return digests(self.warehouse)


def keep(warehouse: LabWarehouse, home: Path, name: str) -> None:
    """Remember how the warehouse stands."""
    warehouse.warehouse.release()
    for variable in ("NORTHSTAR_DUCKDB", "NORTHSTAR_STATE"):
        shutil.copy(warehouse.environment[variable], home / f"{name}.{variable}")
    warehouse.warehouse.open()


def restore(warehouse: LabWarehouse, home: Path, name: str) -> None:
    """Let it stand as it was remembered."""
    warehouse.warehouse.release()
    for variable in ("NORTHSTAR_DUCKDB", "NORTHSTAR_STATE"):
        shutil.copy(home / f"{name}.{variable}", warehouse.environment[variable])
    warehouse.warehouse.open()


def digests(warehouse: LabWarehouse) -> Digests:
    """Of every table and view of core and the marts, without the columns that tell of the way and not of its end."""
    connection = warehouse.warehouse.connection
    found: Digests = {}
    for name in models(warehouse):
        left_out = ", ".join({**MAY_DIFFER, **OF_ARRIVAL}.get(name, ()))
        columns = f"* EXCLUDE ({left_out})" if left_out else "*"
        row = connection.execute(
            f"SELECT count(*), coalesce(sum(hash(one)), 0) FROM (SELECT {columns} FROM {name}) AS one"
        ).fetchone()
        assert row
        found[name] = (int(row[0]), int(row[1]))
    return found


def unlike(left: Digests, right: Digests) -> dict[str, tuple[int | None, int | None]]:
    """Tables that differ, with their numbers of rows."""
    return {
        name: (left.get(name, (None,))[0], right.get(name, (None,))[0])
        for name in left.keys() | right.keys()
        if left.get(name) != right.get(name)
    }


@pytest.fixture(scope="module")
def day(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The half hours, lived through and told at the end of each."""
    company = Company(27, 0.05, START, chosen=(1, 2, 6, 7, 8), clinics_by_segment=(1, 2, 2))
    home = tmp_path_factory.mktemp("idempotence_of_all")
    with (
        open_company(postgres_server, company) as lab,
        open_warehouse(lab, home / "warehouse", "idempotence", SOURCES) as warehouse,
    ):
        lab.told.begin(lab.services)
        warehouse.tick()
        keep(warehouse, home, "begin")
        begin = digests(warehouse)
        told: list[dict[str, list[Load]]] = []
        for _ in range(HALF_HOURS):
            lab.live(lab.now + HALF_HOUR)
            told.append({})
            with heard(told[-1]):
                warehouse.tick()
        day = Day(warehouse, home, told, begin)
        day.reference = day.hear(told)
        keep(warehouse, home, "reference")
        yield day


def test_everything_is_compared(day: Day) -> None:
    assert len(day.reference) > 80
    assert sum(rows > 0 for rows, _ in day.reference.values()) > 0.8 * len(day.reference)
    for name in SOURCES:
        assert any(rows.num_rows for loads in day.told for load in loads[name] for _, rows in load), name
    assert len(unlike(day.begin, day.reference)) > 20, "what is told again changes hardly anything"


def test_ticks_that_run_twice(day: Day) -> None:
    assert unlike(day.hear(day.told, times=2), day.reference) == {}


def test_ticks_that_are_replayed_later(day: Day) -> None:
    restore(day.warehouse, day.home, "reference")
    with told_again(SOURCES):
        for number in range(1, HALF_HOURS + 1):
            day.warehouse.tick(START + number * HALF_HOUR)
    assert unlike(digests(day.warehouse), day.reference) == {}


def test_ticks_that_are_split(day: Day) -> None:
    ticks: list[dict[str, list[Load]]] = [{name: [] for name in SOURCES} for _ in range(HALF_HOURS + 1)]
    for number, loads in enumerate(day.told):
        for name, kept in loads.items():
            for load in kept:
                first, second = halves(load)
                ticks[number][name].append(first)
                ticks[number + 1][name].append(second)
    assert unlike(day.hear(ticks, orphans=True), day.reference) == {}


def test_three_ticks_in_one(day: Day) -> None:
    together = {name: [load for loads in day.told for load in loads[name]] for name in SOURCES}
    assert unlike(day.hear([{}, {}, together]), day.reference) == {}


def test_files_and_events_in_another_order(day: Day) -> None:
    dice = Random(3)
    ticks = [{name: [shuffled(load, dice) for load in reversed(loads[name])] for name in loads} for loads in day.told]
    backwards = [{name: loads[name] for name in loads if name in _ANY_ORDER} for loads in reversed(ticks)]
    for number, loads in enumerate(ticks):
        backwards[number] |= {name: kept for name, kept in loads.items() if name not in _ANY_ORDER}
    assert unlike(day.hear(backwards, orphans=True), day.reference) == {}


_ANY_ORDER = {"app", "stripe", "partner"}
"""Sources whose batches may come in any order; what is polled is exact in the order of its polls only."""
