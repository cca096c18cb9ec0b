"""How full and how varied columns are: the share of NULLs and the number of distinct values, and no value itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlglot import exp
from sqlmesh.core.engine_adapter.base import EngineAdapter

from northstar.site.badges import OPEN

PROFILED = frozenset({"core", "marts", "reference"})
"""Layers that people query."""


def profile(adapter: EngineAdapter, models: Iterable[dict[str, Any]]) -> None:
    """Add ``rows`` to the models that people query, and ``nulls`` and ``distinct`` to their columns about no patient.

    ``nulls`` is a share; ``distinct`` is estimated by the engine.  Models without a table in prod are left as they are.
    """
    for model in models:
        if model["layer"] in PROFILED and adapter.table_exists(_table(adapter, model["name"])):
            _profile(adapter, model)


def _profile(adapter: EngineAdapter, model: dict[str, Any]) -> None:
    columns = [column for column in model["columns"] if column["badge"] == OPEN]
    measures: list[exp.Expr] = [exp.Count(this=exp.Star())]
    for column in columns:
        measures += [exp.Count(this=exp.column(_identifier(column["name"])))]
        measures += [exp.ApproxDistinct(this=exp.column(_identifier(column["name"])))]
    row = adapter.fetchone(exp.select(*measures).from_(_table(adapter, model["name"])))
    if row is None:
        return
    rows = int(row[0])
    model["rows"] = rows
    for position, column in enumerate(columns):
        filled, distinct = int(row[1 + 2 * position]), int(row[2 + 2 * position])
        column["nulls"] = round(1 - filled / rows, 4) if rows else None
        column["distinct"] = min(distinct, filled)


def completeness(adapter: EngineAdapter, watermark: str = "core.watermark") -> Mapping[str, str]:
    """Through when each subject is complete, ISO 8601 in UTC, exclusive; nothing before the first run."""
    table = _table(adapter, watermark)
    if not adapter.table_exists(table):
        return {}
    rows = adapter.fetchall(exp.select(_column("subject"), _column("complete_through")).from_(table).order_by("1"))
    return {str(subject): through.isoformat() for subject, through in rows if through is not None}


def _table(adapter: EngineAdapter, name: str) -> exp.Table:
    schema, table = name.upper().split(".")
    catalog = adapter.get_current_catalog()
    return exp.table_(_identifier(table), _identifier(schema), _identifier(catalog) if catalog else None)


def _identifier(name: str) -> exp.Identifier:
    return exp.to_identifier(name.upper(), quoted=True)


def _column(name: str) -> exp.Column:
    return exp.column(_identifier(name))
