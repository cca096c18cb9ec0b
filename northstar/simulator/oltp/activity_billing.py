"""Invoices of visits are issued and settled: payments, failures, credit notes, refunds, voids and write-offs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from northstar.simulator.oltp import settlement as rules
from northstar.simulator.oltp import words
from northstar.simulator.oltp.chance import Bools, Times
from northstar.simulator.oltp.localtime import local, naive
from northstar.simulator.oltp.places import MONEY
from northstar.simulator.oltp.seed_billing import prices
from northstar.simulator.oltp.seed_directory import type_index
from northstar.simulator.oltp.tables import reserve
from northstar.simulator.oltp.tick import Row, Statement, Tick, instants, keys

_UNINVOICED = """
    SELECT appointment_id, a.account_id, a.clinic_id, patient_id, appointment_type_id, starts_at, fulfilled_at, country,
        time_zone
    FROM scheduling.appointments a JOIN directory.clinics USING (clinic_id)
    WHERE fulfilled_at > %s AND fulfilled_at <= %s AND status = 'fulfilled'
        AND NOT EXISTS (SELECT FROM billing.invoice_lines l WHERE l.appointment_id = a.appointment_id)
    ORDER BY fulfilled_at, appointment_id
"""
_UNSETTLED = """
    SELECT invoice_id, i.created_at, total_minor,
        EXISTS (SELECT FROM insurance.policies p WHERE p.patient_id = i.patient_id) AND country = 'US',
        status, amount_paid_minor, amount_credited_minor, opened_at
    FROM billing.invoices i JOIN directory.clinics USING (clinic_id)
    WHERE status IN ('draft', 'open')
    ORDER BY invoice_id
"""
_DETAILS = """
    SELECT i.invoice_id, i.account_id, i.clinic_id, i.patient_id, country, time_zone, i.currency, i.status,
        total_minor, amount_paid_minor, amount_credited_minor,
        (SELECT min(policy_id) FROM insurance.policies p WHERE p.patient_id = i.patient_id),
        c.claim_id, c.payer_id
    FROM billing.invoices i
        JOIN directory.clinics USING (clinic_id)
        LEFT JOIN insurance.claims c ON c.invoice_id = i.invoice_id AND c.status = 'submitted'
    WHERE i.invoice_id = ANY(%s)
"""


@dataclass
class _Invoice:
    """An invoice as it stands while its changes of the half hour are planned."""

    invoice_id: int
    account_id: int
    clinic_id: int
    patient_id: int
    country: str
    zone: str
    currency: str
    status: str
    total: int
    paid: int
    credited: int
    policy_id: int | None
    claim_id: int | None
    payer_id: int | None

    @property
    def balance(self) -> int:
        """What is still to be paid."""
        return self.total - self.paid - self.credited


def plan(tick: Tick) -> None:
    """Plan all changes of invoices in this half hour."""
    _issue(tick)
    _settle(tick)


def _issue(tick: Tick) -> None:
    longest = timedelta(microseconds=int(rules.LONGEST_INVOICE_DELAY / np.timedelta64(1, "us")))
    rows = tick.rows(_UNINVOICED, [tick.start - longest, tick.end])
    if not rows:
        return
    due = rules.invoiced_at(tick.steady, keys([row[0] for row in rows]), instants([row[6] for row in rows]))
    chosen = [(at, row) for at, row in zip(due, rows, strict=True) if at <= naive(tick.end)]
    for number, (at, row) in zip(reserve(tick.conn, "billing.invoices", len(chosen)), chosen, strict=True):
        _draft(tick, number, row, max(at.item().replace(tzinfo=UTC), tick.start + timedelta(seconds=1)))


def _draft(tick: Tick, number: int, row: Row, at: datetime) -> None:
    """One transaction: the invoice and its lines."""
    appointment, account, clinic, patient, kind, starts_at, _, country, zone = row
    index, where = type_index(kind), np.array([country], dtype=object)
    code, name = words.APPOINTMENT_TYPES[index][:2]
    lines = [(f"NS-{code}", name, int(prices(rules.VISIT_PRICES[[index]], where)[0]))]
    supply = int(prices(rules.supply_dollars(tick.steady, keys([appointment])), where)[0])
    if supply:
        lines.append(("NS-SUP", "Supplies", supply))
    taxes = [int(rules.tax_minor(keys([amount]), where)[0]) for _, _, amount in lines]
    subtotal, tax = sum(amount for _, _, amount in lines), sum(taxes)
    insert: Statement = (
        "INSERT INTO billing.invoices (invoice_id, account_id, clinic_id, patient_id, invoice_number, status, currency,"
        " subtotal_minor, tax_minor, total_minor, amount_paid_minor, amount_credited_minor, created_at, updated_at)"
        " VALUES (%s, %s, %s, %s, %s, 'draft', %s, %s, %s, %s, 0, 0, %s, %s)",
        [number, account, clinic, patient, f"INV-{number}", MONEY[country].currency, subtotal, tax, subtotal + tax,
         at, at],
    )  # fmt: skip
    day = local(starts_at, zone).date()
    tick.add(
        at,
        insert,
        *(
            (
                "INSERT INTO billing.invoice_lines VALUES (nextval('simulator_ids.invoice_lines'),"
                " %s, %s, %s, %s, %s, %s, 1, %s, %s, %s, %s, %s)",
                [number, position, appointment, code, name, day, amount, amount, line_tax, at, at],
            )
            for position, ((code, name, amount), line_tax) in enumerate(zip(lines, taxes, strict=True), 1)
        ),
    )


def _settle(tick: Tick) -> None:
    rows = tick.rows(_UNSETTLED)
    if not rows:
        return
    number, created, total, insured, status, paid, credited, opened = zip(*rows, strict=True)
    future = rules.settle(tick.steady, keys(number), instants(created), keys(total), np.array(insured))
    draft = np.array([state == "draft" for state in status])
    due = _due(tick, future, draft, keys(paid) > 0, keys(credited) > 0, instants(opened) + rules.STATEMENT_AFTER)
    details = {row[0]: _Invoice(*row) for row in tick.rows(_DETAILS, [[number[n] for n in sorted(due)]])}
    attempts = sum(kind in ("fail", "first", "second") for events in due.values() for _, kind in events)
    payments = iter(reserve(tick.conn, "billing.payments", attempts))
    for position, events in sorted(due.items()):
        invoice, one = details[number[position]], future.take(np.array([position]))
        last = tick.start
        for planned, kind in sorted(events):
            at = max(planned, last + timedelta(seconds=1))
            payment = next(payments) if kind in ("fail", "first", "second") else 0
            if at <= tick.end and (statements := _apply(tick, invoice, one, kind, payment, at)):
                tick.add(at, *statements)
                last = at


def _due(
    tick: Tick, future: rules.Settlement, draft: Bools, paid: Bools, credited: Bools, stated: Times
) -> dict[int, list[tuple[datetime, str]]]:
    """What is to be done until the end, by position: steps not yet taken, and what is bound to its moment."""
    found: dict[int, list[tuple[datetime, str]]] = {}
    start, end = naive(tick.start), naive(tick.end)
    for kind, times, wanted in (
        ("open", future.opened_at, draft),
        ("credit", future.credited_at, ~credited),
        ("fail", future.failed_at, future.failed_at > start),
        ("first", future.first_at, ~paid),
        ("second", future.second_at, paid | (future.first_at <= end)),
        ("void", future.voided_at, ~paid),
        ("write off", future.uncollectible_at, ~paid),
        ("state", stated, stated > start),
    ):
        for position in np.flatnonzero((times <= end) & wanted):
            found.setdefault(int(position), []).append((times[position].item().replace(tzinfo=UTC), kind))
    return found


def _apply(
    tick: Tick, invoice: _Invoice, plan_: rules.Settlement, kind: str, payment: int, at: datetime
) -> list[Statement]:
    """The statements of one step; none when it was taken before, or no longer makes sense."""
    if kind == "open":
        return _open(tick, invoice, int(plan_.fate[0]), at) if invoice.status == "draft" else []
    if invoice.status != "open":
        return []
    if kind == "credit" and not invoice.credited:
        return _credit(tick, invoice, int(plan_.credit_minor[0]), at)
    if kind == "fail":
        return _payment(tick, invoice, payment, invoice.balance, at, failed=True)
    if kind == "first" and not invoice.paid:
        return _payment(tick, invoice, payment, min(int(plan_.first_minor[0]), invoice.balance), at)
    if kind == "second" and invoice.paid:
        return _payment(tick, invoice, payment, invoice.balance, at)
    if kind in ("void", "write off") and not invoice.paid:
        status, column = ("void", "voided_at") if kind == "void" else ("uncollectible", "uncollectible_at")
        invoice.status = status
        update = f"UPDATE billing.invoices SET status = %s, {column} = %s, updated_at = %s WHERE invoice_id = %s"
        return [(update, [status, at, at, invoice.invoice_id])]
    if kind == "state":
        insert = "INSERT INTO billing.patient_statements VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
        number = invoice.invoice_id
        return [(insert, [number, invoice.account_id, invoice.patient_id, number, invoice.currency, invoice.balance,
                          at, at])]  # fmt: skip
    return []


def _open(tick: Tick, invoice: _Invoice, fate: int, at: datetime) -> list[Statement]:
    """Finalize the invoice; an insured patient's may become a claim."""
    number = invoice.invoice_id
    invoice.status = "open"
    due = local(at, invoice.zone).date() + timedelta(days=rules.DUE_AFTER_DAYS)
    statements: list[Statement] = [
        ("UPDATE billing.invoices SET status = 'open', opened_at = %s, due_on = %s, updated_at = %s"
         " WHERE invoice_id = %s", [at, due, at, number])
    ]  # fmt: skip
    insured = np.array([invoice.policy_id is not None and invoice.country == "US"])
    if rules.has_claim(tick.steady, keys([number]), keys([fate]), insured)[0]:
        statements += [
            ("INSERT INTO insurance.claims SELECT %s, %s, %s, %s, policy_id, payer_id, %s, %s, 'submitted', %s, %s, 0,"
             " NULL, %s, NULL, %s FROM insurance.policies WHERE policy_id = %s",
             [number, invoice.account_id, invoice.clinic_id, invoice.patient_id, number, f"CLM-{number}",
              invoice.currency, invoice.total, at, at, invoice.policy_id]),
            ("INSERT INTO insurance.claim_lines SELECT %s, %s, 1, appointment_id, procedure_code, 'Z00.00',"
             " service_date, %s, %s FROM billing.invoice_lines WHERE invoice_id = %s AND line_number = 1",
             [number, number, invoice.total, at, number]),
        ]  # fmt: skip
    return statements


def _credit(tick: Tick, invoice: _Invoice, amount: int, at: datetime) -> list[Statement]:
    number = invoice.invoice_id
    reasons = ("contractual_adjustment", "billing_error", "courtesy")
    reason = tick.steady.choice("credit reason", keys([number]), reasons)[0]
    invoice.credited += amount
    return [
        ("INSERT INTO billing.credit_notes VALUES (%s, %s, %s, %s, %s, %s, %s)",
         [number, number, invoice.currency, amount, reason, at, at]),
        ("UPDATE billing.invoices SET amount_credited_minor = %s, updated_at = %s WHERE invoice_id = %s",
         [amount, at, number]),
    ]  # fmt: skip


def _payment(
    tick: Tick, invoice: _Invoice, payment: int, applied: int, at: datetime, *, failed: bool = False
) -> list[Statement]:
    """A payment and what follows from it: allocation, the invoice's state, the claim and its remittance."""
    key, where = keys([payment]), np.array([invoice.country], dtype=object)
    insurer = invoice.payer_id if not failed and not invoice.paid and applied < invoice.balance else None
    method = "insurance" if insurer else "card" if failed else rules.methods(tick.steady, key)[0]
    extra = 0 if insurer or failed else int(rules.unapplied_minor(tick.steady, key, where)[0])
    amount = applied + extra
    fee = 0 if failed else int(rules.processor_fees(keys([amount]), np.array([method], dtype=object), where)[0])
    code = rules.FAILURE_CODES[payment % len(rules.FAILURE_CODES)] if failed else None
    statements: list[Statement] = [
        ("INSERT INTO billing.payments VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
         [payment, invoice.account_id, invoice.patient_id, insurer, method, "failed" if failed else "succeeded", code,
          invoice.currency, amount, fee, None if failed else at, at, at]),
    ]  # fmt: skip
    if failed:
        return statements
    invoice.paid += applied
    settled = invoice.balance == 0
    invoice.status = "paid" if settled else invoice.status
    statements += [
        ("INSERT INTO billing.payment_allocations VALUES (%s, %s, %s, %s, %s, %s)",
         [payment, payment, invoice.invoice_id, applied, at, at]),
        ("UPDATE billing.invoices SET status = %s, amount_paid_minor = %s, paid_at = %s, updated_at = %s"
         " WHERE invoice_id = %s", [invoice.status, invoice.paid, at if settled else None, at, invoice.invoice_id]),
    ]  # fmt: skip
    return statements + (_remittance(invoice, payment, insurer, amount, at) if insurer else [])


def _remittance(invoice: _Invoice, payment: int, payer: int, amount: int, at: datetime) -> list[Statement]:
    values: Sequence[Any] = [
        payment,
        invoice.claim_id,
        payer,
        payment,
        f"TRN{payment}",
        invoice.currency,
        amount,
        at,
        at,
    ]
    return [
        ("INSERT INTO insurance.remittances VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)", values),
        ("UPDATE insurance.claims SET status = 'paid', paid_minor = %s, adjudicated_at = %s, updated_at = %s"
         " WHERE claim_id = %s", [amount, at, at, invoice.claim_id]),
    ]  # fmt: skip
