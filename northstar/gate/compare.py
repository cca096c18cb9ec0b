"""How the change's data differs from the base's: columns, rows, shares of changed values, metrics.  No values."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from sqlglot import exp, parse_one
from sqlmesh import Context
from sqlmesh.core.environment import Environment
from sqlmesh.core.snapshot import Snapshot
from sqlmesh.core.table_diff import TableDiff

from northstar.gate.findings import MetricDiff, ModelDiff
from northstar.gate.preview import Preview
from northstar.metrics import Metric
from northstar.warehouse import model_name

# SQLMesh logs each statement of a comparison at its context's own level, which would print them all.
logging.getLogger("sqlmesh.core.engine_adapter.base").setLevel(logging.CRITICAL + 1)


def diffs(context: Context, preview: Preview, environment: str, base: str) -> list[ModelDiff]:
    """Differences of each rebuilt model that both environments have, in the part of history that was built."""
    found = []
    for snapshot in sorted(preview.affected, key=lambda snapshot: snapshot.name):
        if not snapshot.is_model or snapshot.is_external or not snapshot.model.grains:
            continue
        if exp.to_table(snapshot.name).db.lower() == "staging":
            continue  # large, and what changes in it shows below
        if preview.start is not None and not snapshot.is_incremental_by_time_range:
            continue  # a view of a part of history against one of all of it
        where = (
            f"{snapshot.model.time_column.column.name} >= '{preview.start:%Y-%m-%d %H:%M:%S}'"
            if (preview.start is not None and snapshot.model.time_column is not None)
            else None
        )
        for diff in context.table_diff(
            base, environment, select_models=[snapshot.name], where=where, show=False, skip_grain_check=True, limit=1
        ):
            found.append(_summary(model_name(snapshot.name), diff))
    return found


def _summary(name: str, diff: TableDiff) -> ModelDiff:
    schema, rows = diff.schema_diff(), diff.row_diff(skip_grain_check=True)
    matches = rows.column_stats["pct_match"].items() if rows.join_count else ()
    return ModelDiff(
        name,
        [column.lower() for column, _ in schema.added],
        [column.lower() for column, _ in schema.removed],
        [column.lower() for column in schema.modified],
        rows.source_count,
        rows.target_count,
        rows.s_only_count,
        rows.t_only_count,
        {str(column).lower(): round(1 - float(match) / 100, 6) for column, match in matches if float(match) < 100},
    )


def metric_diffs(
    context: Context, metrics: Iterable[Metric], preview: Preview, environment: str, base: str
) -> list[MetricDiff]:
    """Metrics of affected marts before and after.  The preview must be of all history (see uncompared)."""
    affected = {model_name(snapshot.name): snapshot for snapshot in preview.affected if snapshot.is_model}
    found = []
    for metric in metrics:
        if metric.mart not in affected:
            continue
        figures = [
            _figures(context, metric, affected[metric.mart], context.state_reader.get_environment(name))
            for name in (base, environment)
        ]
        for by in sorted(figures[0].keys() | figures[1].keys()):
            before, after = (figure.get(by) for figure in figures)
            if before != after:
                found.append(MetricDiff(metric.name, by, before, after))
    return found


def uncompared(metrics: Iterable[Metric], preview: Preview) -> list[str]:
    """The metrics that the change may move and that are not compared, as a part of history would mislead."""
    if preview.start is None:
        return []
    affected = {model_name(snapshot.name) for snapshot in preview.affected}
    return sorted(metric.name for metric in metrics if metric.mart in affected)


def _figures(
    context: Context, metric: Metric, snapshot: Snapshot, environment: Environment | None
) -> dict[str, float | None]:
    """The metric by what it is never added across; empty where the environment lacks the mart or one of its columns."""
    if environment is None or snapshot.name not in {held.name for held in environment.snapshots}:
        return {}
    adapter = context.engine_adapter
    view = snapshot.qualified_view_name.for_environment(environment.naming_info, adapter.dialect)
    if not metric.columns <= {column.lower() for column in adapter.columns(view)}:
        return {}
    query = parse_one(metric.query(), dialect="snowflake")
    for table in list(query.find_all(exp.Table)):
        table.replace(exp.to_table(view, dialect=adapter.dialect))
    rows = adapter.fetchall(query)
    keys = metric.always_by
    return {
        ", ".join(f"{name}={value}" for name, value in zip(keys, row, strict=False)): None
        if row[-1] is None
        else float(row[-1])
        for row in rows
    }
