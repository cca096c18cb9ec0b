"""One read of the org in a process of its own, which a test may have killed; prints what it cost.

Arguments: warehouse file, landing zone, boundary, settings as JSON.  The environment says where the org is.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.http import Retries
from northstar.ingest.landing import LandingZone
from northstar.ingest.runner import ingest
from northstar.ingest.salesforce.session import Login
from northstar.ingest.salesforce.settings import Settings
from northstar.ingest.salesforce.source import SalesforceSource


def megabytes(field: str) -> int:
    """A memory figure of this process from /proc."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0]) // 1024


def main() -> None:
    path, zone, boundary, given = sys.argv[1:]
    options = json.loads(given)
    options["compare_every"] = timedelta(seconds=options["compare_every"])
    login = Login(
        *(os.environ[f"NORTHSTAR_SALESFORCE_{n}"] for n in ("LOGIN_URL", "CLIENT_ID", "CLIENT_SECRET", "CA_FILE"))
    )
    landing = LandingZone(zone)
    sink = DuckDBSink(connect(path), landing)
    source = SalesforceSource(login, replace(Settings(poll_pause=0.05), **options), Retries(4, 0.01, 0.1))
    before = megabytes("VmRSS")
    report = ingest(source, sink, landing, datetime.fromisoformat(boundary))
    source.close()
    sink.close()
    cost = {"rows": report.rows, "before": before, "peak": megabytes("VmHWM"), "seconds": round(report.seconds, 2)}
    sys.stdout.write(json.dumps(cost))


if __name__ == "__main__":
    main()
