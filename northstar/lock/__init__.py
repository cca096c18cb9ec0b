"""One writer at a time, on one host or on many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from northstar import stopping
from northstar.lock.file import FileLock
from northstar.lock.lease import BEAT_SECONDS, Lease, Lock, beating
from northstar.lock.owner import LockHeld, LockLost, Owner, elapsed
from northstar.lock.postgres import PostgresLock
from northstar.settings import Settings
from northstar.state_postgres import state_conninfo

__all__ = ["Lease", "Lock", "LockHeld", "LockLost", "Owner", "lock_of", "writer_lock"]

WaitFor = Literal["nobody", "who_gives_way", "anyone"]
"""Whose end is waited for: nobody's; a holder's that gives way, such as a backfill; any holder's."""

_POLL_SECONDS = 0.25


def lock_of(settings: Settings) -> Lock:
    """The writer lock of a warehouse: in the PostgreSQL that keeps the state, or else a file on this host."""
    conninfo = state_conninfo(settings.environment)
    return PostgresLock(conninfo) if conninfo else FileLock(settings.lock)


@contextmanager
def writer_lock(
    lock: Lock,
    purpose: str,
    gives_way: bool = False,
    wait_for: WaitFor = "nobody",
    patience: float = 900.0,
    beat: float = BEAT_SECONDS,
) -> Iterator[Lease]:
    """Hold a warehouse's writer lock, with a thread that keeps it alive.

    Raises LockHeld, naming the holder, at once when it is not one to wait for, else after ``patience`` seconds.
    """
    owner = Owner.here(purpose, gives_way)
    lease = lock.acquire(owner) or _wait(lock, owner, wait_for, patience)
    try:
        with beating(lease, beat):
            yield lease
    finally:
        lease.release()


def _wait(lock: Lock, owner: Owner, wait_for: WaitFor, patience: float) -> Lease:
    deadline = elapsed() + patience
    with lock.waiting() as mark:
        while True:
            holder = lock.owner()
            worth_it = wait_for == "anyone" or (wait_for == "who_gives_way" and (holder is None or holder.gives_way))
            if not worth_it or elapsed() > deadline:
                who = holder.described() if holder else "it has not said who it is"
                raise LockHeld(f"another process is writing to the warehouse: {who}")
            stopping.sleep(_POLL_SECONDS)
            lease = lock.acquire(owner)
            if lease is not None:
                return lease
            mark.renew()
