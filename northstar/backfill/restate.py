"""Evaluating exactly the intervals of prod that it is told to, through SQLMesh's own scheduler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlmesh.core.plan.common import identify_restatement_intervals_across_snapshot_versions
from sqlmesh.core.snapshot import DeployabilityIndex, Intervals, Snapshot
from sqlmesh.utils import CompletionStatus
from sqlmesh.utils.errors import SQLMeshError

from northstar import engine, stopping
from northstar.backfill.scope import Range
from northstar.reasons import reason
from northstar.warehouse import RunReport, Warehouse, WarehouseError


class Restatement:
    """The models of prod, and the means to evaluate intervals of them that SQLMesh believes complete."""

    def __init__(self, warehouse: Warehouse, at: datetime) -> None:
        """``at`` is the execution time that models see."""
        self._warehouse, self._at = warehouse, at
        environment = warehouse.context.state_reader.get_environment("prod")
        if environment is None:
            raise WarehouseError("there is no prod environment yet: the first tick makes it")
        self._environment = environment
        self._scheduler = warehouse.context.scheduler(environment="prod")
        self._scheduler.state_sync.refresh_snapshot_intervals(self._scheduler.snapshots.values())
        self.snapshots: Mapping[str, Snapshot] = self._scheduler.snapshots_by_name
        """The models and audits of prod, by full name, with the intervals that they have completed."""

    def evaluate(
        self,
        intervals: Mapping[str, Intervals],
        after: Callable[[Snapshot], None] = lambda snapshot: None,
        from_scratch: bool = False,
    ) -> RunReport:
        """Evaluate and audit intervals of models, in the order of their dependencies.

        ``after`` is called when a model's interval is written and audited, before anything that depends on it; what it
        raises fails the model.  ``from_scratch`` has a model begin with an empty table.  Raises Stopped and LockLost.
        """
        merged = {self.snapshots[name]: list(own) for name, own in intervals.items() if own}
        if not merged:
            return RunReport(CompletionStatus.NOTHING_TO_DO.value)
        completed = {snapshot: snapshot.intervals for snapshot in merged}
        for snapshot in merged if from_scratch else ():
            snapshot.intervals = []  # SQLMesh begins with an empty table when nothing is complete
        with (
            self._warehouse.recorded(after) as recorder,
            engine.checked(self._warehouse.check),
            engine.audited_merges(),
        ):
            self._scheduler.console = recorder
            report = recorder.report
            try:
                errors, _ = self._scheduler.run_merged_intervals(
                    merged_intervals=merged,
                    deployability_index=DeployabilityIndex.all_deployable(),
                    environment_naming_info=self._environment.naming_info,
                    execution_time=self._at,
                    start=min(interval[0] for own in merged.values() for interval in own),
                    end=max(interval[1] for own in merged.values() for interval in own),
                    is_restatement=True,
                )
            except SQLMeshError as error:
                errors = [error]  # type: ignore[list-item]
                report.failures["(run)"] = reason(error)
            finally:
                for snapshot, whole in completed.items():
                    snapshot.intervals = whole
            report.status = (CompletionStatus.FAILURE if errors else CompletionStatus.SUCCESS).value
        stopping.check()
        self._warehouse.check()
        return report

    def reopen_elsewhere(self, intervals: Mapping[str, Range]) -> None:
        """Let other environments find that intervals of models which they do not share with prod are to be done anew.

        As SQLMesh's own restatement of prod does: what is built there must not bring old rows to prod.
        """
        requests = identify_restatement_intervals_across_snapshot_versions(
            state_reader=self._scheduler.state_sync,
            prod_restatements=dict(intervals),
            disable_restatement_models={
                name for name, snapshot in self.snapshots.items() if snapshot.is_model and snapshot.disable_restatement
            },
            loaded_snapshots=dict(self._scheduler.snapshots),
        )
        if requests:
            self._scheduler.state_sync.remove_intervals(
                snapshot_intervals=[(request.snapshot, request.interval) for request in requests.values()],
                remove_shared_versions=True,
            )
