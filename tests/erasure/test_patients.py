"""Patients are forgotten everywhere, keys are rotated everywhere, and a kill in between costs nothing."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from held import holding, telling
from lab import PROJECT, LabWarehouse

from northstar import failpoints
from northstar.contracts import CONTRACTS, Contracts, load_contracts
from northstar.erasure.forget import Forgotten, forget, unfinished
from northstar.ingest.duckdb_sink import quoted
from northstar.phi.firewall import firewall_of
from northstar.phi.tables import held_tables
from northstar.rekeying import rotate

pytestmark = pytest.mark.slow  # real ticks; test_small_warehouse.py shows most of it on a few rows

FACTS = {
    "visits": "SELECT status, is_deleted, count(*), min(starts_at) FROM intermediate.int_scheduling__appointment GROUP BY ALL ORDER BY ALL",
    "years": "SELECT clinic_id, provider_id, visit_year, count(*) FROM core.fct_visit_demographic GROUP BY ALL ORDER BY ALL",
}


class Killed(Exception):
    """Stands for SIGKILL where the process is to live on: nothing is committed after it."""


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts(PROJECT / CONTRACTS)


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names put here are places at which the next arrival fails."""
    places: list[str] = []

    def reach(name: str) -> None:
        if name in places:
            places.remove(name)
            raise Killed(name)

    monkeypatch.setattr(failpoints, "reach", reach)
    yield places


def _forget(modelled: LabWarehouse, contracts: Contracts, patient: int) -> Forgotten:
    warehouse = modelled.warehouse
    models = warehouse.context.models
    firewall = firewall_of(models, PROJECT)
    return forget(warehouse.connection, warehouse.landing, contracts, firewall, models, patient)


def _patient(modelled: LabWarehouse, nth: int) -> int:
    """A patient with visits, invoices and a policy, about whom there are messages."""
    rows = modelled.rows(
        "SELECT patient_id FROM raw_app.scheduling__appointments JOIN raw_app.billing__invoices USING (patient_id) "
        "JOIN raw_app.insurance__policies USING (patient_id) JOIN raw_app.patients__patients AS p USING (patient_id) "
        "WHERE p.email IS NOT NULL AND p.phone IS NOT NULL AND p.patient_id > 0 "
        f"GROUP BY patient_id ORDER BY count(DISTINCT invoice_id) DESC, patient_id LIMIT 1 OFFSET {nth}"
    )
    return int(rows[0]["patient_id"])


def _facts(modelled: LabWarehouse) -> dict[str, list[dict[str, Any]]]:
    return {name: modelled.rows(query) for name, query in FACTS.items()}


def _telling(modelled: LabWarehouse, patient: int) -> set[str]:
    return telling(modelled.warehouse.connection, patient)


def _holding(modelled: LabWarehouse, contracts: Contracts, patient: int, values: set[str]) -> list[str]:
    return holding(modelled.warehouse.connection, Path(modelled.warehouse.landing.root), contracts, patient, values)


def test_a_patient_is_forgotten_everywhere_and_totals_stay(modelled: LabWarehouse, contracts: Contracts) -> None:
    patient, before = _patient(modelled, 0), _facts(modelled)
    values = _telling(modelled, patient)
    visits = modelled.rows(f"SELECT count(DISTINCT appointment_id) AS n FROM raw_app.scheduling__appointments WHERE patient_id = {patient}")  # fmt: skip
    assert len(values) >= 4
    assert len(_holding(modelled, contracts, patient, values)) > 10, "there was nothing to forget"

    done = _forget(modelled, contracts, patient)

    assert _holding(modelled, contracts, patient, values) == []
    assert _facts(modelled) == before
    assert (
        modelled.rows("SELECT count(*) AS n FROM intermediate.int_scheduling__appointment WHERE patient_key = -2")
        == visits
    )
    assert done.raw_rows_deleted and done.raw_rows_unlinked and done.table_rows_deleted and done.table_rows_unlinked
    assert done.files_rewritten >= 5
    free_text = modelled.rows(
        "SELECT count(notes) AS notes, count(reason_for_visit) AS reasons FROM raw_app.scheduling__appointments "
        "WHERE patient_id = -2"
    )
    assert free_text == [{"notes": 0, "reasons": 0}]


def test_the_record_names_nobody(modelled: LabWarehouse) -> None:
    (record,) = modelled.rows("SELECT * FROM ops.erasure_log WHERE finished_at IS NOT NULL ORDER BY started_at LIMIT 1")

    assert set(record) == {
        "erasure_id", "started_at", "finished_at", "raw_rows_deleted", "raw_rows_unlinked", "table_rows_deleted",
        "table_rows_unlinked", "files_rewritten",
    }  # fmt: skip
    (digest,) = modelled.rows("SELECT digest FROM restricted.erased_patient LIMIT 1")
    assert len(digest["digest"]) == 32


def test_what_arrives_later_is_unlinked_on_arrival(modelled: LabWarehouse, contracts: Contracts) -> None:
    """The app still knows the patient: his visits change, he writes, his data is corrected."""
    patient = _patient(modelled, 0)
    values = _telling(modelled, patient)
    _forget(modelled, contracts, patient)
    modelled.lab.now += timedelta(minutes=30)
    modelled.lab.edit(
        "UPDATE patients.patients SET city = 'Elsewhere', updated_at = %(at)s WHERE patient_id = %(patient)s",
        "UPDATE scheduling.appointments SET notes = 'late', updated_at = %(at)s WHERE patient_id = %(patient)s",
        "UPDATE billing.invoice_lines SET description = 'late', updated_at = %(at)s WHERE invoice_id IN "
        "(SELECT invoice_id FROM billing.invoices WHERE patient_id = %(patient)s)",
        "INSERT INTO office.messages VALUES (99000001, %(patient)s, NULL, 'in', 'me again', NULL, %(at)s, %(at)s)",
        patient=patient,
    )

    report = modelled.tick()

    assert report.rows_landed > 0
    assert _holding(modelled, contracts, patient, values) == []
    assert modelled.rows("SELECT count(*) AS n FROM raw_app.office__messages WHERE message_id = 99000001") == [{"n": 0}]
    assert modelled.rows("SELECT count(*) AS n FROM raw_app.billing__invoice_lines WHERE description = 'late'") == [
        {"n": 0}
    ]
    late = modelled.rows("SELECT count(*) AS n, count(notes) AS notes FROM raw_app.scheduling__appointments WHERE patient_id = -2 AND _op = 'U'")  # fmt: skip
    assert late[0]["n"] > 0 and late[0]["notes"] == 0


def test_a_replay_of_raw_gives_what_the_tables_hold(modelled: LabWarehouse, contracts: Contracts) -> None:
    patient = _patient(modelled, 1)
    _forget(modelled, contracts, patient)
    tables = (
        "intermediate.int_patients__patient_change",
        "intermediate.int_patients__patient",
        "intermediate.int_scheduling__appointment",
        "core.fct_visit_demographic",
        "core.dim_patient",
    )
    before = {name: modelled.rows(f"SELECT * FROM {name} ORDER BY ALL") for name in tables}
    context = modelled.warehouse.context
    context.plan(
        "prod", restate_models=["intermediate.int_patients__patient_change", "intermediate.int_scheduling__appointment_change"],
        execution_time=modelled.lab.now + timedelta(seconds=1), skip_tests=True, auto_apply=True, no_prompts=True,
    )  # fmt: skip

    assert {name: modelled.rows(f"SELECT * FROM {name} ORDER BY ALL") for name in tables} == before


@pytest.mark.parametrize(
    "place",
    ["erasure_listed", "erasure_file_written", "erasure_file_done", "erasure_raw_done", "erasure_before_commit"],
)
def test_a_run_that_died_is_made_good(
    modelled: LabWarehouse, contracts: Contracts, dying: list[str], place: str
) -> None:
    patient = _patient(modelled, 2)
    values, facts = _telling(modelled, patient), _facts(modelled)
    dying.append(place)
    with pytest.raises(Killed):
        _forget(modelled, contracts, patient)
    assert _facts(modelled) == facts
    assert unfinished(modelled.warehouse.connection, contracts) == [patient]

    for number in unfinished(modelled.warehouse.connection, contracts):
        _forget(modelled, contracts, number)

    assert _holding(modelled, contracts, patient, values) == []
    assert unfinished(modelled.warehouse.connection, contracts) == []
    assert _facts(modelled) == facts


def test_nobody_is_found_where_there_is_nobody(modelled: LabWarehouse, contracts: Contracts) -> None:
    facts = _facts(modelled)

    assert not _forget(modelled, contracts, 999_999_999).found_anything
    assert _facts(modelled) == facts


def _keys(modelled: LabWarehouse) -> dict[str, set[int]]:
    """The positive pseudonyms in each table."""
    connection = modelled.warehouse.connection
    return {
        f"{held.name}.{column}": {
            key for (key,) in connection.execute(f"SELECT DISTINCT {quoted(column)} FROM {held.sql} WHERE {quoted(column)} > 0").fetchall()
        }
        for held in held_tables(connection)
        for column in held.pseudonyms
    }  # fmt: skip


def _by_patient(modelled: LabWarehouse) -> list[dict[str, Any]]:
    """What joins give for each patient, whatever the pseudonyms."""
    return modelled.rows(
        "SELECT p.registered_at, p.sex, p.zip3, count(*) AS visits, min(v.starts_at) AS first FROM core.dim_patient AS p "
        "JOIN intermediate.int_scheduling__appointment AS v USING (patient_key) GROUP BY ALL ORDER BY ALL"
    )


@pytest.fixture
def old_version(modelled: LabWarehouse) -> Iterator[str]:
    """Tables of a model version that no project has any more; one pseudonym in them is of nobody whom raw knows."""
    connection = modelled.warehouse.connection
    connection.execute(
        'CREATE OR REPLACE TABLE "sqlmesh__CORE"."CORE__GONE__1" AS SELECT patient_key AS first_patient_key FROM core.dim_patient '
        "UNION ALL SELECT 77::BIGINT"
    )  # fmt: skip
    connection.execute('CREATE OR REPLACE TABLE "sqlmesh__CORE"."CORE__GONE__2" AS SELECT 77::BIGINT AS patient_key')
    yield "CORE__GONE"
    connection.execute('DROP TABLE "sqlmesh__CORE"."CORE__GONE__1"')
    connection.execute('DROP TABLE "sqlmesh__CORE"."CORE__GONE__2"')


def test_rotation_replaces_every_pseudonym_and_keeps_joins(
    modelled: LabWarehouse, contracts: Contracts, old_version: str
) -> None:
    before, joined, facts = _keys(modelled), _by_patient(modelled), _facts(modelled)

    done = rotate(modelled.warehouse.connection, contracts)

    after = _keys(modelled)
    assert {name: len(keys) for name, keys in after.items()} == {name: len(keys) for name, keys in before.items()}
    old = set().union(*before.values())
    assert len(old) > 100 and done.pseudonyms >= len(old)
    assert not old & set().union(*after.values())
    assert _by_patient(modelled) == joined
    assert _facts(modelled) == facts
    assert done.unlinked == 1
    assert after[f"{old_version}__2.patient_key"] < after[f"{old_version}__1.first_patient_key"]


def test_staging_makes_the_same_pseudonyms_as_the_rotation(modelled: LabWarehouse, contracts: Contracts) -> None:
    """So that the next change of a patient meets the state that is there; and Python's HMAC agrees with both."""
    rotate(modelled.warehouse.connection, contracts)
    ((inner, outer),) = modelled.warehouse.connection.execute("FROM restricted.pseudonym_key").fetchall()
    key = bytes(byte ^ 0x36 for byte in inner)
    assert bytes(byte ^ 0x5C for byte in outer) == key
    (row,) = modelled.rows("SELECT max(patient_id) AS patient_id FROM raw_app.patients__patients")
    digest = hmac.new(key, b"patient:%d" % row["patient_id"], hashlib.sha256).hexdigest()

    state = modelled.rows("SELECT patient_key FROM intermediate.int_patients__patient ORDER BY 1")
    staged = modelled.rows(
        "SELECT DISTINCT patient_key FROM staging.stg_app__patient WHERE operation <> 'T' ORDER BY 1"
    )
    assert state == staged
    assert {"patient_key": int(digest[:15], 16)} in staged


def test_the_next_tick_after_a_rotation_goes_on(modelled: LabWarehouse) -> None:
    patients = modelled.rows("SELECT count(*) AS n, count(DISTINCT patient_key) AS d FROM core.dim_patient")
    modelled.lab.live(modelled.lab.now + timedelta(minutes=30))
    modelled.tick()

    (after,) = modelled.rows("SELECT count(*) AS n, count(DISTINCT patient_key) AS d FROM core.dim_patient")
    assert after["n"] == after["d"]
    assert patients[0]["n"] <= after["n"] < patients[0]["n"] * 1.1, "patients would be there twice"


@pytest.mark.parametrize("place", ["rotate_between_tables", "rotate_before_commit"])
def test_a_rotation_that_died_changed_nothing(
    modelled: LabWarehouse, contracts: Contracts, dying: list[str], place: str
) -> None:
    connection = modelled.warehouse.connection
    before, key = _keys(modelled), connection.execute("FROM restricted.pseudonym_key").fetchall()
    dying.append(place)
    with pytest.raises(Killed):
        rotate(connection, contracts)

    assert _keys(modelled) == before
    assert connection.execute("FROM restricted.pseudonym_key").fetchall() == key
