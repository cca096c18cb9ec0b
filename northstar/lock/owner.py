"""Who holds the writer lock, and what whoever holds it or wants it is told."""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from northstar.clock import utc_now


class LockHeld(Exception):
    """Another process is writing to the warehouse.  The message names it."""


class LockLost(Exception):
    """The lock may be another's by now, so nothing more may be written."""


@dataclass(frozen=True)
class Owner:
    """A process that holds the lock, as it describes itself."""

    pid: int
    host: str
    purpose: str
    """The command: ``northstar tick 2026-11-04T10:30``."""
    gives_way: bool
    """Whether it hands the lock over between two steps when a tick waits for it."""
    since: datetime
    beat_at: datetime
    """When it was last heard of."""

    @staticmethod
    def here(purpose: str, gives_way: bool) -> Owner:
        """This process, now."""
        now = utc_now()
        return Owner(os.getpid(), socket.gethostname(), purpose, gives_way, now, now)

    def beating(self) -> Owner:
        """The same, heard of now."""
        return replace(self, beat_at=utc_now())

    def described(self) -> str:
        """For a person: who, where, since when."""
        return (
            f"{self.purpose}, process {self.pid} on {self.host}, since {self.since:%Y-%m-%d %H:%M:%S} UTC, "
            f"last heard of at {self.beat_at:%H:%M:%S}"
        )

    def as_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self) | {"since": self.since.isoformat(), "beat_at": self.beat_at.isoformat()})

    @staticmethod
    def from_json(text: str) -> Owner | None:
        """The inverse; None for anything else, such as a line that is half written."""
        try:
            values = json.loads(text)
            values |= {name: datetime.fromisoformat(values[name]) for name in ("since", "beat_at")}
            return Owner(**values)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


def elapsed() -> float:
    """Seconds of a clock that also runs while the machine sleeps, so that a suspended holder notices."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
