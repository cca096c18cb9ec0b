"""What `northstar status` says, of a little company in each condition that a person may find it in."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from forks import KILLED, in_fork
from little import HALF_HOUR, MIDNIGHT, Little
from typer.testing import CliRunner

from northstar.backfill.run import Backfills
from northstar.cli import app
from northstar.lock import lock_of, writer_lock
from northstar.settings import Settings
from northstar.status import Status, status_of
from northstar.tick import tick

SOON = timedelta(minutes=5)
CONFIGURED = {"NORTHSTAR_APP_DSN": "x", "NORTHSTAR_STRIPE_API_KEY": "x"}


def looked(little: Little, now: datetime) -> Status:
    return status_of(Settings.from_environment({**little.environment, **CONFIGURED}), now)


def ticked(little: Little, number: int, *broken: str) -> None:
    little.live(number)
    with little.warehouse() as warehouse:
        for statement in broken:
            warehouse.connection.execute(statement)
        tick(warehouse, ("app", "stripe"), little.environment, MIDNIGHT + (number + 1) * HALF_HOUR)


def whats(status: Status) -> list[str]:
    return [f"{advice.what} -> {advice.do}" for advice in status.advice]


def test_before_the_first_tick(little: Little) -> None:
    status = looked(little, MIDNIGHT)
    assert (status.last_tick, status.holder, status.backfills) == (None, None, [])
    assert whats(status) == ["no tick has run yet -> northstar tick"]


def test_all_is_well_and_then_no_tick_comes(little: Little) -> None:
    ticked(little, 0)
    status = looked(little, MIDNIGHT + HALF_HOUR + SOON)
    assert status.last_tick is not None
    assert (status.last_tick.tick_at, status.last_tick.status) == (MIDNIGHT + HALF_HOUR, "ok")
    assert status.advice == []
    assert [(source.source, source.lag_seconds) for source in status.sources if source.is_configured] == [
        ("app", 300.0),
        ("stripe", 300.0),
    ]
    late = looked(little, MIDNIGHT + 4 * HALF_HOUR + SOON)
    assert "no tick for 1 h 35 min" in whats(late)[0]
    assert [advice.what for advice in late.advice[1:]] == ["app: late by 1 h 35 min", "stripe: late by 1 h 35 min"]


def test_what_failed_is_named_with_where_to_read_on(little: Little) -> None:
    ticked(little, 0)
    little.down("stripe")
    little.change("app", ("I", 777, None, "2026-03-02", 5))
    ticked(little, 1)
    found = whats(looked(little, MIDNIGHT + 2 * HALF_HOUR + SOON))
    assert any("little.visit_change" in line and "A model or an audit fails" in line for line in found)
    assert any("stripe: stripe is down" in line and "A source is late" in line for line in found)


def test_a_killed_tick_and_a_broken_backfill_are_told(little: Little) -> None:
    ticked(little, 0)
    ticked(little, 1)
    with little.warehouse() as warehouse:
        backfills = Backfills(warehouse)
        entry = backfills.ask(["little.visit_change"], MIDNIGHT, MIDNIGHT + 2 * HALF_HOUR, HALF_HOUR)
        backfills.journal.begin(backfills.journal.batches(entry.backfill_id)[0])
        warehouse.connection.execute("UPDATE ops.tick_log SET status = 'running' WHERE tick_at = '2026-03-02 01:00'")
    status = looked(little, MIDNIGHT + 2 * HALF_HOUR + SOON)
    assert whats(status) == [
        "the tick of 2026-03-02 01:00 was killed -> northstar tick",
        "backfill 1 is waiting, 0 of 3 batches done -> northstar backfill --resume 1",
    ]
    assert [(one.batches_done, one.batches) for one in status.backfills] == [(0, 3)]


def test_it_can_be_asked_right_after_a_kill(little: Little) -> None:
    ticked(little, 0)
    assert in_fork(lambda: ticked(little, 1), "statement@little.visit:3") == KILLED
    assert whats(looked(little, MIDNIGHT + 2 * HALF_HOUR + SOON)) == [
        "the tick of 2026-03-02 01:00 was killed -> northstar tick"
    ]


def test_whoever_writes_is_named_while_the_file_is_theirs(little: Little) -> None:
    ticked(little, 0)
    settings = Settings.from_environment(little.environment)
    with writer_lock(lock_of(settings), "northstar tick 01:00") as lease:
        lease.check()
        status = looked(little, MIDNIGHT + HALF_HOUR + SOON)
        assert status.holder is not None and status.holder.purpose == "northstar tick 01:00"
        assert status.advice == []


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command_prints_for_people_and_for_machines(little: Little, as_json: bool) -> None:
    ticked(little, 0)
    done = CliRunner().invoke(app, ["status", "--check", *(["--json"] if as_json else [])], env={"COLUMNS": "200"})
    assert done.exit_code == 1, "months have passed since the company's tick"
    if as_json:
        line = json.loads(done.stdout)
        assert line["last_tick"]["status"] == "ok" and line["next"] and line["holder"] is None
    else:
        assert "writing: nobody" in done.stdout and "last tick: 2026-03-02 00:30 UTC, ok" in done.stdout
        assert "northstar schedule" in done.stdout
    assert CliRunner().invoke(app, ["status"]).exit_code == 0
