"""All sources side by side: read at the same time, loaded one batch at a time, none stopping another."""

from __future__ import annotations

import contextvars
import logging
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from northstar import stopping
from northstar.ingest.contract import IngestError, Interruptible, Sink, Source, SourceUnreachable
from northstar.ingest.landing import LandingZone
from northstar.ingest.limits import Limits, Permit
from northstar.ingest.registry import open_source
from northstar.ingest.runner import IngestReport, ingest
from northstar.lock.owner import LockLost, elapsed

_log = logging.getLogger("northstar.ingest")

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
    check: Callable[[], None] = lambda: None,
) -> Outcome:
    """Land and load several sources, each in a thread of its own.

    One that fails, or does not end in time, is in the outcome's errors and stops no other.  ``check`` is called before
    anything is written; what it raises ends every source, and is raised here once all have ended.
    """
    limits = Limits.from_environment(environment)
    readings = [_Reading(name, environment, sink.fork(), landing, boundary, seal, limits, check) for name in names]
    for reading in readings:
        reading.start()
    outcome, deadline = Outcome(), elapsed() + limits.timeout
    for reading in readings:
        result = reading.finish(deadline)
        progress(reading.name, result)
        if isinstance(result, str):
            outcome.errors[reading.name] = result
            _log.error("source_failed", extra={"source": reading.name, "error": result})
        else:
            outcome.reports[reading.name] = result
    stopping.check()
    check()
    return outcome


class _Reading:
    """One source, read in a thread of its own, which never outlives its time with the power to write."""

    def __init__(
        self,
        name: str,
        environment: Mapping[str, str],
        sink: Sink,
        landing: LandingZone,
        boundary: datetime,
        seal: bool,
        limits: Limits,
        check: Callable[[], None],
    ) -> None:
        self.name = name
        self._environment, self._sink, self._landing = environment, sink, landing
        self._boundary, self._seal, self._limits = boundary, seal, limits
        self._permit = Permit(check)
        self._source: Source | None = None
        self._result: IngestReport | str = "ended without a result"
        context = contextvars.copy_context()
        # A daemon: a call that never returns must not keep the process from ending.
        self._thread = threading.Thread(target=context.run, args=(self._run,), name=f"ingest-{name}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def finish(self, deadline: float) -> IngestReport | str:
        """Wait for the end, at most until the deadline and a grace; return what came of it."""
        self._thread.join(max(0.0, deadline - elapsed()))
        if self._thread.is_alive():
            self._permit.withdraw(
                f"not done after {self._limits.timeout:.0f} seconds (NORTHSTAR_SOURCE_TIMEOUT); what was loaded stays "
                "loaded, and the next tick goes on from there"
            )
            if isinstance(self._source, Interruptible):
                self._source.interrupt()
            self._thread.join(self._limits.grace)
        if self._thread.is_alive():
            self._sink.close()  # whatever the thread still does, it cannot load any more
            return f"hangs: it did not end {self._limits.grace:.0f} seconds after its time was up, and was left behind"
        return self._result

    def _run(self) -> None:
        try:
            self._result = self._try_several_times()
        except (IngestError, stopping.Stopped, LockLost) as error:
            self._result = str(error)
        except Exception as error:  # a defect in one source must not stop the others; its text may hold data
            where = traceback.extract_tb(error.__traceback__)[-1]
            self._result = f"defect: {type(error).__name__} at {where.filename}:{where.lineno}"
        finally:
            self._sink.close()

    def _try_several_times(self) -> IngestReport:
        wait = self._limits.first_wait
        for attempt in range(1, self._limits.attempts + 1):
            try:
                return self._try()
            except SourceUnreachable as error:
                self._permit.check()
                if attempt == self._limits.attempts:
                    raise
                _log.warning(
                    "source_unreachable",
                    extra={"source": self.name, "attempt": attempt, "again_in": wait, "error": str(error)},
                )
                self._permit.sleep(wait)
                wait *= 3
        raise AssertionError("at least one attempt is made")

    def _try(self) -> IngestReport:
        self._source = open_source(self.name, self._environment)
        try:
            return ingest(self._source, self._sink, self._landing, self._boundary, self._seal, self._permit.check)
        finally:
            self._source.close()
