"""All sources side by side: read at the same time, loaded one batch at a time, none stopping another."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from northstar.ingest.contract import IngestError, Sink
from northstar.ingest.landing import LandingZone
from northstar.ingest.registry import open_source
from northstar.ingest.runner import IngestReport, ingest

Progress = Callable[[str, IngestReport | str], None]
"""Called when a source is done, with its report or with what went wrong."""


@dataclass
class Outcome:
    """What all sources together brought."""

    reports: dict[str, IngestReport] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    """Sources that could not be read to their end, and why: nothing that a value could stand in."""


def ingest_together(
    names: Sequence[str],
    environment: Mapping[str, str],
    sink: Sink,
    landing: LandingZone,
    boundary: datetime,
    seal: bool = True,
    progress: Progress = lambda name, result: None,
) -> Outcome:
    """Land and load several sources, each in a thread of its own.  Never raises: errors are in the outcome."""
    outcome = Outcome()

    def read(name: str) -> tuple[str, IngestReport | str]:
        result = _ingest_one(name, environment, sink, landing, boundary, seal)
        progress(name, result)
        return name, result

    with ThreadPoolExecutor(max_workers=max(1, len(names)), thread_name_prefix="ingest") as pool:
        for name, result in pool.map(read, names):
            if isinstance(result, str):
                outcome.errors[name] = result
            else:
                outcome.reports[name] = result
    return outcome


def _ingest_one(
    name: str, environment: Mapping[str, str], sink: Sink, landing: LandingZone, boundary: datetime, seal: bool
) -> IngestReport | str:
    own = sink.fork()
    try:
        source = open_source(name, environment)
        try:
            return ingest(source, own, landing, boundary, seal)
        finally:
            source.close()
    except IngestError as error:
        return str(error)
    except Exception as error:  # a defect in one source must not stop the others; its text may hold data
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"defect: {type(error).__name__} at {where.filename}:{where.lineno}"
    finally:
        own.close()
