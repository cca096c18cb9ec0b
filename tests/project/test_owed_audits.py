"""The lint rule of owed audits: each one that is missing is named, and nothing that is not owed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from projects import PROJECT, small_project
from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.config import Config
from sqlmesh.core.config.loader import load_config_from_paths

from linter.audits import CHECKS, AuditsAreOwed, calls, columns_in

_RAW = """
- name: raw_app.visit
  columns: {visit_id: BIGINT, patient_id: BIGINT, clinic_id: BIGINT, made_at: TIMESTAMP, currency: TEXT, amount: BIGINT}
- name: raw_stripe.charge
  columns: {charge_id: TEXT, visit_id: BIGINT}
"""
_UNIQUE = "unique_values(columns := visit_id)"
_FILLED = "not_null(columns := (visit_id, clinic_id))"
_KNOWN = "referential_integrity(references := (clinic_id = core.dim_clinic))"
_FRESH = "freshness(column := made_at, max_age_minutes := 60)"
_VOLUME = "volume_in_line(column := made_at)"
_FACT = """
SELECT visit_id::BIGINT AS visit_id, clinic_id::BIGINT AS clinic_id, made_at::TIMESTAMP AS made_at
FROM raw_app.visit
"""
_VERSIONS = """
SELECT clinic_id::BIGINT AS clinic_id, made_at::TIMESTAMP AS valid_from, made_at::TIMESTAMP AS valid_to,
  TRUE AS is_current
FROM raw_app.visit
"""
_ROLL = """
SELECT currency::TEXT AS currency, made_at::DATE AS day, amount::BIGINT AS opening_minor,
  amount::BIGINT AS closing_minor, amount::BIGINT AS moved_minor
FROM raw_app.visit
"""
_ROLL_KEY = "unique_combination_of_columns(columns := (currency, day)), not_null(columns := (currency, day))"
_HISTORY = "history_is_seamless(key := clinic_id)"
_NO_NULLS = "not_null(columns := (clinic_id, valid_from))"


@dataclass(frozen=True)
class Case:
    """A model of core, and what the rule says of it; nothing when the texts are none."""

    audits: str
    says: tuple[str, ...] = ()
    query: str = _FACT
    name: str = "fct"
    grain: str = "visit_id"
    rest: str = "references (clinic_id), tags ('fact=transaction', 'flow=steady'),"

    def model(self, schema: str, name: str) -> str:
        """Its file."""
        return (
            f"MODEL (name {schema}.{name}, kind VIEW, grain {self.grain}, {self.rest}\n"
            f"  audits ({self.audits}));\n{self.query}\n"
        )


def _fact(*audits: str, says: tuple[str, ...] = (), tags: str = "'fact=transaction', 'flow=steady'") -> Case:
    return Case(", ".join(audits), says, rest=f"references (clinic_id), tags ({tags}), depends_on (core.dim_clinic),")


def _dimension(*audits: str, says: tuple[str, ...] = ()) -> Case:
    return Case(", ".join(audits), says, _VERSIONS, "wide", "(clinic_id, valid_from)", "")


def _balance(*audits: str, says: tuple[str, ...] = ()) -> Case:
    return Case(", ".join([_ROLL_KEY, *audits]), says, _ROLL, "fct", "(currency, day)", "")


CASES = {
    "a fact with all": _fact(_UNIQUE, _FILLED, _KNOWN, _FRESH, _VOLUME),
    "key not unique": _fact(_FILLED, _KNOWN, _FRESH, _VOLUME, says=("nothing shows that visit_id is unique",)),
    "another column unique": _fact(
        "unique_values(columns := clinic_id)", _FILLED, _KNOWN, _FRESH, _VOLUME, says=("visit_id is unique",)
    ),
    "key may be NULL": _fact(
        _UNIQUE, "not_null(columns := clinic_id)", _KNOWN, _FRESH, _VOLUME, says=("whether visit_id, of its key",)
    ),
    "reference may be NULL": _fact(
        _UNIQUE, "not_null(columns := visit_id)", _KNOWN, _FRESH, _VOLUME, says=("how often clinic_id may be NULL",)
    ),
    "a share of references is NULL": _fact(
        _UNIQUE, "not_null(columns := visit_id)", "null_share(columns := clinic_id, max_share := 0.1)", _KNOWN, _FRESH,
        _VOLUME,
    ),
    "reference to nothing": _fact(_UNIQUE, _FILLED, _FRESH, _VOLUME, says=("clinic_id is in core.dim_clinic",)),
    "reference of a warning": _fact(
        _UNIQUE, _FILLED, f"{_KNOWN[:-1]}, blocking := FALSE)", _FRESH, _VOLUME
    ),
    "not fresh": _fact(_UNIQUE, _FILLED, _KNOWN, _VOLUME, says=("whether they do: freshness",)),
    "no volume": _fact(_UNIQUE, _FILLED, _KNOWN, _FRESH, says=("whether they do: volume_in_line",)),
    "rows come now and then": _fact(_UNIQUE, _FILLED, _KNOWN, tags="'fact=transaction', 'flow=sparse'"),
    "nobody says how rows come": _fact(
        _UNIQUE, _FILLED, _KNOWN, tags="'fact=accumulating_snapshot'", says=("does not say how its rows come",)
    ),
    "a snapshot of our own": _fact(_UNIQUE, _FILLED, _KNOWN, tags="'fact=periodic_snapshot'"),
    "shown by what it is a view of": Case(
        f"{_UNIQUE}, {_FRESH}, {_VOLUME}", query=_FACT.replace("raw_app.visit", "core.fct_a_fact_with_all")
    ),
    "a dimension with all": _dimension(_HISTORY, _NO_NULLS),
    "versions that may overlap": _dimension(
        "unique_combination_of_columns(columns := (clinic_id, valid_from))", _NO_NULLS, says=("no gap and no overlap",)
    ),
    "a balance with all": _balance("forall(criteria := (opening_minor + moved_minor = closing_minor))"),
    "a balance that rolls": _balance(
        "rolls_forward(key := currency, period := day, opening := opening_minor, movement := moved_minor, "
        "closing := closing_minor)"
    ),
    "a balance of nothing": _balance(says=("opening_minor and what moved it make closing_minor",)),
    "a balance beside": _balance(
        "forall(criteria := (closing_minor = moved_minor))", says=("what moved it make closing_minor",)
    ),
    "of another source": Case(
        "unique_values(columns := charge_id), not_null(columns := charge_id)",
        query="SELECT charge_id::TEXT AS charge_id, visit_id::BIGINT AS visit_id FROM raw_stripe.charge",
        grain="charge_id", rest="references (visit_id),",
    ),
    "under another name": Case(
        f"{_UNIQUE}, not_null(columns := (visit_id, booked_at)), {_FRESH}, {_VOLUME}",
        ("booked_at is in core.dim_clinic",),
        query=_FACT.replace("AS clinic_id", "AS booked_at"),
        rest="references (booked_at AS clinic_id), tags ('fact=transaction', 'flow=steady'),",
    ),
}  # fmt: skip


def _name(title: str) -> str:
    return f"{CASES[title].name}_{title.replace(' ', '_').lower()}"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """All cases in one project, and two that are made from a blueprint."""
    home = tmp_path_factory.mktemp("owed")
    (home / "external_models.yaml").write_text(_RAW)
    models = {_name(title): case.model("core", _name(title)) for title, case in CASES.items()}
    models["dim_clinic"] = _dimension(_HISTORY, _NO_NULLS).model("core", "dim_clinic")
    models["mart"] = Case("not_null(columns := visit_id)", rest="").model("marts_finance", "mart_visit")
    models["elsewhere"] = Case("not_null(columns := visit_id)", rest="").model("intermediate", "int_visit")
    models["blueprint"] = (
        "MODEL (name core.wide_@number, kind VIEW, grain @key, blueprints ((number := one, key := visit_id), "
        "(number := two, key := clinic_id)), audits (unique_values(columns := @key), not_null(columns := visit_id)));\n"
        f"{_FACT}\n"
    )
    with small_project(home, models, "audits", "macros", "linter") as context:
        yield context


def _said(context: Context, name: str) -> list[str]:
    model = context.get_model(name, raise_if_missing=True)
    return [sentence for check in CHECKS for sentence in check(model, context.models)]


@pytest.mark.parametrize("title", CASES)
def test_what_is_owed_is_named(opened: Context, title: str) -> None:
    said = _said(opened, f"core.{_name(title)}")

    assert len(said) == len(CASES[title].says), said
    assert [words for words in CASES[title].says if not any(words in sentence for sentence in said)] == [], said


def test_a_model_of_a_blueprint_is_judged_by_its_own_columns(opened: Context) -> None:
    assert _said(opened, "core.wide_one") == []
    assert [sentence for sentence in _said(opened, "core.wide_two") if "clinic_id" in sentence] != []
    two = opened.get_model("core.wide_two", raise_if_missing=True)
    assert [columns_in(two, call["columns"]) for call in calls(two, "unique_values")] == [["clinic_id"]]


def test_the_rule_is_on_for_core_and_marts(opened: Context) -> None:
    """As `sqlmesh lint` and every plan run it."""
    config = load_config_from_paths(Config, project_paths=[PROJECT / "config.yaml"])
    assert "auditsareowed" in config.linter.rules
    rule = AuditsAreOwed(opened)

    said = {
        name: rule.check_model(opened.get_model(name))
        for name in ("marts_finance.mart_visit", "intermediate.int_visit")
    }

    assert said["marts_finance.mart_visit"]
    assert not said["intermediate.int_visit"]


def test_each_source_has_a_fact_of_which_freshness_is_watched(context: Context) -> None:
    watched = set()
    for model in context.models.values():
        if any(calls(model, "freshness")):
            seen, waiting = set(), [model.fqn]
            while waiting:
                fqn = waiting.pop()
                if fqn not in seen and fqn in context.models:
                    seen.add(fqn)
                    waiting += context.models[fqn].depends_on
            watched |= {exp.to_table(fqn).db.lower() for fqn in seen}

    assert {"raw_app", "raw_stripe", "raw_salesforce", "raw_partner"} <= watched
