"""Each rule of oltp_rules finds a row that breaks it: none of them passes because it looks at nothing."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from oltp_rules import ALL_RULES

_DONE = "(SELECT min(appointment_id) FROM scheduling.appointments WHERE status = 'fulfilled' AND NOT is_telehealth)"
_PAID = "(SELECT min(invoice_id) FROM billing.invoices WHERE status = 'paid' AND currency = 'USD')"
_INSURER = "(SELECT min(payment_id) FROM billing.payments WHERE method = 'insurance')"
_FAILED = "(SELECT min(payment_id) FROM billing.payments WHERE status = 'failed')"


def _appointment(change: str, key: str = _DONE) -> str:
    return f"UPDATE scheduling.appointments SET {change} WHERE appointment_id = {key}"


def _invoice(change: str, key: str = _PAID) -> str:
    return f"UPDATE billing.invoices SET {change} WHERE invoice_id = {key}"


def _event(change: str, status: str = "arrived") -> str:
    return (
        f"UPDATE scheduling.appointment_events SET {change} WHERE appointment_id = {_DONE} AND to_status = '{status}'"
    )


_REPLACEMENT = "(SELECT min(appointment_id) FROM scheduling.appointments WHERE rescheduled_from_id IS NOT NULL)"
BREAKS = {
    "without events": f"DELETE FROM scheduling.appointment_events WHERE appointment_id = {_DONE}",
    "first event is not the creation": _appointment("created_at = created_at - interval '1 second'"),
    "event before creation or after the last change": _appointment("updated_at = created_at"),
    "last event has another status or time": _appointment("status = 'booked'"),
    "chain of events is broken": _event("from_status = 'pending'"),
    "event that changes nothing": _event("from_status = to_status"),
    "booked_at differs from its event": _appointment("booked_at = NULL"),
    "arrived_at differs from its event": _appointment("arrived_at = arrived_at + interval '1 second'"),
    "checked_in_at differs from its event": _appointment("checked_in_at = NULL"),
    "fulfilled_at differs from its event": _appointment("fulfilled_at = NULL"),
    "cancelled_at differs from its event": _appointment("cancelled_at = updated_at"),
    "times out of order": _appointment("ends_at = starts_at"),
    "reason without cancellation, or the reverse": _appointment("cancellation_reason_code = 'pat'"),
    "replacement that does not fit what it replaces": _appointment("patient_id = patient_id + 1", _REPLACEMENT),
    "rescheduled, but not replaced by one other in the seed": "UPDATE before.appointments"
    " SET rescheduled_from_id = NULL",
    "replaced twice": _appointment(
        f"rescheduled_from_id = (SELECT rescheduled_from_id FROM scheduling.appointments WHERE appointment_id = "
        f"{_REPLACEMENT})"
    ),
    "of another account": _appointment("account_id = account_id + 1"),
    "total is not subtotal and tax": _invoice("tax_minor = tax_minor + 1"),
    "lines do not sum to the invoice": f"UPDATE billing.invoice_lines SET amount_minor = 1 WHERE invoice_id = {_PAID}",
    "without lines": f"DELETE FROM billing.invoice_lines WHERE invoice_id = {_PAID}",
    "paid is not the sum of allocations": f"DELETE FROM billing.payment_allocations WHERE invoice_id = {_PAID}",
    "credited is not the sum of credit notes": "DELETE FROM billing.credit_notes",
    "status differs from balance": _invoice("status = 'open', paid_at = NULL"),
    "status differs from its time": _invoice("voided_at = paid_at"),
    "visit invoiced before it was fulfilled, or twice": _invoice("created_at = created_at - interval '1 day'"),
    "allocated more than paid, or of a failed payment": "UPDATE billing.payments SET amount_minor = 1"
    f" WHERE payment_id = {_INSURER}",
    "failed payment that was received": "UPDATE billing.payments SET received_at = created_at"
    f" WHERE payment_id = {_FAILED}",
    "refunded more than paid, or before": "UPDATE billing.refunds SET amount_minor = amount_minor + 1000000",
    "insurer's payment without remittance": f"DELETE FROM insurance.remittances WHERE payment_id = {_INSURER}",
    "amount that three decimals do not allow": _invoice("currency = 'KWD', total_minor = total_minor + 1"),
    "not in the currency of the clinic's country": _invoice("currency = 'EUR'"),
    "session that ends before it begins": "UPDATE scheduling.provider_schedules SET ends_at = '01:00'",
    "template valid for no time": "UPDATE scheduling.provider_schedules SET valid_to = valid_from",
    "closure or absence of no length": "UPDATE scheduling.schedule_exceptions SET ends_at = starts_at",
}


def test_there_is_a_breach_for_each_rule() -> None:
    assert set(BREAKS) == set(ALL_RULES)


@pytest.mark.parametrize("rule", ALL_RULES)
def test_rule_finds_what_breaks_it(worked: psycopg.Connection[Any], rule: str) -> None:
    with worked.transaction(force_rollback=True):
        worked.execute("SET LOCAL session_replication_role = replica")
        assert worked.execute(BREAKS[rule].encode()).rowcount > 0
        found = worked.execute(f"SELECT count(*) FROM ({ALL_RULES[rule]}) broken".encode()).fetchone()
    assert found is not None and found[0] > 0
