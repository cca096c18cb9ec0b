"""However the same changes arrive, core and the marts end with the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from clinic_days import ClinicDays, Contents, Entry, Life, open_clinic_days, unlike

pytestmark = pytest.mark.slow

HALF_HOURS = 3
LAST = 2 * HALF_HOURS - 1
"""Every way ends with a tick at the end of this half hour, so that all have the same present."""


@pytest.fixture(scope="module")
def clinics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClinicDays]:
    with open_clinic_days(tmp_path_factory.mktemp("idempotence")) as opened:
        yield opened


@pytest.fixture(scope="module")
def life() -> list[list[Entry]]:
    return Life(HALF_HOURS).half_hours


def lived(clinics: ClinicDays, ticks: list[list[list[Entry]]], times: int = 1, orphans: bool = False) -> Contents:
    """Tick by tick, each with the files that have come by then; then the last tick.

    Ticks before the last may fail where ``orphans`` come before their parents.
    """
    clinics.go_back("empty")
    clinics.source.files = []
    for number, files in enumerate(ticks):
        clinics.source.files += files
        for _ in range(times):
            assert clinics.tick(number).status in ("ok", "models_failed" if orphans else "ok")
    for _ in range(times):
        clinics.must(LAST)
    return clinics.contents()


@pytest.fixture(scope="module")
def reference(clinics: ClinicDays, life: list[list[Entry]]) -> Contents:
    found = lived(clinics, [[entries] for entries in life])
    assert all(found.values()), "a model is empty, and nothing is compared"
    clinics.keep("reference")
    return found


def told(life: list[list[Entry]]) -> list[Entry]:
    return [entry for entries in life for entry in entries]


def halves(entries: list[Entry]) -> list[list[Entry]]:
    return [entries[: len(entries) // 2], entries[len(entries) // 2 :]]


def shuffled(entries: list[Entry], seed: int) -> list[Entry]:
    return Random(seed).sample(entries, len(entries))


def test_ticks_that_run_twice(clinics: ClinicDays, life: list[list[Entry]], reference: Contents) -> None:
    assert unlike(lived(clinics, [[entries] for entries in life], times=2), reference) == {}


def test_a_tick_that_is_replayed_later(clinics: ClinicDays, reference: Contents) -> None:
    clinics.go_back("reference")
    clinics.must(0)
    clinics.must(1)
    assert unlike(clinics.contents(), reference) == {}


def test_ticks_that_are_split(clinics: ClinicDays, life: list[list[Entry]], reference: Contents) -> None:
    assert unlike(lived(clinics, [[half] for entries in life for half in halves(entries)]), reference) == {}


def test_three_ticks_in_one(clinics: ClinicDays, life: list[list[Entry]], reference: Contents) -> None:
    assert unlike(lived(clinics, [[], [], [told(life)]]), reference) == {}


def test_files_that_arrive_in_another_order(clinics: ClinicDays, life: list[list[Entry]], reference: Contents) -> None:
    files = [half for entries in reversed(life) for half in reversed(halves(entries))]
    assert unlike(lived(clinics, [files[:2], files[2:5], files[5:]], orphans=True), reference) == {}


@pytest.mark.parametrize("seed", [1, 2])
def test_events_that_arrive_in_another_order(
    clinics: ClinicDays, life: list[list[Entry]], reference: Contents, seed: int
) -> None:
    ticks = [[quarter] for half in halves(shuffled(told(life), seed)) for quarter in halves(half)]
    assert unlike(lived(clinics, ticks, orphans=True), reference) == {}


def test_a_build_in_one_go_from_raw(clinics: ClinicDays, reference: Contents) -> None:
    clinics.go_back("reference")
    connection = clinics.warehouse.connection
    names = connection.execute(
        "SELECT schema_name || '.\"' || table_name || '\"' FROM duckdb_tables() "
        "WHERE database_name = current_database() AND (schema_name LIKE 'raw%' OR schema_name = 'restricted' "
        "OR table_name IN ('load_ledger', 'source_seal'))"
    ).fetchall()
    rows = {name: connection.execute(f"FROM {name}").to_arrow_table() for (name,) in names}
    clinics.go_back("empty")
    for name, held in rows.items():
        clinics.warehouse.connection.register("held", held)
        clinics.warehouse.connection.execute(f"DELETE FROM {name}")
        clinics.warehouse.connection.execute(f"INSERT INTO {name} BY NAME FROM held")
        clinics.warehouse.connection.unregister("held")
    clinics.must(LAST)
    assert unlike(clinics.contents(), reference) == {}
