"""A bad batch on a scheduled tick: BI keeps the last good state, and after the fix the next tick loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from clinic_days import APPOINTMENTS, EVENTS, ClinicDays, Contents, Entry, Life, open_clinic_days, unlike

pytestmark = pytest.mark.slow

CHANGES = "int_scheduling__appointment_change"
OF_APPOINTMENTS = {"core.fct_clinic_day", "core.watermark_scheduling", "marts_operations.mart_appointment_outcome"}
OF_EVENTS = {"core.fct_appointment_event"}


@pytest.fixture(scope="module")
def life() -> list[list[Entry]]:
    """Two half hours; no clinic changes in the second, which would be seen whatever becomes of the appointments."""
    begin, then = Life(2).half_hours
    return [begin, [entry for entry in then if entry[0] != "directory__clinics"]]


@pytest.fixture(scope="module")
def clinics(life: list[list[Entry]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClinicDays]:
    """A warehouse that has seen one good half hour."""
    with open_clinic_days(tmp_path_factory.mktemp("bad_batches")) as opened:
        opened.source.files = [life[0]]
        opened.must(0)
        opened.keep("good")
        yield opened


@pytest.fixture(scope="module")
def reference(clinics: ClinicDays, life: list[list[Entry]]) -> Contents:
    """What a company without the bad batch has after the third half hour."""
    clinics.go_back("good")
    clinics.source.files = life
    clinics.must(1)
    clinics.must(2)
    return clinics.contents()


def spoiled(entries: list[Entry], table: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> list[Entry]:
    """The entries of a half hour, those of one table that say something changed for the worse."""
    return [(name, change(row) if name == table and row["_op"] != "D" else row) for name, row in entries]


def first(entries: list[Entry], table: str) -> dict[str, Any]:
    return next(row for name, row in entries if name == table and row["_op"] == "I")


@dataclass(frozen=True)
class Rows:
    """Rows that the source tells wrongly, and tells rightly once it is mended: raw is put right, as by a reload."""

    name: str
    fails: str
    """The model whose audit stops the batch."""
    held: set[str]
    """What must stay as it was."""
    spoil: Callable[[list[Entry]], list[Entry]]


BAD_ROWS = (
    Rows("faults above the ceiling", CHANGES, OF_APPOINTMENTS,
         lambda good: spoiled(good, APPOINTMENTS, lambda row: {**row, "status": "lost"})),
    Rows("no status", CHANGES, OF_APPOINTMENTS,
         lambda good: spoiled(good, APPOINTMENTS, lambda row: {**row, "status": None})),
    Rows("a column of another type", CHANGES, OF_APPOINTMENTS,
         lambda good: spoiled(good, APPOINTMENTS, lambda row: {**row, "starts_at": f"on {row['starts_at']:%A}"})),
    Rows("a column that is gone", CHANGES, OF_APPOINTMENTS,
         lambda good: spoiled(good, APPOINTMENTS, lambda row: {k: v for k, v in row.items() if k != "clinic_id"})),
    Rows("the same event twice, in an appended table", "int_scheduling__appointment_event_change", OF_EVENTS,
         lambda good: [*good, (EVENTS, first(good, EVENTS))]),
)  # fmt: skip


@pytest.mark.parametrize("bad", BAD_ROWS, ids=lambda bad: bad.name)
def test_bad_rows(clinics: ClinicDays, life: list[list[Entry]], reference: Contents, bad: Rows) -> None:
    clinics.go_back("good")
    before = clinics.contents()
    clinics.source.files = [life[0], bad.spoil(life[1])]
    report = clinics.tick(1)
    assert report.run is not None and report.status == "models_failed"
    assert [model.split(".")[1] for model in report.run.failures] == [bad.fails]
    after = clinics.contents()
    assert {name for name in bad.held if before[name] != after[name]} == set()
    assert unlike(before, after).keys() - bad.held, "what does not hang on the batch goes on"

    correct(clinics, life[1])
    clinics.must(2)
    assert unlike(clinics.contents(), reference) == {}


def correct(clinics: ClinicDays, good: list[Entry]) -> None:
    """Put raw right: the rows of the second file are replaced by those that it should have had, under its load."""
    connection = clinics.warehouse.connection
    ((load_id, loaded_at),) = connection.execute(
        "SELECT DISTINCT _load_id, _loaded_at FROM raw_app.scheduling__appointments ORDER BY _loaded_at DESC LIMIT 1"
    ).fetchall()
    for table in {name for name, _ in good}:
        connection.execute(f"DELETE FROM raw_app.{table} WHERE _load_id = ?", [load_id])
        for row in (row for name, row in good if name == table):
            stamped = {**row, "_load_id": load_id, "_loaded_at": loaded_at}
            names, marks = ", ".join(stamped), ", ".join("?" for _ in stamped)
            connection.execute(f"INSERT INTO raw_app.{table} ({names}) VALUES ({marks})", list(stamped.values()))


def test_an_orphan_in_a_merged_table(clinics: ClinicDays, life: list[list[Entry]]) -> None:
    """An appointment of a type that has not come: nothing of its merge is seen until the type is there."""
    kind = next(row for table, row in life[0] if table == "scheduling__appointment_types")
    parent = ("scheduling__appointment_types", {**kind, "_op": "I", "appointment_type_id": 99})
    orphan = (APPOINTMENTS, {**first(life[1], APPOINTMENTS), "appointment_id": 999, "appointment_type_id": 99})
    clinics.go_back("good")
    before = clinics.contents()
    clinics.source.files = [life[0], [*life[1], orphan]]
    report = clinics.tick(1)
    assert report.run is not None and list(report.run.failures) == ["core.fct_clinic_day"]
    assert clinics.contents()["core.fct_clinic_day"] == before["core.fct_clinic_day"]

    clinics.source.files.append([parent])
    clinics.must(2)
    caught_up = clinics.contents()
    clinics.go_back("good")
    clinics.source.files = [life[0], [parent, *life[1], orphan]]
    clinics.must(1)
    clinics.must(2)
    assert unlike(caught_up, clinics.contents()) == {}


def test_a_truncated_file(clinics: ClinicDays, life: list[list[Entry]], reference: Contents) -> None:
    """The file is no Parquet: nothing of it is loaded, the source is not sealed, and its models wait."""
    clinics.go_back("good")
    before = clinics.contents()
    clinics.source.files = life

    def cut(landing: Path) -> None:
        newest = max(landing.rglob("*.parquet"), key=lambda file: file.stat().st_mtime_ns)
        newest.write_bytes(newest.read_bytes()[:100])

    clinics.source.after_write = cut
    try:
        report = clinics.tick(1)
    finally:
        clinics.source.after_write = lambda landing: None
    assert report.status == "source_failed" and report.source_errors.keys() == {"app"}
    assert unlike(before, clinics.contents()) == {}

    clinics.must(2)
    assert unlike(clinics.contents(), reference) == {}


@pytest.mark.parametrize("model", ["core.fct_clinic_day", "intermediate.int_scheduling__appointment_event_change"])
def test_a_model_that_raises(
    clinics: ClinicDays, life: list[list[Entry]], reference: Contents, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the statement that deletes and the one that inserts."""
    clinics.go_back("good")
    before = clinics.contents()
    clinics.source.files = life
    deleted: list[str] = []
    adapter = type(clinics.warehouse.context.engine_adapter)
    execute = adapter._execute

    def raising(self: Any, sql: str, *args: Any, **kwargs: Any) -> None:
        statement = sql.rpartition("*/")[2].lstrip()
        if model.split(".")[1].upper() in statement.partition("WHERE")[0]:
            if deleted and statement.startswith("INSERT"):
                raise RuntimeError("made to fail")
            deleted.extend([statement] if statement.startswith("DELETE") else [])
        execute(self, sql, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(adapter, "_execute", raising)
        report = clinics.tick(1)
    assert report.run is not None and deleted and list(report.run.failures) == [model]
    held = OF_EVENTS if "event" in model else {"core.fct_clinic_day"}
    after = clinics.contents()
    assert {name for name in held if before[name] != after[name]} == set()

    clinics.must(2)
    assert unlike(clinics.contents(), reference) == {}
