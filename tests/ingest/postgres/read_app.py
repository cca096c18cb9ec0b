"""Reads source app in processes that a test may kill.

A line of JSON on standard input is one reading, done in a fork; its exit code is answered on standard output.  Forks of
one process that has imported everything, because to start Python anew takes longer than the reading.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from northstar.ingest import duckdb_sink
from northstar.ingest.contract import IngestError
from northstar.ingest.landing import LandingZone
from northstar.ingest.postgres import PostgresSettings, PostgresSource
from northstar.ingest.runner import ingest


def read(warehouse: str, landing: str, boundary: str, batch_messages: int, memory: str | None) -> dict[str, Any]:
    """Read the source once; what came of it, and the largest memory that the process ever had."""
    zone = LandingZone(landing)
    source = PostgresSource(replace(PostgresSettings.from_environment(os.environ), batch_messages=batch_messages))
    connection = duckdb_sink.connect(warehouse)
    if memory:
        connection.execute(f"SET memory_limit = '{memory}'")
    sink = duckdb_sink.DuckDBSink(connection, zone)
    report = ingest(source, sink, zone, datetime.fromisoformat(boundary))
    sink.close()
    source.close()
    return {
        "rows": report.rows,
        "batches": report.batches,
        "objects": len(report.objects),
        "seconds": round(report.seconds, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "notices": [[notice.object, notice.kind] for notice in report.notices],
    }


def in_fork(job: dict[str, Any]) -> int:
    """Do one reading in a fork; returns its exit code, negative for a signal."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status, outcome = 1, Path(job["outcome"])
    try:
        os.environ.update(job["environment"])
        outcome.write_text(json.dumps(read(**job["arguments"])))
        status = 0
    except IngestError as error:
        outcome.write_text(json.dumps({"error": str(error)}))
    finally:
        os._exit(status)


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(f"{in_fork(json.loads(line))}\n")
        sys.stdout.flush()
