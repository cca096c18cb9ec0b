"""The time that the company of these tests lives through, and how it is remembered what it was before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

ANCHOR = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
END = ANCHOR + timedelta(hours=18)
_COPIED = (
    "scheduling.appointments", "scheduling.provider_schedules", "directory.providers", "directory.clinics",
    "directory.accounts", "billing.invoices", "patients.patients",
)  # fmt: skip


def keep_copies(conn: psycopg.Connection[Any]) -> None:
    """Copy some tables to the schema ``before``."""
    conn.execute("CREATE SCHEMA before")
    for table in _COPIED:
        conn.execute(f"CREATE TABLE before.{table.split('.')[1]} AS TABLE {table}".encode())
