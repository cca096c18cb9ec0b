"""The tick on a little company: what it does when something is down, hangs, stops it, or left it half-done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from little import HALF_HOUR, MIDNIGHT, Little, SqliteSource, contents

from northstar import stopping
from northstar.ingest import together
from northstar.ingest.contract import Batch, LedgerView
from northstar.ingest.landing import LandingZone
from northstar.lock import LockLost
from northstar.settings import Settings
from northstar.tick import TickReport, tick
from northstar.warehouse import Warehouse, WarehouseBusy, WarehouseError

SOURCES = ("app", "stripe")


def ticked(warehouse: Warehouse, little: Little, number: int, **settings: str) -> TickReport:
    """The tick at the end of the numbered half hour of the day."""
    return tick(warehouse, SOURCES, {**little.environment, **settings}, MIDNIGHT + (number + 1) * HALF_HOUR)


def logged(warehouse: Warehouse) -> list[tuple[str, str]]:
    """Time of day and status of each entry of the tick log, in order."""
    rows = warehouse.connection.execute(
        "SELECT strftime(tick_at, '%H:%M'), status FROM ops.tick_log ORDER BY tick_at, started_at"
    ).fetchall()
    return [(str(at), str(status)) for at, status in rows]


def sealed(warehouse: Warehouse, source: str) -> list[str]:
    rows = warehouse.connection.execute(
        "SELECT strftime(sealed_through, '%H:%M') FROM ops.source_seal WHERE source = ? ORDER BY rowid", [source]
    ).fetchall()
    return [str(through) for (through,) in rows]


def test_a_source_that_is_down_holds_up_only_what_needs_it_and_is_caught_up(
    little: Little, warehouse: Warehouse
) -> None:
    for number in range(2):
        little.live(number)
        assert ticked(warehouse, little, number).status == "ok"
    before = contents(warehouse)
    little.live(2)
    little.down("stripe")
    report = ticked(warehouse, little, 2)
    during = contents(warehouse)
    assert (report.status, list(report.source_errors)) == ("source_failed", ["stripe"])
    assert during["little.visit"] != before["little.visit"]
    assert during["little.payment_change"] == before["little.payment_change"]
    line = report.as_line()
    assert line["source_errors"] == {"stripe": "stripe is down; try again later"}
    assert logged(warehouse)[-1] == ("01:30", "source_failed")

    little.live(3)
    little.up("stripe")
    assert ticked(warehouse, little, 3).status == "ok"
    payments = contents(warehouse)["little.payment_change"]
    assert len(payments) == 12
    # What was not read at 01:30 belongs to the interval that it was read for
    assert {str(row[3])[11:16] for row in payments} == {"00:29", "00:59", "01:59"}
    assert sealed(warehouse, "stripe") == ["00:30", "01:00", "01:30", "02:00"]


def test_a_source_that_comes_back_within_the_tick_is_tried_again(
    little: Little, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    little.live(0)
    little.down("app")
    openings: list[str] = []

    def open_source(name: str, environment: object) -> SqliteSource:
        openings.append(name)
        if name == "app" and openings.count("app") == 3:
            little.up("app")
        return little.open_source(name, environment)

    monkeypatch.setattr(together, "open_source", open_source)
    assert ticked(warehouse, little, 0, NORTHSTAR_SOURCE_ATTEMPTS="2").source_errors.keys() == {"app"}
    report = ticked(warehouse, little, 1, NORTHSTAR_SOURCE_ATTEMPTS="2")
    assert (report.status, report.source_errors) == ("ok", {})


class Hanging(SqliteSource):
    """Loads its first batch, then waits for a server that never answers."""

    batch_rows = 2
    released = threading.Event()

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: object) -> Iterator[Batch]:
        for number, batch in enumerate(super().read(ledger, landing, loaded_at)):  # type: ignore[arg-type]
            if number:
                self.released.wait(30)
            yield batch

    def interrupt(self) -> None:
        self.released.set()


@pytest.mark.parametrize("heeds", [True, False], ids=["ends when told to", "never ends"])
def test_a_source_that_hangs_is_left_behind_and_writes_nothing_later(
    little: Little, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, heeds: bool
) -> None:
    little.live(0)
    Hanging.released.clear()
    monkeypatch.setattr(together.Limits, "from_environment", lambda _: together.Limits(timeout=0.3, grace=0.3))
    if not heeds:
        monkeypatch.setattr(Hanging, "interrupt", lambda self: None)

    def open_source(name: str, environment: object) -> SqliteSource:
        return Hanging("app", little.sources / "app") if name == "app" else little.open_source(name, environment)

    monkeypatch.setattr(together, "open_source", open_source)
    report = ticked(warehouse, little, 0)
    assert report.status == "source_failed"
    assert ("NORTHSTAR_SOURCE_TIMEOUT" if heeds else "hangs") in report.source_errors["app"]
    assert contents(warehouse)["little.payment_change"] != []

    Hanging.released.set()  # the thread that was left behind wakes up, and must find that it may not write
    for thread in threading.enumerate():
        if thread.name == "ingest-app":
            thread.join(timeout=5)
    assert len(contents(warehouse)["raw_app.visit"]) == 2
    assert sealed(warehouse, "app") == []
    monkeypatch.setattr(together, "open_source", little.open_source)
    assert ticked(warehouse, little, 1).status == "ok"
    assert len(contents(warehouse)["raw_app.visit"]) == 6


def test_missed_boundaries_are_noted_and_sealed_in_order_by_the_tick_that_catches_up(
    little: Little, warehouse: Warehouse
) -> None:
    little.live(0)
    ticked(warehouse, little, 0)
    for number in range(1, 5):
        little.live(number)
    report = ticked(warehouse, little, 4)
    assert [f"{boundary:%H:%M}" for boundary in report.missed] == ["01:00", "01:30", "02:00"]
    assert logged(warehouse) == [
        ("00:30", "ok"), ("01:00", "missed"), ("01:30", "missed"), ("02:00", "missed"), ("02:30", "ok"),
    ]  # fmt: skip
    assert sealed(warehouse, "app") == ["00:30", "01:00", "01:30", "02:00", "02:30"]
    assert len(contents(warehouse)["little.visit_change"]) == 6 + 4 * 8


def test_a_stop_ends_the_tick_between_two_models_and_the_next_one_goes_on(
    little: Little, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    little.live(0)
    ticked(warehouse, little, 0)
    little.live(1)
    evaluated: list[str] = []
    evaluate = "northstar.engine.evaluating"

    def stop_at_third(model: str) -> None:
        evaluated.append(model)
        if len(evaluated) == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    with stopping.on_signal(), monkeypatch.context() as patch:
        patch.setattr(evaluate, stop_at_third)
        report = ticked(warehouse, little, 1)
    assert report.status == "stopped"
    assert len(evaluated) == 3
    assert logged(warehouse)[-1] == ("01:00", "stopped")
    monkeypatch.setattr(evaluate, evaluated.append)
    assert ticked(warehouse, little, 1).status == "ok"
    assert len(evaluated) > 3
    assert len(contents(warehouse)["little.visit_change"]) == 14


def _stop() -> None:
    """Ask this process to stop, and wait for its main thread to have taken it in."""
    os.kill(os.getpid(), signal.SIGTERM)
    while not stopping.requested():
        time.sleep(0.01)


def test_a_stop_while_sources_are_read_seals_nothing(
    little: Little, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    little.live(0)
    with stopping.on_signal(), monkeypatch.context() as patch:
        patch.setattr(SqliteSource, "acknowledge", lambda self, cursor: _stop())
        assert ticked(warehouse, little, 0).status == "stopped"
    assert sealed(warehouse, "app") == []
    assert ticked(warehouse, little, 0).status == "ok"
    assert len(contents(warehouse)["raw_app.visit"]) == 6


@pytest.mark.parametrize("after", [1, 5, 40])
def test_whoever_lost_the_lock_writes_nothing_more(little: Little, warehouse: Warehouse, after: int) -> None:
    little.live(0)
    ticked(warehouse, little, 0)
    little.live(1)
    checks, seen = 0, {}

    def check() -> None:
        nonlocal checks
        checks += 1
        if checks == after:
            time.sleep(0.3)  # the other source may be writing what it was allowed to write
            seen.update(contents(warehouse))
        if checks >= after:
            raise LockLost("another has it")

    warehouse.check = check
    with pytest.raises(LockLost):
        ticked(warehouse, little, 1)
    assert contents(warehouse) == seen
    warehouse.check = lambda: None
    assert ticked(warehouse, little, 1).status == "ok"
    assert ("01:00", "ok") in logged(warehouse)


HOLD = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
time.sleep(float(sys.argv[2]))
"""


COUNT = """
import sys
from northstar.ingest.duckdb_sink import connect
print(connect(sys.argv[1]).execute("SELECT count(*) FROM LITTLE.visit").fetchone()[0])
"""


@pytest.mark.parametrize("name", ["NORTHSTAR_DUCKDB", "NORTHSTAR_STATE"])
def test_a_file_that_another_program_has_open_is_waited_for_then_named(
    little: Little, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    little.live(0)
    with little.warehouse() as warehouse:
        ticked(warehouse, little, 0)
        before = contents(warehouse)
    for stay, patience, gets_in in (("1", "20", True), ("60", "0.2", False)):
        other = subprocess.Popen(
            [sys.executable, "-c", HOLD, little.environment[name], stay], stdout=subprocess.PIPE, text=True
        )
        try:
            assert other.stdout is not None and other.stdout.readline() == "open\n"
            little.environment["NORTHSTAR_FILE_WAIT"] = patience
            if gets_in:
                with little.warehouse() as warehouse:
                    assert contents(warehouse) == before
            else:
                with pytest.raises(WarehouseBusy, match=rf"(?s){Path(little.environment[name]).name}.*{other.pid}"):
                    little.warehouse()
        finally:
            other.kill()
            other.wait()


def test_a_released_warehouse_can_be_read_by_others_and_opened_again(little: Little, warehouse: Warehouse) -> None:
    little.live(0)
    ticked(warehouse, little, 0)
    mine = contents(warehouse)["little.visit"]
    warehouse.release()
    with pytest.raises(WarehouseError, match="released"):
        _ = warehouse.connection
    seen = subprocess.run(
        [sys.executable, "-c", COUNT, little.environment["NORTHSTAR_DUCKDB"]],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(seen.stdout) == len(mine)
    warehouse.open()
    little.live(1)
    assert ticked(warehouse, little, 1).status == "ok"
    assert len(contents(warehouse)["little.visit"]) > len(mine)


def test_a_prod_that_was_left_half_made_is_healed_or_explained(little: Little, warehouse: Warehouse) -> None:
    little.live(0)
    ticked(warehouse, little, 0)
    warehouse.state.execute("UPDATE sqlmesh._environments SET finalized_ts = NULL WHERE name = 'prod'")
    warehouse.connection.execute("DROP VIEW LITTLE.clinic_day")
    little.live(1)
    assert ticked(warehouse, little, 1).status == "ok"
    assert contents(warehouse)["little.clinic_day"]

    model = Path(little.environment["NORTHSTAR_PROJECT"]) / "models" / "clinic_day.sql"
    model.write_text(model.read_text().replace("SUM(visit.minutes), 0", "SUM(visit.minutes), 1"))
    warehouse.state.execute("UPDATE sqlmesh._environments SET finalized_ts = NULL WHERE name = 'prod'")
    warehouse.release()
    with Warehouse(Settings.from_environment(little.environment)) as edited:
        report = ticked(edited, little, 2)
        assert report.status == "failed"
        assert "another version of the project" in (report.error or "")
        assert logged(edited)[-1] == ("01:30", "failed")


def test_a_failing_audit_is_told_without_data_and_holds_up_only_its_descendants(
    little: Little, warehouse: Warehouse
) -> None:
    little.live(0)
    ticked(warehouse, little, 0)
    before = contents(warehouse)
    visit = 987_654_321  # too long to stand in a run's id by chance
    little.change("app", ("I", visit, None, "2026-03-02", 5))
    little.live(1)
    report = ticked(warehouse, little, 1)
    after = contents(warehouse)
    assert report.status == "models_failed"
    line = json.dumps(report.as_line())
    assert "not_null" in line and str(visit) not in line and "SELECT" not in line
    assert {"little.visit", "little.clinic_day"} <= set(report.as_line()["models_skipped"])
    assert after["little.visit"] == before["little.visit"]
    assert after["little.payment_change"] != before["little.payment_change"]


def test_a_model_fails_whole(little: Little, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an interval had stays when its replacement fails half-way, though SQLMesh deletes first."""
    little.live(0)
    ticked(warehouse, little, 0)
    before = contents(warehouse)["little.visit_change"]
    connection = warehouse.connection
    connection.execute(
        "INSERT INTO raw_app.visit BY NAME SELECT 'not a day' AS day, * EXCLUDE (day) FROM raw_app.visit"
    )
    snapshot = warehouse.context.get_snapshot("little.visit_change", raise_if_missing=True)
    warehouse.context.state_sync.remove_intervals([(snapshot, snapshot.intervals[0])])  # type: ignore[attr-defined]
    report = ticked(warehouse, little, 1)
    reasons = report.as_line()["models_failed"]
    assert reasons["little.visit_change"].startswith("ConversionException")
    assert "not a day" not in json.dumps(report.as_line())
    assert contents(warehouse)["little.visit_change"] == before


def test_a_merge_whose_audits_fail_leaves_what_was_there(little: Little, warehouse: Warehouse) -> None:
    """Merged rows would be seen as soon as they are written, and SQLMesh audits them afterwards."""
    little.live(0)
    ticked(warehouse, little, 0)
    before = contents(warehouse)["little.clinic_day"]
    little.change("app", ("I", 500, 1, "2026-03-02", -9_000), ("I", 501, 1, "2026-03-09", 30))
    report = ticked(warehouse, little, 1)
    assert report.run is not None and list(report.run.failures) == ["little.clinic_day"]
    assert contents(warehouse)["little.clinic_day"] == before

    little.change("app", ("U", 500, 1, "2026-03-02", 20))
    assert ticked(warehouse, little, 2).status == "ok"
    days = warehouse.connection.execute(
        "SELECT clinic_id, day, count(*), sum(minutes) FROM LITTLE.live_visit GROUP BY ALL"
    ).fetchall()
    assert contents(warehouse)["little.clinic_day"] == sorted(days, key=repr)


def test_lag_and_errors_are_read_after_killed_and_missed_ticks(little: Little, warehouse: Warehouse) -> None:
    little.live(0)
    ticked(warehouse, little, 0)
    connection: duckdb.DuckDBPyConnection = warehouse.connection
    connection.execute("UPDATE ops.tick_log SET status = 'running'")
    started = time.monotonic()
    ticked(warehouse, little, 2)
    assert time.monotonic() - started < 30
    assert logged(warehouse) == [("00:30", "killed"), ("01:00", "missed"), ("01:30", "ok")]
