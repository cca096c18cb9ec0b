"""Every benchmark runs through at a tiny scale, and finds what it compares equal.  Nothing here looks at seconds."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import duckdb
import pytest

from benchmarks import backfill, growth, ingest, plan, tick
from benchmarks.dbt.contestant import differing
from benchmarks.report import Result
from northstar.ingest.registry import SOURCES

pytestmark = pytest.mark.slow


def test_tick(tmp_path: Path) -> None:
    result = tick.measure(tmp_path, rows=20_000, changes=500, repeats=1, whole=False, days=15, dbt=True)
    compared = {rival: result.figures[f"rows that differ from {rival}"] for rival in ("by hand", "dbt")}
    assert compared["by hand"] == {model: 0 for model in tick.COMPARED}
    assert compared["dbt"].keys() > {*tick.COMPARED, "core.dim_provider", "intermediate.int_scheduling__appointment"}
    assert not any(compared["dbt"].values())
    assert all(result.figures[f"{rival} seconds"] > 0 for rival in compared)
    assert result.figures["changes landed"][0] > 100
    assert result.figures["models run"] > 10
    assert result.figures["tick seconds"] > 0
    idle = [value for name, value in result.figures.items() if re.fullmatch(r"idle tick of \d+ models seconds", name)]
    assert idle and all(seconds > 0 for seconds in idle)
    assert 0 < result.figures["models that keep the same / by hand"] < result.figures["transformation / by hand"]


def test_rows_that_differ_are_counted_whatever_their_order() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE one AS SELECT i, i % 3 AS part FROM range(1000) AS t(i)")
        connection.execute("CREATE TABLE other AS FROM one ORDER BY i DESC")
        assert differing(connection, "one", "other") == 0
        connection.execute("UPDATE other SET part = 7 WHERE i = 5")
        assert differing(connection, "one", "other") == 2
        connection.execute("DELETE FROM other WHERE i = 5")
        assert differing(connection, "one", "other") == 1


def test_a_tick_from_the_source_s_commits(tmp_path: Path) -> None:
    figures = tick.measure(tmp_path, rows=20_000, changes=500, repeats=1, whole=False, days=15, postgres=True).figures
    assert figures["rows that differ from by hand"] == {model: 0 for model in tick.COMPARED}
    assert figures["changes landed"][0] > 100
    assert figures["tick: read seconds"] > 0


def test_a_result_is_kept_and_joins_the_history(tmp_path: Path) -> None:
    for seconds in (1.0, 2.0):
        written = Result("tick", {"rows": 1}, {"tick seconds": seconds}).write(tmp_path)
    assert json.loads(written.read_text())["figures"] == {"tick seconds": 2.0}
    history = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [line["figures"]["tick seconds"] for line in history] == [1.0, 2.0]


def test_growth(tmp_path: Path) -> None:
    result = growth.measure(tmp_path, [10_000, 20_000], ["clinic days", "appointments"], 300, repeats=1, days=15)
    assert len(result.figures["by history"]) == len(result.figures["by slice"]) == 2
    fewest, most = (figures["models"] for figures in result.figures["by slice"].values())
    assert 0 < fewest < most


@pytest.mark.parametrize(("seconds", "exponent"), [((2.0, 2.0, 2.0), 0.0), ((1.0, 10.0, 100.0), 1.0)])
def test_the_slope_is_the_exponent(seconds: tuple[float, ...], exponent: float) -> None:
    logarithms = [[math.log(each) for each in values] for values in ((1_000_000, 10_000_000, 100_000_000), seconds)]
    assert growth.slope(*logarithms) == pytest.approx(exponent)


def test_backfill(tmp_path: Path) -> None:
    result = backfill.measure(tmp_path, rows=20_000, days=15)
    assert result.figures["rows that differ"] == {model: 0 for model in tick.COMPARED}
    assert result.figures["history rows"] > 5_000
    to_a_mart = backfill.measure(tmp_path / "mart", rows=5_000, days=15, models="to a mart").figures
    assert to_a_mart["models"] > result.figures["models"]


def test_plan(tmp_path: Path) -> None:
    figures = plan.measure(tmp_path, rows=10_000, days=15, dbt=True).figures
    assert figures["contracts"] > 1_000
    assert figures["sqlmesh plan dev without changes, the command, seconds"] > 0
    assert figures["rows written after a change of a mart"] == 0
    assert figures["rows written after a change of a stored model"] > 100
    assert figures["rows written by dbt, deferring, after a change of a mart"] == 0
    deferring, everything = (
        figures[f"rows written by dbt, {how}, after a change of a stored model"] for how in ("deferring", "everything")
    )
    assert 100 < deferring < everything


def test_ingest(tmp_path: Path) -> None:
    figures = ingest.measure(tmp_path, scale=0.05, changes=2_000, extra_tables=20, hours=6).figures
    assert all(figures[f"{name} first read"]["rows"] > 50 for name in SOURCES)
    assert all(figures[f"{name} changes of some hours"]["rows"] > 0 for name in SOURCES)
    assert figures["app changes of a tick"]["rows"] >= 2_000
    assert figures["app changes of a tick"]["tables"] > 3
    assert figures["app first read"]["memory GB"] > 0
