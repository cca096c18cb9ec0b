"""What has to be there before a plan: raw tables for a first deployment, tables for models that are not due."""

from __future__ import annotations

import duckdb
from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.environment import Environment
from sqlmesh.core.plan import Plan
from sqlmesh.core.snapshot import DeployabilityIndex, Snapshot

from northstar.ingest.duckdb_sink import DuckDBSink, prepare
from northstar.ingest.landing import LandingZone
from northstar.ingest.snowflake_sink import SnowflakeSink
from northstar.pseudonyms import ensure_key
from northstar.runlog import ensure_tables
from northstar.settings import Settings


def is_first(environment: Environment | None) -> bool:
    """Whether an environment was never whole: it is not there, or its first plan died half-way."""
    return environment is None or not (environment.finalized_ts or environment.previous_finalized_snapshots)


def prepare_warehouse(context: Context, settings: Settings) -> None:
    """Make what models read and nothing has landed yet, in an empty DuckDB warehouse.

    On other engines raw and its key belong to whoever loads them (infra/), and a plan says what is missing.
    """
    shared = context.engine_adapter.connection
    if not isinstance(shared, duckdb.DuckDBPyConnection):
        return
    connection = shared.cursor()
    try:
        prepare(connection)
        ensure_key(connection)
        ensure_tables(connection)
        declare_raw(context, DuckDBSink(connection, LandingZone(settings.landing), owns=False))
    finally:
        connection.close()


def declare_raw(context: Context, sink: DuckDBSink | SnowflakeSink) -> None:
    """Create the raw tables that staging reads and no source has landed yet, so that views on them can be made."""
    for model in context.models.values():
        name = exp.to_table(model.fqn)
        if model.kind.is_external and name.db.lower().startswith("raw_"):
            columns = {
                column.lower(): kind.sql(dialect="duckdb") for column, kind in (model.columns_to_types or {}).items()
            }
            sink.declare(name.db.lower(), name.name.lower(), columns)


def create_undue_tables(context: Context, plan: Plan) -> None:
    """Create the tables of models that a plan shows and does not fill, as they are not due.

    SQLMesh creates a table when it first fills it, so that a plan in which some new models are due and others are not
    dies on the views of the latter and leaves the environment half-made (SQLMesh #5612).
    """
    if not plan.requires_backfill or plan.skip_backfill:
        return  # SQLMesh itself creates all tables first
    filled, diff = {item.snapshot_id for item in plan.missing_intervals}, plan.context_diff
    held = {snapshot.name: snapshot for snapshot in diff.snapshots.values() if snapshot.is_model}
    shown = {*diff.modified_snapshots, *(added.name for added in diff.added)} if plan.is_dev else held.keys()
    undue = {name for name in held.keys() & shown if held[name].snapshot_id not in filled and _is_empty(held[name])}
    if not undue:
        return
    read = {parent for name in undue for parent in context.dag.upstream(name)}
    wanted = [held[name] for name in undue | read if name in held and _is_empty(held[name])]
    index = plan.deployability_index if plan.is_dev else DeployabilityIndex.all_deployable()
    context.snapshot_evaluator.create_physical_schemas(wanted, index)
    context.snapshot_evaluator.create(wanted, dict(diff.snapshots), index)


def _is_empty(snapshot: Snapshot) -> bool:
    return not (snapshot.intervals or snapshot.dev_intervals or snapshot.is_symbolic)
