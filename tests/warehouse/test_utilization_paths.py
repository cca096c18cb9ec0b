"""The utilization mart equals a computation in plain Python, whichever way the data came."""

from __future__ import annotations

from typing import Any

import pytest
from facts_oracle import AS_OF_COLUMNS, Memory
from golden import CHANGING, NEW_YORK
from lab import Row, differences
from scenario import MART, Scenario, mart
from utilization_oracle import DAY, KEY

pytestmark = pytest.mark.timeout(1800)  # the first test that asks for the scenario waits for it


def findings(scenario: Scenario, subject: str) -> list[tuple[str, str, list[Any]]]:
    """Where a subject differed, and a failure if it was never looked at."""
    checks = [check for check in scenario.checks if check.subject == subject]
    assert {check.path for check in checks} == set(scenario.paths)
    assert any(check.rows for check in checks)
    return [(check.path, f"{check.at:%d %H:%M}", check.differences) for check in checks if check.differences]


@pytest.mark.parametrize(
    "subject",
    ["utilization", "golden cases", "appointments", "deleted appointments", "events", "providers", "clinics"],
)
def test_the_warehouse_is_what_the_source_says_after_every_tick(scenario: Scenario, subject: str) -> None:
    assert findings(scenario, subject) == []


def test_every_path_gives_the_same_rows(scenario: Scenario) -> None:
    expected = mart(scenario.paths["ticks"])
    for name in scenario.paths.keys() - {"ticks", "snapshot"}:
        assert differences(mart(scenario.paths[name]), expected, KEY) == [], name
    # A snapshot cannot know how things were before it.
    memory = Memory.watched(scenario.lab)
    known = [
        {name: value for name, value in row.items() if name not in AS_OF_COLUMNS or not _has_history(memory, row)}
        for row in expected
    ]
    assert differences(mart(scenario.paths["snapshot"]), known, KEY) == []


def _has_history(memory: Memory, row: Row) -> bool:
    return memory.providers.changed(row["provider_id"]) or memory.clinics.changed(row["clinic_id"])


def test_attributes_are_those_of_the_start_of_the_day(scenario: Scenario) -> None:
    codes = [row["code"] for row in scenario.lab.source("SELECT specialty_code AS code FROM directory.specialties")]
    sunday = scenario.season.sunday
    query = f"SELECT specialty_code FROM {MART} WHERE provider_id = ? AND clinic_id = ? AND local_date = ?"
    for name in ("ticks", "catch_up"):
        # Cleared at the stroke of Saturday's midnight; set on Sunday after midnight, and again in the evening.
        for day, code in (
            (sunday - 2 * DAY, sorted(codes)[1]),
            (sunday - DAY, None),
            (sunday, None),
            (sunday + DAY, max(codes)),
        ):
            rows = scenario.paths[name].rows(query, [CHANGING, NEW_YORK, day])
            assert rows == [{"specialty_code": code}], (name, day)
