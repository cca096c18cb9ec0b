"""The lock of a warehouse that several hosts write to: a row in the PostgreSQL database that keeps the state.

A holder renews its row.  A row that was not renewed for ``ttl`` seconds of the database's clock may be taken over, with
the next token.  A holder stops before that: it counts ``ttl`` less a margin from *before* its last renewal was sent, on
a clock that runs while the machine sleeps, so a process that was stopped, suspended or cut off finds its lease
expired before it writes again.
"""

from __future__ import annotations

import contextlib
import threading
from types import TracebackType
from typing import Any

import psycopg

from northstar.lock.owner import LockLost, Owner, elapsed
from northstar.state_postgres import SCHEMA

TTL_SECONDS = 60.0
"""How long a holder may be silent before another takes over."""
_WANTED_SECONDS = 5.0
"""How long a mark of waiting stands without being renewed."""

_TABLE = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS {SCHEMA}.writer_lock (
    name TEXT PRIMARY KEY, token BIGINT NOT NULL, owner TEXT NOT NULL, beat_at TIMESTAMPTZ NOT NULL,
    released_at TIMESTAMPTZ, wanted_until TIMESTAMPTZ)
"""
_ACQUIRE = f"""
INSERT INTO {SCHEMA}.writer_lock AS held (name, token, owner, beat_at)
VALUES (%(name)s, 1, %(owner)s, clock_timestamp())
ON CONFLICT (name) DO UPDATE
SET token = held.token + 1, owner = excluded.owner, beat_at = clock_timestamp(), released_at = NULL
WHERE held.released_at IS NOT NULL OR held.beat_at < clock_timestamp() - make_interval(secs => %(ttl)s)
RETURNING token
"""
_BEAT = f"""
UPDATE {SCHEMA}.writer_lock SET owner = %(owner)s, beat_at = clock_timestamp()
WHERE name = %(name)s AND token = %(token)s AND released_at IS NULL
"""
_RELEASE = (
    f"UPDATE {SCHEMA}.writer_lock SET released_at = clock_timestamp() WHERE name = %(name)s AND token = %(token)s"
)
_OWNER = f"""
SELECT owner FROM {SCHEMA}.writer_lock
WHERE name = %(name)s AND released_at IS NULL AND beat_at >= clock_timestamp() - make_interval(secs => %(ttl)s)
"""
_WANT = f"""
UPDATE {SCHEMA}.writer_lock SET wanted_until = clock_timestamp() + make_interval(secs => %(wanted)s)
WHERE name = %(name)s
"""
_WANTED = f"SELECT wanted_until > clock_timestamp() FROM {SCHEMA}.writer_lock WHERE name = %(name)s"


class _Session:
    """A connection for short statements from several threads, opened again when it broke."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: psycopg.Connection[Any] | None = None
        self._busy = threading.Lock()

    def run(self, statement: str, **parameters: Any) -> tuple[int, tuple[Any, ...] | None]:
        """Run one statement in autocommit: how many rows it touched, and the first row that it gave."""
        with self._busy:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(
                    self._conninfo, autocommit=True, options="-c statement_timeout=5s -c lock_timeout=5s"
                )
            cursor = self._connection.execute(statement.encode(), parameters or None)
            return cursor.rowcount, cursor.fetchone() if cursor.description else None

    def close(self) -> None:
        with self._busy:
            if self._connection is not None:
                self._connection.close()


class PostgresLock:
    """A row that one process at a time keeps alive."""

    def __init__(self, conninfo: str, name: str = "warehouse", ttl: float = TTL_SECONDS) -> None:
        self._session = _Session(conninfo)
        self._name, self._ttl = name, ttl
        try:
            self._session.run(_TABLE)
        except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable, psycopg.errors.DuplicateSchema):
            self._session.run(_TABLE)  # another process was creating it at the same time

    def acquire(self, owner: Owner) -> PostgresLease | None:
        """Take the lock if it is free, or was not renewed for too long."""
        asked_at = elapsed()
        _, row = self._session.run(_ACQUIRE, name=self._name, owner=owner.as_json(), ttl=self._ttl)
        return PostgresLease(self._session, self._name, int(row[0]), owner, self._ttl, asked_at) if row else None

    def owner(self) -> Owner | None:
        """The holder's own record, when there is a living holder."""
        _, row = self._session.run(_OWNER, name=self._name, ttl=self._ttl)
        return Owner.from_json(row[0]) if row else None

    def waiting(self) -> PostgresWaitMark:
        """A mark in the row, renewed while the process waits."""
        return PostgresWaitMark(self._session, self._name)


class PostgresLease:
    """The row while it is this process's."""

    def __init__(self, session: _Session, name: str, token: int, owner: Owner, ttl: float, asked_at: float) -> None:
        self.token = token
        """Grows by one with each holder."""
        self._session, self._name, self._owner, self._ttl = session, name, owner, ttl
        self._expires_at = asked_at + 0.8 * ttl
        self._is_lost = False

    def check(self) -> None:
        """Raise LockLost when another may have taken over; asks no one."""
        if self._is_lost:
            raise LockLost("another process has taken the writer lock over")
        if elapsed() > self._expires_at:
            raise LockLost(
                f"the writer lock was not renewed for {0.8 * self._ttl:.0f} seconds (the state database was out of "
                "reach, or this process stood still), so another process may have taken it"
            )

    def wanted(self) -> bool:
        """Whether a process waits for the lock."""
        _, row = self._session.run(_WANTED, name=self._name)
        return bool(row and row[0])

    def beat(self) -> None:
        """Renew the row, or find that it is another's."""
        asked_at = elapsed()
        renewed, _ = self._session.run(_BEAT, name=self._name, token=self.token, owner=self._owner.beating().as_json())
        if renewed:
            self._expires_at = asked_at + 0.8 * self._ttl
        else:
            self._is_lost = True

    def release(self) -> None:
        """Free the row if it still is this process's."""
        with contextlib.suppress(psycopg.Error):  # then it frees itself when its time is over
            self._session.run(_RELEASE, name=self._name, token=self.token)
        self._session.close()


class PostgresWaitMark:
    """A time in the row until which someone waits."""

    def __init__(self, session: _Session, name: str) -> None:
        self._session, self._name = session, name

    def __enter__(self) -> PostgresWaitMark:
        self.renew()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(psycopg.Error):
            self._session.run(_WANT, name=self._name, wanted=0.0)

    def renew(self) -> None:
        """Say that the process still waits."""
        self._session.run(_WANT, name=self._name, wanted=_WANTED_SECONDS)
