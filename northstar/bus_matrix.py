"""The bus matrix (Kimball): which facts share which dimensions, read from the models' own grains and references."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.model import Model

PAGE = Path("docs/modeling.md")
"""The page that holds the matrix, relative to the project's root."""

_BLOCK = re.compile(r"(<!-- bus matrix[^\n]*-->\n)(.*?)(<!-- end of bus matrix -->)", re.DOTALL)
_DATE_KEY = "date_day"
_BOOKKEEPING = {"changed_at", "loaded_at", "settled_at", "valid_from", "valid_to"}
"""Instants that say when a row was told or made, not when something happened."""


def core_models(models: Iterable[Model], prefix: str) -> dict[str, Model]:
    """The models of core whose names begin with ``prefix``, by name."""
    found = {}
    for model in models:
        table = exp.to_table(model.fqn)
        if table.db.lower() == "core" and table.name.lower().startswith(prefix):
            found[table.name.lower()] = model
    return dict(sorted(found.items()))


def natural_key(dimension: Model) -> str:
    """The column by which facts refer to a dimension: its grain, or in one with history what its versions share.

    Raises ValueError when the grains name neither.
    """
    for grain in dimension.grains:
        columns = [column.name.lower() for column in grain.find_all(exp.Column)]
        if len(columns) == 1 and not columns[0].endswith("_version_key"):
            return columns[0]
        if len(columns) == 2 and columns[1] == "valid_from":
            return columns[0]
    raise ValueError(f"{dimension.name}: no grain is a natural key or (natural key, valid_from)")


def referred_keys(fact: Model) -> set[str]:
    """The keys of dimensions that a fact declares, by the name that they have in the dimension."""
    keys = {column.name.lower() for grain in fact.grains for column in grain.find_all(exp.Column)}
    for reference in fact.references:
        keys.add(reference.alias_or_name.lower())
    if any(
        kind.is_type(exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ)
        and column.lower() not in _BOOKKEEPING
        for column, kind in (fact.columns_to_types or {}).items()
    ):
        keys.add(_DATE_KEY)
    return keys


def bus_matrix(models: Mapping[str, Model]) -> str:
    """Markdown: a row per fact, a column per dimension that some fact refers to."""
    dimensions = {name: natural_key(model) for name, model in core_models(models.values(), "dim_").items()}
    facts = {name: referred_keys(model) for name, model in core_models(models.values(), "fct_").items()}
    shared = {name: key for name, key in dimensions.items() if any(key in keys for keys in facts.values())}
    lines = [
        "| fact | " + " | ".join(name.removeprefix("dim_").replace("_", " ") for name in shared) + " |",
        "|---" * (len(shared) + 1) + "|",
    ]
    for fact, keys in facts.items():
        lines.append(f"| `{fact}` | " + " | ".join("x" if key in keys else "" for key in shared.values()) + " |")
    return "\n".join(lines) + "\n"


def written(page: str) -> str:
    """The matrix as a page holds it.  Raises ValueError when the page has no place for it."""
    found = _BLOCK.search(page)
    if found is None:
        raise ValueError("the page has no block between '<!-- bus matrix' and '<!-- end of bus matrix -->'")
    return found[2]


def rewrite(project: Path, context: Context) -> bool:
    """Write the matrix of the models into the page.  Returns whether that changed the page."""
    page = (project / PAGE).read_text()
    matrix = bus_matrix(context.models)
    if written(page) == matrix:
        return False
    (project / PAGE).write_text(_BLOCK.sub(lambda found: found[1] + matrix + found[3], page))
    return True
