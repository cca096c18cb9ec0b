"""Fill an empty app database with the company's life up to its anchor."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from northstar.simulator.company import Company
from northstar.simulator.oltp import awkward, extra_rows, seed_directory, seed_events, seed_patients
from northstar.simulator.oltp.calendars import Calendars
from northstar.simulator.oltp.chance import Chance
from northstar.simulator.oltp.layout import Layout
from northstar.simulator.oltp.localtime import naive
from northstar.simulator.oltp.seed_appointments import book
from northstar.simulator.oltp.slots import taken
from northstar.simulator.oltp.tables import Columns, copy_columns, create_sequences

KEYS = {
    "scheduling.appointments": "appointment_id",
    "scheduling.appointment_events": "event_id",
    "scheduling.provider_schedules": "schedule_id",
    "scheduling.schedule_exceptions": "exception_id",
    "directory.clinic_closures": "closure_id",
    "directory.account_plan_changes": "account_plan_change_id",
    "patients.patients": "patient_id",
    "patients.patient_merges": "patient_merge_id",
}
"""Tables to which the clinics' daily work adds rows, and their keys."""


def seed(dsn: str, company: Company) -> None:
    """Fill the tables that :func:`create_schema` made.  The role must be a superuser.

    Foreign keys are not checked row by row while loading, as that would take most of the time; the rows are built so
    that they hold, and a test checks them all.
    """
    with psycopg.connect(dsn, options="-c timezone=UTC -c session_replication_role=replica") as conn:
        for table, columns in _tables(company):
            copy_columns(conn, table, columns)
        existing = {row[0] for row in conn.execute("SELECT schemaname || '.' || tablename FROM pg_tables")}
        for table, columns in extra_rows.seed_tables(Chance(company.seed, "oltp"), naive(company.anchor), existing):
            copy_columns(conn, table, columns)
        if "legacy.letters" in existing:
            awkward.seed_rows(conn, company)
        create_sequences(conn, KEYS.items())
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("ANALYZE")


def _tables(company: Company) -> Iterator[tuple[str, Columns]]:
    layout = Layout(company)
    calendars = Calendars(layout)
    chance = Chance(company.seed, "oltp")
    yield from seed_directory.tables(layout)
    yield from calendars.tables()
    visits = book(layout, taken(layout, calendars, chance), chance)
    yield from seed_patients.tables(layout, chance, (visits.patient, visits.created))
    yield from seed_events.tables(layout, visits, chance)
