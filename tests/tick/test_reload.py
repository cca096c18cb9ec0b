"""`northstar reload` killed at every step: raw holds what it held, or what the files hold, and repeating it mends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from forks import KILLED, in_fork
from little import HALF_HOUR, MIDNIGHT, Little, contents
from typer.testing import CliRunner

from northstar.cli import app
from northstar.ingest.duckdb_sink import connect
from northstar.tick import tick

TICKS = 3
PLACES = ["in_replace", "after_replaced_file", "after_replace"]


@pytest.fixture
def lived(little: Little) -> Iterator[Little]:
    with little.warehouse() as warehouse:
        for number in range(TICKS):
            little.live(number)
            at = MIDNIGHT + (number + 1) * HALF_HOUR
            assert tick(warehouse, ("app", "stripe"), little.environment, at).status == "ok"
    yield little


def raw(little: Little) -> list[tuple[object, ...]]:
    connection = connect(little.environment["NORTHSTAR_DUCKDB"])
    try:
        return connection.execute("SELECT * FROM raw_app.visit ORDER BY ALL").fetchall()
    finally:
        connection.close()


def execute(little: Little, statement: str) -> list[tuple[object, ...]]:
    connection = connect(little.environment["NORTHSTAR_DUCKDB"])
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def reload(load_id: str) -> None:
    done = CliRunner().invoke(app, ["reload", "app", load_id])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("place", PLACES)
def test_killed_anywhere_it_has_done_all_or_nothing_and_repeating_it_mends(lived: Little, place: str) -> None:
    whole = raw(lived)
    ((load_id,),) = execute(lived, "SELECT max(load_id) FROM ops.load_ledger WHERE source = 'app'")
    execute(lived, f"DELETE FROM raw_app.visit WHERE _load_id = '{load_id}' AND _op = 'I'")
    execute(lived, f"UPDATE raw_app.visit SET minutes = -1 WHERE _load_id = '{load_id}'")
    damaged = raw(lived)
    assert damaged != whole
    assert in_fork(lambda: reload(str(load_id)), place) == KILLED
    assert raw(lived) == (whole if place == "after_replace" else damaged)
    assert in_fork(lambda: reload(str(load_id))) == 0
    assert raw(lived) == whole


def test_the_next_tick_after_a_killed_reload_goes_well(lived: Little) -> None:
    ((load_id,),) = execute(lived, "SELECT max(load_id) FROM ops.load_ledger WHERE source = 'app'")
    with lived.warehouse() as warehouse:
        before = contents(warehouse)
    assert in_fork(lambda: reload(str(load_id)), "in_replace") == KILLED
    with lived.warehouse() as warehouse:
        at = MIDNIGHT + TICKS * HALF_HOUR
        assert contents(warehouse) == before
        assert tick(warehouse, ("app", "stripe"), lived.environment, at + timedelta(minutes=30)).status == "ok"
