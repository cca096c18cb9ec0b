"""The scheduler on a little company, by a clock that the test moves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from little import MIDNIGHT, Little, contents

from northstar import stopping
from northstar.ingest.duckdb_sink import connect
from northstar.lock import lock_of, writer_lock
from northstar.schedule import Scheduler
from northstar.settings import Settings
from northstar.stopping import Stopped
from northstar.tick import TickReport

MINUTE = timedelta(minutes=1)


class Clock:
    """Simulated time: sleeping moves it, and certain moments have something happen."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self.now, self.end = start, end
        self.events: list[tuple[datetime, object]] = []
        self.longest_sleep = 0.0

    def at(self, moment: datetime, event: object) -> None:
        self.events.append((moment, event))

    def read(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.longest_sleep = max(self.longest_sleep, seconds)
        self.now += timedelta(seconds=seconds)
        due = [event for moment, event in self.events if moment <= self.now]
        self.events = [entry for entry in self.events if entry[1] not in due]
        for event in due:
            event()  # type: ignore[operator]
        if self.now >= self.end:
            raise Stopped


def scheduled(little: Little, clock: Clock) -> list[TickReport]:
    """Run a scheduler until its clock's end; the reports of its ticks."""
    reports: list[TickReport] = []
    settings = Settings.from_environment(little.environment)
    Scheduler(settings, ("app", "stripe"), reports.append, clock.read, clock.sleep).run()
    return reports


def entries(little: Little) -> list[tuple[str, str]]:
    connection = connect(little.environment["NORTHSTAR_DUCKDB"])
    rows = connection.execute("SELECT strftime(tick_at, '%H:%M'), status FROM ops.tick_log ORDER BY 1, started_at")
    found = [(str(at), str(status)) for at, status in rows.fetchall()]
    connection.close()
    return found


def test_a_tick_at_each_half_hour_and_files_are_free_between_them(little: Little) -> None:
    little.live(0)
    clock = Clock(MIDNIGHT + 40 * MINUTE, MIDNIGHT + 125 * MINUTE)
    clock.at(MIDNIGHT + 50 * MINUTE, lambda: little.live(1))
    seen: list[int] = []
    clock.at(MIDNIGHT + 70 * MINUTE, lambda: seen.append(len(entries(little))))
    reports = scheduled(little, clock)
    assert [f"{report.at:%H:%M}" for report in reports] == ["00:30", "01:00", "01:30", "02:00"]
    assert [report.rows_landed for report in reports] == [9, 11, 0, 0]
    assert seen == [2]
    assert clock.longest_sleep <= 60


def test_boundaries_missed_while_it_was_down_are_made_up_for(little: Little) -> None:
    little.live(0)
    scheduled(little, Clock(MIDNIGHT + 31 * MINUTE, MIDNIGHT + 35 * MINUTE))
    for number in range(1, 5):
        little.live(number)
    reports = scheduled(little, Clock(MIDNIGHT + 170 * MINUTE, MIDNIGHT + 172 * MINUTE))
    assert [f"{report.at:%H:%M}" for report in reports] == ["02:30"]
    assert entries(little) == [
        ("00:30", "ok"), ("01:00", "missed"), ("01:30", "missed"), ("02:00", "missed"), ("02:30", "ok"),
    ]  # fmt: skip


def test_what_another_process_did_is_not_repeated_and_what_it_left_is_done(little: Little) -> None:
    little.live(0)
    assert len(scheduled(little, Clock(MIDNIGHT + 31 * MINUTE, MIDNIGHT + 40 * MINUTE))) == 1
    assert scheduled(little, Clock(MIDNIGHT + 41 * MINUTE, MIDNIGHT + 50 * MINUTE)) == []
    connection = connect(little.environment["NORTHSTAR_DUCKDB"])
    connection.execute("UPDATE ops.tick_log SET status = 'running'")
    connection.close()
    assert len(scheduled(little, Clock(MIDNIGHT + 51 * MINUTE, MIDNIGHT + 52 * MINUTE))) == 1
    assert entries(little) == [("00:30", "killed"), ("00:30", "ok")]


def test_it_waits_for_whoever_writes_then_does_the_boundary_that_is_due(little: Little) -> None:
    little.live(0)
    clock = Clock(MIDNIGHT + 30 * MINUTE, MIDNIGHT + 63 * MINUTE)
    holding = writer_lock(lock_of(Settings.from_environment(little.environment)), "another")
    holding.__enter__()
    clock.at(MIDNIGHT + 61 * MINUTE, lambda: holding.__exit__(None, None, None))
    assert [f"{report.at:%H:%M}" for report in scheduled(little, clock)] == ["01:00"]


def test_a_failing_source_is_tried_at_the_next_boundary(little: Little) -> None:
    little.live(0)
    little.down("stripe")
    clock = Clock(MIDNIGHT + 30 * MINUTE, MIDNIGHT + 65 * MINUTE)
    clock.at(MIDNIGHT + 40 * MINUTE, lambda: little.up("stripe"))
    assert [report.status for report in scheduled(little, clock)] == ["source_failed", "ok"]


DRIVER = """
import sys, time
from datetime import timedelta
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from little import HALF_HOUR, MIDNIGHT, Little
from northstar import stopping
from northstar.commands.tick import print_line
from northstar.ingest import together
from northstar.schedule import Scheduler
from northstar.settings import Settings

little = Little(Path(sys.argv[1]))
together.open_source = little.open_source
begun = time.monotonic()
half_hours = lambda: (time.monotonic() - begun) / float(sys.argv[3])
with stopping.on_signal():
    Scheduler(
        Settings.from_environment(little.environment), ("app", "stripe"), print_line,
        lambda: MIDNIGHT + (1 + half_hours()) * HALF_HOUR, lambda seconds: stopping.sleep(0.01),
    ).run()
"""


@pytest.mark.parametrize("second_half_hour", [0.7, 600.0], ids=["in the middle of ticks", "between ticks"])
def test_sigterm_ends_it_in_order(little: Little, second_half_hour: float) -> None:
    little.live(0)
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(little.home), str(Path(__file__).parent), str(second_half_hour)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **little.environment},
    )  # fmt: skip
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3 if second_half_hour < 1 else 1)]
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert "schedule_stopped" not in out and all('"status": "ok"' in line for line in lines)
    assert all(status in ("ok", "stopped", "missed") for _, status in entries(little))
    with little.warehouse() as warehouse:
        assert len(contents(warehouse)["little.visit_change"]) == 6


def test_sleeping_ends_at_once_when_asked_to_stop() -> None:
    with stopping.on_signal():
        threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGTERM]).start()
        started = time.monotonic()
        with pytest.raises(Stopped):
            stopping.sleep(30)
        assert time.monotonic() - started < 5
    stopping.check()
