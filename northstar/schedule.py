"""The scheduler: a process that stays up and runs the tick at each half hour, one after another.

It holds the project for as long as it lives, and the lock and the files only during a tick.  Boundaries that passed
while it was down, or while a tick took longer than half an hour, are made up for by the next tick.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from northstar import stopping
from northstar.clock import floor_boundary, next_boundary, utc_now
from northstar.lock import LockHeld, LockLost, lock_of, writer_lock
from northstar.settings import Settings
from northstar.stopping import Stopped
from northstar.tick import TickReport, tick
from northstar.ticklog import TickLog
from northstar.warehouse import Warehouse, WarehouseBusy, WarehouseError

_log = logging.getLogger("northstar.schedule")

_AGAIN_AFTER = timedelta(seconds=30)
"""When a tick could not begin, it is tried again after this time."""
_NAP = timedelta(seconds=60)
"""The longest sleep: a machine that slept or whose clock was set must not sleep on by the old time."""


class Scheduler:
    """Runs ticks of one warehouse until the process is asked to stop."""

    def __init__(
        self,
        settings: Settings,
        sources: Sequence[str],
        emit: Callable[[TickReport], None],
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = stopping.sleep,
    ) -> None:
        """``emit`` gets the report of each tick; ``now`` and ``sleep`` are the clock."""
        self._settings, self._sources, self._emit = settings, sources, emit
        self._now, self._sleep = now, sleep
        self._warehouse: Warehouse | None = None
        self._done: datetime | None = None
        """The last boundary that needs nothing more from this process."""

    def run(self) -> None:
        """Run ticks until the process is asked to stop; the step that runs then is finished first."""
        _log.info("schedule_started", extra={"sources": list(self._sources)})
        try:
            while True:
                boundary = floor_boundary(self._now())
                if boundary != self._done:
                    due = self._now() + _AGAIN_AFTER if not self._tick(boundary) else next_boundary(self._now())
                else:
                    due = next_boundary(self._now())
                while (now := self._now()) < due:
                    self._sleep(min(due - now, _NAP).total_seconds())
        except Stopped:
            _log.info("schedule_stopped")
        finally:
            if self._warehouse is not None:
                self._warehouse.close()

    def _tick(self, boundary: datetime) -> bool:
        """Run the tick of a boundary, unless another process did.  Returns False when it could not begin."""
        purpose = f"northstar schedule {boundary:%Y-%m-%dT%H:%M}"
        try:
            with writer_lock(lock_of(self._settings), purpose, wait_for="who_gives_way") as lease:
                warehouse = self._open(lease.check)
                try:
                    if TickLog(warehouse.statements).is_done(boundary):
                        self._done = boundary
                        return True
                    report = tick(warehouse, self._sources, self._settings.environment, boundary)
                finally:
                    warehouse.release()
        except (LockHeld, WarehouseBusy) as error:
            _log.warning("tick_waits", extra={"tick": boundary.isoformat(), "reason": str(error)})
            return False
        except (LockLost, WarehouseError) as error:
            _log.error("tick_broke_off", extra={"tick": boundary.isoformat(), "reason": str(error)})
            self._done = boundary  # the next boundary is soon enough: this does not pass by itself
            return True
        self._emit(report)
        stopping.check()
        self._done = boundary
        return True

    def _open(self, check: Callable[[], None]) -> Warehouse:
        if self._warehouse is None:
            self._warehouse = Warehouse(self._settings, check)
        else:
            self._warehouse.check = check
            self._warehouse.open()
        return self._warehouse
