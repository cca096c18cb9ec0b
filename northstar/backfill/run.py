"""Running a backfill, batch by batch."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sqlmesh.core.snapshot import Snapshot

from northstar import failpoints, stopping
from northstar.backfill.estimate import Step, steps
from northstar.backfill.journal import Batch, Entry, Journal, Status
from northstar.backfill.keys import TouchedKeys
from northstar.backfill.restate import Restatement
from northstar.backfill.scope import How, Scope, Target, from_ms, scope_of, to_ms
from northstar.clock import utc_now
from northstar.engine import AuditRun
from northstar.lock import Lease
from northstar.runlog import RunLog
from northstar.ticklog import TickLog
from northstar.warehouse import RunReport, Warehouse, WarehouseError

_log = logging.getLogger("northstar.backfill")


class BackfillFailed(WarehouseError):
    """A model or an audit failed in a batch.  The message names it, and says what to do."""


@dataclass(frozen=True)
class Forecast:
    """What a backfill would do."""

    steps: Sequence[Step]
    batches: int
    protected: Mapping[str, str]
    """Models that it would leave as they are, and why."""


class Backfills:
    """The backfills of an open warehouse.  Whoever runs them holds the writer lock."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.journal = Journal(warehouse.state)

    def forecast(self, models: Sequence[str], start: datetime, end: datetime, batch: timedelta) -> Forecast:
        """What a backfill would do, and how long it would take.  Raises ValueError like :meth:`scope`."""
        scope = self.scope(models, start, end)
        batches = scope.batches(batch)
        keys = TouchedKeys(
            self._warehouse.context.engine_adapter, self._restatement.snapshots, "forecast", self._execution_time
        )
        found = steps(scope, batches, keys, self._warehouse.statements)
        return Forecast(found, len(batches) + 1, scope.protected)

    def scope(self, models: Sequence[str], start: datetime, end: datetime) -> Scope:
        """What a backfill would do, as prod stands now.  Raises ValueError when a model cannot be backfilled."""
        if start >= end:
            raise ValueError("the range is empty: --end, which is exclusive, must be later than --start")
        return scope_of(self._restatement.snapshots, models, start, end)

    def ask(self, models: Sequence[str], start: datetime, end: datetime, batch: timedelta) -> Entry:
        """Write a backfill down, unless the same one is unfinished: then that one is gone on with."""
        for entry in self.journal.unfinished():
            if (set(entry.models), entry.start, entry.end) == (set(models), start, end):
                self.journal.resume(entry.backfill_id)
                return self.journal.entry(entry.backfill_id)
        scope = self.scope(models, start, end)
        if not scope.targets:
            raise ValueError("there is nothing to restate: none of the models has completed an interval of the range")
        batches = [(from_ms(low), from_ms(high)) for low, high in scope.batches(batch)]
        return self.journal.ask(models, start, end, batches)

    def go_on(self, entry: Entry, lease: Lease) -> bool:
        """Do batches until none is left, or until someone waits for the lock; returns whether the backfill is done.

        Raises BackfillFailed, and Stopped.
        """
        waiting = [batch for batch in self.journal.batches(entry.backfill_id) if batch.status is not Status.DONE]
        for number, batch in enumerate(waiting, 1):
            self._do(entry, batch)
            stopping.check()
            if number < len(waiting) and lease.wanted():
                _log.info("backfill_gives_way", extra={"backfill_id": entry.backfill_id})
                return False
        return True

    def mend(self) -> list[Batch]:
        """Do the batches again in which a process died; returns them.

        One that fails is marked so, and raises BackfillFailed.
        """
        broken = self.journal.broken()
        for batch in broken:
            _log.warning("backfill_mended", extra={"backfill_id": batch.backfill_id, "batch": batch.batch_no})
            self._do(self.journal.entry(batch.backfill_id), batch)
        return broken

    def _do(self, entry: Entry, batch: Batch) -> None:
        """Restate one batch."""
        began = time.monotonic()
        restatement = self._restatement
        scope = scope_of(restatement.snapshots, entry.models, entry.start, entry.end)
        work = _Work(self._warehouse, restatement, scope, batch)
        if batch.status is not Status.RUNNING:
            work.note_keys()
            failpoints.reach("after_note_keys")
        self._warehouse.check()
        self.journal.begin(batch)
        failpoints.reach("batch_running")
        began_at = utc_now()
        reports = work.do()
        self._warehouse.check()
        RunLog(self._warehouse.statements).note_audits(
            self._execution_time, began_at, worth_noting(reports), entry.backfill_id
        )
        rows = sum(run.rows for report in reports for run in report.models.values())
        failures = {model: why for report in reports for model, why in report.failures.items()}
        if failures:
            told = "; ".join(f"{model}: {why}" for model, why in failures.items())
            self.journal.fail(batch, told)
            raise BackfillFailed(
                f"backfill {entry.backfill_id} stopped in batch {batch.batch_no}: {told}. Correct the cause, then run "
                f"northstar backfill --resume {entry.backfill_id}"
            )
        failpoints.reach("before_batch_done")
        self.journal.finish(batch, rows, time.monotonic() - began)
        work.clean_up()
        _log.info(
            "backfill_batch_done",
            extra={
                "backfill_id": entry.backfill_id, "batch": batch.batch_no, "rows": rows,
                "seconds": round(time.monotonic() - began, 3),
            },
        )  # fmt: skip

    @cached_property
    def _execution_time(self) -> datetime:
        """Models see the time of the last tick: what came after it has not been read."""
        return TickLog(self._warehouse.statements).last_boundary() or utc_now()

    @cached_property
    def _restatement(self) -> Restatement:
        return Restatement(self._warehouse, self._execution_time)


def worth_noting(reports: Sequence[RunReport]) -> list[AuditRun]:
    """Each failed audit, and the last result of each: a history is audited interval by interval."""
    audits = [one for report in reports for one in report.audits]
    last = set({(one.snapshot, one.audit, one.arguments): one for one in audits}.values())
    return [one for one in audits if one.fault_count or one in last]


class _Work:
    """One batch of a backfill, about to be restated."""

    def __init__(self, warehouse: Warehouse, restatement: Restatement, scope: Scope, batch: Batch) -> None:
        self._restatement, self._scope, self._batch = restatement, scope, batch
        self._intervals = {} if batch.is_last else scope.in_batch((to_ms(batch.start), to_ms(batch.end)))
        self._by_key = [
            target.snapshot.name
            for target in scope.targets
            if target.how is How.KEYS and target.snapshot.name in self._intervals
        ]
        self._keys = TouchedKeys(
            warehouse.context.engine_adapter,
            restatement.snapshots,
            f"backfill_{batch.backfill_id}_{batch.batch_no}",
            batch.end,
        )

    def note_keys(self) -> None:
        """Note which keys the batch touches, before anything is restated."""
        for name in self._by_key:
            self._keys.note(self._restatement.snapshots[name], self._intervals[name])

    def do(self) -> list[RunReport]:
        """Restate; what each step did, the last of them perhaps without success."""
        return self._at_the_end() if self._batch.is_last else [self._in_batch()]

    def clean_up(self) -> None:
        """Drop the notes."""
        if self._by_key:
            self._keys.forget()

    def _in_batch(self) -> RunReport:
        mended: set[str] = set()

        def after(snapshot: Snapshot) -> None:
            if snapshot.name in self._by_key and snapshot.name not in mended:
                mended.add(snapshot.name)
                self._keys.mend(snapshot, self._intervals[snapshot.name])

        report = self._restatement.evaluate(self._intervals, after)
        if report.succeeded:
            hulls = {name: (own[0][0], own[-1][1]) for name, own in self._intervals.items()}
            self._restatement.reopen_elsewhere(hulls)
        return report

    def _at_the_end(self) -> list[RunReport]:
        histories = [target for target in self._scope.targets if target.how is How.HISTORY]
        reports = [report for target in histories for report in self._rebuild(target)]
        if all(report.succeeded for report in reports):
            rest = [target for target in self._scope.targets if target.at_the_end and target.how is not How.HISTORY]
            reports.append(
                self._restatement.evaluate({target.snapshot.name: list(target.intervals) for target in rest})
            )
        if all(report.succeeded for report in reports):
            done = {
                target.snapshot.name: (target.intervals[0][0], target.intervals[-1][1])
                for target in self._scope.targets
                if target.at_the_end
            }
            self._restatement.reopen_elsewhere(done)
        return reports

    def _rebuild(self, target: Target) -> list[RunReport]:
        """History, one interval at a time, until one fails."""
        reports: list[RunReport] = []
        for number, interval in enumerate(target.intervals):
            reports.append(self._restatement.evaluate({target.snapshot.name: [interval]}, from_scratch=number == 0))
            if not reports[-1].succeeded:
                break
        return reports
