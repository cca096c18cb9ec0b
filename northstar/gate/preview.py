"""The change, built in an environment of its own beside the base: what, of which part of history, at what cost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.console import set_console
from sqlmesh.core.plan import Plan
from sqlmesh.core.snapshot import (
    DeployabilityIndex,
    Snapshot,
    SnapshotChangeCategory,
    SnapshotId,
    earliest_start_date,
    missing_intervals,
)
from sqlmesh.utils.date import to_datetime
from sqlmesh.utils.errors import SQLMeshError

from northstar.deployment import create_undue_tables
from northstar.gate.findings import Change, Check, ModelCost
from northstar.warehouse import RunRecorder, RunReport, model_name


@dataclass
class Preview:
    """A change that was planned into an environment, and built as far as it could be."""

    plan: Plan
    check: Check
    costs: list[ModelCost]
    start: datetime | None
    """First instant that was built, None for all of history."""
    window: str

    @cached_property
    def tables(self) -> DeployabilityIndex:
        """Which table each model of the environment reads: prod's own wherever that is what the environment shows."""
        index = self.plan.deployability_index
        for snapshot in self.plan.context_diff.snapshots.values():
            if index.is_representative(snapshot):
                index = index.with_deployable(snapshot)
        return index

    @cached_property
    def affected(self) -> list[Snapshot]:
        """The models that the change added, edited or reaches, in no order."""
        return [
            self.plan.context_diff.snapshots[snapshot_id]
            for snapshot_id in _affected_ids(self.plan)
            if snapshot_id in self.plan.context_diff.snapshots
        ]


def build(context: Context, environment: str, base: str, days: int) -> Preview:
    """Plan the project into a fresh environment and build it.

    The last ``days`` days of the base are built when every affected table is cut by time; otherwise all of history,
    as a merged table or a dimension with history that holds a part of its keys would be a wrong preview.
    """
    _remove(context, environment)
    plan = _plan(context, environment, base, None)
    remade = _remade(plan)
    whole = sorted(model_name(snapshot.name) for snapshot in remade if not _is_cut_by_time(snapshot))
    start = None
    if not whole and any(snapshot.is_incremental_by_time_range for snapshot in remade):
        start = to_datetime(plan.end) - timedelta(days=days)
        if start <= to_datetime(plan.start):
            start = None
        else:
            plan = _plan(context, environment, base, start)
    window = f"the last {days} days" if start else "all of history" + _because(context, plan, whole)
    intervals = {item.snapshot_id: len(item.intervals) for item in plan.missing_intervals}
    with _recording(context) as report:
        started = time.monotonic()
        problems = _apply(context, plan, report)
        seconds = time.monotonic() - started
    built = _built(plan)
    check = Check(
        "preview",
        not problems,
        f"{len(built)} of {len(plan.context_diff.snapshots)} models built in {environment}: {window}",
        problems,
        seconds,
    )
    return Preview(plan, check, [] if problems else _costs(context, plan, intervals, report), start, window)


def build_first(context: Context, environment: str) -> Check:
    """Make the tables and views of a first deployment, empty: there is no prod whose intervals could be built."""
    _remove(context, environment)
    plan = context.plan_builder(
        environment,
        start=earliest_start_date(context.snapshots.values()),  # so that the tables are those that prod will show
        skip_backfill=True,
        skip_tests=True,
        skip_linter=True,
        include_unmodified=True,
    ).build()
    with _recording(context) as report:
        started = time.monotonic()
        problems = _apply(context, plan, report)
        seconds = time.monotonic() - started
    count = sum(snapshot.is_model for snapshot in plan.context_diff.snapshots.values())
    summary = f"first deployment: {count} models made in {environment}, empty; ticks fill them once they are prod"
    return Check("preview", not problems, summary, problems, seconds)


def _remove(context: Context, environment: str) -> None:
    """Remove an environment that an earlier gate left, whole or half-made."""
    if context.state_reader.get_environment(environment) is not None:
        context.invalidate_environment(environment, sync=True)


def _plan(context: Context, environment: str, base: str, start: datetime | None) -> Plan:
    """The plan from ``start`` on, by default from the earliest start of any model.

    A start is always given: without one, SQLMesh builds nothing but yesterday where a forward-only model changed.
    """
    return context.plan_builder(
        environment,
        create_from=base,
        end=_end(context, base),
        start=start or earliest_start_date(context.snapshots.values()),
        skip_tests=True,  # the gate has run them
        skip_linter=True,
        include_unmodified=False,
        enable_preview=True,
    ).build()


def _end(context: Context, base: str) -> datetime | None:
    """How far the base's data goes: what comes later is not the change's doing."""
    ends = context.state_reader.max_interval_end_per_model(base).values()
    return to_datetime(max(ends)) if ends else None


def _apply(context: Context, plan: Plan, report: RunReport) -> list[str]:
    """Apply a plan; returns what went wrong, without the failing rows, which may be sensitive."""
    if plan.uncategorized:
        return [f"{model_name(snapshot.name)}: SQLMesh cannot class this change" for snapshot in plan.uncategorized]
    try:
        create_undue_tables(context, plan)
        context.apply(plan)
    except SQLMeshError as error:
        failures = [f"{name}: {reason}" for name, reason in report.failures.items()]
        return failures or [str(error).splitlines()[0]]
    return []


def _affected_ids(plan: Plan) -> set[SnapshotId]:
    indirectly = {snapshot_id for ids in plan.indirectly_modified.values() for snapshot_id in ids}
    return {*plan.directly_modified, *plan.metadata_updated, *indirectly, *plan.context_diff.added}


def _built(plan: Plan) -> list[Snapshot]:
    """The models whose tables are new."""
    return [snapshot for snapshot in _remade(plan) if snapshot.snapshot_id in plan.context_diff.new_snapshots]


def _remade(plan: Plan) -> list[Snapshot]:
    """The models whose rows may differ from the base's, whether they were built now or for an earlier gate."""
    snapshots = plan.context_diff.snapshots
    return [
        snapshots[snapshot_id]
        for snapshot_id in _affected_ids(plan)
        if snapshot_id in snapshots
        and snapshots[snapshot_id].is_model
        and not snapshots[snapshot_id].is_external
        and snapshots[snapshot_id].change_category != SnapshotChangeCategory.METADATA
    ]


def _is_cut_by_time(snapshot: Snapshot) -> bool:
    return bool(snapshot.is_view or snapshot.is_incremental_by_time_range or snapshot.is_symbolic)


def _because(context: Context, plan: Plan, whole: list[str]) -> str:
    if not whole:
        return ""
    reason = f", because {', '.join(whole[:3])}{' and others' if len(whole) > 3 else ''} cannot be cut by time"
    forward_only = [snapshot for snapshot in _built(plan) if snapshot.is_forward_only]
    if forward_only and not context.engine_adapter.SUPPORTS_CLONING:
        reason += "; this engine cannot clone tables, so forward-only changes are built anew instead of carried on"
    return reason


@contextmanager
def _recording(context: Context) -> Iterator[RunReport]:
    recorder, before = RunRecorder(), context.console
    context.console = recorder
    set_console(recorder)
    try:
        yield recorder.report
    finally:
        context.console = before
        set_console(before)


def _costs(context: Context, plan: Plan, intervals: dict[SnapshotId, int], report: RunReport) -> list[ModelCost]:
    built = _built(plan)
    context.state_sync.refresh_snapshot_intervals(built)
    left = missing_intervals(
        built,
        end=plan.end,
        execution_time=plan.execution_time,
        end_bounded=True,
    )
    costs = []
    for snapshot in built:
        if snapshot.is_view or snapshot.is_symbolic:
            continue  # made in no time, and holds nothing
        name = model_name(snapshot.name)
        run = report.models.get(name)
        costs.append(
            ModelCost(
                name,
                str(snapshot.model.kind.name).lower(),
                _change(plan, snapshot),
                intervals.get(snapshot.snapshot_id, 0),
                _rows(context, plan, snapshot),
                round(run.seconds, 3) if run else 0.0,
                len(left.get(snapshot, [])),
            )
        )
    return sorted(costs, key=lambda cost: cost.model)


def _rows(context: Context, plan: Plan, snapshot: Snapshot) -> int:
    table = snapshot.table_name(is_deployable=plan.deployability_index.is_representative(snapshot))
    row = context.engine_adapter.fetchone(exp.select("COUNT(*)").from_(table))
    return int(row[0]) if row else 0


def changes(context: Context, plan: Plan) -> list[Change]:
    """The models that were edited, added or removed themselves, and how many models each reaches."""
    snapshots = plan.context_diff.snapshots
    edited = {*plan.directly_modified, *plan.metadata_updated, *plan.context_diff.added}
    found = [
        Change(
            model_name(snapshots[snapshot_id].name),
            _change(plan, snapshots[snapshot_id]),
            len(context.dag.downstream(snapshots[snapshot_id].name)),
        )
        for snapshot_id in edited
        if snapshot_id in snapshots and snapshots[snapshot_id].is_model
    ]
    found += [Change(model_name(snapshot_id.name), "removed", 0) for snapshot_id in plan.context_diff.removed_snapshots]
    return sorted(found, key=lambda change: change.model)


def _change(plan: Plan, snapshot: Snapshot) -> str:
    if snapshot.snapshot_id in plan.context_diff.added:
        return "added"
    category = snapshot.change_category.name.lower().replace("_", " ") if snapshot.change_category else "unknown"
    return f"{category}, forward-only" if snapshot.is_forward_only else category
