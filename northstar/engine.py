"""What Northstar adds to the engine adapters through which SQLMesh speaks to databases.

Before every statement a check is made, so that a process that lost the writer lock writes no more.  On DuckDB a model's
statements become one transaction, as they are on other engines: SQLMesh declares that its DuckDB adapter has none,
because DuckDB drops a statement's result at the commit that the adapter would send behind it.  Here the adapter sends
none behind a single statement, which DuckDB commits by itself.

Each audit is noted as it ends: SQLMesh tells its console how many of a model's audits passed, and its notification
targets which failed, but nobody which passed and how long they took.

What was rendered for one interval is filled in for the next (``rendering``), and what was read from the state for one
run serves the next (``state_reads``).

What is merged is audited before it is committed, so that a merge whose audits fail leaves what was there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from sqlmesh.core import engine_adapter
from sqlmesh.core.audit import Audit
from sqlmesh.core.engine_adapter.base import EngineAdapter
from sqlmesh.core.engine_adapter.duckdb import DuckDBEngineAdapter
from sqlmesh.core.model.definition import AuditResult
from sqlmesh.core.scheduler import Scheduler
from sqlmesh.core.snapshot import Snapshot, SnapshotEvaluator
from sqlmesh.core.snapshot.cache import SnapshotCache
from sqlmesh.core.state_sync.db.environment import EnvironmentState

from northstar import failpoints, rendering, state_reads
from northstar.clock import utc_now
from northstar.query_tag import set_tag

_checks: list[Callable[[], None]] = []
_model: list[str] = []
_listeners: list[Callable[[AuditRun], None]] = []
_undoing: list[bool] = []
_merge = threading.local()
_adapter_execute = EngineAdapter._execute
_scheduler_evaluate = Scheduler.evaluate
_scheduler_audit = Scheduler._audit_snapshot


@dataclass(frozen=True)
class AuditRun:
    """What one audit of a model found."""

    snapshot: str
    audit: str
    arguments: str
    is_blocking: bool
    audited_at: datetime
    fault_count: int
    seconds: float


@contextmanager
def audits_told_to(listener: Callable[[AuditRun], None]) -> Iterator[None]:
    """Call ``listener`` with each audit that SQLMesh runs while the block runs."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def arguments_text(arguments: Mapping[str, Any]) -> str:
    """The arguments of an audit as a model has them, without whether it blocks."""
    told = {name: value for name, value in arguments.items() if name != "blocking"}
    return ", ".join(f"{name} := {value.sql(dialect='snowflake')}" for name, value in told.items())


def _audit(
    self: SnapshotEvaluator, audit: Audit, audit_args: dict[Any, Any], snapshot: Snapshot, **kwargs: Any
) -> AuditResult:
    arguments, began = arguments_text(audit_args), monotonic()
    result = rendering.audit(self, audit=audit, audit_args=audit_args, snapshot=snapshot, **kwargs)
    if not result.skipped:
        told = (audit.name, arguments, result.blocking, utc_now(), result.count or 0, monotonic() - began)
        for listener in _listeners:
            listener(AuditRun(snapshot.name, *told))
    return result


@contextmanager
def checked(check: Callable[[], None]) -> Iterator[None]:
    """Call ``check`` before every statement that SQLMesh sends while the block runs."""
    _checks.append(check)
    try:
        yield
    finally:
        _checks.remove(check)


@contextmanager
def audited_merges() -> Iterator[None]:
    """Undo in the block what a merge wrote when its audits fail.

    An appended batch stays for people to look at, behind its watermark (docs/decisions.md); merged rows have none, and
    whoever reads the table would see them.  Plans do without: what a developer's audit found should be there to see.
    """
    _undoing.append(True)
    try:
        yield
    finally:
        _undoing.pop()


def _evaluate(self: Scheduler, snapshot: Snapshot, *args: Any, **kwargs: Any) -> Any:
    if not _undoing or not (snapshot.is_incremental_by_unique_key or snapshot.is_scd_type_2):
        return _scheduler_evaluate(self, snapshot, *args, **kwargs)
    with ExitStack() as transaction:
        transaction.enter_context(self.snapshot_evaluator.get_adapter(snapshot.model_gateway).transaction())
        _merge.transaction = transaction
        try:
            return _scheduler_evaluate(self, snapshot, *args, **kwargs)
        finally:
            _merge.transaction = None


def _audit_snapshot(self: Scheduler, *args: Any, **kwargs: Any) -> Any:
    """Audit, then commit: SQLMesh records the interval next, and must not record what is not there."""
    results = _scheduler_audit(self, *args, **kwargs)
    if transaction := getattr(_merge, "transaction", None):
        transaction.close()
    return results


def evaluating(model: str) -> None:
    """Note which model the next statements belong to, for failpoints: ``statement@core.fct_x``."""
    _model[:] = [model]


def _execute(self: EngineAdapter, sql: str, track_rows_processed: bool = False, **kwargs: Any) -> None:
    for check in _checks:
        check()
    if self.DIALECT == "snowflake":
        set_tag(self.connection)
    failpoints.reach("statement")
    for model in _model:
        failpoints.reach(f"statement@{model}")
    _adapter_execute(self, sql, track_rows_processed, **kwargs)
    failpoints.reach("after_statement")


class TransactionalDuckDB(DuckDBEngineAdapter):
    """DuckDB with a transaction around what SQLMesh means to be one, and with rows counted."""

    SUPPORTS_TRANSACTIONS = True
    SUPPORTS_QUERY_EXECUTION_TRACKING = True
    _single = False

    def execute(self, *args: Any, **kwargs: Any) -> None:
        """Execute without a transaction of its own."""
        outer, self._single = self._single, True
        try:
            super().execute(*args, **kwargs)
        finally:
            self._single = outer

    @contextmanager
    def transaction(self, condition: bool | None = None) -> Iterator[None]:
        """A transaction, unless one is open or only a single statement is meant."""
        with super().transaction(condition=False if self._single else condition):
            yield

    def _execute(self, sql: str, track_rows_processed: bool = False, **kwargs: Any) -> None:
        super()._execute(sql, False, **kwargs)
        tracker = self._query_execution_tracker
        is_temporary = "__temp_" in sql and "INSERT INTO" not in sql
        if track_rows_processed and tracker and tracker.is_tracking() and not is_temporary:
            row = self.cursor.fetchone()  # DuckDB answers an INSERT with the number of rows
            if row and isinstance(row[0], int):
                self._record_execution_stats(sql, row[0])


def install() -> None:
    """Make SQLMesh use all this in the present process."""
    EngineAdapter._execute = _execute  # type: ignore[method-assign]
    SnapshotEvaluator._render_snapshot_for_evaluation = rendering.render  # type: ignore[method-assign]
    SnapshotEvaluator._audit = _audit  # type: ignore[method-assign, assignment]
    SnapshotCache.get_or_load = state_reads.get_or_load  # type: ignore[method-assign]
    SnapshotCache.clear = state_reads.clear  # type: ignore[method-assign]
    EnvironmentState._environment_from_row = state_reads.environment_from_row  # type: ignore[method-assign]
    Scheduler.evaluate = _evaluate  # type: ignore[method-assign]
    Scheduler._audit_snapshot = _audit_snapshot  # type: ignore[method-assign]
    engine_adapter.DuckDBEngineAdapter = TransactionalDuckDB  # type: ignore[attr-defined]
