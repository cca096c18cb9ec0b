"""The models of schema ops say of a little company's ticks what happened in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from little import HALF_HOUR, MIDNIGHT, Little
from observed import observe
from settled import settle
from typer.testing import CliRunner

from northstar.cli import app
from northstar.runlog import KEPT
from northstar.settings import Settings
from northstar.site.health import QUERIES, health
from northstar.status import status_of
from northstar.tick import TickReport, tick
from northstar.warehouse import Warehouse

BATCH, RECORD = "intermediate.int_visits__visit_change", "intermediate.int_visits__visit_change_audited"
GOOD, BAD = ("I", 901, 1, "2026-03-02", 30), ("I", 902, 1, "2026-03-02", 2001)


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Little:
    """A little company that has not been ticked yet, observed."""
    made = observe(Little(tmp_path).create())
    settle(made, monkeypatch)
    return made


@pytest.fixture
def warehouse(company: Little) -> Iterator[Warehouse]:
    with company.warehouse() as opened:
        yield opened


def ticked(warehouse: Warehouse, company: Little, number: int) -> TickReport:
    return tick(warehouse, ("app", "stripe"), company.environment, MIDNIGHT + (number + 1) * HALF_HOUR)


def rows(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    return warehouse.connection.execute(query).fetchall()


@pytest.mark.slow
def test_each_audit_is_told_with_what_it_found(warehouse: Warehouse, company: Little) -> None:
    company.live(0)
    company.change("app", BAD)
    assert ticked(warehouse, company, 0).status == "ok"

    found = rows(
        warehouse,
        f"SELECT audit, arguments, fault_count, is_blocking, is_passed, seconds >= 0 FROM ops.audit_result "
        f"WHERE model = '{BATCH}' ORDER BY 1",
    )
    assert found == [
        ("accepted_range", "column := minutes, max_v := 1440", 1, False, False, True),
        ("fault_share", "max_share := 0.5, min_faults := 3", 0, True, True, True),
        ("not_null", "columns := (visit_id)", 0, True, True, True),
    ]


def passed_in_a_backfill(warehouse: Warehouse, audit: str) -> None:
    """Note that an audit which fails in a tick has passed since in a backfill, which says nothing of what waits."""
    warehouse.connection.execute(
        "INSERT INTO ops.audit_log SELECT * REPLACE (0 AS fault_count, audited_at + INTERVAL 1 HOUR AS audited_at, "
        "7 AS backfill_id) FROM ops.audit_log WHERE audit = ? AND fault_count > 0 LIMIT 1",
        [audit],
    )


def test_a_systemic_fault_stops_the_batch_before_core_and_is_told(warehouse: Warehouse, company: Little) -> None:
    company.live(0)
    ticked(warehouse, company, 0)
    ticked(warehouse, company, 1)
    before = rows(warehouse, "SELECT * FROM core.fct_visit ORDER BY ALL")
    company.change("app", *(("I", 950 + n, 1, "2026-03-02", 2001) for n in range(3)), GOOD)
    for number in (2, 3):
        assert ticked(warehouse, company, number).status == "models_failed"
    assert rows(warehouse, "SELECT * FROM core.fct_visit ORDER BY ALL") == before != []

    results = "SELECT is_passed, is_latest FROM ops.audit_result WHERE audit = 'fault_share' ORDER BY audited_at"
    assert rows(warehouse, results) == [(True, False), (True, False), (False, False), (False, True)]
    assert rows(warehouse, f"SELECT is_failed FROM ops.model_run WHERE model = '{BATCH}' ORDER BY started_at") == [
        (False,), (False,), (True,), (True,),
    ]  # fmt: skip
    assert rows(warehouse, f"SELECT failing_count, score < 100 FROM ops.quality_score WHERE model = '{BATCH}'") == [
        (2, True)
    ]
    passed_in_a_backfill(warehouse, "fault_share")
    assert rows(warehouse, results) == [(True, False), (True, False), (False, False), (False, True), (True, False)]
    # Nothing of the failed interval counts as done, or as shown.
    done = rows(warehouse, f"SELECT strftime(complete_through, '%H:%M') FROM ops.model_state WHERE model = '{BATCH}'")
    assert done == [("01:00",)]
    assert rows(warehouse, "SELECT mart, source, complete_through, lag_minutes FROM ops.mart_freshness") == [
        ("marts_visits.mart_visit", "app", (MIDNIGHT + 2 * HALF_HOUR).replace(tzinfo=None), 60)
    ]


def test_a_faulty_row_waits_until_its_record_is_told_without_fault(warehouse: Warehouse, company: Little) -> None:
    company.change("app", BAD, GOOD, ("I", 903, 1, "2026-03-02", 2005), ("I", 904, 1, "2026-03-02", 2006))
    company.live(0)
    ticked(warehouse, company, 0)
    held = "SELECT SUM(record_count), SUM(held_count), SUM(readmitted_count) FROM ops.quarantine"
    assert rows(warehouse, held) == [(3, 3, 0)]
    assert rows(warehouse, "SELECT visit_id FROM core.fct_visit WHERE visit_id > 900") == []

    company.change("app", ("U", 902, 1, "2026-03-02", 45), ("U", 903, 1, "2026-03-02", 2007), ("D", 904, 1, None, None))
    ticked(warehouse, company, 1)
    company.change("app", ("U", 902, 1, "2026-03-02", 50))
    ticked(warehouse, company, 2)
    ticked(warehouse, company, 3)

    assert rows(warehouse, held) == [(4, 2, 2)]
    detail = (
        "SELECT record_key, commit_lsn, fault_rule, is_held, strftime(settled_at, '%H:%M') "
        "FROM intermediate.int_quality__quarantine ORDER BY commit_lsn"
    )
    assert rows(warehouse, detail) == [
        ("902", 1, "endless_visit", False, "00:59"),
        ("903", 3, "endless_visit", True, None),
        ("904", 4, "endless_visit", False, "00:59"),
        ("903", 12, "endless_visit", True, None),
    ]
    admitted = "SELECT visit_id, minutes FROM core.fct_visit WHERE visit_id > 900 ORDER BY ALL"
    assert rows(warehouse, admitted) == [(901, 30), (902, 50)], "each once, as last told"


@pytest.mark.slow
def test_latency_reaches_from_the_commit_to_the_tick_after_which_the_mart_shows_it(
    warehouse: Warehouse, company: Little
) -> None:
    """Changes are nine minutes old when they are stamped, a second before the boundary; the mart's table is hourly."""
    for number in range(4):
        company.live(number)
        ticked(warehouse, company, number)

    found = rows(
        warehouse,
        "SELECT strftime(latency.tick_at, '%H:%M'), mart, source, change_count, "
        "ROUND(median_minutes - tick.seconds / 60, 1), ROUND(p95_minutes - tick.seconds / 60, 1), "
        "ROUND(longest_minutes - tick.seconds / 60, 1) "
        "FROM ops.latency JOIN ops.tick ON tick.tick_at = latency.tick_at ORDER BY 1",
    )
    mart = ("marts_visits.mart_visit", "app")
    assert found == [("01:00", *mart, 14, 21.9, 39.0, 39.0), ("02:00", *mart, 16, 24.0, 39.0, 39.0)]

    replayed = warehouse.context.get_snapshot(RECORD, raise_if_missing=True).table_name()
    warehouse.connection.execute(f"UPDATE {replayed} SET median_age_seconds = -60")
    assert rows(warehouse, "SELECT * FROM ops.latency") == [], "changes that are younger than their interval"


@pytest.mark.slow
def test_sources_say_through_when_they_are_complete(warehouse: Warehouse, company: Little) -> None:
    company.live(0)
    ticked(warehouse, company, 0)
    company.down("stripe")
    ticked(warehouse, company, 1)

    assert rows(warehouse, "SELECT source, strftime(complete_through, '%H:%M'), lag_minutes FROM ops.source_freshness "
                           "ORDER BY 1") == [("app", "01:00", 0), ("stripe", "00:30", 30)]  # fmt: skip
    assert rows(warehouse, "SELECT status, rows_landed > 0, ended_at >= started_at FROM ops.tick ORDER BY tick_at") == [
        ("ok", True, True),
        ("source_failed", False, True),
    ]


@pytest.mark.slow
def test_a_replay_takes_nothing_back_and_what_is_old_is_forgotten(warehouse: Warehouse, company: Little) -> None:
    company.live(0)
    ticked(warehouse, company, 0)
    ticked(warehouse, company, 1)
    long_ago = (MIDNIGHT - KEPT - timedelta(days=1)).replace(tzinfo=None)
    warehouse.connection.execute("UPDATE ops.model_log SET tick_at = ?", [long_ago])
    warehouse.connection.execute("UPDATE ops.audit_log SET tick_at = ?, fault_count = (audit = 'not_null')", [long_ago])
    state = rows(warehouse, f"SELECT complete_through FROM ops.model_state WHERE model = '{BATCH}'")
    tick(warehouse, ("app", "stripe"), company.environment, MIDNIGHT + timedelta(days=1))

    assert state[0][0] < rows(warehouse, f"SELECT complete_through FROM ops.model_state WHERE model = '{BATCH}'")[0][0]
    assert rows(warehouse, "SELECT COUNT(*) FROM ops.model_run WHERE tick_at < '2026-03-02'") == [(0,)]
    kept = rows(warehouse, "SELECT DISTINCT audit FROM ops.audit_result WHERE tick_at < '2026-03-02'")
    assert kept == [("not_null",)], "what failed stays"


@pytest.mark.slow
def test_the_site_reads_all_of_them(warehouse: Warehouse, company: Little) -> None:
    company.live(0)
    company.change("app", BAD)
    ticked(warehouse, company, 0)
    company.live(1)
    ticked(warehouse, company, 1)

    shown = health(warehouse.context.engine_adapter)
    assert {part for part, found in shown.items() if found} == QUERIES.keys()
    assert all(found[0].keys() for found in shown.values())


def test_the_status_names_failing_audits_and_what_waits(company: Little) -> None:
    company.change("app", BAD, GOOD, ("I", 903, 1, "2026-03-02", 2005))
    with company.warehouse() as warehouse:
        ticked(warehouse, company, 0)
        company.change("app", ("U", 902, 1, "2026-03-02", 45))
        ticked(warehouse, company, 1)
        company.change("app", ("U", 902, 1, "2026-03-02", 2045))
        ticked(warehouse, company, 2)
        passed_in_a_backfill(warehouse, "accepted_range")
    settings = Settings.from_environment({**company.environment, "NORTHSTAR_APP_DSN": "x"})
    status = status_of(settings, MIDNIGHT + 3 * HALF_HOUR + timedelta(minutes=5))

    (failing,) = status.audits
    assert (failing.model, failing.audit, failing.is_blocking, failing.fault_count) == (
        BATCH, "accepted_range", False, 1,
    )  # fmt: skip
    assert failing.since.startswith("last passed 20")
    (held,) = status.quarantine
    assert (held.source, held.batch, held.held, held.readmitted) == ("app", "int_visits__visit_change", 2, 1)
    assert [(one.do, one.is_urgent) for one in status.advice] == [
        ("docs/quality.md, An audit fails", True),
        ("docs/quality.md, Rows in quarantine", False),
    ]
    line = json.loads(CliRunner().invoke(app, ["status", "--json"]).stdout)
    assert [one["audit"] for one in line["audits_failing"]] == ["accepted_range"]
    assert [one["held"] for one in line["quarantine"]] == [2]
    screen = CliRunner().invoke(app, ["status"], env={"COLUMNS": "120"}).stdout
    assert "accepted_range" in screen and "endless_visit" in screen and len(screen.splitlines()) <= 40
