"""Each custom audit finds what it is for, and nothing else: run by SQLMesh on DuckDB, over rows made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from projects import PROJECT, small_project
from sqlmesh import Context

Row = dict[str, Any]

_FIRST, _LAST = "1900-01-01", "9999-12-31"
_VERSION = {"member_id": 1, "valid_from": _FIRST, "valid_to": _LAST, "is_current": True}
_DAY = {
    "provider_id": 1,
    "clinic_id": 2,
    "local_date": "2026-03-08",
    "day_starts_at": "2026-03-08 05:00:00",
    "day_ends_at": "2026-03-09 04:00:00",
    "bookable_seconds": 28800,
    "available_seconds": 21600,
    "blocked_seconds": 7200,
    "booked_seconds": 10800,
    "fulfilled_seconds": 3600,
    "load_seconds": 14400,
}
_WHOLE_DAY = 23 * 3600
"""Clocks go forward on 2026-03-08, so that it has 23 hours."""
_SLOTS = {"provider_id": 1, "clinic_id": 2, "local_date": "2026-03-08", "available_slots": 3, "booked_slots": 3}
_FREED = {
    **{name: _DAY[name] for name in ("provider_id", "clinic_id", "local_date", "day_starts_at", "day_ends_at")},
    "cancelled_seconds": 3600,
    "rebooked_seconds": 1800,
}
_VISITS = {
    "provider_id": 1,
    "clinic_id": 2,
    "local_date": "2026-03-08",
    "fulfilled_count": 5,
    "no_show_count": 1,
    "attended_unfinished_count": 0,
    "checked_in_count": 4,
    "on_time_count": 3,
}
_PANEL = {"provider_id": 1, "clinic_id": 2, "local_date": "2026-03-08", "panel_patients": 3, "returning_patients": 3}
_OUTCOMES = {
    "clinic_id": 2,
    "appointment_type_id": 3,
    "local_date": "2026-03-08",
    "scheduled_count": 20,
    "fulfilled_count": 7,
    "no_show_count": 2,
    "attended_unfinished_count": 1,
    "outstanding_count": 4,
    "cancelled_count": 6,
    "cancelled_by_patient_count": 3,
    "cancelled_by_clinic_count": 2,
    "late_cancelled_count": 4,
    "cancelled_after_start_count": 1,
    "cancelled_under_2_hours_count": 1,
    "cancelled_2_to_24_hours_count": 2,
    "cancelled_24_to_72_hours_count": 1,
    "cancelled_over_72_hours_count": 1,
}
_MONTH = {"provider_id": 1, "clinic_id": 2, "specialty_code": "a", "month_start": "2026-03-01", "visit_count": 7}
"""The days of fixture.daily have 7 visits in March and 5 in April at clinic 2; April is not touched."""


def _columns(row: Row) -> str:
    """Names and types of columns, by the endings of their names."""
    types = {"_at": "TIMESTAMP", "_date": "DATE", "_start": "DATE", "_code": "TEXT"}
    return ", ".join(f"{name} {types.get(name[name.rindex('_') :], 'BIGINT')}" for name in row)


def _changes(good: int, faulty: int) -> list[Row]:
    return [{"fault_rule": None}] * good + [{"fault_rule": "unknown_status"}] * faulty


@dataclass(frozen=True)
class Fixture:
    """Rows on which an audit passes, and rows on which it finds the stated number of bad ones."""

    call: str
    columns: str
    passes: dict[str, list[Row]]
    fails: dict[str, tuple[int, list[Row]]]
    depends_on: str = ""
    kind: str = "VIEW"
    """A table's kind where the audit asks for the interval, which views do not have."""


PARENTS = {
    "parent": "SELECT 1 AS member_id UNION ALL SELECT -1",
    "daily": """
        SELECT 1 AS provider_id, 2 AS clinic_id, '2026-03-08'::DATE AS local_date, 3 AS visit_count
        UNION ALL SELECT 1, 2, '2026-03-31'::DATE, 4
        UNION ALL SELECT 1, 2, '2026-04-01'::DATE, 5
    """,
    "touched": """
        SELECT 1 AS provider_id, '2026-03-01'::DATE AS month_start, '2026-03-08 12:00:00'::TIMESTAMP AS touched_at
        UNION ALL SELECT 1, '2026-04-01'::DATE, '2026-03-10 12:00:00'::TIMESTAMP
    """,
}
"""Models that audits compare with."""


FIXTURES = {
    "fault_share": Fixture(
        call="fault_share(max_share := 0.05)",
        columns="fault_rule TEXT",
        passes={
            "nothing arrived": [],
            "no faults": _changes(40, 0),
            "a few of a small batch": _changes(0, 9),
            "just the share": _changes(190, 10),
        },
        fails={"more than the share": (1, _changes(189, 10)), "all of a batch": (1, _changes(0, 10))},
    ),
    "history_is_seamless": Fixture(
        call="history_is_seamless(key := member_id)",
        columns="member_id BIGINT, valid_from TIMESTAMP, valid_to TIMESTAMP, is_current BOOLEAN",
        passes={
            "one version": [_VERSION],
            "two versions, and another member": [
                _VERSION | {"valid_to": "2026-03-01", "is_current": False},
                _VERSION | {"valid_from": "2026-03-01"},
                _VERSION | {"member_id": 2},
            ],
        },
        fails={
            "a gap": (
                1,
                [
                    _VERSION | {"valid_to": "2026-03-01", "is_current": False},
                    _VERSION | {"valid_from": "2026-03-01 00:00:01"},
                ],
            ),
            "an overlap": (
                1,
                [
                    _VERSION | {"valid_to": "2026-03-02", "is_current": False},
                    _VERSION | {"valid_from": "2026-03-01"},
                ],
            ),
            "no length": (
                1,
                [
                    _VERSION | {"valid_to": "2026-03-01", "is_current": False},
                    _VERSION | {"valid_from": "2026-03-01", "valid_to": "2026-03-01", "is_current": False},
                    _VERSION | {"valid_from": "2026-03-01"},
                ],
            ),
            "two open": (1, [_VERSION, _VERSION | {"valid_from": "2026-03-01"}]),
            "none open": (1, [_VERSION | {"is_current": False}]),
            "ended": (1, [_VERSION | {"valid_to": "2026-03-01"}]),
            "first not open to the past": (1, [_VERSION | {"valid_from": "2026-03-01"}]),
        },
    ),
    "freed_balance": Fixture(
        call="freed_balance",
        columns=_columns(_FREED),
        passes={
            "some of it": [_FREED],
            "all of it": [_FREED | {"rebooked_seconds": 3600}],
            "nothing": [_FREED | {"cancelled_seconds": 0, "rebooked_seconds": 0}],
            "all day": [_FREED | {"cancelled_seconds": _WHOLE_DAY}],
        },
        fails={
            "more booked again than freed": (1, [_FREED, _FREED | {"rebooked_seconds": 3601}]),
            "more than the day": (1, [_FREED | {"cancelled_seconds": _WHOLE_DAY + 1}]),
            "negative": (1, [_FREED | {"rebooked_seconds": -1}]),
        },
    ),
    "keeps_keys": Fixture(
        call="keeps_keys(key := member_id, parent := fixture.parent)",
        columns="member_id BIGINT",
        passes={"all": [{"member_id": 1}, {"member_id": -1}], "more": [{"member_id": n} for n in (-1, 1, 2)]},
        fails={"one lost": (1, [{"member_id": 1}]), "all lost": (2, [])},
        depends_on="depends_on (fixture.parent),",
    ),
    "minutes_balance": Fixture(
        call="minutes_balance",
        columns=_columns(_DAY),
        passes={
            "an ordinary day": [_DAY],
            "nothing": [_DAY | {name: 0 for name in _DAY if name.endswith("_seconds")}],
            "all day": [_DAY | {"booked_seconds": _WHOLE_DAY, "load_seconds": _WHOLE_DAY}],
        },
        fails={
            "time lost": (1, [_DAY, _DAY | {"blocked_seconds": 7199}]),
            "more fulfilled than booked": (1, [_DAY | {"fulfilled_seconds": 10801}]),
            "more booked than load": (1, [_DAY | {"load_seconds": 10799}]),
            "booked longer than the day": (
                1,
                [_DAY | {"booked_seconds": _WHOLE_DAY + 1, "load_seconds": _WHOLE_DAY + 1}],
            ),
            "bookable longer than the day": (
                1,
                [_DAY | {"bookable_seconds": _WHOLE_DAY + 1, "available_seconds": _WHOLE_DAY - 7199}],
            ),
            "negative": (1, [_DAY | {"available_seconds": 28801, "blocked_seconds": -1}]),
        },
    ),
    "months_add_up": Fixture(
        call="months_add_up(day := fixture.daily, measure := visit_count, touched := fixture.touched)",
        columns=_columns(_MONTH),
        passes={
            "one specialty": [_MONTH],
            "two specialties": [_MONTH | {"visit_count": 3}, _MONTH | {"specialty_code": "b", "visit_count": 4}],
            "a clinic with nothing": [_MONTH, _MONTH | {"clinic_id": 3, "visit_count": 0}],
            "a month that was not touched": [_MONTH, _MONTH | {"month_start": "2026-04-01", "visit_count": 6}],
        },
        fails={
            "visits lost": (1, [_MONTH | {"visit_count": 6}]),
            "visits counted twice": (1, [_MONTH, _MONTH | {"specialty_code": "b"}]),
            "month lost": (1, []),
            "visits of nowhere": (1, [_MONTH, _MONTH | {"clinic_id": 3}]),
        },
        depends_on="depends_on (fixture.daily, fixture.touched),",
        kind="INCREMENTAL_BY_UNIQUE_KEY (unique_key (provider_id, clinic_id, specialty_code, month_start))",
    ),
    "outcomes_balance": Fixture(
        call="outcomes_balance",
        columns=_columns(_OUTCOMES),
        passes={
            "all kinds": [_OUTCOMES],
            "nothing": [_OUTCOMES | {name: 0 for name in _OUTCOMES if name.endswith("_count")}],
            "cancelled without saying when": [
                _OUTCOMES | {"cancelled_24_to_72_hours_count": 0, "cancelled_over_72_hours_count": 0}
            ],
        },
        fails={
            "an outcome lost": (1, [_OUTCOMES, _OUTCOMES | {"outstanding_count": 3}]),
            "one counted twice": (1, [_OUTCOMES | {"fulfilled_count": 8}]),
            "more by patients than cancelled": (1, [_OUTCOMES | {"cancelled_by_patient_count": 5}]),
            "more notices than cancelled": (1, [_OUTCOMES | {"cancelled_over_72_hours_count": 2}]),
            "late without notice": (1, [_OUTCOMES | {"late_cancelled_count": 3}]),
        },
    ),
    "panel_balance": Fixture(
        call="panel_balance",
        columns=_columns(_PANEL),
        passes={"all return": [_PANEL], "nobody": [_PANEL | {"panel_patients": 0, "returning_patients": 0}]},
        fails={
            "more return than there are": (1, [_PANEL, _PANEL | {"panel_patients": 2}]),
            "negative": (1, [_PANEL | {"returning_patients": -1}]),
        },
    ),
    "referential_integrity": Fixture(
        call="referential_integrity(column := member_id, parent := fixture.parent)",
        columns="member_id BIGINT",
        passes={"known": [{"member_id": 1}, {"member_id": 1}, {"member_id": -1}], "none": [{"member_id": None}]},
        fails={"unknown": (2, [{"member_id": 1}, {"member_id": 2}, {"member_id": 3}])},
        depends_on="depends_on (fixture.parent),",
    ),
    "slots_balance": Fixture(
        call="slots_balance",
        columns="provider_id BIGINT, clinic_id BIGINT, local_date DATE, available_slots BIGINT, booked_slots BIGINT",
        passes={"all booked": [_SLOTS], "no slots": [_SLOTS | {"available_slots": 0, "booked_slots": 0}]},
        fails={
            "more booked than there are": (1, [_SLOTS, _SLOTS | {"available_slots": 2}]),
            "negative": (1, [_SLOTS | {"booked_slots": -1}]),
        },
    ),
    "visits_balance": Fixture(
        call="visits_balance",
        columns=_columns(_VISITS),
        passes={
            "an ordinary day": [_VISITS],
            "all on time": [_VISITS | {"checked_in_count": 5, "on_time_count": 5}],
        },
        fails={
            "more on time than checked in": (1, [_VISITS, _VISITS | {"on_time_count": 5}]),
            "more checked in than done": (1, [_VISITS | {"checked_in_count": 6}]),
            "negative": (1, [_VISITS | {"no_show_count": -1}]),
        },
    ),
}

Audit = Callable[[str, list[Row]], int]


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audit]:
    """Runs an audit over given rows and tells how many it finds fault with."""
    models = {
        name: f"MODEL (name fixture.{name}, kind {fixture.kind}, {fixture.depends_on} audits ({fixture.call}));\n"
        f"SELECT * FROM given.{name}\n"
        for name, fixture in FIXTURES.items()
    }
    models |= {name: f"MODEL (name fixture.{name}, kind VIEW);\n{query}\n" for name, query in PARENTS.items()}
    home = tmp_path_factory.mktemp("audits")
    externals = "".join(
        f"- name: given.{name}\n  columns: {{{fixture.columns.replace(' ', ': ')}}}\n".replace(",: ", ", ")
        for name, fixture in FIXTURES.items()
    )
    (home / "external_models.yaml").write_text(externals)
    with small_project(home, models, "audits") as opened:
        opened.engine_adapter.execute("CREATE SCHEMA NORTHSTAR.given")
        for name, fixture in FIXTURES.items():
            opened.engine_adapter.execute(f"CREATE TABLE NORTHSTAR.given.{name} ({fixture.columns})")
            _give(opened, name, next(iter(fixture.passes.values())))  # the plan audits as well
        opened.plan("prod", auto_apply=True, no_prompts=True, execution_time="2026-03-09 00:00:00")
        yield lambda name, rows: _faults(opened, name, rows)


def _give(opened: Context, name: str, rows: list[Row]) -> None:
    """Make these the rows that an audit finds."""
    connection = opened.engine_adapter.connection
    connection.execute(f"DELETE FROM NORTHSTAR.given.{name}")
    for row in rows:
        marks = ", ".join("?" for _ in row)
        connection.execute(
            f"INSERT INTO NORTHSTAR.given.{name} ({', '.join(row)}) VALUES ({marks})", list(row.values())
        )


def _faults(opened: Context, name: str, rows: list[Row]) -> int:
    _give(opened, name, rows)
    snapshot = opened.get_snapshot(f"fixture.{name}", raise_if_missing=True)
    if FIXTURES[name].kind != "VIEW":
        table = snapshot.table_name()
        opened.engine_adapter.execute(f"DELETE FROM {table}")
        opened.engine_adapter.execute(f"INSERT INTO {table} BY NAME SELECT * FROM NORTHSTAR.given.{name}")
    results = opened.snapshot_evaluator.audit(
        snapshot, snapshots=opened.snapshots, start="2026-03-08", end="2026-03-09", execution_time="2026-03-09"
    )
    assert [result.audit.name for result in results] == [name]
    assert results[0].count is not None
    return results[0].count


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, one in FIXTURES.items() for case in one.passes])
def test_audit_passes(audit: Audit, name: str, case: str) -> None:
    assert audit(name, FIXTURES[name].passes[case]) == 0


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, one in FIXTURES.items() for case in one.fails])
def test_audit_fails(audit: Audit, name: str, case: str) -> None:
    expected, rows = FIXTURES[name].fails[case]

    assert audit(name, rows) == expected


def test_every_audit_is_shown_to_pass_and_to_fail() -> None:
    shown = {name for name, fixture in FIXTURES.items() if fixture.passes and fixture.fails}

    assert shown == {file.stem for file in (PROJECT / "audits").glob("*.sql")}


def test_every_audit_is_named_like_its_file(context: Context) -> None:
    declared = {name for name, one in context._audits.items()}

    assert declared == {file.stem for file in (PROJECT / "audits").glob("*.sql")}
