"""Reads source app once, in a process that a test may kill: WAREHOUSE LANDING BOUNDARY BATCH_MESSAGES.

Prints a line of JSON: rows, seconds and the largest memory that the process ever had.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from dataclasses import replace
from datetime import datetime

from northstar.ingest import duckdb_sink
from northstar.ingest.contract import IngestError
from northstar.ingest.landing import LandingZone
from northstar.ingest.postgres import PostgresSettings, PostgresSource
from northstar.ingest.runner import ingest


def main(warehouse: str, landing_url: str, boundary: str, batch_messages: str) -> None:
    landing = LandingZone(landing_url)
    settings = replace(PostgresSettings.from_environment(os.environ), batch_messages=int(batch_messages))
    source = PostgresSource(settings)
    sink = duckdb_sink.DuckDBSink(duckdb_sink.connect(warehouse), landing)
    report = ingest(source, sink, landing, datetime.fromisoformat(boundary))
    sink.close()
    source.close()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    summary = {
        "rows": report.rows,
        "batches": report.batches,
        "objects": len(report.objects),
        "seconds": round(report.seconds, 2),
        "peak_mb": round(peak_mb),
        "notices": [[notice.object, notice.kind] for notice in report.notices],
    }
    sys.stdout.write(json.dumps(summary) + "\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except IngestError as error:
        sys.exit(f"error: {error}")
