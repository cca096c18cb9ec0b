"""The process that keeps dbt: one that stays up, as the scheduler does.  Runs in dbt's environment, not in Northstar's.

It reads a request a line, as JSON, and answers each with a line.  A request has SQL to execute, a query of one row, or
arguments for dbt, which keeps what it knows of the project unless the request is ``fresh``.
"""

from __future__ import annotations

import json
import os
import sys
import time

import duckdb
from dbt.cli.main import dbtRunner


def main(database: str) -> None:
    """Serve requests until the input ends; dbt has the working directory as its project."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what dbt prints is no answer
    connection = duckdb.connect(database)
    runner = None
    for line in sys.stdin:
        request = json.loads(line)
        started, used, failed = time.monotonic(), time.process_time(), []
        for statement in request.get("sql", ()):
            connection.execute(statement)
        fetched = connection.execute(request["fetch"]).fetchone() if "fetch" in request else None
        if "dbt" in request:
            if runner is None and not request.get("fresh"):
                runner = dbtRunner(manifest=dbtRunner().invoke(["--quiet", "parse"]).result)
                started, used = time.monotonic(), time.process_time()
            chosen = dbtRunner() if request.get("fresh") else runner
            result = chosen.invoke(["--quiet", *request["dbt"]])
            nodes = [] if result.result is None else result.result.results
            failed = [
                f"{node.node.name}: {node.message}" for node in nodes if node.status in ("error", "fail", "skipped")
            ]
            if not result.success and not failed:
                failed = [str(result.exception)]
        answer = {
            "seconds": time.monotonic() - started,
            "processor_seconds": time.process_time() - used,
            "failed": failed,
            "fetched": fetched,
        }
        print(json.dumps(answer), file=answers)
    connection.close()


if __name__ == "__main__":
    main(sys.argv[1])
