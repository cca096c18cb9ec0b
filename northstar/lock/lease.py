"""What a lock and the holding of it look like, whatever keeps it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol

from northstar.lock.owner import Owner

_log = logging.getLogger("northstar.lock")

BEAT_SECONDS = 10.0
"""How often a holder says that it lives."""


class Lease(Protocol):
    """The lock while it is held."""

    def check(self) -> None:
        """Raise LockLost when the lock may be another's.  Cheap: called before everything that is written."""

    def wanted(self) -> bool:
        """Whether a process waits for the lock."""

    def beat(self) -> None:
        """Say that the holder lives."""

    def release(self) -> None:
        """Give the lock up; harmless when it is lost."""


class Lock(Protocol):
    """A lock that one process at a time holds."""

    def acquire(self, owner: Owner) -> Lease | None:
        """Take the lock if it is free or its holder is dead, else None.  Does not wait."""

    def owner(self) -> Owner | None:
        """Who holds it, None when nobody does or it cannot be told."""

    def waiting(self) -> WaitMark:
        """A mark that tells the holder that someone waits."""


class WaitMark(Protocol):
    """Stands while a process waits for the lock, and falls with it."""

    def __enter__(self) -> WaitMark: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def renew(self) -> None:
        """Say that the process still waits."""


@contextmanager
def beating(lease: Lease, every: float = BEAT_SECONDS) -> Iterator[None]:
    """Let a thread beat for a lease while the block runs."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(every):
            try:
                lease.beat()
            except Exception as error:  # the lease notices by itself that it was not renewed
                _log.warning("heartbeat_failed", extra={"error": type(error).__name__})

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=every)
