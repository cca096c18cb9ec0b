"""How to reach the application's PostgreSQL, and what the role needs there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

import psycopg
import psycopg.conninfo

from northstar.ingest.contract import IngestError, SourceUnreachable

MINIMUM_VERSION = 15

_SESSION = {
    "application_name": "northstar_ingest",
    "client_encoding": "UTF8",
    "TimeZone": "UTC",
    "DateStyle": "ISO,YMD",
    "IntervalStyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "row_security": "off",  # a policy that hides rows from us must be an error, not a smaller table
    "client_connection_check_interval": "2s",  # a killed reader gives up its lock and its slot
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}

_NETWORK = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""A host that vanished is noticed within a minute, unless the DSN says otherwise."""


@dataclass(frozen=True)
class PostgresSettings:
    """Where the source is, and how much is read at a time.

    The role needs: ``LOGIN REPLICATION``; ``SELECT`` on the tables (and ``USAGE`` on their schemas); to keep the
    publication up to date, ``CREATE`` on the database and membership in the role that owns the tables.  Tables that it
    may not read or add are left out and reported.  It needs no superuser, and writes nothing but the publication and
    the slot.
    """

    dsn: str
    slot: str = "northstar"
    """Name of the replication slot and of the publication: one for each warehouse that reads this source."""
    batch_messages: int = 500_000
    """A batch ends with the transaction in which it reaches this many decoded messages."""
    lock_seconds: float = 30.0
    """How long to wait for locks of the source: other readers, long transactions, tables being altered."""
    opened: WeakSet[psycopg.Connection[Any]] = field(default_factory=WeakSet, compare=False, repr=False)
    """Connections that were opened with these settings, for whoever must break them off."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9_]{1,63}", self.slot):
            raise IngestError(
                f"replication slot {self.slot!r}: a slot's name consists of lower-case letters, digits and underscores"
            )

    @staticmethod
    def from_environment(environment: Mapping[str, str]) -> PostgresSettings:
        """Read the ``NORTHSTAR_APP_*`` variables.  Raises IngestError naming one that is missing."""
        dsn = environment.get("NORTHSTAR_APP_DSN")
        if not dsn:
            raise IngestError(
                "NORTHSTAR_APP_DSN is not set: give the connection URL of the application's PostgreSQL database, "
                "such as postgresql://northstar@host/database"
            )
        return PostgresSettings(dsn, environment.get("NORTHSTAR_APP_SLOT") or "northstar")

    def connect(self, *, replication: bool = False) -> psycopg.Connection[Any]:
        """Open a connection in autocommit, with values written in one fixed form.

        Raises SourceUnreachable when the server cannot be reached or refuses.
        """
        session = {**_SESSION, "lock_timeout": f"{int(self.lock_seconds * 1000)}ms"}
        options = " ".join(f"-c {name}={value}" for name, value in session.items())
        given = psycopg.conninfo.conninfo_to_dict(self.dsn)
        network = {name: value for name, value in _NETWORK.items() if name not in given}
        dsn = psycopg.conninfo.make_conninfo(
            self.dsn, **network, **({"replication": "database"} if replication else {})
        )
        try:
            connection = psycopg.connect(dsn, autocommit=True, options=options)
        except psycopg.OperationalError as error:
            reason = str(error).strip().splitlines()[-1]
            raise SourceUnreachable(
                f"cannot connect to the application's database (NORTHSTAR_APP_DSN): {reason}"
            ) from error
        self.opened.add(connection)
        return connection
