"""The PHI firewall catches what leaks, lets pass what does not, and stops a plan."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from catalogue import BASE, CONTRACT, EXTERNALS, FINE, LEAKS, Case
from projects import PROJECT, copy_project, small_project
from sqlmesh import Context
from sqlmesh.utils.errors import LinterError, PlanError

from northstar.contracts import CONTRACTS, load_contracts
from northstar.phi.firewall import Firewall, firewall_of, lineages

_PYTHON_MODEL = """
import typing as t
import pandas as pd
from sqlmesh import ExecutionContext, model

@model("{name}", kind="FULL", columns={{"N": "BIGINT"}}, depends_on=["{parent}"])
def execute(context: ExecutionContext, **kwargs: t.Any) -> pd.DataFrame:
    return context.fetchdf(f"SELECT COUNT(*) AS N FROM {{context.resolve_table('{parent}')}}{rest}")
"""


def _model(name: str, query: str, header: str = "kind VIEW") -> str:
    return f"MODEL (name {name}, {header});\n{query}\n"


def _write(home: Path, contract: str = CONTRACT) -> None:
    (home / "contracts" / "sources").mkdir(parents=True)
    (home / "contracts" / "sources" / "app.yaml").write_text(contract)
    (home / "external_models.yaml").write_text(EXTERNALS)


def _named(cases: dict[str, Case], prefix: str) -> dict[str, str]:
    return {title: f"{case.zone}.{prefix}_{number}" for number, (title, case) in enumerate(cases.items())}


LEAK_NAMES, FINE_NAMES = _named(LEAKS, "leak"), _named(FINE, "fine")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> tuple[Context, Firewall]:
    """All cases in one project, read once."""
    home = tmp_path_factory.mktemp("catalogue")
    _write(home)
    models = {name: _model(name, query) for name, query in BASE.items()}
    for cases, names in ((LEAKS, LEAK_NAMES), (FINE, FINE_NAMES)):
        for title, case in cases.items():
            models[names[title]] = _model(names[title], case.query)
            models |= {name: _model(name, query) for name, query in case.beside}
    with small_project(home, models, "macros") as opened:
        return opened, firewall_of(opened.models, home)


def _said(catalogue: tuple[Context, Firewall], name: str) -> list[str]:
    opened, firewall = catalogue
    return [
        f"{problem.rule}: {problem.message}"
        for problem in firewall.problems(opened.get_model(name, raise_if_missing=True))
    ]


@pytest.mark.parametrize("title", LEAKS)
def test_leak_is_caught(catalogue: tuple[Context, Firewall], title: str) -> None:
    said = "\n".join(_said(catalogue, LEAK_NAMES[title]))

    assert said, "nothing was found"
    assert [words for words in LEAKS[title].says if words not in said] == [], said


@pytest.mark.parametrize("title", FINE)
def test_legitimate_model_passes(catalogue: tuple[Context, Firewall], title: str) -> None:
    assert _said(catalogue, FINE_NAMES[title]) == []


def test_the_base_of_the_catalogue_is_clean(catalogue: tuple[Context, Firewall]) -> None:
    assert {name: _said(catalogue, name) for name in BASE} == {name: [] for name in BASE}


def test_the_catalogue_is_large_enough() -> None:
    assert len(LEAKS) >= 40
    assert len(FINE) >= 40


def test_the_whole_path_is_printed(catalogue: tuple[Context, Firewall]) -> None:
    name = LEAK_NAMES["through three models"]
    (said,) = _said(catalogue, name)

    assert f"{name}.tag <- core.carrier.tag <- intermediate.carrier.tag <- staging.carrier.tag" in _without_expressions(
        said
    )
    assert "[CAST(LOWER(PATIENT.NAME) AS VARCHAR)] <- raw_app.patient.name" in said


def _without_expressions(text: str) -> str:
    import re

    return re.sub(r" \[[^\]]*\]", "", text)


def test_python_models_are_tainted_by_all_that_they_read(tmp_path: Path) -> None:
    _write(tmp_path)
    models = {name: _model(name, query) for name, query in BASE.items()}
    with small_project(tmp_path, models, "macros"):
        pass
    python = {
        "core.py_clean": ("core.dim_clinic", ""),
        "core.py_tainted": ("raw_app.patient", ""),
        "core.py_hidden": ("core.dim_clinic", " WHERE 1 IN (SELECT 1 FROM raw_app.patient)"),
        "marts_growth.py_grained": ("core.fct_visit", ""),
    }
    for name, (parent, rest) in python.items():
        (tmp_path / "models" / f"{name.replace('.', '_')}.py").write_text(
            _PYTHON_MODEL.format(name=name, parent=parent, rest=rest)
        )
    opened = Context(paths=str(tmp_path))
    both = (opened, firewall_of(opened.models, tmp_path))

    assert _said(both, "core.py_clean") == []
    assert any("raw_app.patient.name" in said for said in _said(both, "core.py_tainted"))
    assert any("in a text" in said for said in _said(both, "core.py_hidden"))
    assert any("service_time" in said for said in _said(both, "marts_growth.py_grained"))
    opened.close()


def test_statements_beside_the_query_are_not_followed_but_refused(tmp_path: Path) -> None:
    _write(tmp_path)
    beside = (
        "MODEL (name core.sly, kind FULL);\nCREATE TABLE x AS SELECT name FROM raw_app.patient;\nSELECT 1::INT AS a\n"
    )
    with small_project(tmp_path, {"sly": beside}, "macros") as opened:
        assert "cannot be followed" in "".join(_said((opened, firewall_of(opened.models, tmp_path)), "core.sly"))


def test_columns_that_sqlmesh_adds_are_known_and_no_others(tmp_path: Path) -> None:
    _write(tmp_path)
    history = _model(
        "intermediate.history",
        "SELECT clinic_id, clinic_name, opened_on::TIMESTAMP AS updated_at FROM staging.stg_clinic",
        "kind SCD_TYPE_2_BY_TIME (unique_key clinic_id), columns (clinic_id BIGINT, clinic_name VARCHAR, "
        "updated_at TIMESTAMP{more}, valid_from TIMESTAMP, valid_to TIMESTAMP)",
    )
    models = {
        "clinic": _model("staging.stg_clinic", BASE["staging.stg_clinic"]),
        "known": history.format(more=""),
        "unknown": history.format(more=", extra TEXT").replace("intermediate.history", "intermediate.other"),
    }
    with small_project(tmp_path, models, "macros") as opened:
        both = (opened, firewall_of(opened.models, tmp_path))

        assert _said(both, "intermediate.history") == []
        assert ["column extra is in the model" in said for said in _said(both, "intermediate.other")] == [True]


def test_a_model_may_not_ignore_the_firewall(tmp_path: Path) -> None:
    _write(tmp_path)
    models = {
        "sly": _model(
            "core.sly", "SELECT name::VARCHAR AS n FROM raw_app.patient", "kind VIEW, ignored_rules ['nophileak']"
        ),
        "other": _model("staging.stg_clinic", BASE["staging.stg_clinic"]),
    }
    with small_project(tmp_path, models, "macros") as opened:
        assert "core.sly ignores" in "".join(
            _said((opened, firewall_of(opened.models, tmp_path)), "staging.stg_clinic")
        )


@pytest.fixture
def guarded(tmp_path: Path) -> Path:
    """A project with the real linter and configuration, with one clean model."""
    copy_project(tmp_path, ("macros", "linter", "config.yaml"))
    _write(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "clinic.sql").write_text(_model("staging.stg_clinic", BASE["staging.stg_clinic"]))
    return tmp_path


def _open(home: Path, patch: pytest.MonkeyPatch) -> Context:
    patch.setenv("NORTHSTAR_GATEWAY", "duckdb")
    patch.setenv("NORTHSTAR_DUCKDB", str(home / "warehouse.duckdb"))
    patch.setenv("NORTHSTAR_STATE", str(home / "state.duckdb"))
    return Context(paths=str(home))


def test_plan_is_stopped(guarded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (guarded / "models" / "leak.sql").write_text(_model("core.leak", "SELECT name::VARCHAR AS n FROM raw_app.patient"))
    opened = _open(guarded, monkeypatch)

    with pytest.raises((LinterError, PlanError)):
        opened.plan("prod", auto_apply=True, no_prompts=True)
    opened.close()


def test_a_changed_contract_takes_effect_at_once(guarded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in a process that lives, and although SQLMesh's cache of the models knows nothing of contracts."""
    opened = _open(guarded, monkeypatch)
    assert opened.lint_models(raise_on_error=False) == []
    contract = guarded / "contracts" / "sources" / "app.yaml"
    contract.write_text(CONTRACT.replace("time_zone: public", "time_zone: denied"))

    again = [repr(violation) for violation in opened.lint_models(raise_on_error=False)]
    opened.close()
    fresh = _open(guarded, monkeypatch)
    later = [repr(violation) for violation in fresh.lint_models(raise_on_error=False)]
    fresh.close()

    assert len(again) == len(later) == 1
    assert "time_zone is denied" in again[0] and "time_zone is denied" in later[0]


def test_a_broken_contract_is_an_error_and_not_a_pass(guarded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (guarded / "contracts" / "sources" / "app.yaml").write_text(
        CONTRACT.replace("time_zone: public", "time_zone: fine")
    )
    opened = _open(guarded, monkeypatch)

    said = {repr(violation) for violation in opened.lint_models(raise_on_error=False)}
    opened.close()

    assert any("class 'fine' is none of" in one for one in said)


def test_the_whole_project_is_proved_in_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_project(tmp_path)
    opened = _open(tmp_path, monkeypatch)
    started = time.process_time()
    read = lineages(opened.models, tmp_path)
    firewall = Firewall(opened.models, load_contracts(PROJECT / CONTRACTS), read)
    problems = [problem for model in opened.models.values() for problem in firewall.problems(model)]
    seconds = time.process_time() - started
    kept = lineages(opened.models, tmp_path)
    opened.close()

    assert problems == []
    assert seconds < 15
    assert kept == read
