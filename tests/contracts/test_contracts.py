"""Contracts are read strictly, and classify every column that models and ingestion know."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from northstar.contracts import ContractError, Contracts, load_contracts
from northstar.contracts.classes import Classification
from northstar.ingest.partner.feeds import FEEDS
from northstar.ingest.salesforce.fields import snake_case
from northstar.ingest.stripe.columns import OBJECTS
from northstar.ingest.stripe.rows import raw_schema
from northstar.simulator.oltp.extra_tables import AWKWARD_TABLES, definitions
from northstar.simulator.salesforce.schema import COMPOUND, standard_objects

ROOT = Path(__file__).parents[2]
DEMO_TABLES = 1160
"""Extra tables of the company that make demo creates."""

RULES = """
technical: {app: {_op: internal}}
rules:
  app:
    - {match: patient_id, class: phi_direct.patient}
    - {match: note, class: free_text}
    - {match: .*_at, class: phi_quasi.service_time, of: patient}
    - {match: .*_at|.*_id|code, class: internal}
"""


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts(ROOT / "contracts" / "sources")


def _load(home: Path, text: str) -> Contracts:
    (home / "rules.yaml").write_text(RULES)
    (home / "app.yaml").write_text(text)
    return load_contracts(home)


def test_a_column_that_nobody_lists_is_denied(tmp_path: Path) -> None:
    found = _load(tmp_path, "source: app\nobjects: {x: {key: [x_id], columns: {x_id: internal}}}").find("raw_app.x")

    assert found is not None
    assert str(found.classification("X_ID")) == "internal"
    assert str(found.classification("_op")) == "internal"
    assert str(found.classification("new")) == "denied"


def test_rules_class_what_is_listed_and_nothing_else(tmp_path: Path) -> None:
    text = """
source: app
rules: app
objects:
  of_patient: {key: [of_patient_id], columns: [of_patient_id, patient_id, note, made_at, code, odd]}
  of_nobody: {key: [of_nobody_id], columns: [of_nobody_id, made_at]}
"""
    loaded = _load(tmp_path, text)
    patient, nobody = loaded.objects["raw_app.of_patient"], loaded.objects["raw_app.of_nobody"]

    assert {name: str(found) for name, found in patient.columns.items() if name != "_op"} == {
        "of_patient_id": "internal", "patient_id": "phi_direct.patient", "note": "free_text",
        "made_at": "phi_quasi.service_time", "code": "internal", "odd": "denied",
    }  # fmt: skip
    assert str(nobody.classification("made_at")) == "internal"
    assert str(nobody.classification("code")) == "denied", "a rule does not class a column that is not listed"
    assert patient.patient_columns == ("patient_id",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("source: app\nobjects: {x: {key: [], columns: {a: secret}}}", "class 'secret' is none of public"),
        ("source: app\nobjects: {x: {key: [], columns: {a: phi_direct}}}", "needs one of the kinds name"),
        ("source: app\nobjects: {x: {key: [], columns: {a: internal.name}}}", "class internal has no kinds"),
        ("source: app\nobjects: {x: {key: [b], columns: {a: internal}}}", "key column 'b' is not among"),
        ("source: app\nobjects: {x: {key: [], erase: burn, columns: {}}}", "erase is delete or unlink, not 'burn'"),
        ("source: app\nobjects: {x: {keys: [], columns: {}}}", "'keys' is none of"),
        ("source: app\nowner: me\nobjects: {}", "'owner' is none of"),
        ("objects: {}", "needs source and objects"),
        ("- a", "must be a mapping"),
        ("source: app\nobjects: {x: {", "app.yaml"),
        (
            "source: app\nobjects: {x: {columns: {a: internal}, patient_via: {column: a, object: app.y, key: b}}}",
            "patient_via names app.y, which has no contract",
        ),
    ],
)
def test_a_mistake_is_answered_with_the_file_and_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ContractError, match=r"app\.yaml") as error:
        _load(tmp_path, text)

    assert says in str(error.value)


def test_an_object_has_one_contract(tmp_path: Path) -> None:
    (tmp_path / "again.yaml").write_text("source: app\nobjects: {x: {columns: {a: internal}}}")

    with pytest.raises(ContractError, match=r"raw_app.x is in .*again.yaml too"):
        _load(tmp_path, "source: app\nobjects: {x: {columns: {a: internal}}}")


def test_a_folder_without_contracts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="there are no contracts"):
        load_contracts(tmp_path)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    before = _load(tmp_path, "source: app\nobjects: {x: {columns: {a: internal}}}")
    after = _load(tmp_path, "source: app\nobjects: {x: {columns: {a: denied}}}")

    assert str(before.objects["raw_app.x"].classification("a")) == "internal"
    assert str(after.objects["raw_app.x"].classification("a")) == "denied"
    assert before.fingerprint != after.fingerprint


def test_classes_are_written_as_they_are_read() -> None:
    for text in ("public", "internal", "denied", "free_text", "phi_direct.patient", "phi_quasi.record"):
        assert str(Classification.parse(text)) == text


def test_every_column_that_models_may_read_is_classed(contracts: Contracts) -> None:
    unclassed = []
    for file in (ROOT / "external_models").glob("*.yaml"):
        for model in yaml.safe_load(file.read_text()):
            found = contracts.find(model["name"])
            if model["name"].startswith(("raw_", "restricted.")):
                unclassed += [
                    f"{model['name']}.{column}"
                    for column in model["columns"]
                    if found is None or column.lower() not in found.columns
                ]

    assert unclassed == []


def test_every_generated_table_of_the_app_is_classed(contracts: Contracts) -> None:
    open_ones = {"internal", "public"}
    personal = {"person", "email", "phone", "address", "free", "json", "uuid", "patient"}
    for table in definitions()[: DEMO_TABLES - AWKWARD_TABLES]:
        found = contracts.objects[f"raw_app.{table.schema}__{table.name}"]
        assert found.key == (table.key,)
        assert {table.key, "created_at", "updated_at", *(name for name, _, _ in table.columns)} <= found.columns.keys()
        leaking = [
            name
            for name, _, maker in table.columns
            if maker in personal and found.classification(name).name in open_ones
        ]
        assert leaking == [], table.full_name


def test_every_column_of_the_other_sources_is_classed(contracts: Contracts) -> None:
    live = {f"raw_stripe.{name}": raw_schema(raw).names for name, raw in OBJECTS.items()}
    for feed in FEEDS:
        live[f"raw_partner.{feed.object}"] = [column.name for column in feed.columns]
    for name, described in standard_objects().items():
        fields = [field.name for field in described.fields.values() if field.type not in COMPOUND]
        live[f"raw_salesforce.{snake_case(name)}"] = [snake_case(field) for field in fields]
    missing = [
        f"{relation}.{column}"
        for relation, columns in live.items()
        for column in columns
        if (found := contracts.find(relation)) is None or column not in found.columns
    ]

    assert missing == []


def test_what_models_read_of_a_patient_is_unlinked_and_not_deleted(contracts: Contracts) -> None:
    """Else forgetting one patient would change totals; only the patient's own rows go."""
    read = {
        model["name"]
        for file in (ROOT / "external_models").glob("*.yaml")
        for model in yaml.safe_load(file.read_text())
    }
    deleted = {found.relation for found in contracts if found.patient_columns and found.erase == "delete"}

    assert read & deleted == {"raw_app.patients__patients"}
