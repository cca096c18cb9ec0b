"""Legacy reports beside a mart: every difference gets the class that it was made by, and no other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from old_warehouse import MART, create_mart
from typer.testing import CliRunner

from northstar.cli import app
from northstar.ingest.duckdb_sink import connect
from northstar.migrate.compare import EQUAL, ONLY_LEGACY, ONLY_MART, UNEXPLAINED, Found, compare
from northstar.migrate.export import Export
from northstar.migrate.mapping import load_mapping
from northstar.simulator.legacy.history import unload
from northstar.simulator.legacy.reports import unload_reports

ROOT = Path(__file__).parents[2]


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A mart, and the old warehouse's reports made from it with their faults."""
    connection = connect(tmp_path / "northstar.duckdb")
    create_mart(connection)
    unload_reports(connection, MART, tmp_path / "old")
    yield connection
    connection.close()


def _found(connection: duckdb.DuckDBPyConnection, folder: Path, legacy: str) -> dict[tuple[str, str], Found]:
    (report,) = (one for one in load_mapping(ROOT).reports if one.legacy == legacy)
    return {(one.figure, one.name): one for one in compare(connection, report, Export(str(folder)))}


def test_each_fault_is_found_under_its_class(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    found = _found(warehouse, tmp_path / "old", "rpt.no_show_daily")

    assert not {name for _, name in found} & {UNEXPLAINED, ONLY_LEGACY, ONLY_MART}
    # 6 clinics, 14 days; the night of the second day was loaded twice, and clinic 5 booked its twelfth day a day late.
    assert {found[figure, "utc_day"].values for figure in ("no_show_count", "scheduled_count")} == {2}
    assert found["no_show_count", "utc_day"].example == "2026-03-12 clinic_id 5"
    assert found["no_show_count", "loaded_twice"].values + found["no_show_count", EQUAL].values < 84
    assert found["no_show_count", "loaded_twice"].first == found["no_show_count", "loaded_twice"].last
    late = found["no_show_count", "late_cancellation_is_no_show"]
    (expected,) = warehouse.execute(
        "SELECT count(*) FROM (SELECT clinic_id, local_date FROM marts_operations.mart_appointment_outcome "
        "WHERE clinic_id % 2 = 0 AND local_date <> '2026-03-02' GROUP BY ALL HAVING sum(late_cancelled_count) > 0)"
    ).fetchall()
    assert late.values == expected[0]
    assert late.legacy > late.mart and "copy" not in late.why
    moved = found["scheduled_count", "rescheduled_counted"]
    assert moved.values == 6 * 3 and moved.legacy - moved.mart == 6 * 3 * 2


def test_the_copied_logic_is_explained_too(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    found = _found(warehouse, tmp_path / "old", "exec.clinic_no_shows")

    assert {name for _, name in found} == {EQUAL, "cancelled_after_start_is_no_show", "not_over"}
    assert found["no_show_count", "not_over"].first == found["no_show_count", "not_over"].last
    assert sum(one.values for one in found.values()) == 84


def test_what_no_class_explains_stands_in_the_way(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old" / "exec.clinic_no_shows" / "part-000.parquet"
    warehouse.execute(f"CREATE OR REPLACE TEMP TABLE legacy AS SELECT * FROM read_parquet('{path}')")
    warehouse.execute("UPDATE legacy SET no_show = no_show + 1000 WHERE clinic = 3 AND day = '2026-03-05'")
    warehouse.execute("INSERT INTO legacy VALUES (99, '2026-03-05', 4)")
    left = "SELECT * FROM legacy WHERE clinic <> 4 OR day <> '2026-03-06'"
    unload(warehouse, left, tmp_path / "old", "exec.clinic_no_shows")
    warehouse.close()
    for name, value in {
        "NORTHSTAR_DUCKDB": tmp_path / "northstar.duckdb", "NORTHSTAR_LEGACY": tmp_path / "old",
        "NORTHSTAR_PROJECT": ROOT,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))

    result = CliRunner().invoke(app, ["migrate", "report", "--json"])

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    told = {line["name"]: line for line in lines if line["report"] == "exec.clinic_no_shows"}
    assert result.exit_code == 1
    assert told[UNEXPLAINED]["example"] == "2026-03-05 clinic_id 3" and told[UNEXPLAINED]["values"] == 1
    assert told[ONLY_LEGACY]["example"] == "2026-03-05 clinic_id 99"
    assert told[ONLY_MART]["example"] == "2026-03-06 clinic_id 4"


def test_a_report_that_does_not_fit_is_named(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    warehouse.execute("ALTER TABLE marts_operations.mart_appointment_outcome RENAME no_show_count TO missed_count")

    with pytest.raises(ValueError, match=r"report rpt.no_show_daily -> marts_operations.*no_show_count"):
        _found(warehouse, tmp_path / "old", "rpt.no_show_daily")
