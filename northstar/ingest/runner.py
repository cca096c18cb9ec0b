"""Read a source to its end, load what it yields, seal it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime

from northstar import failpoints
from northstar.clock import load_stamp
from northstar.ingest.contract import Notice, Sink, Source
from northstar.ingest.landing import LandingZone


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


def ingest(source: Source, sink: Sink, landing: LandingZone, boundary: datetime, seal: bool = True) -> IngestReport:
    """Land and load everything that ``source`` has, stamped into the interval that ends at ``boundary``.

    With ``seal``, then declare the source complete through the boundary.  Safe to kill at any point and to run again.
    Does nothing when the source is sealed through the boundary already.  Raises IngestError when the source cannot
    be read; what was loaded before that stays loaded, and the source is not sealed.
    """
    report = IngestReport(source.name)
    started = time.monotonic()
    sealed = sink.sealed_through(source.name)
    if sealed is not None and boundary <= sealed:
        return report
    loaded_at = load_stamp(boundary, sealed)
    ledger = sink.ledger(source.name)
    landing.sweep(source.name, loaded_at, keep=ledger.load_ids(newest=10_000))
    for batch in source.read(ledger, landing, loaded_at):
        failpoints.reach("after_read")
        if batch.files or batch.cursor != ledger.cursor:
            sink.load(source.name, batch, loaded_at)
        source.acknowledge(batch.cursor)
        failpoints.reach("after_acknowledge")
        report.batches += 1
        report.rows += batch.rows
        report.notices.extend(batch.notices)
        for file in batch.files:
            report.objects[file.object] = report.objects.get(file.object, 0) + file.rows
    if seal:
        sink.seal(source.name, boundary)
        failpoints.reach("after_seal")
    report.seconds = time.monotonic() - started
    return report
