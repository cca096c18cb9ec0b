"""What ``northstar scaffold`` writes passes format, lint and the structure tests once a person has classed it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import test_structure as structure
from projects import copy_project
from sqlmesh import Context

from northstar.contracts import load_contracts
from northstar.contracts.live import LiveObject
from northstar.contracts.scaffold import scaffold, singular

ENCOUNTERS = LiveObject(
    {
        "_op": "VARCHAR", "_commit_lsn": "BIGINT", "_seq": "BIGINT", "_commit_ts": "TIMESTAMP", "_xid": "BIGINT",
        "_unchanged": "VARCHAR", "encounter_id": "BIGINT", "patient_id": "BIGINT", "code": "VARCHAR",
        "quantity": "INTEGER", "unit_price": "DECIMAL(12,4)", "score": "FLOAT", "due_on": "DATE", "comment": "VARCHAR",
        "created_at": "TIMESTAMP", "updated_at": "TIMESTAMP", "_load_id": "VARCHAR", "_loaded_at": "TIMESTAMP",
    }
)  # fmt: skip
NEW = LiveObject({**ENCOUNTERS.columns, "mood": "VARCHAR"})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    copy_project(tmp_path)
    return tmp_path


def _scaffold(project: Path, name: str, found: LiveObject) -> list[str]:
    known = load_contracts(project / "contracts" / "sources")
    return scaffold(project, known, {f"raw_{name}": found}, name).next_steps


def _class_all(contract: Path) -> None:
    """As a person would: by the hint of the rules, and what has none as internal."""
    text = contract.read_text()
    text = re.sub(r": denied  # rules\.yaml would say (\S+)", r": \1", text)
    contract.write_text(text.replace(": denied\n", ": internal\n"))


def _open(project: Path, patch: pytest.MonkeyPatch) -> Context:
    patch.setenv("NORTHSTAR_GATEWAY", "duckdb")
    patch.setenv("NORTHSTAR_DUCKDB", str(project / "warehouse.duckdb"))
    patch.setenv("NORTHSTAR_STATE", str(project / "state.duckdb"))
    return Context(paths=str(project))


def _lint(context: Context) -> list[str]:
    return [repr(violation) for violation in context.lint_models(raise_on_error=False)]


@pytest.mark.slow  # loads the project twice
def test_a_table_listed_by_rules_becomes_explicit_and_denied(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _scaffold(project, "app.clinical__encounters", ENCOUNTERS)
    contract = project / "contracts" / "sources" / "app" / "clinical.yaml"
    found = load_contracts(project / "contracts" / "sources").objects["raw_app.clinical__encounters"]
    assert {str(found.classification(name)) for name in ENCOUNTERS.columns if not name.startswith("_")} == {"denied"}

    denied = _open(project, monkeypatch)
    said = _lint(denied)
    denied.close()
    assert any("clinical__encounters.quantity is denied" in one for one in said)

    _class_all(contract)
    context = _open(project, monkeypatch)
    monkeypatch.setattr(structure, "PROJECT", project)
    models = [model for model in context.models.values() if not model.kind.is_external]
    assert _lint(context) == []
    assert context.format(check=True)
    staging = context.get_model("staging.stg_app__encounter", raise_if_missing=True)
    assert "PATIENT_KEY" in (staging.columns_to_types or {})
    assert "COMMENT" not in (staging.columns_to_types or {}), "free text stays in raw"
    assert context.get_model("intermediate.int_clinical__encounter_change_audited")
    held = context.get_model("intermediate.int_quality__quarantine", raise_if_missing=True)
    assert any("INT_CLINICAL__ENCOUNTER_CHANGE" in name for name in held.depends_on)
    for test in (
        structure.test_models_belong_to_a_known_layer,
        structure.test_models_read_their_own_layer_or_the_one_before,
        structure.test_names_follow_the_layers,
        structure.test_files_are_named_and_placed_like_their_models,
        structure.test_sources_and_subjects_are_folders,
        structure.test_models_say_who_owns_them_what_a_row_is_and_what_for,
        structure.test_descriptions_begin_with_the_grain_and_say_what_for,
        structure.test_columns_of_the_grain_exist,
        structure.test_every_column_is_described_and_typed,
    ):
        test(models)
    structure.test_every_raw_table_is_read(context)
    context.close()


def test_a_table_that_nobody_knew_gets_a_contract(project: Path) -> None:
    _scaffold(project, "app.wellness__moods", NEW)
    found = load_contracts(project / "contracts" / "sources").objects["raw_app.wellness__moods"]

    assert found.path == project / "contracts" / "sources" / "app" / "wellness.yaml"
    assert found.key == ("encounter_id",)
    assert str(found.classification("mood")) == "denied" and "mood" in found.columns
    assert (project / "models" / "staging" / "app" / "stg_app__mood.sql").exists()
    assert "- name: raw_app.wellness__moods\n" in (project / "external_models" / "app.yaml").read_text()
    listed = (project / "macros" / "quality.py").read_text()
    assert '"intermediate.int_wellness__mood_change": "encounter_id",' in listed


@pytest.mark.parametrize(
    ("name", "found", "says"),
    [
        ("app.billing__invoices", ENCOUNTERS, "stg_app__invoice.sql exists already"),
        ("stripe.charge", ENCOUNTERS, "is no table of the app"),
        ("encounters", ENCOUNTERS, "is no table of the app"),
        ("app.directory__provider_clinics", ENCOUNTERS, "has 2 key columns"),
        ("app.wellness__odd", LiveObject({"note id": "BIGINT"}), "would have to be quoted"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is(
    project: Path, name: str, found: LiveObject, says: str
) -> None:
    before = {file: file.read_bytes() for file in project.rglob("*.*") if file.is_file()}
    with pytest.raises(ValueError, match=says):
        _scaffold(project, name, found)

    assert {file: file.read_bytes() for file in project.rglob("*.*") if file.is_file()} == before


def test_a_table_that_was_not_landed_is_refused(project: Path) -> None:
    with pytest.raises(ValueError, match="has not been landed"):
        scaffold(project, load_contracts(project / "contracts" / "sources"), {}, "app.wellness__moods")


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("stock_items", "stock_item"),
        ("allergies", "allergy"),
        ("series", "series"),
        ("batches", "batch"),
        ("boxes", "box"),
    ],
)
def test_tables_are_named_in_the_plural(plural: str, one: str) -> None:
    assert singular(plural) == one
