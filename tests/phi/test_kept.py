"""Lineages that were kept are taken only for what they were read from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from projects import small_project
from sqlmesh import Context
from sqlmesh.core.model import Model
from sqlmesh.utils.metaprogramming import Executable, ExecutableKind

from northstar.phi import kept
from northstar.phi.firewall import lineages
from northstar.phi.lineage import ModelLineage, lineage_of

EXTERNALS = """
- name: raw_app.clinic
  columns: {clinic_id: BIGINT, name: TEXT}
- name: raw_app.region
  columns: {region_id: BIGINT}
"""
MODELS = {
    "stg_clinic": "MODEL (name staging.stg_clinic, kind VIEW);\n"
    "SELECT clinic_id::BIGINT AS clinic_id, UPPER(name)::VARCHAR AS name FROM raw_app.clinic\n",
    "stg_region": "MODEL (name staging.stg_region, kind VIEW);\n"
    "SELECT region_id::BIGINT AS region_id FROM raw_app.region\n",
    "dim_clinic": "MODEL (name core.dim_clinic, kind VIEW);\nSELECT clinic_id, name FROM staging.stg_clinic\n",
}
CLINIC = '"NORTHSTAR"."STAGING"."STG_CLINIC"'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of three models."""
    (tmp_path / "external_models.yaml").write_text(EXTERNALS)
    with small_project(tmp_path, MODELS):
        return tmp_path


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models of which a lineage was read, and not taken from a file."""
    names: list[str] = []

    def noted(model: Model, models: kept.Find, sqlmesh_columns: frozenset[str]) -> ModelLineage:
        names.append(model.name)
        return lineage_of(model, models, sqlmesh_columns)

    monkeypatch.setattr(kept, "lineage_of", noted)
    return names


def _lineages(project: Path) -> tuple[Mapping[str, ModelLineage], Mapping[str, ModelLineage]]:
    """All lineages with what was kept, and without."""
    opened = Context(paths=str(project))
    try:
        return lineages(opened.models, project / "kept"), lineages(opened.models)
    finally:
        opened.close()


def test_another_process_reads_nothing_again(project: Path, read: list[str]) -> None:
    first, _ = _lineages(project)
    assert sorted(read) == ["core.dim_clinic", "staging.stg_clinic", "staging.stg_region"]
    read.clear()

    second, fresh = _lineages(project)

    assert read == []
    assert first == second == fresh
    assert any("UPPER" in edge.text for found in second.values() for edge in found.edges)


def _replace(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        text = (project / file).read_text()
        assert old in text
        (project / file).write_text(text.replace(old, new))

    return change


_BESIDE = "CREATE TABLE x AS SELECT 1;"
CHANGES = {
    "a query": (
        _replace("models/dim_clinic.sql", "clinic_id, name", "clinic_id, LOWER(name) AS name"),
        {"core.dim_clinic"},
    ),
    "the columns of a parent": (
        _replace("models/stg_clinic.sql", "::VARCHAR AS name", "::VARCHAR AS title"),
        {"staging.stg_clinic", "core.dim_clinic"},
    ),
    "a parent that is declared no more": (
        _replace("external_models.yaml", "raw_app.region", "raw_app.country"),
        {"staging.stg_region"},
    ),
    "a statement before the query": (
        _replace("models/stg_region.sql", "kind VIEW);", f"kind VIEW);\n{_BESIDE}"),
        {"staging.stg_region"},
    ),
    "a statement after the view is made": (
        _replace(
            "models/stg_region.sql",
            "region\n",
            f"region;\nON_VIRTUAL_UPDATE_BEGIN;\n{_BESIDE}\nON_VIRTUAL_UPDATE_END;\n",
        ),
        {"staging.stg_region"},
    ),
}
"""What is changed, and whose lineage is another then."""


@pytest.mark.parametrize("title", CHANGES)
def test_what_changed_is_read_again(project: Path, read: list[str], title: str) -> None:
    change, again = CHANGES[title]
    before, _ = _lineages(project)
    read.clear()

    change(project)
    after, fresh = _lineages(project)

    assert again <= set(read)
    assert after == fresh
    assert after != before


def _text(value: str) -> Executable:
    return Executable(payload=f"def helper():\n    return {value}")


def _name(statement: str) -> Executable:
    return Executable(payload=statement, kind=ExecutableKind.IMPORT)


@pytest.mark.parametrize(
    ("first", "then", "again"),
    [
        (_text("1"), _text("1"), []),
        (_text("1"), _text("2"), ["staging.stg_clinic"]),
        (_name("from sqlglot import exp"), _name("from sqlglot import exp"), []),
        (
            _name("from macros.money import to_share"),
            _name("from macros.money import to_share"),
            ["staging.stg_clinic"],
        ),
        (_name("import northstar.clock"), _name("import northstar.clock"), ["staging.stg_clinic"]),
    ],
    ids=["the same", "another", "a library's", "a macro by its name", "a module by its name"],
)
def test_a_macro_is_told_by_its_text(
    project: Path, read: list[str], first: Executable, then: Executable, again: list[str]
) -> None:
    opened = Context(paths=str(project))
    models = dict(opened.models)
    opened.close()
    clinic = models[CLINIC]
    models[CLINIC] = clinic.copy(update={"python_env": {"helper": first}})
    lineages(models, project / "kept")
    read.clear()
    models[CLINIC] = clinic.copy(update={"python_env": {"helper": then}})

    lineages(models, project / "kept")

    assert read == again


def test_what_other_code_has_read_is_not_taken(project: Path, read: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    _lineages(project)
    read.clear()
    monkeypatch.setattr(kept, "_READ_BY", ["other"])

    _lineages(project)

    assert len(read) == 3


def test_a_file_that_cannot_be_read_is_read_from_the_model(project: Path, read: list[str]) -> None:
    first, _ = _lineages(project)
    read.clear()
    for file in (project / "kept" / "phi_lineage").iterdir():
        file.write_bytes(b"half")

    again, _ = _lineages(project)

    assert len(read) == 3 and again == first
