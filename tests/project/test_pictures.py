"""Pictures of the business run on the marts as they are, and leave out what counts few people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from projects import PROJECT
from sqlmesh import Context
from sqlmesh.core.engine_adapter.duckdb import DuckDBEngineAdapter

from northstar.metrics import load_metrics
from northstar.site.pictures import PICTURES, draw

THRESHOLD = 11
SCORECARD, UTILIZATION = "marts_operations.mart_provider_performance", "marts_operations.mart_provider_utilization"


@pytest.fixture
def marts(context: Context) -> Iterator[duckdb.DuckDBPyConnection]:
    """The marts that pictures are drawn from, empty."""
    with duckdb.connect() as connection:
        for name in dict.fromkeys(picture.mart for picture in PICTURES):
            mart = context.get_model(name, raise_if_missing=True)
            kinds = mart.columns_to_types_or_raise.items()
            columns = ", ".join(f"{column.lower()} {kind.sql('duckdb')}" for column, kind in kinds)
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name.split('.')[0]}; CREATE TABLE {name} ({columns})")
        yield connection


def drawn(marts: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    adapter = DuckDBEngineAdapter(lambda: marts.cursor(), default_catalog="memory")
    return {picture["name"]: picture for picture in draw(adapter, load_metrics(PROJECT), {}, THRESHOLD)}


def test_every_picture_has_a_query_that_its_mart_answers(marts: duckdb.DuckDBPyConnection) -> None:
    pictures = drawn(marts)

    assert set(pictures) == {picture.name for picture in PICTURES}
    assert all(picture["rows"] == [] for picture in pictures.values())


def test_a_scorecard_shows_no_small_count(marts: duckdb.DuckDBPyConnection) -> None:
    """Four visits are few; so are three no-shows beside many visits."""
    marts.execute(
        f"INSERT INTO {SCORECARD} BY NAME SELECT name AS provider_name, 'gp' AS specialty_name, "
        "TRUE AS is_period_complete, "
        "DATE '2026-01-01' AS month_start, 40 AS available_hours, 20 AS fulfilled_hours, visits AS visit_count, "
        "missed AS no_show_count, 0 AS attended_unfinished_count, visits AS checked_in_count, visits AS on_time_count "
        "FROM (VALUES ('few', 4, 0), ('many', 60, 3)) AS t(name, visits, missed)"
    )

    few, many = drawn(marts)["provider_scorecard"]["rows"]

    assert [few[name] for name in ("visit_count", "realised_utilization", "on_time_rate", "no_show_rate")] == [None] * 4
    assert (many["visit_count"], many["on_time_rate"]) == (60, 1.0)
    assert many["no_show_count"] is None and many["no_show_rate"] is None


def test_a_clinic_s_day_with_few_slots_is_left_out(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        f"INSERT INTO {UTILIZATION} BY NAME SELECT clinic AS clinic_name, 'eu' AS region_code, "
        "TRUE AS is_period_complete, "
        "DATE '2026-01-01' AS local_date, 400 AS available_minutes, 200 AS booked_minutes, slots AS booked_slots "
        "FROM (VALUES ('A', 10), ('B', 11)) AS t(clinic, slots)"
    )

    small, shown = drawn(marts)["utilization_by_clinic"]["rows"]

    assert (small["booked_slots"], small["utilization"]) == (None, None)
    assert small["small"] == ["booked_slots", "utilization"]
    assert (shown["booked_slots"], shown["utilization"]) == (11, 0.5)
