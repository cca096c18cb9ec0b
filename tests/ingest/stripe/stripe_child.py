"""One read in a process of its own, to be killed: python stripe_child.py ROOT URL KEY BOUNDARY BATCH [heal]."""

from __future__ import annotations

import json
import resource
import sys
from datetime import datetime
from pathlib import Path

from stripe_helpers import Warehouse

from northstar.ingest.runner import ingest
from northstar.ingest.stripe import StripeSource


def main(root: str, url: str, key: str, boundary: str, batch: str, *options: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    warehouse = Warehouse(Path(root))
    source = StripeSource(key, url, heal="heal" in options, objects_per_batch=int(batch))
    report = ingest(source, warehouse.sink, warehouse.landing, datetime.fromisoformat(boundary))
    warehouse.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = {"rows": report.rows, "seconds": report.seconds, "requests": source.api.requests}
    sys.stdout.write(json.dumps(told | {"start_mib": before // 1024, "peak_mib": peak // 1024}))


if __name__ == "__main__":
    main(*sys.argv[1:])
