"""The tick: read and land every source, seal, run the models, record.  Safe to kill anywhere and to run again."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import snowflake.connector.errors
from sqlmesh.core.notification_target import NotificationStatus

from northstar import failpoints, logs
from northstar.backfill.run import BackfillFailed, Backfills
from northstar.clock import utc_now
from northstar.ingest.runner import IngestReport
from northstar.ingest.together import ingest_together
from northstar.notify import Notifier, news
from northstar.query_tag import tagged
from northstar.reasons import reason
from northstar.runlog import RunLog, ensure_tables
from northstar.statements import transaction
from northstar.stopping import Stopped
from northstar.ticklog import TickLog
from northstar.warehouse import RunReport, Warehouse, WarehouseError

_log = logging.getLogger("northstar.tick")


@dataclass
class TickReport:
    """What one tick did."""

    at: datetime
    run_id: str = ""
    missed: list[datetime] = field(default_factory=list)
    """Boundaries before this one that had no tick, and are made up for by it."""
    killed: list[datetime] = field(default_factory=list)
    """Boundaries whose ticks began and never ended."""
    ingested: dict[str, IngestReport] = field(default_factory=dict)
    source_errors: dict[str, str] = field(default_factory=dict)
    run: RunReport | None = None
    mended: list[int] = field(default_factory=list)
    """Backfills whose broken batch was done again."""
    backfill_failed: str | None = None
    """Why a broken batch could not be done again."""
    error: str | None = None
    """Why the warehouse as a whole could not be worked with."""
    stopped: bool = False
    seconds: float = 0.0

    @property
    def status(self) -> str:
        """``ok``; ``source_failed`` when a source could not be read; ``models_failed`` when a model or audit failed.

        ``stopped`` when the process was asked to stop before everything was done; ``failed`` when the warehouse was not
        in a state to work with.
        """
        if self.stopped:
            return "stopped"
        if self.error:
            return "failed"
        if self.backfill_failed or (self.run is not None and not self.run.succeeded):
            return "models_failed"
        return "source_failed" if self.source_errors else "ok"

    @property
    def rows_landed(self) -> int:
        """Rows over all sources."""
        return sum(report.rows for report in self.ingested.values())

    def as_line(self) -> dict[str, Any]:
        """The JSON line of the tick, as docs/settings.md describes it: fixed names, no data values."""
        models = self.run.models.values() if self.run else ()
        return {
            "tick": self.at.isoformat(),
            "run_id": self.run_id,
            "status": self.status,
            "seconds": round(self.seconds, 3),
            "missed": [boundary.isoformat() for boundary in self.missed],
            "killed": [boundary.isoformat() for boundary in self.killed],
            "rows_landed": self.rows_landed,
            "sources": {
                name: {"rows": report.rows, "objects": len(report.objects), "seconds": round(report.seconds, 3)}
                for name, report in self.ingested.items()
            },
            "source_errors": self.source_errors,
            "models_run": len(models),
            "audits_passed": sum(model.audits_passed for model in models),
            "models_failed": self.run.failures if self.run else {},
            "models_skipped": self.run.skipped if self.run else [],
            "backfills_mended": self.mended,
            "backfill_failed": self.backfill_failed,
            "error": self.error,
        }


def tick(warehouse: Warehouse, sources: Sequence[str], environment: Mapping[str, str], at: datetime) -> TickReport:
    """Do everything that is due at a boundary, and what earlier ones left undone.  The caller holds the writer lock.

    Raises LockLost when the lock was lost on the way; then nothing is written any more, not even the record.  Raises
    WarehouseError when the database itself fails, say because its disk is full.
    """
    try:
        return _tick(warehouse, sources, environment, at)
    except (duckdb.Error, snowflake.connector.errors.Error) as error:
        message = f"the warehouse failed: {reason(error)}; the next tick goes on from there"
        _notifier(warehouse, environment).tell(NotificationStatus.FAILURE, f"tick {at.isoformat()}: {message}")
        raise WarehouseError(message) from error


def _notifier(warehouse: Warehouse, environment: Mapping[str, str]) -> Notifier:
    return Notifier(warehouse.context.config.notification_targets, environment)


def _tick(warehouse: Warehouse, sources: Sequence[str], environment: Mapping[str, str], at: datetime) -> TickReport:
    with logs.run("tick") as run_id, tagged(run_id):
        started, clock = utc_now(), time.monotonic()
        report, log = TickReport(at, run_id), TickLog(warehouse.statements)
        ensure_tables(warehouse.statements)
        warehouse.check()
        before = log.last_line()
        report.missed, report.killed = log.begin(at, started, report.as_line())
        _log.info("tick_started", extra={"tick": at.isoformat(), "missed": len(report.missed)})
        try:
            _read_and_run(report, warehouse, sources, environment)
        except Stopped:
            report.stopped = True
        except WarehouseError as error:
            report.error = str(error)
        report.seconds = time.monotonic() - clock
        warehouse.check()
        failpoints.reach("before_record")
        models = list(report.run.models.values()) if report.run else []
        detail = report.as_line() | {"models": [asdict(model) for model in models]}
        with transaction(warehouse.statements):
            if report.run:
                RunLog(warehouse.statements).write(at, started, utc_now(), report.run, warehouse.context)
            log.end(report.seconds, report.status, report.rows_landed, len(models), detail)
        failpoints.reach("after_record")
        _log.info("tick_finished", extra=report.as_line())
        if told := news(report.as_line(), before):
            _notifier(warehouse, environment).tell(*told)
        return report


def _mend_backfills(report: TickReport, warehouse: Warehouse) -> None:
    """Do what a killed backfill left half-done, before any model reads it."""
    try:
        report.mended = sorted({batch.backfill_id for batch in Backfills(warehouse).mend()})
    except BackfillFailed as error:
        report.backfill_failed = str(error)
        _log.error("backfill_failed", extra={"error": report.backfill_failed})
    failpoints.reach("after_mend")


def _read_and_run(
    report: TickReport, warehouse: Warehouse, sources: Sequence[str], environment: Mapping[str, str]
) -> None:
    _mend_backfills(report, warehouse)
    outcome = ingest_together(sources, environment, warehouse.sink, warehouse.landing, report.at, check=warehouse.check)
    report.ingested, report.source_errors = outcome.reports, outcome.errors
    failpoints.reach("after_ingest")
    if not warehouse.is_initialised:
        warehouse.initialise(report.at)
        failpoints.reach("after_initialise")
    report.run = warehouse.run(report.at)
    failpoints.reach("after_run")
