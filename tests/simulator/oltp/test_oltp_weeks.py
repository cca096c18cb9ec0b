"""Two weeks of work: rules still hold, rates stay as they were, and what is rare has happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from oltp_period import ANCHOR, keep_copies
from oltp_rules import ALL_RULES

from northstar.simulator.company import Company
from northstar.simulator.oltp import advance, create_schema, seed

pytestmark = pytest.mark.slow
RARE = {
    "deleted": "FROM before.appointments WHERE appointment_id NOT IN"
    " (SELECT appointment_id FROM scheduling.appointments)",
    "merged": "FROM patients.patient_merges",
    "walked in": "FROM scheduling.appointments WHERE reason_for_visit = 'walk-in'",
    "moved in place": "FROM scheduling.appointment_events WHERE from_status = to_status AND occurred_at > %(anchor)s",
    "entered in error": "FROM scheduling.appointment_events"
    " WHERE to_status = 'entered-in-error' AND occurred_at > %(anchor)s",
    "region changed": "FROM directory.clinics c JOIN before.clinics b USING (clinic_id)"
    " WHERE c.region_code IS DISTINCT FROM b.region_code",
    "plan changed": "FROM directory.accounts a JOIN before.accounts b USING (account_id)"
    " WHERE a.plan_code <> b.plan_code",
    "template changed": "FROM scheduling.provider_schedules WHERE updated_at > %(anchor)s AND valid_to IS NOT NULL",
    "time off at short notice": "FROM scheduling.schedule_exceptions"
    " WHERE updated_at > %(anchor)s AND NOT is_cancelled",
    "time off cancelled": "FROM scheduling.schedule_exceptions WHERE updated_at > %(anchor)s AND is_cancelled",
    "closed at short notice": "FROM directory.clinic_closures WHERE created_at > %(anchor)s",
    "called off by the clinic": "FROM scheduling.appointments"
    " WHERE cancelled_at > %(anchor)s AND cancellation_reason_code = 'prov'",
    "failed payment": "FROM billing.payments WHERE status = 'failed' AND created_at > %(anchor)s",
    "refunded": "FROM billing.refunds WHERE refunded_at > %(anchor)s",
    "credited": "FROM billing.credit_notes WHERE issued_at > %(anchor)s",
    "voided": "FROM billing.invoices WHERE voided_at > %(anchor)s",
    "written off": "FROM billing.invoices WHERE uncollectible_at > %(anchor)s",
    "paid by an insurer": "FROM insurance.remittances WHERE received_at > %(anchor)s",
    "claim denied": "FROM insurance.claims WHERE status = 'denied' AND adjudicated_at > %(anchor)s",
    "statement sent": "FROM billing.patient_statements WHERE issued_at > %(anchor)s",
}
END = ANCHOR + timedelta(days=14)


def shares(conn: psycopg.Connection[Any]) -> dict[str, float]:
    """Rates of the two weeks, and visits per day against the two weeks before."""
    query = """
        SELECT avg((status = 'noshow')::int) FILTER (WHERE status IN ('fulfilled', 'noshow', 'arrived', 'checked-in')),
            avg((status = 'cancelled')::int),
            count(*) FILTER (WHERE status = 'fulfilled')
        FROM scheduling.appointments WHERE starts_at >= %s AND starts_at < %s
    """
    now = conn.execute(query, [ANCHOR, END]).fetchone()
    earlier = conn.execute(query, [ANCHOR - timedelta(days=14), ANCHOR]).fetchone()
    assert now and earlier
    return {"no-show": float(now[0]), "cancelled": float(now[1]), "visits": now[2] / earlier[2]}


def test_two_weeks_of_work(database: str) -> None:
    company = Company(seed=12, scale=0.1, anchor=ANCHOR)
    create_schema(database, extra_tables=0)
    seed(database, company)
    with psycopg.connect(database, autocommit=True, options="-c timezone=UTC") as conn:
        keep_copies(conn)
        advance(database, company, ANCHOR, END)
        for rule, query in ALL_RULES.items():
            assert conn.execute(f"SELECT count(*) FROM ({query}) broken".encode()).fetchone() == (0,), rule
        missing = [
            what
            for what, query in RARE.items()
            if not conn.execute(f"SELECT 1 {query} LIMIT 1".encode(), {"anchor": ANCHOR}).fetchone()
        ]
        assert missing == []
        found = shares(conn)
    assert 0.04 <= found["no-show"] <= 0.12
    assert 0.10 <= found["cancelled"] <= 0.22
    assert 0.75 <= found["visits"] <= 1.25
