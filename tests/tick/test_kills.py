"""A day of ticks that are killed at every step, and go on, ends as a day on which nothing happened.

A real SIGKILL each time, in a process that holds the warehouse, on the little company.  What each source's reader does
when killed is in tests/ingest.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from forks import KILLED, in_fork
from little import HALF_HOUR, MIDNIGHT, Little, SqliteSource, contents
from settled import settle

from northstar.lock import lock_of, writer_lock
from northstar.settings import Settings
from northstar.tick import tick
from northstar.warehouse import Warehouse, WarehouseBusy

pytestmark = pytest.mark.slow

DAY = 48
PROMOTED_AT = 20
"""The half hour before which a change of a model is promoted."""
HALF_HOURLY = ("visit_change", "visit", "clinic_day", "payment_change", "rate")

IN_SOURCES = [
    "after_read", "after_file", "in_load", "before_commit", "after_commit", "after_acknowledge", "after_seal",
    "after_read:3", "after_file:4", "in_load:3", "before_commit:2", "after_commit:4", "after_acknowledge:3",
    "after_seal:2",
]  # fmt: skip
"""The second of two seals, or the first, comes between two sources or at the end of them."""
IN_TICK = ["after_mend", "after_ingest", "after_run", "before_record", "after_record"]
IN_MODELS = [f"statement@little.{model}:{number}" for number in range(2, 7) for model in HALF_HOURLY]
IN_HOURLY = [f"statement@little.hourly_payment:{number}" for number in range(1, 7)]
IN_DAILY = [f"statement@little.daily:{number}" for number in range(1, 7)]
AT_FIRST = ["statement:3", "statement:9", "after_statement:20", "statement:40", "after_initialise"]
"""While prod is made, before the first run."""
PROMOTING = [f"{side}:{number}" for number in (1, 4, 8, 12, 16, 20, 24) for side in ("statement", "after_statement")]


class Day:
    """One day of a company's life, tick by tick."""

    def __init__(self, little: Little) -> None:
        self.little, self.settings = little, Settings.from_environment(little.environment)
        self._warehouse: Warehouse | None = None
        self.injected: Counter[str] = Counter()

    def tick(self, number: int) -> str:
        """The tick at the end of a half hour, as the command does it; its status."""
        at = MIDNIGHT + (number + 1) * HALF_HOUR
        with writer_lock(lock_of(self.settings), f"tick {number}", wait_for="who_gives_way") as lease:
            warehouse = self.open()
            warehouse.check = lease.check
            try:
                return tick(warehouse, ("app", "stripe"), self.little.environment, at).status
            finally:
                warehouse.check = lambda: None
                warehouse.release()

    def open(self) -> Warehouse:
        """The warehouse, with the project kept loaded."""
        if self._warehouse is None:
            self._warehouse = Warehouse(self.settings)
        self._warehouse.open()
        return self._warehouse

    def forget_project(self) -> None:
        """Load the project anew at the next opening."""
        self._warehouse = None

    def must(self, number: int) -> None:
        """A tick that must go well, in a process of its own."""

        def work() -> None:
            status = self.tick(number)
            assert status == "ok", status

        assert in_fork(work) == 0

    def kill(self, work: Callable[[], object], place: str, when: str = "") -> bool:
        """Work that is killed at a place; whether it came there."""
        died = in_fork(work, place)
        assert died in (0, KILLED), (place, died)
        if died:
            self.injected[f"SIGKILL {place} {when}".rstrip()] += 1
        return bool(died)

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        warehouse = self.open()
        try:
            return contents(warehouse)
        finally:
            warehouse.release()

    def edit(self) -> None:
        """The change that is promoted: a day counts a minute more for each visit."""
        model = self.little.home / "project" / "models" / "clinic_day.sql"
        model.write_text(model.read_text().replace("SUM(visit.minutes)", "SUM(visit.minutes + 1)"))
        self.forget_project()

    def promote(self) -> None:
        """What `northstar promote` does once the gate has passed, at the time of the last tick."""
        with writer_lock(lock_of(self.settings), "promote", wait_for="who_gives_way"):
            warehouse = self.open()
            try:
                warehouse.context.plan(
                    "prod", execution_time=MIDNIGHT + PROMOTED_AT * HALF_HOUR + timedelta(seconds=1),
                    skip_tests=True, skip_linter=True, auto_apply=True, no_prompts=True,
                )  # fmt: skip
            finally:
                warehouse.release()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several batches a source and tick, so that there is a between."""
    monkeypatch.setattr(SqliteSource, "batch_rows", 3)


@pytest.fixture
def day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_batches: None) -> Day:
    little = Little(tmp_path / "disturbed").create()
    settle(little, monkeypatch)
    return Day(little)


@pytest.fixture
def undisturbed(tmp_path: Path, small_batches: None) -> dict[str, list[tuple[Any, ...]]]:
    little = Little(tmp_path / "undisturbed").create()
    with pytest.MonkeyPatch.context() as patch:
        settle(little, patch)
        quiet = Day(little)
        for number in range(DAY):
            if number == PROMOTED_AT:
                quiet.edit()
                quiet.promote()
            little.live(number)
            assert quiet.tick(number) == "ok"
        return quiet.contents()


def places_of_day() -> Iterator[list[str]]:
    """For each half hour, the places at which its tick dies, one after another, before it may go well."""
    yield AT_FIRST
    for number in range(1, DAY):
        places = [turn[number % len(turn)] for turn in (IN_SOURCES, IN_TICK[:2], IN_MODELS, IN_TICK[2:])]
        if number % 2:  # an hour is over
            places.insert(3, IN_HOURLY[number // 2 % len(IN_HOURLY)])
        if number == DAY - 1:
            places[3:3] = IN_DAILY
        yield places


def full_disk(day: Day, number: int) -> None:
    """A write behind a certain size of a file fails, in a landing file, the log of the database or the database."""

    def work() -> None:
        room = (4_096, 8_192, 30_000)[number % 3]
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        try:
            status = day.tick(number)
        except Exception:
            os._exit(7)
        os._exit(0 if status == "ok" else 7)

    if in_fork(work) == 7:
        day.injected["full disk"] += 1


HOLD = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
time.sleep(60)
"""


def locked_file(day: Day, number: int) -> None:
    """Another program has the warehouse or the state open."""
    name = ("NORTHSTAR_DUCKDB", "NORTHSTAR_STATE")[number % 2]
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, day.little.environment[name]], stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None and other.stdout.readline() == "open\n"

        def work() -> None:
            day.settings.environment["NORTHSTAR_FILE_WAIT"] = "0.1"  # type: ignore[index]
            with pytest.raises(WarehouseBusy):
                day.tick(number)

        assert in_fork(work) == 0
        day.injected[f"locked {name}"] += 1
    finally:
        other.kill()
        other.wait()


def source_down(day: Day, number: int) -> None:
    """A source is out of reach, and comes back before the half hour is over."""
    source = ("app", "stripe")[number % 2]
    day.little.down(source)

    def work() -> None:
        assert day.tick(number) == "source_failed"

    assert in_fork(work) == 0
    day.little.up(source)
    day.injected[f"{source} out of reach"] += 1


FAULTS = {5: full_disk, 9: locked_file, 14: locked_file, 17: source_down, 24: source_down, 30: full_disk, 40: full_disk}


@pytest.mark.timeout(1500)
def test_a_day_of_kills_ends_as_a_day_on_which_nothing_happened(
    day: Day, undisturbed: dict[str, list[tuple[Any, ...]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day.open().release()  # forks share the loaded project
    for number, places in enumerate(places_of_day()):
        if number == PROMOTED_AT:
            day.edit()
            day.open().release()
            for place in PROMOTING:
                day.kill(day.promote, place, "while promoting")
            assert in_fork(day.promote) == 0
            day.forget_project()
            day.open().release()
        day.little.live(number)
        if number in FAULTS:  # before the kills, which leave little undone
            FAULTS[number](day, number)
        for place in places:
            day.kill(lambda number=number: day.tick(number), place)  # type: ignore[misc]
        day.must(number)

    found = day.contents()
    kills = sum(count for what, count in day.injected.items() if what.startswith("SIGKILL"))
    differing = {table for table in undisturbed if found.get(table) != undisturbed[table]}
    report = {
        "ticks": DAY, "kills": kills, "injected": dict(day.injected),
        "rows": {table: len(rows) for table, rows in sorted(undisturbed.items())},
        "tables_differing": sorted(differing),
    }  # fmt: skip
    (tmp_path / "kills.json").write_text(json.dumps(report, indent=2))
    with capsys.disabled():
        sys.stdout.write(f"\n{json.dumps(report, indent=2)}\n")
    assert found.keys() == undisturbed.keys()
    assert differing == set()
    assert kills >= 100
    reached = {what.removeprefix("SIGKILL ") for what in day.injected}
    assert {*IN_SOURCES, *IN_TICK} <= reached
    assert sum("promoting" in place for place in reached) >= 5
    assert all(
        any(f"@little.{model}:" in place for place in reached) for model in (*HALF_HOURLY, "hourly_payment", "daily")
    )
    assert day.injected["full disk"] >= 2
