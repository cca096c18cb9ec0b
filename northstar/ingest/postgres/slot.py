"""Replication slots: what the source keeps for us, and the snapshots that new ones export."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import psycopg
from psycopg import pq

from northstar.ingest.contract import IngestError
from northstar.ingest.postgres.settings import PostgresSettings

T = TypeVar("T")


@dataclass(frozen=True)
class Slot:
    """A slot's state as the server reports it; positions are bytes of WAL, as integers."""

    plugin: str
    database: str
    confirmed_lsn: int
    wal_status: str
    """reserved, extended, unreserved, lost."""
    invalidated: bool
    retained_bytes: int
    """How much WAL the server keeps for the slot."""

    @property
    def usable(self) -> bool:
        """Whether every change since the confirmed position can still be read."""
        return self.wal_status != "lost" and not self.invalidated


@dataclass(frozen=True)
class ExportedSnapshot:
    """A moment of the source that other connections can look at."""

    lsn: int
    """Its consistent point: visible is exactly what was committed before it."""
    name: str
    taken_at: datetime


def read_slot(connection: psycopg.Connection[Any], name: str) -> Slot | None:
    """The slot of that name, None when there is none."""
    reason = "s.invalidation_reason IS NOT NULL" if connection.info.server_version >= 170000 else "false"
    row = connection.execute(
        "SELECT s.plugin::text, s.database::text, coalesce(s.confirmed_flush_lsn - '0/0', 0)::int8, "
        f"coalesce(s.wal_status, 'lost'), {reason}, "
        "coalesce(pg_current_wal_lsn() - s.restart_lsn, 0)::int8 FROM pg_replication_slots s WHERE s.slot_name = %s",
        [name],
    ).fetchone()
    return Slot(*row) if row else None


def advance(connection: psycopg.Connection[Any], name: str, lsn: int) -> None:
    """Let the server forget what was committed before ``lsn``; does nothing when it has already."""
    connection.execute(
        "SELECT pg_replication_slot_advance(slot_name, '0/0'::pg_lsn + %s) FROM pg_replication_slots "
        "WHERE slot_name = %s AND confirmed_flush_lsn < '0/0'::pg_lsn + %s",
        [lsn, name, lsn],
    )


def drop(connection: psycopg.Connection[Any], name: str, patience_seconds: float) -> None:
    """Drop a slot if it exists, waiting for a killed reader's backend to let go of it."""
    patiently(
        lambda: connection.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", [name]
        ),
        patience_seconds,
    )


def patiently(attempt: Callable[[], T], seconds: float) -> T:
    """Try again for a while as long as the server says that the object is in use."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return attempt()
        except psycopg.errors.ObjectInUse:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


class SnapshotUnavailable(IngestError):
    """The server did not reach a consistent point in time: a transaction has been open for too long."""


@contextmanager
def exported_snapshot(settings: PostgresSettings, slot: str, *, temporary: bool) -> Iterator[ExportedSnapshot]:
    """Create a slot and look at the moment at which it starts.

    The snapshot can be imported while the context lasts; a temporary slot ends with it.  Raises SnapshotUnavailable
    when transactions that were open at the start do not end within the settings' ``lock_seconds``.
    """
    with settings.connect(replication=True) as connection:
        kind = "TEMPORARY " if temporary else ""
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        result = connection.pgconn.exec_(
            f"CREATE_REPLICATION_SLOT {slot} {kind}LOGICAL pgoutput (SNAPSHOT 'export')".encode()
        )
        if result.status != pq.ExecStatus.TUPLES_OK:
            message = (result.error_message or b"").decode().strip().splitlines()[0]
            if (result.error_field(pq.DiagnosticField.SQLSTATE) or b"") == b"55P03":
                raise SnapshotUnavailable(
                    f"no snapshot of the source within {settings.lock_seconds:g} seconds: a transaction there has been "
                    "open for longer; find it in pg_stat_activity (oldest xact_start), end it, and run again"
                )
            raise IngestError(f"cannot create replication slot {slot}: {message}")
        values = {}
        for number in range(result.nfields):
            value = result.get_value(0, number)
            values[(result.fname(number) or b"").decode()] = value.decode() if value else ""
        high, low = values["consistent_point"].split("/")
        # The snapshot lives until the next command on this connection, so there is none.
        yield ExportedSnapshot((int(high, 16) << 32) + int(low, 16), values["snapshot_name"], row[0])
