"""When intervals run: a day replayed by the tick's clock, on small projects that use the real signals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from projects import small_project
from sqlmesh import Context
from sqlmesh.utils import CompletionStatus

from signals import source_sealed

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
JUST_AFTER = timedelta(milliseconds=100)
OUTAGE = 36
"""Half hours of the day without a tick, caught up by the first one, at 18:00."""

_EXTERNAL = "- name: given.arrival\n  columns: {arrival_id: INT, loaded_at: TIMESTAMP}\n"


def _incremental(name: str, parent: str, *lines: str) -> str:
    return (
        f"MODEL (name s.{name}, kind INCREMENTAL_BY_TIME_RANGE (time_column loaded_at), start '2026-03-02',\n"
        f"  {' '.join(line + ',' for line in lines)} grain arrival_id);\n"
        f"SELECT arrival_id::INT AS arrival_id, loaded_at::TIMESTAMP AS loaded_at FROM {parent}\n"
        "WHERE loaded_at BETWEEN @start_ts AND @end_ts\n"
    )


def _open(home: Path, models: dict[str, str]) -> Iterator[Context]:
    (home / "external_models.yaml").write_text(_EXTERNAL)
    with small_project(home, models, "signals") as opened:
        opened.engine_adapter.execute("CREATE SCHEMA NORTHSTAR.given")
        opened.engine_adapter.execute("CREATE TABLE NORTHSTAR.given.arrival (arrival_id INT, loaded_at TIMESTAMP)")
        opened.plan("prod", execution_time=MIDNIGHT + JUST_AFTER, skip_backfill=True, auto_apply=True, no_prompts=True)
        yield opened


def _arrive(context: Context, number: int) -> None:
    """One row, loaded ten minutes into the given half hour of the day."""
    moment = (MIDNIGHT + number * HALF_HOUR + timedelta(minutes=10)).replace(tzinfo=None)
    context.engine_adapter.execute(f"INSERT INTO NORTHSTAR.given.arrival VALUES ({number}, '{moment}')")


def _run(context: Context, at: datetime) -> None:
    assert context.run(execution_time=at + JUST_AFTER, skip_janitor=True) != CompletionStatus.FAILURE


def _count(context: Context, model: str) -> int:
    row = context.engine_adapter.fetchone(f"SELECT COUNT(*) FROM NORTHSTAR.s.{model}")
    assert row is not None
    return int(row[0])


class TestSourceSealed:
    """A half-hourly model waits until its source is sealed through the end of the interval."""

    @pytest.fixture
    def context(self, tmp_path: Path) -> Iterator[Context]:
        sealed = "signals (source_sealed(source := 'app'))"
        yield from _open(tmp_path, {"batch": _incremental("batch", "given.arrival", sealed)})

    @staticmethod
    def _seal(context: Context, source: str, through: datetime) -> None:
        context.engine_adapter.execute("CREATE SCHEMA IF NOT EXISTS NORTHSTAR.ops")
        context.engine_adapter.execute(
            "CREATE TABLE IF NOT EXISTS NORTHSTAR.ops.source_seal (source VARCHAR, sealed_through TIMESTAMP)"
        )
        context.engine_adapter.execute(
            f"INSERT INTO NORTHSTAR.ops.source_seal VALUES ('{source}', '{through.replace(tzinfo=None)}')"
        )

    def test_waits_while_there_is_no_table_of_seals(self, context: Context) -> None:
        _arrive(context, 0)

        _run(context, MIDNIGHT + HALF_HOUR)

        assert _count(context, "batch") == 0

    def test_waits_while_only_another_source_is_sealed(self, context: Context) -> None:
        _arrive(context, 0)
        self._seal(context, "stripe", MIDNIGHT + HALF_HOUR)

        _run(context, MIDNIGHT + HALF_HOUR)

        assert _count(context, "batch") == 0

    @pytest.mark.parametrize(
        ("sealed_through", "ready"),
        [
            (HALF_HOUR - timedelta(microseconds=1), 0),
            (HALF_HOUR, 1),
            (HALF_HOUR + timedelta(microseconds=1), 1),
            (2 * HALF_HOUR, 2),
        ],
        ids=["before the end", "at the end", "after the end", "through the next"],
    )
    def test_runs_what_is_sealed_through_its_end(self, context: Context, sealed_through: timedelta, ready: int) -> None:
        for number in range(3):
            _arrive(context, number)
        self._seal(context, "app", MIDNIGHT - HALF_HOUR)
        self._seal(context, "app", MIDNIGHT + sealed_through)

        _run(context, MIDNIGHT + 3 * HALF_HOUR)

        assert _count(context, "batch") == ready

    def test_catches_up_after_an_outage_without_loss(self, context: Context) -> None:
        for number in range(4):
            _arrive(context, number)
            if number != 1:
                self._seal(context, "app", MIDNIGHT + (number + 1) * HALF_HOUR)
            _run(context, MIDNIGHT + (number + 1) * HALF_HOUR)
            assert _count(context, "batch") == (1 if number == 1 else number + 1)

    def test_a_batch_that_is_ready_as_a_whole_is_answered_with_a_word(self, context: Context) -> None:
        """With a list SQLMesh takes time that grows with the square of the history."""
        self._seal(context, "app", MIDNIGHT + 2 * HALF_HOUR)
        batch = [(MIDNIGHT + number * HALF_HOUR, MIDNIGHT + (number + 1) * HALF_HOUR) for number in range(3)]

        assert source_sealed(batch[:2], context, "app") is True
        assert source_sealed(batch, context, "app") == batch[:2]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """A project after a day, a row arriving in each half hour: ticks stood still until six, then ran to midnight."""
    due = "signals (parents_due())"
    models = {
        "hourly": _incremental("hourly", "given.arrival", "cron '@hourly'"),
        "seen": "MODEL (name s.seen, kind VIEW);\nSELECT arrival_id, loaded_at FROM s.hourly\n",
        "child": _incremental("child", "s.hourly", due),
        "careless_child": _incremental("careless_child", "s.hourly"),
        "child_of_view": _incremental("child_of_view", "s.seen", due),
        "careless_child_of_view": _incremental("careless_child_of_view", "s.seen"),
        "daily": _incremental("daily", "s.child", "cron '@daily'", due),
        "calendar": "MODEL (name s.calendar, kind FULL, cron '@daily');\nSELECT 1::INT AS one\n",
        "dated_child": _incremental("dated_child", "s.hourly CROSS JOIN s.calendar", due),
    }
    opening = _open(tmp_path_factory.mktemp("day"), models)
    context = next(opening)
    for number in range(48):
        _arrive(context, number)
        if number < OUTAGE - 1:
            continue
        _run(context, MIDNIGHT + (number + 1) * HALF_HOUR)
        for model in ("child", "dated_child"):
            assert _count(context, model) == (number + 1) // 2 * 2, f"{model} after tick {number + 1}"
    yield context
    opening.close()


class TestParentsDue:
    """A model never runs past what its slower parents have finished."""

    @pytest.mark.parametrize("model", ["hourly", "child", "child_of_view", "daily"])
    def test_nothing_is_lost(self, day: Context, model: str) -> None:
        assert _count(day, model) == 48

    @pytest.mark.parametrize("model", ["careless_child", "careless_child_of_view"])
    def test_without_the_signal_every_other_row_is_lost(self, day: Context, model: str) -> None:
        """What the signal is for: SQLMesh itself records the first half of each hour as done before it is there."""
        assert _count(day, model) == 48 - (48 - OUTAGE) // 2

    def test_a_single_half_hour_can_be_restated(self, day: Context) -> None:
        day.engine_adapter.execute(f"DELETE FROM {day.table_name('s.child')} WHERE arrival_id = 7")
        assert _count(day, "child") == 47

        day.plan(
            "prod",
            restate_models=["s.child"],
            start=MIDNIGHT + 7 * HALF_HOUR,
            end=MIDNIGHT + 8 * HALF_HOUR,
            execution_time=MIDNIGHT + timedelta(days=1) + JUST_AFTER,
            auto_apply=True,
            no_prompts=True,
        )

        assert _count(day, "child") == 48
