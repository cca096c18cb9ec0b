"""Seed of the payments for invoices, and of refunds and credit notes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from northstar.simulator.oltp import settlement as rules
from northstar.simulator.oltp import words
from northstar.simulator.oltp.chance import Bools, Chance, Ints, Objects, Times, none_where
from northstar.simulator.oltp.seed_billing import NAT, Invoices, Tables
from northstar.simulator.oltp.tables import nullable

FIRST_PAYMENT = 700_001


@dataclass(frozen=True)
class Payments:
    """All payments as parallel arrays, sorted by time; ``invoice`` is a position among the invoices."""

    key: Ints
    invoice: Ints
    bills: Invoices
    at: Times
    applied: Ints
    amount: Ints
    method: Objects
    fee: Ints
    failed: Bools
    payer: Ints
    """0 where the patient pays."""


def payments(bills: Invoices, chance: Chance) -> Payments:
    """The payments made until the anchor."""
    done = bills.settled
    groups = []
    for at, amount, failed in (
        (done.failed_at, bills.total, True),
        (done.first_at, done.first_minor, False),
        (done.second_at, bills.total - done.first_minor, False),
    ):
        chosen = np.flatnonzero(~np.isnat(at))
        insurer = bills.insured[chosen] & (done.fate[chosen] == rules.SPLIT) & (at is done.first_at)
        groups.append((chosen, at[chosen], amount[chosen], np.full(len(chosen), failed), insurer))
    columns = [np.concatenate(column) for column in zip(*groups, strict=True)]
    order = np.lexsort((columns[0], columns[1]))
    invoice, made, applied, fails, by_insurer = (column[order] for column in columns)
    key = FIRST_PAYMENT + np.arange(len(order), dtype=np.int64)
    country = bills.country[invoice]
    method = np.where(by_insurer, "insurance", np.where(fails, "card", rules.methods(chance, key)))
    extra = np.where(by_insurer | fails, 0, rules.unapplied_minor(chance, key, country))
    fee = np.where(fails, 0, rules.processor_fees(applied + extra, method, country))
    payer = np.where(by_insurer, payer_of(chance, bills.patient[invoice]), 0)
    return Payments(key, invoice, bills, made, applied, applied + extra, method, fee, fails, payer)


def payer_of(chance: Chance, patient: Ints) -> Ints:
    """Key of the payer that insures a patient."""
    return 1 + chance.between("payer", patient, 0, len(words.PAYERS) - 1)


def tables(paid: Payments, chance: Chance) -> Tables:
    """Payments, what they were applied to, and what corrects them."""
    invoice, bills = paid.invoice, paid.bills
    codes = np.array(rules.FAILURE_CODES, dtype=object)[paid.key % len(rules.FAILURE_CODES)]
    yield (
        "billing.payments",
        {
            "payment_id": paid.key,
            "account_id": bills.account[invoice],
            "patient_id": bills.patient[invoice],
            "payer_id": nullable(paid.payer, paid.payer == 0),
            "method": paid.method,
            "status": np.where(paid.failed, "failed", "succeeded"),
            "failure_code": none_where(~paid.failed, codes),
            "currency": bills.currency[invoice],
            "amount_minor": paid.amount,
            "processor_fee_minor": paid.fee,
            "received_at": np.where(paid.failed, NAT, paid.at),
            "created_at": paid.at,
            "updated_at": paid.at,
        },
    )
    good = np.flatnonzero(~paid.failed)
    yield (
        "billing.payment_allocations",
        {
            "payment_allocation_id": paid.key[good],
            "payment_id": paid.key[good],
            "invoice_id": bills.key[invoice[good]],
            "amount_minor": paid.applied[good],
            "allocated_at": paid.at[good],
            "updated_at": paid.at[good],
        },
    )
    yield from _corrections(bills, paid, chance)


def _corrections(bills: Invoices, paid: Payments, chance: Chance) -> Tables:
    done = bills.settled
    credited = np.flatnonzero(~np.isnat(done.credited_at))
    reasons = ("contractual_adjustment", "billing_error", "courtesy")
    yield (
        "billing.credit_notes",
        {
            "credit_note_id": bills.key[credited],
            "invoice_id": bills.key[credited],
            "currency": bills.currency[credited],
            "amount_minor": done.credit_minor[credited],
            "reason_code": chance.choice("credit reason", bills.key[credited], reasons),
            "issued_at": done.credited_at[credited],
            "updated_at": done.credited_at[credited],
        },
    )
    back = np.flatnonzero(~paid.failed & ~np.isnat(done.refunded_at[paid.invoice]))
    invoice = paid.invoice[back]
    reasons = ("duplicate", "service_not_rendered", "goodwill")
    yield (
        "billing.refunds",
        {
            "refund_id": paid.key[back],
            "payment_id": paid.key[back],
            "invoice_id": bills.key[invoice],
            "currency": bills.currency[invoice],
            "amount_minor": done.refund_minor[invoice],
            "reason_code": chance.choice("refund reason", bills.key[invoice], reasons),
            "refunded_at": done.refunded_at[invoice],
            "updated_at": done.refunded_at[invoice],
        },
    )
