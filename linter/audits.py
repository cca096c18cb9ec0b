"""Which audits a model of core and marts owes, by its layer, its kind and what it holds (docs/quality.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from sqlglot import exp
from sqlmesh.core import constants
from sqlmesh.core.dialect import MacroVar
from sqlmesh.core.linter.rule import Rule, RuleViolation
from sqlmesh.core.model import Model
from sqlmesh.utils.metaprogramming import SqlValue, prepare_env

Models = Mapping[str, Model]
Arguments = Mapping[str, exp.Expr]

_UNIQUE = ("unique_values", "unique_combination_of_columns")
_VERSIONED = {"valid_from", "valid_to", "is_current"}
_FLOWS = ("flow=steady", "flow=follows", "flow=sparse")
_FED_BY_A_SOURCE = ("fact=transaction", "fact=accumulating_snapshot")


class AuditsAreOwed(Rule):
    """Models of core and marts carry the audits that their layer, kind and columns ask for."""

    def check_model(self, model: Model) -> RuleViolation | list[RuleViolation] | None:
        """Report each audit that is missing."""
        schema, _ = place(model.fqn)
        if model.kind.is_external or not (schema == "core" or schema.startswith("marts_")):
            return None
        return [self.violation(sentence) for check in CHECKS for sentence in check(model, self.context.models)]


@cache
def place(fqn: str) -> tuple[str, str]:
    """Schema and name of a model, in lower case."""
    table = exp.to_table(fqn)
    return table.db.lower(), table.name.lower()


def calls(model: Model, *names: str) -> Iterator[Arguments]:
    """The arguments of a model's audits of these names."""
    for name, arguments in model.audits:
        if name.removesuffix("_non_blocking") in names:
            yield arguments


def columns_in(model: Model, argument: exp.Expr | None) -> list[str]:
    """The columns that an argument names, in lower case; of a blueprint those of the one model."""
    if argument is None:
        return []
    given = _blueprint(model)
    names = [
        given.get(node.name, "") if isinstance(node, MacroVar) else node.name
        for node in argument.find_all(exp.Column, MacroVar)
    ]
    return [name.lower() for name in names if name]


def _blueprint(model: Model) -> dict[str, str]:
    """What the variables of a blueprint are in this model: SQLMesh renders the header with them, but not its audits."""
    found: dict[str, str] = {}
    for name in (constants.SQLMESH_BLUEPRINT_VARS, constants.SQLMESH_BLUEPRINT_VARS_METADATA):
        if name in model.python_env:
            values: dict[str, Any] = prepare_env({name: model.python_env[name]})[name]
            found |= {key: value.sql if isinstance(value, SqlValue) else str(value) for key, value in values.items()}
    return found


def _uniqueness(model: Model, models: Models) -> Iterator[str]:
    """Each grain is unique."""
    unique = [set(columns_in(model, call["columns"])) for call in calls(model, *_UNIQUE)]
    unique += [{*columns_in(model, call["key"]), "valid_from"} for call in calls(model, "history_is_seamless")]
    for grain in model.grains:
        columns = columns_in(model, grain)
        if set(columns) not in unique:
            yield f"nothing shows that {', '.join(columns)} is unique: {' or '.join(_UNIQUE)}"


def _nulls(model: Model, models: Models) -> Iterator[str]:
    """Of a key's columns none is NULL, and of what a fact refers to it is said how often it may be."""
    own = {column for grain in model.grains for column in columns_in(model, grain)}
    if place(model.fqn)[1].startswith("watermark"):
        own = set()  # its key is written out in the query
    for column in sorted(own):
        if not _is_shown(model, column, models, {"not_null": "columns", "null_share": "columns"}):
            yield f"nothing says whether {column}, of its key, may be NULL: not_null, or null_share for a part"
    for column, key in _referred(model, models).items():
        if not _is_shown(model, column, models, {"not_null": "columns", "null_share": "columns"}):
            yield f"nothing says how often {column} may be NULL, which refers to {key}: not_null or null_share"


def _history(model: Model, models: Models) -> Iterator[str]:
    """Versions of a key meet, and one is open."""
    columns = {column.lower() for column in model.columns_to_types or {}}
    if columns >= _VERSIONED and not any(calls(model, "history_is_seamless")):
        yield "it has versions, and nothing shows that they have no gap and no overlap: history_is_seamless"


def _references(model: Model, models: Models) -> Iterator[str]:
    """What a fact refers to exists."""
    for column, key in _referred(model, models).items():
        if not _is_shown(model, column, models, {"referential_integrity": "references"}):
            yield f"nothing shows that {column} is in {key}: referential_integrity"


def _flow(model: Model, models: Models) -> Iterator[str]:
    """Facts that a source feeds say how rows come, and whether they come as they should where that can be told."""
    if not place(model.fqn)[1].startswith("fct_") or not set(model.tags) & {*_FED_BY_A_SOURCE}:
        return
    flows = set(model.tags) & {*_FLOWS}
    if len(flows) != 1:
        yield f"it does not say how its rows come: one of the tags {', '.join(_FLOWS)}"
    if "flow=steady" in flows:
        for name in ("freshness", "volume_in_line"):
            if not any(calls(model, name)):
                yield f"rows come steadily (flow=steady), and nothing shows whether they do: {name}"


def _balance(model: Model, models: Models) -> Iterator[str]:
    """What opens and closes adds up."""
    for column in model.columns_to_types or {}:
        opening, closing = column.lower(), column.lower().replace("opening", "closing", 1)
        if not opening.startswith("opening") or closing.upper() not in (model.columns_to_types or {}):
            continue
        added = any(
            {opening, closing} <= set(columns_in(one, argument))
            for one in _followed(model, closing, models)
            for name in ("forall", "rolls_forward")
            for call in calls(one, name)
            for argument in [exp.Tuple(expressions=list(call.values()))]
        )
        if not added:
            yield f"nothing shows that {opening} and what moved it make {closing}: rolls_forward or forall"


def _referred(model: Model, models: Models) -> dict[str, str]:
    """Columns by which a fact refers to a row of core, and to which model.

    Not those that hang on a source which the fact does without: it does not wait for it (design 4.1).
    """
    schema, name = place(model.fqn)
    if schema != "core" or not name.startswith(("fct_", "bridge_", "dim_")):
        return {}
    known, own = _single_keys(models, besides=model), _sources(model.fqn, models)
    found = {}
    for reference in model.references:
        key = known.get(reference.alias_or_name.lower())
        if key is not None and _sources(key, models) <= own:
            found[columns_in(model, reference)[0]] = ".".join(place(key))
    return found


def _single_keys(models: Models, besides: Model) -> dict[str, str]:
    """The columns that tell rows of a model of core apart, and that model: a dimension before a fact."""
    found: dict[str, str] = {}
    for fqn in sorted(models):
        schema, name = place(fqn)
        if schema == "core" and name.startswith(("dim_", "fct_")) and fqn != besides.fqn:
            for column in _keys_of_one(models[fqn]):
                found.setdefault(column, fqn)
    return found


def _keys_of_one(model: Model) -> Iterator[str]:
    """The columns that tell a model's rows apart each by itself, or all but the versions of one."""
    for grain in model.grains:
        columns = [column for column in columns_in(model, grain) if column != "valid_from"]
        if len(columns) == 1:
            yield columns[0]


def _sources(fqn: str, models: Models) -> set[str]:
    """The schemas of raw that a model hangs on."""
    seen: set[str] = set()
    waiting = [fqn]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += models[name].depends_on if name in models else ()
    return {schema for schema, _ in map(place, seen) if schema.startswith("raw")}


def _is_shown(model: Model, column: str, models: Models, audits: Mapping[str, str]) -> bool:
    """Whether the model, or one that the column comes from under this name, has one of the audits on the column."""
    for one in _followed(model, column, models):
        for name, argument in audits.items():
            for call in calls(one, name):
                given = call[argument]
                pairs = [pair.left for pair in given.find_all(exp.EQ)] if argument == "references" else [given]
                if any(column in columns_in(one, part) for part in pairs):
                    return True
    return False


def _followed(model: Model, column: str, models: Models) -> Iterator[Model]:
    """The model and those below it, as far as the column goes by this name; not into what it only refers to."""
    is_own = column in _keys_of_one(model)
    seen: set[str] = set()
    waiting = [model.fqn]
    while waiting:
        fqn = waiting.pop()
        one = models.get(fqn)
        if one is None or fqn in seen or column.upper() not in (one.columns_to_types or {}):
            continue
        seen.add(fqn)
        if is_own or one is model or column not in _keys_of_one(one):
            yield one
            waiting += one.depends_on


CHECKS: tuple[Callable[[Model, Models], Iterator[str]], ...] = (
    _uniqueness,
    _nulls,
    _history,
    _references,
    _flow,
    _balance,
)
