"""Dimensions made from the app's log equal a replay of the log in plain Python, whatever the log and its arrival."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from change_logs import ENTITIES, TICKS, Entity, Told, logs
from history_lab import HALF_HOUR, MIDNIGHT, HistoryLab, open_history
from history_oracle import OPEN_END, OPEN_PAST, Row
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

INSTANT = timedelta(microseconds=1)
FEW = settings(
    max_examples=5, deadline=None, derandomize=True, database=None, phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
MANY = settings(FEW, max_examples=100, phases=(Phase.generate, Phase.shrink))
both = pytest.mark.parametrize(
    "limits", [pytest.param(FEW, id="few"), pytest.param(MANY, id="many", marks=pytest.mark.slow)]
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HistoryLab]:
    with open_history(tmp_path_factory.mktemp("history")) as opened:
        yield opened


@pytest.fixture(params=ENTITIES, ids=lambda entity: entity.name)
def entity(request: pytest.FixtureRequest) -> Entity:
    found: Entity = request.param
    return found


def live(
    lab: HistoryLab, entity: Entity, told: Told, replays: Sequence[int | None] = (), backwards: bool = False
) -> None:
    """Land and build tick by tick, comparing after each; behind a tick an earlier one may be built again."""
    lab.clear(entity)
    for tick in range(TICKS):
        lab.land(entity, told, tick, backwards)
        lab.tick(entity, tick)
        again = replays[tick] if tick < len(replays) else None
        if again is not None and again <= tick:
            lab.tick(entity, again)
        compare(lab, entity, told, tick)


def compare(lab: HistoryLab, entity: Entity, told: Told, tick: int) -> None:
    """Row by row: what is missing, what is too much, what is otherwise."""
    expected, got = entity.expected(told.through(tick)), lab.dimension(entity)
    names = sorted({name for row in expected for name in row})
    left, right = (sorted(([row.get(name) for name in names] for row in rows), key=repr) for rows in (got, expected))
    assert left == right, (names, tick)


def check_exactness(lab: HistoryLab, entity: Entity, data: st.DataObject) -> None:
    told = data.draw(logs(entity))
    replays = data.draw(st.lists(st.none() | st.integers(0, TICKS - 1), max_size=TICKS))
    live(lab, entity, told, replays, backwards=data.draw(st.booleans()))
    one_version_at_any_time(lab.dimension(entity))
    rebuilt(lab, entity)


def one_version_at_any_time(rows: Sequence[Row]) -> None:
    """A fact finds one version whenever it happened: around each border, and at both ends of time."""
    for key in {row["key"] for row in rows}:
        versions = [row for row in rows if row["key"] == key]
        borders = [row["valid_from"] for row in versions]
        moments = {OPEN_PAST, OPEN_END - INSTANT, *borders, *(at - INSTANT for at in borders if at > OPEN_PAST)}
        for moment in moments:
            assert sum(row["valid_from"] <= moment < row["valid_to"] for row in versions) == 1, (key, moment)


def rebuilt(lab: HistoryLab, entity: Entity) -> None:
    """All of raw built in one interval gives the same log and the same dimension."""
    before = lab.log(entity), sorted(lab.dimension(entity), key=repr)
    for table in (entity.change, f"{entity.change}_audited"):
        lab.connection.execute(f"DELETE FROM {lab.physical(table)}")
    lab.tick(entity, 0, TICKS)
    assert (lab.log(entity), sorted(lab.dimension(entity), key=repr)) == before


@both
def test_a_dimension_equals_a_replay_of_the_log(lab: HistoryLab, entity: Entity, limits: settings) -> None:
    """After every tick and a rebuild; of one tick and of several, built once and again, in any order of files."""

    @limits
    @given(st.data())
    def exact(data: st.DataObject) -> None:
        check_exactness(lab, entity, data)

    exact()


DAMAGE = {
    "changed": "UPDATE {table} SET operation = 'U', account_id = -7 WHERE {row}",
    "gone": "DELETE FROM {table} WHERE {row}",
    "twice": "INSERT INTO {table} SELECT * REPLACE (commit_seq + 90 AS commit_seq) FROM {table} WHERE {row}",
}


def check_restatement(lab: HistoryLab, entity: Entity, data: st.DataObject) -> None:
    told = data.draw(logs(entity))
    live(lab, entity, told)
    pristine, dimension = lab.log(entity), sorted(lab.dimension(entity), key=repr)
    for change in told.log:
        if damage := data.draw(st.sampled_from((None, *DAMAGE))):
            row = f"commit_lsn = {change.lsn} AND commit_seq = {change.seq}"
            lab.connection.execute(DAMAGE[damage].format(table=lab.physical(entity.change), row=row))
    damaged = lab.log(entity)

    first = data.draw(st.integers(0, TICKS - 1))
    behind = data.draw(st.integers(first + 1, TICKS))
    lab.evaluate(entity.change, first, behind)
    begins, ends = MIDNIGHT + first * HALF_HOUR, MIDNIGHT + behind * HALF_HOUR
    inside = {at: rows for at, rows in pristine.items() if begins <= at < ends}
    outside = {at: rows for at, rows in damaged.items() if not begins <= at < ends}
    assert lab.log(entity) == inside | outside

    lab.evaluate(entity.change, 0, TICKS)
    assert (lab.log(entity), sorted(lab.dimension(entity), key=repr)) == (pristine, dimension)


@pytest.mark.slow
def test_restating_a_window_repairs_it_and_nothing_else(lab: HistoryLab, entity: Entity) -> None:
    """Rows are changed, taken away and doubled all over the log; what lies outside of the window stays as it is."""

    @settings(MANY, max_examples=40)
    @given(st.data())
    def repaired(data: st.DataObject) -> None:
        check_restatement(lab, entity, data)

    repaired()
