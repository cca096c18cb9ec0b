"""The SQLMesh project as the tick sees it: one long-lived context, and what each run of it did."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import duckdb
from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.console import NoopConsole, set_console
from sqlmesh.core.snapshot import Snapshot
from sqlmesh.utils import CompletionStatus
from sqlmesh.utils.concurrency import NodeExecutionFailedError
from sqlmesh.utils.errors import PlanError

from northstar.ingest.duckdb_sink import DuckDBSink, prepare
from northstar.ingest.landing import LandingZone
from northstar.promotion.ledger import Ledger, digest
from northstar.pseudonyms import ensure_key
from northstar.settings import Settings

_JUST_AFTER = timedelta(milliseconds=100)
"""A run at a boundary must see the boundary as past."""


class WarehouseError(Exception):
    """The warehouse is not in a state to work with.  The message says what to do."""


@dataclass
class ModelRun:
    """What one model did in one run."""

    model: str
    batches: int = 0
    seconds: float = 0.0
    audits_passed: int = 0
    audits_failed: int = 0


@dataclass
class RunReport:
    """What one ``sqlmesh run`` did."""

    status: str
    models: dict[str, ModelRun] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """Failed models, and the first line of why: without the failing rows, which may be sensitive."""
    skipped: list[str] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        """Whether nothing failed."""
        return self.status != CompletionStatus.FAILURE.value


class RunRecorder(NoopConsole):
    """A SQLMesh console that keeps what happened instead of printing it."""

    def __init__(self) -> None:
        super().__init__()
        self.report = RunReport(CompletionStatus.NOTHING_TO_DO.value)

    def update_snapshot_evaluation_progress(
        self,
        snapshot: Snapshot,
        interval: Any,
        batch_idx: int,
        duration_ms: int | None,
        num_audits_passed: int,
        num_audits_failed: int,
        audit_only: bool = False,
        execution_stats: Any = None,
        auto_restatement_triggers: Any = None,
    ) -> None:
        """Count a finished batch of a model."""
        name = model_name(snapshot.name)
        run = self.report.models.setdefault(name, ModelRun(name))
        run.batches += 1
        run.seconds += (duration_ms or 0) / 1000
        run.audits_passed += num_audits_passed
        run.audits_failed += num_audits_failed

    def log_failed_models(self, errors: list[NodeExecutionFailedError[Any]]) -> None:
        """Keep which models failed, and why in one line."""
        for error in errors:
            cause = error.__cause__ or error
            name = model_name(str(getattr(error.node, "snapshot_name", error.node)))
            self.report.failures[name] = str(cause).strip().splitlines()[0][:300]

    def log_skipped_models(self, snapshot_names: set[str]) -> None:
        """Keep which models did not run because one above them failed."""
        self.report.skipped = sorted(model_name(name) for name in snapshot_names)


def model_name(fully_qualified: str) -> str:
    """``core.dim_provider`` for ``"NORTHSTAR"."CORE"."DIM_PROVIDER"``."""
    return ".".join(fully_qualified.replace('"', "").lower().split(".")[-2:])


@contextmanager
def _few_collections() -> Iterator[None]:
    """Look for cyclic garbage rarely: SQLMesh makes millions of short-lived objects beside many that stay for good.

    With Python's own thresholds the search is a fifth of an idle tick.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


class Warehouse:
    """Holds the SQLMesh context and the connection of the DuckDB warehouse that it shares with the sink."""

    def __init__(self, settings: Settings) -> None:
        self.landing = LandingZone(settings.landing)
        settings.duckdb.parent.mkdir(parents=True, exist_ok=True)
        set_console(NoopConsole())
        self.context = Context(paths=str(settings.project))
        self.context.engine_adapter.fetchone("SELECT 1")  # SQLMesh attaches the warehouse at its first query
        shared = self.context.engine_adapter.connection
        if not isinstance(shared, duckdb.DuckDBPyConnection):
            raise WarehouseError(f"the tick runs on gateway duckdb only, for now; this one is {self.context.gateway}")
        self.connection = shared.cursor()
        prepare(self.connection)
        self.sink = DuckDBSink(self.connection, self.landing, owns=False)

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, which writes the DuckDB file out."""
        self.connection.close()
        self.context.close()

    @property
    def is_initialised(self) -> bool:
        """Whether there is a prod environment."""
        return self.context.state_reader.get_environment("prod") is not None

    def initialise(self, at: datetime) -> None:
        """Create the prod environment, empty; the next run fills it.

        A first plan that backfills fails when some of its models are due and others are not (SQLMesh #5612), so
        tables are created first and filled by ``run``.  Repeating it heals an environment that was left half-made.
        """
        ensure_key(self.connection)
        Ledger(self.context.engine_adapter).allow(digest(self.context.snapshots), None, "first deployment")
        self._declare_raw()
        with self._recorded() as report:
            try:
                self.context.plan(
                    "prod",
                    execution_time=at + _JUST_AFTER,
                    skip_backfill=True,
                    skip_tests=True,  # they are for whoever changes a model, not for whoever deploys it
                    auto_apply=True,
                    no_prompts=True,
                )
            except PlanError as error:
                reasons = "; ".join(f"{model}: {reason}" for model, reason in report.failures.items()) or str(error)
                raise WarehouseError(f"the prod environment could not be created: {reasons}") from error

    def _declare_raw(self) -> None:
        """Create the raw tables that staging reads and no source has landed yet, so that views on them can be made."""
        for model in self.context.models.values():
            name = exp.to_table(model.fqn)
            if model.kind.is_external and name.db.lower().startswith("raw_"):
                columns = {
                    column.lower(): kind.sql(dialect="duckdb")
                    for column, kind in (model.columns_to_types or {}).items()
                }
                self.sink.declare(name.db.lower(), name.name.lower(), columns)

    def run(self, at: datetime) -> RunReport:
        """Run every model that is due at a boundary."""
        with self._recorded() as report, _few_collections():
            status = self.context.run(execution_time=at + _JUST_AFTER, skip_janitor=True)
        report.status = status.value if isinstance(status, CompletionStatus) else str(status)
        return report

    @contextmanager
    def _recorded(self) -> Iterator[RunReport]:
        recorder = RunRecorder()
        set_console(recorder)
        self.context.console = recorder
        try:
            yield recorder.report
        finally:
            set_console(NoopConsole())
