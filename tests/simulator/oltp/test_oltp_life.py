"""What happens in the simulated clinics is like life: rates, variety, oddities, and work at every hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from oltp_period import ANCHOR, END

Connection = psycopg.Connection[Any]
MINUTE = timedelta(minutes=1)


def number(conn: Connection, query: str, *parameters: object) -> float:
    row = conn.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return float(row[0])


def test_rates_are_plausible(worked: Connection) -> None:
    past = "FROM before.appointments WHERE starts_at < %s"
    ended = f"{past} AND status IN ('fulfilled', 'noshow', 'arrived', 'checked-in')"
    no_show = number(worked, f"SELECT avg((status = 'noshow')::int) {ended}", ANCHOR)
    cancelled = number(worked, f"SELECT avg((status = 'cancelled')::int) {past}", ANCHOR)
    assert 0.04 <= no_show <= 0.12
    assert 0.10 <= cancelled <= 0.20


def _minutes(intervals: list[tuple[datetime, datetime]]) -> float:
    """Length of the union of intervals."""
    total, reached = timedelta(), datetime.min.replace(tzinfo=UTC)
    for start, end in sorted(intervals):
        total += max(end - max(start, reached), timedelta())
        reached = max(reached, end)
    return total / MINUTE


def test_utilization_is_plausible(worked: Connection) -> None:
    """Booked minutes over minutes of the templates in the last 60 days; absences and closures are left out here."""
    first = ANCHOR.date() - timedelta(days=60)
    templates = worked.execute(
        "SELECT provider_id, iso_weekday, starts_at, ends_at, valid_from, valid_to FROM before.provider_schedules"
    ).fetchall()
    available = 0.0
    for _, weekday, start, end, valid_from, valid_to in templates:
        minutes = (end.hour * 60 + end.minute or 1440) - start.hour * 60 - start.minute
        days = [first + timedelta(days=n) for n in range(60)]
        valid = [d for d in days if d.isoweekday() == weekday and valid_from <= d < (valid_to or date.max)]
        available += minutes * len(valid)
    visits: dict[int, list[tuple[datetime, datetime]]] = {}
    query = """
        SELECT provider_id, starts_at, ends_at FROM before.appointments
        WHERE starts_at >= %s AND starts_at < %s
            AND status IN ('booked', 'arrived', 'checked-in', 'fulfilled', 'noshow')
    """
    for provider, start, end in worked.execute(query, [first, ANCHOR.date()]):
        visits.setdefault(provider, []).append((start, end))
    booked = sum(_minutes(intervals) for intervals in visits.values())
    assert 0.60 <= booked / available <= 0.85


def test_all_statuses_and_reasons_occur(worked: Connection) -> None:
    statuses = {row[0] for row in worked.execute("SELECT DISTINCT status FROM scheduling.appointments")}
    assert statuses == {
        "proposed", "pending", "booked", "arrived", "checked-in", "fulfilled", "cancelled", "noshow",
        "entered-in-error", "waitlist",
    }  # fmt: skip
    reasons = {
        row[0] for row in worked.execute("SELECT DISTINCT cancellation_reason_code FROM scheduling.appointments")
    }
    assert reasons == {None, "pat", "prov", "rescheduled", "other"}
    states = {row[0] for row in worked.execute("SELECT DISTINCT status FROM billing.invoices")}
    assert states == {"draft", "open", "paid", "void", "uncollectible"}


ODDITIES = {
    "double booking": """
        FROM before.appointments a JOIN before.appointments b USING (provider_id, starts_at)
        WHERE a.appointment_id < b.appointment_id AND 'fulfilled' = ALL (ARRAY[a.status, b.status])""",
    "chain of reschedules": "FROM before.appointments"
    " WHERE rescheduled_from_id IS NOT NULL AND cancellation_reason_code = 'rescheduled'",
    "visit across local midnight": """
        FROM before.appointments a JOIN directory.clinics USING (clinic_id)
        WHERE (starts_at AT TIME ZONE time_zone)::date
            < ((ends_at - interval '1 second') AT TIME ZONE time_zone)::date""",
    "session until midnight": "FROM before.provider_schedules WHERE ends_at = '00:00'",
    "template that changed": "FROM before.provider_schedules WHERE valid_to < DATE '2026-11-23'",
    "provider at two clinics": "FROM (SELECT FROM before.provider_schedules GROUP BY provider_id"
    " HAVING count(DISTINCT clinic_id) > 1) two",
    "lunch gap": "FROM before.provider_schedules GROUP BY provider_id, iso_weekday, valid_from HAVING count(*) > 1",
    "cancelled absence": "FROM scheduling.schedule_exceptions WHERE is_cancelled",
    "absence at all clinics": "FROM scheduling.schedule_exceptions WHERE clinic_id IS NULL",
    "overlapping absences": """
        FROM scheduling.schedule_exceptions a JOIN scheduling.schedule_exceptions b USING (provider_id)
        WHERE a.exception_id < b.exception_id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at""",
    "half a day closed": "FROM directory.clinic_closures WHERE ends_at - starts_at < interval '1 day'",
    "clinic without daylight saving": "FROM directory.clinics WHERE time_zone IN ('America/Phoenix', 'Asia/Tokyo')",
    "video visit without check-in": "FROM before.appointments"
    " WHERE is_telehealth AND fulfilled_at IS NOT NULL AND checked_in_at IS NULL",
    "late arrival": "FROM before.appointments WHERE arrived_at > starts_at + interval '10 minutes'",
    "aged 90 or more": "FROM patients.patients WHERE birth_date < DATE '1936-11-23'",
    "aged 89": "FROM patients.patients WHERE birth_date > DATE '1936-11-23' AND birth_date <= DATE '1937-11-23'",
    "without birth date": "FROM patients.patients WHERE birth_date IS NULL",
    "restricted ZIP": "FROM patients.patients WHERE left(postal_code, 3) IN ('036', '059', '556', '692', '821', '879')",
    "ZIP cut short": "FROM patients.patients WHERE length(postal_code) = 4",
    "payment that failed": "FROM billing.payments WHERE status = 'failed'",
    "paid too much": "FROM billing.payments JOIN billing.payment_allocations a USING (payment_id)"
    " WHERE a.amount_minor < payments.amount_minor",
    "partial refund": "FROM billing.refunds JOIN billing.payments p USING (payment_id)"
    " WHERE refunds.amount_minor < p.amount_minor",
    "paid in two parts": "FROM billing.payment_allocations GROUP BY invoice_id HAVING count(*) > 1",
    "denied claim": "FROM insurance.claims WHERE status = 'denied'",
    "currency without decimals": "FROM billing.invoices WHERE currency = 'JPY'",
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_oddities_occur(worked: Connection, oddity: str) -> None:
    assert worked.execute(f"SELECT 1 {ODDITIES[oddity]} LIMIT 1".encode()).fetchone()


CHANGES = {
    "booked": "FROM scheduling.appointments WHERE created_at > %(anchor)s AND rescheduled_from_id IS NULL",
    "rescheduled": "FROM scheduling.appointments WHERE created_at > %(anchor)s AND rescheduled_from_id IS NOT NULL",
    "cancelled": "FROM scheduling.appointments WHERE cancelled_at > %(anchor)s",
    "fulfilled": "FROM scheduling.appointments WHERE fulfilled_at > %(anchor)s",
    "found missing": "FROM scheduling.appointment_events WHERE to_status = 'noshow' AND occurred_at > %(anchor)s",
    "specialty changed": "FROM directory.providers p JOIN before.providers b USING (provider_id)"
    " WHERE p.specialty_code <> b.specialty_code",
    "registered": "FROM patients.patients WHERE created_at > %(anchor)s",
    "corrected": "FROM patients.patients WHERE updated_at > %(anchor)s AND created_at < %(anchor)s",
    "invoiced": "FROM billing.invoices WHERE created_at > %(anchor)s",
    "paid": "FROM billing.invoices WHERE paid_at > %(anchor)s",
    "claimed": "FROM insurance.claims WHERE submitted_at > %(anchor)s",
    "reminded": "FROM scheduling.appointment_reminders WHERE sent_at > %(anchor)s",
}


@pytest.mark.parametrize("change", CHANGES)
def test_work_is_done(worked: Connection, change: str) -> None:
    assert worked.execute(f"SELECT 1 {CHANGES[change]} LIMIT 1".encode(), {"anchor": ANCHOR}).fetchone()


def test_every_write_is_stamped_within_the_time_simulated(worked: Connection) -> None:
    """Rows that differ from what they were have an updated_at after the anchor, and none lies after the end."""
    for name, key in (("appointments", "appointment_id"), ("provider_schedules", "schedule_id")):
        unstamped = f"""
            SELECT count(*) FROM scheduling.{name} a LEFT JOIN before.{name} b USING ({key})
            WHERE (b.{key} IS NULL OR a::text <> b::text) AND NOT (a.updated_at > %s AND a.updated_at <= %s)
        """
        assert number(worked, unstamped, ANCHOR, END) == 0
    tables = worked.execute(
        "SELECT table_schema, table_name FROM information_schema.columns"
        " WHERE column_name = 'updated_at' AND table_schema NOT IN ('before', 'pg_catalog')"
    ).fetchall()
    for schema, table in tables:
        assert number(worked, f'SELECT count(*) FROM "{schema}"."{table}" WHERE updated_at > %s', END) == 0, table


def test_clinics_book_in_their_own_hours(worked: Connection) -> None:
    rows = worked.execute(
        "SELECT a.created_at, time_zone FROM scheduling.appointments a JOIN directory.clinics USING (clinic_id)"
        " WHERE a.created_at > %s", [ANCHOR],
    ).fetchall()  # fmt: skip
    hours = {created.astimezone(ZoneInfo(zone)).hour for created, zone in rows}
    assert hours <= set(range(7, 20)) and len({zone for _, zone in rows}) > 1


def test_other_tables_change_too(worked: Connection) -> None:
    worked.execute("SELECT pg_stat_force_next_flush()")
    query = """
        SELECT count(*) FROM pg_stat_user_tables
        WHERE schemaname IN ('legacy', 'inventory', 'pharmacy', 'laboratory', 'imaging', 'clinical') AND n_tup_upd > 0
    """
    assert number(worked, query) >= 5
