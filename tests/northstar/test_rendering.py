"""What is kept of a rendering and filled in for other times is what SQLMesh renders for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlglot import exp
from sqlmesh.core.dialect import parse
from sqlmesh.core.model import load_sql_based_model

from northstar.rendering import Renderings, Times, kept, texts_of

DIALECT = "snowflake"
TICKS: list[dict[str, Any]] = [
    {"start": datetime(2026, 3, 1, 23, 30, tzinfo=UTC), "end": datetime(2026, 3, 2, tzinfo=UTC),
     "execution_time": datetime(2026, 3, 2, 0, 0, 0, 100_000, tzinfo=UTC)},
    {"start": datetime(2026, 3, 2, tzinfo=UTC), "end": datetime(2026, 3, 2, 0, 30, tzinfo=UTC),
     "execution_time": datetime(2026, 3, 2, 0, 30, tzinfo=UTC)},
    {"start": 1_700_000_000_000, "end": 1_800_000_000_000, "execution_time": "2027-01-15 08:00:00"},
]  # fmt: skip


def renderer(query: str) -> Any:
    header = f"MODEL (name a.b, kind INCREMENTAL_BY_TIME_RANGE (time_column c), dialect {DIALECT})"
    model = load_sql_based_model(parse(f"{header}; {query}", default_dialect=DIALECT))

    def render(times: Times) -> exp.Query:
        return model.render_query_or_raise(**times)

    return render


@pytest.mark.parametrize("form", [
    "ts", "tstz", "ds", "dt", "dtntz", "date", "epoch", "millis", "hour",
])  # fmt: skip
@pytest.mark.parametrize("prefix", ["start", "end", "execution"])
def test_every_variable_of_time_is_filled_in(prefix: str, form: str) -> None:
    render = renderer(f"SELECT c FROM t WHERE c >= @{prefix}_{form} AND c < '2026-03-02'")
    found = kept(render, DIALECT)
    assert found
    for times in TICKS:
        assert found.filled(texts_of(times, DIALECT)) == render(times)


@pytest.mark.parametrize("query", [
    "SELECT @IF(@start_hour > 10, 1, 2) AS c FROM t",
    "SELECT @EVAL(@start_epoch + 60) AS c FROM t",
])  # fmt: skip
def test_what_is_worked_out_from_a_time_is_rendered_anew(query: str) -> None:
    render = renderer(query)
    assert kept(render, DIALECT) is None
    renderings = Renderings()
    for times in [*TICKS, *TICKS]:
        assert renderings.query("key", render, times, DIALECT) == render(times)


def test_a_query_is_rendered_once_and_for_two_other_times() -> None:
    asked = []

    def render(times: Times) -> exp.Query:
        asked.append(times)
        return renderer("SELECT c FROM t WHERE c BETWEEN @start_ts AND @end_ts")(times)

    renderings = Renderings()
    told = [renderings.query("key", render, times, DIALECT).sql() for times in [*TICKS, *TICKS]]
    assert len(set(told)) == 3 and told[:3] == told[3:]
    assert len(asked) == 3


def test_a_filled_query_can_be_changed_by_who_gets_it() -> None:
    renderings, render = Renderings(), renderer("SELECT c FROM t WHERE c >= @start_ts")
    for times in TICKS:
        query = renderings.query("key", render, times, DIALECT)
        assert query == render(times)
        assert isinstance(query, exp.Select)
        query.where("FALSE", copy=False)


def test_text_is_written_once() -> None:
    written = []

    def write(query: exp.Query) -> str:
        written.append(query)
        return query.sql("duckdb")

    renderings, render = Renderings(), renderer("SELECT c FROM t WHERE c BETWEEN @start_ts AND @end_ts AND d = @end_ds")
    texts = [renderings.text("key", render, times, DIALECT, write) for times in [TICKS[0], *TICKS]]
    assert texts == [None, *(render(times).sql("duckdb") for times in TICKS)]
    assert len(written) == 1


def test_other_keys_are_other_renderings() -> None:
    renderings = Renderings()
    for key in ("one", "other"):
        for times in TICKS:
            render = renderer(f"SELECT '{key}' AS c FROM t WHERE c >= @start_ts")
            assert renderings.query(key, render, times, DIALECT) == render(times)
