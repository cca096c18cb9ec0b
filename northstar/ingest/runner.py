"""Read a source to its end, load what it yields, seal it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from northstar import failpoints
from northstar.clock import load_stamp
from northstar.ingest.contract import Notice, Sink, Source
from northstar.ingest.landing import LandingZone

_log = logging.getLogger("northstar.ingest")


@dataclass
class IngestReport:
    """What one source brought."""

    source: str
    batches: int = 0
    rows: int = 0
    objects: dict[str, int] = field(default_factory=dict)
    """Rows by raw table, of those that changed."""
    notices: list[Notice] = field(default_factory=list)
    seconds: float = 0.0


def ingest(
    source: Source,
    sink: Sink,
    landing: LandingZone,
    boundary: datetime,
    seal: bool = True,
    check: Callable[[], None] = lambda: None,
) -> IngestReport:
    """Land and load everything that ``source`` has, stamped into the interval that ends at ``boundary``.

    With ``seal``, then declare the source complete through the boundary.  Safe to kill at any point and to run again.
    Does nothing when the source is sealed through the boundary already.  Raises IngestError when the source cannot
    be read; what was loaded before that stays loaded, and the source is not sealed.  ``check`` is called before
    anything is landed, loaded or sealed, and raises when that must not be.
    """
    report = IngestReport(source.name)
    started = time.monotonic()
    sealed = sink.sealed_through(source.name)
    if sealed is not None and boundary <= sealed:
        return report
    loaded_at = load_stamp(boundary, sealed)
    ledger = sink.ledger(source.name)
    landing.sweep(source.name, loaded_at, keep=ledger.load_ids(newest=10_000))
    for batch in source.read(ledger, landing.watched(check), loaded_at):
        failpoints.reach("after_read")
        check()
        if batch.files or batch.cursor != ledger.cursor:
            sink.load(source.name, batch, loaded_at)
        source.acknowledge(batch.cursor)
        failpoints.reach("after_acknowledge")
        _log.info(
            "batch_loaded",
            extra={
                "source": source.name, "batch_id": batch.load_id, "rows": batch.rows, "files": len(batch.files),
                "notices": [notice.kind for notice in batch.notices],
            },
        )  # fmt: skip
        report.batches += 1
        report.rows += batch.rows
        report.notices.extend(batch.notices)
        for file in batch.files:
            report.objects[file.object] = report.objects.get(file.object, 0) + file.rows
    check()
    if seal:
        sink.seal(source.name, boundary)
        failpoints.reach("after_seal")
    report.seconds = time.monotonic() - started
    _log.info(
        "source_read",
        extra={"source": source.name, "rows": report.rows, "seconds": round(report.seconds, 3), "sealed": seal},
    )
    return report
