"""Fill an empty app database with the company's life up to its anchor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg

from northstar.simulator.company import Company
from northstar.simulator.oltp import (
    awkward,
    extra_rows,
    seed_billing,
    seed_directory,
    seed_events,
    seed_insurance,
    seed_office,
    seed_patients,
    seed_payments,
)
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
    "billing.invoices": "invoice_id",
    "billing.invoice_lines": "invoice_line_id",
    "billing.payments": "payment_id",
    "office.messages": "message_id",
    "office.referrals": "referral_id",
    "office.tasks": "task_id",
    "audit.audit_log": "audit_log_id",
    "scheduling.waitlist_entries": "waitlist_entry_id",
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
        indexes = _drop_indexes(conn)
        loaded = []
        for table, columns in _tables(company):
            copy_columns(conn, table, columns)
            loaded.append(table)
        for definition in indexes:
            conn.execute(definition.encode())
        conn.execute(f"ANALYZE {', '.join(loaded)}".encode())
        existing = {row[0] for row in conn.execute("SELECT schemaname || '.' || tablename FROM pg_tables")}
        for table, columns in extra_rows.seed_tables(Chance(company.seed, "oltp"), naive(company.anchor), existing):
            copy_columns(conn, table, columns)
        if "legacy.letters" in existing:
            awkward.seed_rows(conn, company)
        create_sequences(conn, KEYS.items())


def _drop_indexes(conn: psycopg.Connection[Any]) -> list[str]:
    """Drop the indexes that enforce nothing, which are built faster afterwards, and return what creates them."""
    query = """
        SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
        FROM pg_index JOIN pg_class ON pg_class.oid = indrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE NOT indisunique AND nspname IN ('billing', 'directory', 'insurance', 'office', 'patients', 'scheduling')
        ORDER BY 1
    """
    found = conn.execute(query).fetchall()
    for name, _ in found:
        conn.execute(f"DROP INDEX {name}".encode())
    return [definition for _, definition in found]


def _tables(company: Company) -> Iterator[tuple[str, Columns]]:
    layout = Layout(company)
    calendars = Calendars(layout)
    chance = Chance(company.seed, "oltp")
    yield from seed_directory.tables(layout)
    yield from calendars.tables()
    visits = book(layout, taken(layout, calendars, chance), chance)
    yield from seed_patients.tables(layout, chance, (visits.patient, visits.created))
    yield from seed_events.tables(layout, visits, chance)
    bills = seed_billing.invoices(layout, visits, chance)
    paid = seed_payments.payments(bills, chance)
    yield from seed_billing.tables(layout, bills)
    yield from seed_payments.tables(paid, chance)
    yield from seed_insurance.tables(layout, bills, paid, chance)
    yield from seed_office.tables(layout, visits, chance)
