"""Which server and database this is, and whether they are those that the ledger knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from northstar.ingest.contract import IngestError
from northstar.ingest.postgres.cursor import State
from northstar.ingest.postgres.settings import MINIMUM_VERSION


@dataclass(frozen=True)
class Server:
    """A server at one moment."""

    system_identifier: str
    """Given to a cluster when it is created; a standby and a restored backup have that of their origin."""
    timeline: int
    """Changes with each failover and each restore to a point in time."""
    database: str
    flushed_lsn: int
    """Everything before it is on disk, hence visible to logical decoding."""
    now: datetime
    retained_cap: int
    """``max_slot_wal_keep_size`` in bytes; negative when there is none."""


def read_server(connection: psycopg.Connection[Any]) -> Server:
    """Look at the server.  Raises IngestError when it cannot be read by logical decoding."""
    version = connection.info.server_version
    if version < MINIMUM_VERSION * 10000:
        raise IngestError(f"the application's database is PostgreSQL {version // 10000}; {MINIMUM_VERSION} is needed")
    row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
    if row is None or row[0]:
        raise IngestError(
            "NORTHSTAR_APP_DSN leads to a standby, or to a server that is still recovering: give the primary's address"
        )
    row = connection.execute(
        "SELECT s.system_identifier::text, c.timeline_id, current_database()::text, "
        "(pg_current_wal_flush_lsn() - '0/0')::int8, clock_timestamp(), "
        "(SELECT setting::int8 FROM pg_settings WHERE name = 'max_slot_wal_keep_size') * 1048576, "
        "current_setting('wal_level') "
        "FROM pg_control_system() s, pg_control_checkpoint() c"
    ).fetchone()
    assert row is not None
    *facts, wal_level = row
    if wal_level != "logical":
        raise IngestError(
            f"the application's database runs with wal_level = {wal_level}: set wal_level = logical and restart it"
        )
    return Server(*facts)


def check_same(server: Server, state: State) -> None:
    """Raise IngestError when the server is not the one whose changes are in raw, or went back in time."""
    start_over = (
        "If that is meant, load it as a new source: drop schema raw_app and delete the rows of source 'app' from "
        "ops.load_ledger and ops.source_seal, then run again"
    )
    if server.system_identifier != state.system_identifier:
        raise IngestError(
            "NORTHSTAR_APP_DSN leads to another PostgreSQL cluster than the one that raw_app was loaded from "
            f"(system identifier {server.system_identifier}, the ledger says {state.system_identifier}); positions of "
            f"two clusters cannot be compared, so nothing was read. Check the DSN. {start_over}"
        )
    if server.database != state.database:
        raise IngestError(
            f"NORTHSTAR_APP_DSN leads to database {server.database}, but raw_app was loaded from database "
            f"{state.database}; nothing was read. Check the DSN. {start_over}"
        )
    if server.flushed_lsn < state.confirmed_lsn:
        raise IngestError(
            "the application's database is behind what raw_app was loaded from: it was restored from a backup, or "
            f"failed over to a standby that lacked the last changes; nothing was read. {start_over}"
        )
