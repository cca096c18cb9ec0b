"""The application's PostgreSQL as a source: a snapshot, then every change, through one replication slot.

A run looks at the tables' catalog, brings the publication up to date, and reads the stream up to a position that it
fixes at its start.  Tables whose rows changed without the stream showing it (new ones, rewritten ones, all of them
after a lost slot) are read whole at a fresh moment.  The stream is read exactly up to that moment first, so that rows
come to raw in their order: changes, T, R, later changes.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import psycopg

from northstar.ingest.contract import Batch, Cursor, IngestError, LedgerView, SourceUnreachable
from northstar.ingest.landing import LandingZone
from northstar.ingest.postgres.cursor import State
from northstar.ingest.postgres.run import SOURCE, Run
from northstar.ingest.postgres.settings import PostgresSettings
from northstar.ingest.postgres.slot import advance

_PASSING_CLASSES = ("08", "40", "53", "55", "57")
"""Classes of SQLSTATE that pass: connections, serialization, resources, locks, operators' interventions."""


class PostgresSource:
    """Reads one database through one slot; see :class:`PostgresSettings` for what it needs there."""

    name = SOURCE

    def __init__(self, settings: PostgresSettings) -> None:
        self._settings = settings
        self._held: psycopg.Connection[Any] | None = None
        self.retained_bytes = 0
        """How much WAL the server kept for the slot when the last run began."""

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        """Read from the ledger's cursor up to now, landing files, a batch at a time.

        Raises IngestError when the source cannot be read, or when another reader holds its slot.
        """
        try:
            run = Run(self._settings, self._connection(), landing, loaded_at)
            self.retained_bytes = run.slot.retained_bytes if run.slot else 0
            yield from run.read(State.from_cursor(ledger.cursor) if ledger.cursor is not None else None)
        except psycopg.Error as error:
            raise _as_ingest_error(error) from error

    def acknowledge(self, cursor: Cursor) -> None:
        """Let the server forget the WAL of what is loaded."""
        state = State.from_cursor(cursor)
        if state.creating:
            return
        try:
            advance(self._connection(), state.slot, state.confirmed_lsn)
        except psycopg.Error as error:
            raise _as_ingest_error(error) from error

    def close(self) -> None:
        """Close the connection, and with it give up the lock on the slot."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def interrupt(self) -> None:
        """Cut every connection: a call that waits for the server fails at once, in whatever thread it is."""
        for connection in list(self._settings.opened):
            with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    def _connection(self) -> psycopg.Connection[Any]:
        """The connection that holds the lock on the slot's name, opened at first use and after a failure."""
        if self._held is not None and (self._held.closed or self._held.broken):
            self._held = None
        if self._held is None:
            connection = self._settings.connect()
            try:
                _lock(connection, self._settings)
            except BaseException:
                connection.close()
                raise
            self._held = connection
        return self._held


def _lock(connection: psycopg.Connection[Any], settings: PostgresSettings) -> None:
    """Take the lock on the slot's name, waiting a little: a killed reader's backend may still hold it."""
    deadline = time.monotonic() + settings.lock_seconds
    while True:
        row = connection.execute(
            "SELECT pg_try_advisory_lock(hashtext('northstar'), hashtext(%s))", [settings.slot]
        ).fetchone()
        if row and row[0]:
            return
        if time.monotonic() > deadline:
            raise IngestError(
                f"another reader is using replication slot {settings.slot}: wait until it is done, or give this "
                "warehouse a slot of its own by NORTHSTAR_APP_SLOT"
            )
        time.sleep(0.2)


def _as_ingest_error(error: psycopg.Error) -> IngestError:
    # The server's own words may quote values; the client's do not.
    what = f"{type(error).__name__}, SQLSTATE {error.sqlstate}" if error.sqlstate else str(error).partition("\n")[0]
    may_pass = error.sqlstate is None or error.sqlstate.startswith(_PASSING_CLASSES)
    return (SourceUnreachable if may_pass else IngestError)(
        f"the application's database refused or broke off ({what}); what was loaded stays loaded, and the next run "
        "goes on from there"
    )


def from_environment(environment: Mapping[str, str]) -> PostgresSource:
    """The source as the ``NORTHSTAR_APP_*`` variables describe it.  Raises IngestError when one is missing."""
    return PostgresSource(PostgresSettings.from_environment(environment))
