"""What every model owes its readers: words, an owner, a place in the layers, a shape that can be read."""

from __future__ import annotations

import re

import pytest
from projects import PROJECT
from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.model import Model, SeedModel

READS = {
    "reference": {"reference"},
    "staging": {"raw", "restricted", "reference"},
    "intermediate": {"staging", "intermediate", "reference"},
    "core": {"intermediate", "core", "reference"},
    "marts": {"core"},
    "ops": {"ops", "intermediate"},
}
"""Which layers a model of a layer may read: its own or the one before it.  Marts read core only."""

NAMES = {
    "reference": r"[a-z_]+",
    "staging": r"stg_[a-z]+__[a-z_]+",
    "intermediate": r"int_[a-z]+__[a-z_]+",
    "core": r"(dim|fct|bridge|wide)_[a-z_]+|watermark(_\w+)?",
    "marts": r"mart_[a-z_]+",
    "ops": r"[a-z_]+",
}

LONGEST_QUERY = 100
"""Lines of a model's query as written."""

BEHIND_THE_BORDER = "restricted.pseudonym_key"


def layer(name: str) -> str:
    """``marts`` for ``"NORTHSTAR"."MARTS_OPERATIONS"."MART_X"``."""
    schema = exp.to_table(name).db.lower()
    return schema.split("_")[0] if schema.startswith(("raw_", "marts_")) else schema


def short(name: str) -> str:
    """``core.dim_x`` for ``"NORTHSTAR"."CORE"."DIM_X"``."""
    table = exp.to_table(name)
    return f"{table.db}.{table.name}".lower()


def _is_blueprint(model: Model) -> bool:
    """Whether several models are made from the model's file."""
    assert model._path is not None
    return "  blueprints " in model._path.read_text()


@pytest.fixture(scope="module")
def models(context: Context) -> list[Model]:
    """The project's own models, without the raw tables."""
    return [model for model in context.models.values() if not model.kind.is_external]


def test_models_belong_to_a_known_layer(models: list[Model]) -> None:
    assert {layer(model.fqn) for model in models} <= READS.keys()


def test_models_read_their_own_layer_or_the_one_before(models: list[Model]) -> None:
    shortcuts = [
        f"{short(model.fqn)} reads {short(parent)}"
        for model in models
        for parent in model.depends_on
        if layer(parent) not in READS[layer(model.fqn)]
    ]

    assert shortcuts == []


def test_only_staging_sees_the_pseudonym_key(models: list[Model]) -> None:
    seers = {layer(model.fqn) for model in models if BEHIND_THE_BORDER in map(short, model.depends_on)}

    assert seers == {"staging"}


def test_names_follow_the_layers(models: list[Model]) -> None:
    misnamed = [
        short(model.fqn)
        for model in models
        if not re.fullmatch(NAMES[layer(model.fqn)], exp.to_table(model.fqn).name.lower())
    ]

    assert misnamed == []


def test_files_are_named_and_placed_like_their_models(models: list[Model]) -> None:
    astray = []
    for model in models:
        assert model._path is not None
        schema, _, name = short(model.fqn).partition(".")
        place = model._path.relative_to(PROJECT / "models")
        folder = schema.replace("marts_", "marts/")
        if not str(place).startswith(f"{folder}/") or (place.stem != name and not _is_blueprint(model)):
            astray.append(f"{schema}.{name} in {place}")

    assert astray == []


def test_sources_and_subjects_are_folders(models: list[Model]) -> None:
    """``stg_app__x`` stands in ``staging/app``, ``int_directory__x`` in ``intermediate/directory``."""
    folders = {}
    for model in models:
        assert model._path is not None
        subject = re.match(r"(?:stg|int)_([a-z]+)__", exp.to_table(model.fqn).name.lower())
        if subject and not _is_blueprint(model):
            folders[short(model.fqn)] = (subject[1], model._path.parent.name)

    assert {name: where for name, where in folders.items() if where[0] != where[1]} == {}


def test_models_say_who_owns_them_what_a_row_is_and_what_for(models: list[Model]) -> None:
    silent = [
        short(model.fqn) for model in models if not (model.owner and model.grains and model.description and model.tags)
    ]

    assert silent == []


def test_descriptions_begin_with_the_grain_and_say_what_for(models: list[Model]) -> None:
    vague = [
        short(model.fqn)
        for model in models
        if not (model.description or "").startswith("One row per ") or "Use it for:" not in (model.description or "")
    ]

    assert vague == []


def test_columns_of_the_grain_exist(models: list[Model]) -> None:
    missing = [
        f"{short(model.fqn)}.{column.name}"
        for model in models
        for grain in model.grains
        for column in grain.find_all(exp.Column)
        if column.name.upper() not in (model.columns_to_types or {})
    ]

    assert missing == []


def test_every_column_is_described_and_typed(models: list[Model]) -> None:
    wanting = []
    for model in models:
        descriptions = {name.upper() for name, text in model.column_descriptions.items() if text.strip()}
        for column, kind in model.columns_to_types_or_raise.items():
            if column.upper() not in descriptions or kind.is_type(exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL):
                wanting.append(f"{short(model.fqn)}.{column.lower()}")

    assert wanting == []


def test_queries_can_be_read_at_one_sitting() -> None:
    lengths = {}
    for file in (PROJECT / "models").rglob("*.sql"):
        _, _, query = file.read_text().partition("\n);\n")
        lengths[file.stem] = len(query.strip().splitlines())

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_QUERY} == {}


def test_parents_of_audits_are_dependencies(models: list[Model], context: Context) -> None:
    """Else SQLMesh may audit before the parent is loaded, and against prod's in a dev environment."""
    names = {exp.to_table(fqn).sql().replace('"', "").lower().partition(".")[2]: fqn for fqn in context.models}
    unseen = []
    for model in models:
        for name, arguments in model.audits:
            text = " ".join(argument.sql(dialect="snowflake") for argument in arguments.values()).lower()
            read = {names[word] for word in re.findall(r"[a-z_]+\.[a-z_0-9]+", text) if word in names}
            unseen += [f"{short(model.fqn)}: {name}: {short(fqn)}" for fqn in read - model.depends_on - {model.fqn}]

    assert unseen == []


def test_full_models_are_reference_only(models: list[Model]) -> None:
    """FULL is for tables that never grow; everything else costs what arrives."""
    assert {layer(model.fqn) for model in models if model.kind.is_full} <= {"reference"}
    assert {layer(model.fqn) for model in models if isinstance(model, SeedModel)} <= {"reference"}


def test_what_is_stored_says_how_its_cost_grows(models: list[Model]) -> None:
    said = re.compile(r"\b(grows|costs?|rewrites|recomputed|touche[sd]|written)\b", re.IGNORECASE)
    kept = [model for model in models if not (model.kind.is_view or model.kind.is_full or model.kind.is_seed)]

    assert [short(model.fqn) for model in kept if not said.search(model.description or "")] == []


def test_staging_runs_once_a_day_and_views_above_it_with_their_readers(models: list[Model]) -> None:
    """A view shows what is there, but one that is not due hides from its readers that a parent waits (decision 18)."""
    views = [model for model in models if model.kind.is_view]

    assert {model.cron for model in views if layer(model.fqn) == "staging"} == {"@daily"}
    daily = {model.fqn for model in views if model.cron == "@daily" and layer(model.fqn) != "staging"}
    assert daily
    sooner = [m.fqn for m in models if m.depends_on & daily and (m.cron != "@daily" or not m.kind.is_view)]
    assert sooner == []


def test_every_raw_table_is_read(context: Context) -> None:
    read = {parent for snapshot in context.snapshots.values() for parent in snapshot.node.depends_on}
    declared = {model.fqn for model in context.models.values() if model.kind.is_external}

    assert declared - read == set()


def test_linter_finds_nothing(context: Context) -> None:
    assert context.config.linter.enabled
    assert context.lint_models(raise_on_error=False) == []


def test_files_are_as_sqlmesh_format_writes_them(context: Context) -> None:
    assert context.format(check=True)


def test_references_have_names(models: list[Model]) -> None:
    """SQLMesh's UI loads no project with a reference that it cannot name."""
    assert all(reference.name for model in models for reference in model.all_references)
