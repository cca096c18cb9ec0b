"""The SQLMesh project as the tick sees it: one long-lived context, and what each run of it did."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import duckdb
from sqlmesh import Context
from sqlmesh.core.config import SnowflakeConnectionConfig
from sqlmesh.core.console import NoopConsole, set_console
from sqlmesh.core.engine_adapter.base import EngineAdapter
from sqlmesh.core.snapshot import Snapshot
from sqlmesh.utils import CompletionStatus
from sqlmesh.utils.concurrency import NodeExecutionFailedError
from sqlmesh.utils.date import now_timestamp, to_timestamp
from sqlmesh.utils.errors import PlanError, SQLMeshError

from northstar import engine, stopping
from northstar.deployment import declare_raw
from northstar.engine import AuditRun
from northstar.gateway import is_snowflake, require
from northstar.ingest.duckdb_sink import DuckDBSink, prepare
from northstar.ingest.landing import LandingZone
from northstar.ingest.opening import sink_over
from northstar.ingest.snowflake_sink import SnowflakeSink
from northstar.lock.owner import elapsed
from northstar.promotion.ledger import Ledger, digest
from northstar.pseudonyms import ensure_key
from northstar.reasons import reason
from northstar.runlog import ensure_tables
from northstar.settings import Settings
from northstar.snowflake_connection import Connection, open_connection
from northstar.statements import Statements

_log = logging.getLogger("northstar.warehouse")

_JUST_AFTER = timedelta(milliseconds=100)
"""A run at a boundary must see the boundary as past."""
_FILE_WAIT_SECONDS = 60.0
"""How long to wait for another program to close a DuckDB file."""


class WarehouseError(Exception):
    """The warehouse is not in a state to work with.  The message says what to do."""


class WarehouseBusy(WarehouseError):
    """Another program has a file of the warehouse open.  The message names the file, and the process if it is known."""


@dataclass
class ModelRun:
    """What one model did in one run."""

    model: str
    batches: int = 0
    seconds: float = 0.0
    rows: int = 0
    """Rows written."""
    audits_passed: int = 0
    audits_failed: int = 0
    start_ms: int = 0
    """Begin of the first interval that it ran, milliseconds since 1970."""
    end_ms: int = 0
    """End of the last one, exclusive."""
    done_ms: int = 0
    """When it was done with them, audits included, milliseconds since 1970."""


@dataclass
class RunReport:
    """What one ``sqlmesh run`` did."""

    status: str
    models: dict[str, ModelRun] = field(default_factory=dict)
    audits: list[AuditRun] = field(default_factory=list)
    """Each audit of each batch."""
    failures: dict[str, str] = field(default_factory=dict)
    """Failed models, and the first line of why: without the failing rows, which may be sensitive."""
    skipped: list[str] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        """Whether nothing failed."""
        return self.status != CompletionStatus.FAILURE.value


class RunRecorder(NoopConsole):
    """A SQLMesh console that keeps what happened instead of printing it."""

    def __init__(self, after: Callable[[Snapshot], None] = lambda snapshot: None) -> None:
        super().__init__()
        self.report = RunReport(CompletionStatus.NOTHING_TO_DO.value)
        self._after = after

    def start_snapshot_evaluation_progress(self, snapshot: Snapshot, audit_only: bool = False) -> None:
        """Begin with a model, unless the process was asked to stop."""
        stopping.check()
        engine.evaluating(model_name(snapshot.name))

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
        start, end = (int(to_timestamp(moment)) for moment in interval)
        run = self.report.models.setdefault(name, ModelRun(name, start_ms=start, end_ms=end))
        run.start_ms, run.end_ms = min(run.start_ms, start), max(run.end_ms, end)
        run.done_ms = now_timestamp()
        run.batches += 1
        run.seconds += (duration_ms or 0) / 1000
        run.rows += (execution_stats.total_rows_processed or 0) if execution_stats else 0
        run.audits_passed += num_audits_passed
        run.audits_failed += num_audits_failed
        if duration_ms is not None:  # it did not fail
            self._after(snapshot)

    def log_failed_models(self, errors: list[NodeExecutionFailedError[Any]]) -> None:
        """Keep which models failed, and why in one line."""
        for error in errors:
            name = model_name(str(getattr(error.node, "snapshot_name", error.node)))
            self.report.failures[name] = reason(error.__cause__ or error)
            _log.error("model_failed", extra={"model": name, "error": self.report.failures[name]})

    def log_skipped_models(self, snapshot_names: set[str]) -> None:
        """Keep which models did not run because one above them failed."""
        self.report.skipped = sorted(model_name(name) for name in snapshot_names)


def model_name(fully_qualified: str) -> str:
    """``core.dim_provider`` for ``"NORTHSTAR"."CORE"."DIM_PROVIDER"``."""
    return ".".join(fully_qualified.replace('"', "").lower().split(".")[-2:])


@contextmanager
def _old_objects_left_alone() -> Iterator[None]:
    """Look for cyclic garbage only among what the block makes, and once more at its end.

    SQLMesh makes millions of short-lived objects beside many that stay for good: one search among all objects is a
    tenth of an idle tick.  ``Warehouse.release`` thaws them.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()


def _wait_until_free(files: Sequence[Path], patience: float) -> None:
    """Wait for another program, say a person's query, to close DuckDB files; raises WarehouseBusy when it does not.

    Asked before SQLMesh connects, because its connection pool keeps a connection that it could set up by half only.
    """
    deadline = elapsed() + patience
    waiting = [file for file in files if file.exists()]
    while waiting:
        try:
            duckdb.connect(str(waiting[0])).close()
            waiting.pop(0)
        except (duckdb.ConnectionException, duckdb.BinderException):  # this process has it open
            waiting.pop(0)
        except duckdb.IOException as error:
            if "lock on file" not in str(error):
                raise WarehouseError(f"the warehouse cannot be opened: {reason(error)}") from error
            if elapsed() > deadline:
                raise WarehouseBusy(
                    f"another program has the warehouse open; end it, or wait for it: {reason(error)}"
                ) from error
            stopping.sleep(0.25)


class Warehouse:
    """Holds the SQLMesh project, and while it is open the connections to the warehouse and to SQLMesh's state.

    Loading the project costs seconds, so a process that stays up keeps it; between ticks it releases the connections,
    because a DuckDB file that one process has open no other can even look at.
    """

    def __init__(self, settings: Settings, check: Callable[[], None] = lambda: None) -> None:
        """Load the project and open the warehouse.

        ``check`` is called before everything that is written, and raises when nothing more may be.  Raises
        WarehouseBusy when another process has a file open and does not close it in time, ValueError when settings of
        the gateway are missing.
        """
        if is_snowflake(settings.environment):
            require(settings.environment)
        engine.install()
        self.settings, self.check = settings, check
        self.landing = LandingZone(settings.landing)
        settings.duckdb.parent.mkdir(parents=True, exist_ok=True)
        set_console(NoopConsole())
        self._wait()
        self.context = Context(paths=str(settings.project))
        self.sink: DuckDBSink | SnowflakeSink
        self._connection: duckdb.DuckDBPyConnection | Connection | None = None
        self._connect()

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB warehouse, over a connection of its own beside SQLMesh's.  Raises WarehouseError on Snowflake."""
        connection = self.statements
        if not isinstance(connection, duckdb.DuckDBPyConnection):
            raise WarehouseError("this works on gateway duckdb only (docs/snowflake.md)")
        return connection

    @property
    def statements(self) -> Statements:
        """The warehouse on either engine, over a connection of its own beside SQLMesh's."""
        if self._connection is None:
            raise WarehouseError("the warehouse is released; open() it first")
        return self._connection

    @property
    def state(self) -> EngineAdapter:
        """SQLMesh's way to the database that keeps its state."""
        return cast(EngineAdapter, cast(Any, self.context.state_sync).state_sync.engine_adapter)

    def open(self) -> None:
        """Connect, unless connected already.  Raises WarehouseBusy when another process does not let go of a file."""
        if self._connection is None:
            self._wait()
            self._connect()

    def _wait(self) -> None:
        patience = float(self.settings.environment.get("NORTHSTAR_FILE_WAIT") or _FILE_WAIT_SECONDS)
        _wait_until_free((self.settings.duckdb, self.settings.state), patience)

    def _connect(self) -> None:
        self.context.engine_adapter.fetchone("SELECT 1")  # SQLMesh attaches the warehouse at its first query
        shared = self.context.engine_adapter.connection
        if not isinstance(shared, duckdb.DuckDBPyConnection):
            self._connect_snowflake()
            return
        self._connection = shared.cursor()
        prepare(self._connection)
        self.sink = sink_over(self._connection, self.settings, self.landing, owns=False)

    def _connect_snowflake(self) -> None:
        config = self.context.config.get_connection(self.context.gateway)
        if not isinstance(config, SnowflakeConnectionConfig):
            raise WarehouseError(f"the tick runs on DuckDB and Snowflake, and {self.context.gateway} is neither")
        self._connection = Connection(open_connection(config))
        self.sink = sink_over(self._connection, self.settings, self.landing, owns=False)

    def release(self) -> None:
        """Close the connections, which writes the DuckDB files out, and keep the project."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self.context.close()
        self.context.engine_adapter.close()
        gc.unfreeze()

    close = release

    @property
    def is_initialised(self) -> bool:
        """Whether there is a prod environment that is whole.

        Raises WarehouseError when it is half-way through a plan that is not this project's.
        """
        environment = self.context.state_reader.get_environment("prod")
        if environment is None or environment.finalized_ts:
            return environment is not None
        ours = {snapshot.snapshot_id for snapshot in self.context.snapshots.values()}
        if {snapshot.snapshot_id for snapshot in environment.snapshots} == ours:
            return False  # repeating the plan finishes it
        raise WarehouseError(
            f"the prod environment is half-way through plan {environment.plan_id}, which was made from another version "
            "of the project than the one here: apply that plan again from where it was made"
        )

    def prepare(self) -> None:
        """Make what models read and do not make: the key of pseudonyms, Northstar's own tables, empty raw tables."""
        ensure_key(self.statements)
        ensure_tables(self.statements)
        declare_raw(self.context, self.sink)

    def initialise(self, at: datetime) -> None:
        """Create the prod environment, empty; the next run fills it.

        A first plan that backfills fails when some of its models are due and others are not (SQLMesh #5612), so
        tables are created first and filled by ``run``.  Repeating it heals an environment that was left half-made.
        """
        self.prepare()
        Ledger(self.context.engine_adapter).allow(digest(self.context.snapshots), None, "first deployment")
        with self.recorded() as recorder, engine.checked(self.check):
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
                reasons = "; ".join(f"{model}: {why}" for model, why in recorder.report.failures.items()) or str(error)
                raise WarehouseError(f"the prod environment could not be created: {reasons}") from error

    def run(self, at: datetime) -> RunReport:
        """Run every model that is due at a boundary.

        Raises Stopped when the process was asked to stop on the way, and LockLost.
        """
        with (
            self.recorded() as recorder,
            _old_objects_left_alone(),
            engine.checked(self.check),
            engine.audited_merges(),
        ):
            report = recorder.report
            try:
                status = self.context.run(execution_time=at + _JUST_AFTER, skip_janitor=True)
            except SQLMeshError as error:
                report.status = CompletionStatus.FAILURE.value
                report.failures["(run)"] = reason(error)
            else:
                report.status = status.value if isinstance(status, CompletionStatus) else str(status)
        stopping.check()
        self.check()
        return report

    @contextmanager
    def recorded(self, after: Callable[[Snapshot], None] = lambda snapshot: None) -> Iterator[RunRecorder]:
        """Keep what SQLMesh does in the block; ``after`` is called when an interval of a model passed its audits."""
        recorder = RunRecorder(after)
        set_console(recorder)
        self.context.console = recorder
        try:
            with engine.audits_told_to(recorder.report.audits.append):
                yield recorder
        finally:
            set_console(NoopConsole())
