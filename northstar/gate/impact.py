"""Which columns a change reaches, down to the dashboards and data products that read them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlmesh import Context
from sqlmesh.core.lineage import column_dependencies
from sqlmesh.core.model import Model
from sqlmesh.utils.errors import SQLMeshError

from northstar.exposures import Exposures
from northstar.gate.findings import ModelDiff, Reader
from northstar.warehouse import model_name

_OUTSIDE_PROJECTIONS = (exp.Where, exp.Join, exp.Group, exp.Having, exp.Qualify, exp.Order, exp.Window)


def changed_columns(context: Context, before: dict[str, Model], directly: Iterable[str]) -> dict[str, set[str]]:
    """The columns that may differ, by model's fully qualified name.

    ``before`` holds the base's models, ``directly`` names those that were edited, added or removed.  Of an edited
    model, the columns whose expressions differ; all of them when anything else of its query does.  Below it, what is
    computed from such columns, and everything of a model that filters, joins or groups by one.
    """
    reached: dict[str, set[str]] = {}
    edited = set(directly)
    for fqn in [fqn for fqn in context.dag.sorted if fqn in context.models or fqn in edited]:
        model = context.models.get(fqn)
        columns = _edited(before.get(fqn), model) if fqn in edited else set()
        if model is not None and not model.kind.is_external:
            columns |= _inherited(context, model, reached)
        if columns:
            reached[fqn] = columns
    for fqn in edited - reached.keys():
        if fqn not in context.models and fqn in before:
            reached[fqn] = _columns(before[fqn])
    return reached


def readers(exposures: Exposures, reached: dict[str, set[str]]) -> list[Reader]:
    """The exposures that read a column that may differ."""
    found: dict[str, Reader] = {}
    for fqn, columns in reached.items():
        mart = model_name(fqn)
        for exposure in exposures.readers(mart, columns):
            reader = found.setdefault(
                exposure.name, Reader(exposure.name, exposure.kind, exposure.title, exposure.owner, [])
            )
            reader.columns += [f"{mart}.{column}" for column in exposure.reads[mart] if column in columns]
    return sorted(found.values(), key=lambda reader: (reader.kind, reader.name))


def differing(reader: Reader, diffs: Iterable[ModelDiff]) -> list[str]:
    """Which of a reader's columns differ in the preview."""
    seen = {diff.model: diff for diff in diffs}

    def differs(mart: str, column: str) -> bool:
        diff = seen.get(mart)
        if diff is None:
            return False
        rows_moved = diff.only_before or diff.only_after
        return bool(rows_moved or column in {*diff.changed_share, *diff.removed_columns, *diff.retyped_columns})

    return [column for column in reader.columns if differs(*column.rsplit(".", 1))]


def _columns(model: Model) -> set[str]:
    return {column.lower() for column in (model.columns_to_types or {})}


def _edited(before: Model | None, after: Model | None) -> set[str]:
    if before is None or after is None:
        return (_columns(before) if before else set()) | (_columns(after) if after else set())
    old, new = before.render_query(), after.render_query()
    if old is None or new is None or before.kind != after.kind:
        return _columns(before) | _columns(after)
    if _without_projections(old) != _without_projections(new):
        return _columns(before) | _columns(after)
    was, is_now = _projections(old), _projections(new)
    return {name for name in was.keys() | is_now.keys() if was.get(name) != is_now.get(name)}


def _projections(query: exp.Query) -> dict[str, str]:
    return {projection.alias_or_name.lower(): projection.sql(comments=False) for projection in query.selects}


def _without_projections(query: exp.Query) -> str:
    """The query but for the list of its last SELECT; of a union, all of it, as its parts stand by position."""
    copied = query.copy()
    if isinstance(copied, exp.Select):
        copied.set("expressions", [])
    return copied.sql(comments=False)


def _inherited(context: Context, model: Model, reached: dict[str, set[str]]) -> set[str]:
    parents: dict[str, set[str]] = {fqn: reached[fqn] for fqn in model.depends_on or () if fqn in reached}
    if not parents:
        return set()
    names = {column for columns in parents.values() for column in columns}
    query = model.render_query()
    if query is None or _shapes_rows(query, names):
        return _columns(model)
    return {column for column in _columns(model) if _comes_from(context, model, column, parents)}


def _shapes_rows(query: exp.Query, names: set[str]) -> bool:
    """Whether a column of that name, of whatever parent, filters, joins, groups or orders rows."""
    return any(
        column.name.lower() in names
        for clause in query.find_all(*_OUTSIDE_PROJECTIONS)
        for column in clause.find_all(exp.Column)
    )


def _comes_from(context: Context, model: Model, column: str, parents: dict[str, set[str]]) -> bool:
    try:
        sources = column_dependencies(context, model.fqn, column.upper())
    except (SQLMeshError, SqlglotError, ValueError):
        return True  # what cannot be followed is taken as reached
    return any(source.lower() in parents.get(fqn, set()) for fqn, found in sources.items() for source in found)
