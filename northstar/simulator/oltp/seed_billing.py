"""Seed of the billing of patients: invoices of fulfilled visits, as they stood at the anchor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from northstar.simulator.oltp import settlement as rules
from northstar.simulator.oltp import words
from northstar.simulator.oltp.chance import Bools, Chance, Ints, Objects, Times
from northstar.simulator.oltp.layout import Layout
from northstar.simulator.oltp.localtime import local_dates, naive
from northstar.simulator.oltp.places import MONEY
from northstar.simulator.oltp.seed_appointments import Book
from northstar.simulator.oltp.tables import Columns

NAT = rules.NAT
FIRST_INVOICE = 500_001
Tables = Iterator[tuple[str, Columns]]


@dataclass(frozen=True)
class Invoices:
    """The invoices as parallel arrays, sorted by creation; ``settled`` holds only what happened until the anchor."""

    key: Ints
    account: Ints
    clinic: Ints
    patient: Ints
    country: Objects
    currency: Objects
    appointment: Ints
    kind: Ints
    service_date: Times
    created: Times
    visit_minor: Ints
    supply_minor: Ints
    visit_tax: Ints
    supply_tax: Ints
    insured: Bools
    due_on: Times
    planned: rules.Settlement
    settled: rules.Settlement

    @property
    def total(self) -> Ints:
        """Total with tax."""
        return self.visit_minor + self.supply_minor + self.visit_tax + self.supply_tax


def prices(dollars: Ints, country: Objects) -> Ints:
    """Prices in minor units, as the fee schedule has them."""
    factor = np.array([MONEY[c].minor_per_dollar for c in country])
    step = np.array([MONEY[c].step for c in country], dtype=np.int64)
    return np.asarray(np.rint(dollars * factor / step).astype(np.int64) * step)


def invoices(layout: Layout, book: Book, chance: Chance) -> Invoices:
    """Invoice the fulfilled visits of the seed."""
    anchor = naive(layout.company.anchor)
    due = rules.invoiced_at(chance, book.key, book.course.fulfilled_at)
    chosen = np.flatnonzero(due <= anchor)
    chosen = chosen[np.argsort(due[chosen], kind="stable")]
    clinic, appointment, created = book.slots.clinic[chosen], book.key[chosen], due[chosen]
    zones = np.array([c.zone for c in layout.clinics], dtype=object)[clinic]
    country = np.array([c.place.country for c in layout.clinics], dtype=object)[clinic]
    visit = prices(rules.VISIT_PRICES[book.slots.kind[chosen]], country)
    supply = prices(rules.supply_dollars(chance, appointment), country)
    visit_tax, supply_tax = rules.tax_minor(visit, country), rules.tax_minor(supply, country)
    key = FIRST_INVOICE + np.arange(len(chosen), dtype=np.int64)
    insured = rules.has_policy(chance, book.patient[chosen], country == "US")
    plan = rules.settle(chance, key, created, visit + supply + visit_tax + supply_tax, insured)
    due_on = local_dates(plan.opened_at, zones) + np.timedelta64(rules.DUE_AFTER_DAYS, "D")
    return Invoices(
        key=key,
        account=np.array([c.account.account_id for c in layout.clinics])[clinic],
        clinic=np.array([c.clinic_id for c in layout.clinics])[clinic],
        patient=book.patient[chosen],
        country=country,
        currency=np.array([MONEY[c].currency for c in country], dtype=object),
        appointment=appointment,
        kind=book.slots.kind[chosen],
        service_date=local_dates(book.slots.start[chosen], zones),
        created=created,
        visit_minor=visit,
        supply_minor=supply,
        visit_tax=visit_tax,
        supply_tax=supply_tax,
        insured=insured,
        due_on=np.where(plan.opened_at <= anchor, due_on, np.datetime64("NaT")),
        planned=plan,
        settled=_until(plan, anchor),
    )


def _until(plan: rules.Settlement, anchor: np.datetime64) -> rules.Settlement:
    def past(times: Times) -> Times:
        return np.where(times <= anchor, times, NAT)

    return rules.Settlement(
        fate=plan.fate, opened_at=past(plan.opened_at), credited_at=past(plan.credited_at),
        failed_at=past(plan.failed_at), first_at=past(plan.first_at), second_at=past(plan.second_at),
        refunded_at=past(plan.refunded_at), voided_at=past(plan.voided_at),
        uncollectible_at=past(plan.uncollectible_at),
        credit_minor=np.where(plan.credited_at <= anchor, plan.credit_minor, 0),
        first_minor=np.where(plan.first_at <= anchor, plan.first_minor, 0),
        refund_minor=np.where(plan.refunded_at <= anchor, plan.refund_minor, 0),
    )  # fmt: skip


def tables(layout: Layout, bills: Invoices) -> Tables:
    """Invoices, their lines, and statements to patients."""
    done, total = bills.settled, bills.total
    second = np.where(np.isnat(done.second_at), 0, total - done.first_minor)
    paid_at = np.where(bills.planned.fate == rules.SPLIT, done.second_at, done.first_at)
    status = np.where(np.isnat(done.opened_at), "draft", "open").astype(object)
    for at, name in ((paid_at, "paid"), (done.voided_at, "void"), (done.uncollectible_at, "uncollectible")):
        status[~np.isnat(at)] = name
    updated = bills.created
    for at in (done.opened_at, done.credited_at, done.first_at, done.second_at, done.voided_at, done.uncollectible_at):
        updated = np.fmax(updated, at)
    yield (
        "billing.invoices",
        {
            "invoice_id": bills.key,
            "account_id": bills.account,
            "clinic_id": bills.clinic,
            "patient_id": bills.patient,
            "invoice_number": "INV-" + np.char.mod("%d", bills.key).astype(object),
            "status": status,
            "currency": bills.currency,
            "subtotal_minor": bills.visit_minor + bills.supply_minor,
            "tax_minor": bills.visit_tax + bills.supply_tax,
            "total_minor": total,
            "amount_paid_minor": done.first_minor + second,
            "amount_credited_minor": done.credit_minor,
            "due_on": bills.due_on,
            "opened_at": done.opened_at,
            "paid_at": paid_at,
            "voided_at": done.voided_at,
            "uncollectible_at": done.uncollectible_at,
            "created_at": bills.created,
            "updated_at": updated,
        },
    )
    yield "billing.invoice_lines", _lines(bills)
    yield from _statements(layout, bills)


def _lines(bills: Invoices) -> Columns:
    supplied = np.flatnonzero(bills.supply_minor > 0)
    index = np.concatenate([np.arange(len(bills.key)), supplied])
    first = np.arange(len(index)) < len(bills.key)
    order = np.lexsort((~first, index))
    index, first = index[order], first[order]
    codes = np.array([f"NS-{row[0]}" for row in words.APPOINTMENT_TYPES], dtype=object)[bills.kind[index]]
    names = np.array([row[1] for row in words.APPOINTMENT_TYPES], dtype=object)[bills.kind[index]]
    amount = np.where(first, bills.visit_minor[index], bills.supply_minor[index])
    return {
        "invoice_line_id": np.arange(1, len(index) + 1),
        "invoice_id": bills.key[index],
        "line_number": np.where(first, 1, 2),
        "appointment_id": bills.appointment[index],
        "procedure_code": np.where(first, codes, "NS-SUP"),
        "description": np.where(first, names, "Supplies"),
        "service_date": bills.service_date[index],
        "quantity": np.ones(len(index), dtype=np.int64),
        "unit_amount_minor": amount,
        "amount_minor": amount,
        "tax_minor": np.where(first, bills.visit_tax[index], bills.supply_tax[index]),
        "created_at": bills.created[index],
        "updated_at": bills.created[index],
    }


def _statements(layout: Layout, bills: Invoices) -> Tables:
    """A statement to the patient when an invoice is still open after a month."""
    at = bills.planned.opened_at + rules.STATEMENT_AFTER
    plan = bills.planned
    settled = np.where(plan.fate == rules.SPLIT, plan.second_at, plan.first_at)
    still_open = ~(settled <= at) & np.isnat(plan.voided_at) & (at <= naive(layout.company.anchor))
    chosen = np.flatnonzero(still_open)
    paid = np.where(plan.first_at[chosen] <= at[chosen], plan.first_minor[chosen], 0)
    yield (
        "billing.patient_statements",
        {
            "patient_statement_id": bills.key[chosen],
            "account_id": bills.account[chosen],
            "patient_id": bills.patient[chosen],
            "invoice_id": bills.key[chosen],
            "currency": bills.currency[chosen],
            "balance_minor": bills.total[chosen] - paid - plan.credit_minor[chosen],
            "issued_at": at[chosen],
            "updated_at": at[chosen],
        },
    )
