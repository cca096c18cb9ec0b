"""The tick: read and land every source, seal, run the models, record.  Safe to kill anywhere and to run again."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from northstar.clock import to_naive_utc, utc_now
from northstar.ingest.runner import IngestReport
from northstar.ingest.together import ingest_together
from northstar.warehouse import RunReport, Warehouse

_TICK_LOG = """
CREATE TABLE IF NOT EXISTS ops.tick_log (
    tick_at TIMESTAMP NOT NULL, started_at TIMESTAMP NOT NULL, seconds DOUBLE NOT NULL, status VARCHAR NOT NULL,
    rows_landed BIGINT NOT NULL, models_run BIGINT NOT NULL, detail VARCHAR NOT NULL)
"""


@dataclass
class TickReport:
    """What one tick did."""

    at: datetime
    ingested: dict[str, IngestReport] = field(default_factory=dict)
    source_errors: dict[str, str] = field(default_factory=dict)
    run: RunReport | None = None
    seconds: float = 0.0

    @property
    def status(self) -> str:
        """``ok``; ``source_failed`` when a source could not be read; ``models_failed`` when a model or audit failed."""
        if self.run is not None and not self.run.succeeded:
            return "models_failed"
        return "source_failed" if self.source_errors else "ok"

    @property
    def rows_landed(self) -> int:
        """Rows over all sources."""
        return sum(report.rows for report in self.ingested.values())

    def as_line(self) -> dict[str, Any]:
        """The JSON line of the tick: fixed names, no data values."""
        models = self.run.models.values() if self.run else ()
        return {
            "tick": self.at.isoformat(),
            "status": self.status,
            "seconds": round(self.seconds, 3),
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
        }


def tick(warehouse: Warehouse, sources: Sequence[str], environment: Mapping[str, str], at: datetime) -> TickReport:
    """Do everything that is due at a boundary.  The caller holds the writer lock."""
    started, clock = utc_now(), time.monotonic()
    report = TickReport(at)
    outcome = ingest_together(sources, environment, warehouse.sink, warehouse.landing, at)
    report.ingested, report.source_errors = outcome.reports, outcome.errors
    if not warehouse.is_initialised:
        warehouse.initialise(at)
    report.run = warehouse.run(at)
    report.seconds = time.monotonic() - clock
    _record(warehouse, report, started)
    return report


def _record(warehouse: Warehouse, report: TickReport, started: datetime) -> None:
    detail = json.dumps(
        report.as_line() | {"models": [asdict(m) for m in report.run.models.values()] if report.run else []}
    )
    models_run = len(report.run.models) if report.run else 0
    warehouse.connection.execute(_TICK_LOG)
    warehouse.connection.execute(
        "INSERT INTO ops.tick_log VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            to_naive_utc(report.at),
            to_naive_utc(started),
            report.seconds,
            report.status,
            report.rows_landed,
            models_run,
            detail,
        ],
    )
