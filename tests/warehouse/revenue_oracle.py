"""Revenue per day as four measures, from the app's and Stripe's own rows: marts_finance.mart_revenue_day.

A movement is a number of minor units of one measure on one day.  All is summed per day before it is converted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from company_lab import Json
from company_sources import Sources, day
from lab import Row
from money_oracle import exponent, major, usd, whole

KEY = ("revenue_stream", "account_id", "currency", "revenue_date")
MEASURES = ("billed", "recognised", "collected", "fee")
DAY = timedelta(days=1)
Movement = tuple[int, str, date, str, int]
"""Account, currency, day, measure and minor units."""
Dated = tuple[date, int]


def revenue_per_day(sources: Sources) -> list[Row]:
    """The rows of the mart: days with any movement, as far as the data goes."""
    sums: defaultdict[tuple[str, int, str, date], dict[str, int]] = defaultdict(lambda: dict.fromkeys(MEASURES, 0))
    for stream, movements in (("patient", _patient(sources)), ("platform", _platform(sources))):
        for account, currency, on, measure, minor in movements:
            if on <= sources.last_day:
                sums[stream, account, currency, on][measure] += minor
    return [_row(key, measures) for key, measures in sums.items()]


def _row(key: tuple[str, int, str, date], measures: dict[str, int]) -> Row:
    _, _, currency, on = key
    minor = {**measures, "net_of_fees": measures["collected"] - measures["fee"]}
    found: Row = dict(zip(KEY, key, strict=True))
    for name, value in minor.items():
        found[f"{name}_amount"] = major(value, currency)
        found[f"{name}_amount_usd"] = usd(value, currency, on)
    return found


def recognised(lines: list[tuple[int, date, date]], voided: date | None) -> Iterator[Dated]:
    """Each line's amount over the days [from, to), at least one; taken back on the day of a void, nothing after."""
    back = 0
    for amount, start, end in lines:
        days = max((end - start).days, 1)
        before = 0
        for number in range(1, days + 1):
            on = start + (number - 1) * DAY
            if voided is not None and on >= voided:
                break
            through = whole(Fraction(amount * number, days))
            yield on, through - before
            before = through
        back += before
    if voided is not None:
        yield voided, -back


def before_tax(credit: int, subtotal: int, total: int) -> int:
    """The part of a credit note that is no tax."""
    return whole(Fraction(credit * subtotal, total)) if total else credit


# What clinics bill their patients


def _patient(sources: Sources) -> Iterator[Movement]:
    lines = _by(sources.table("billing.invoice_lines"), "invoice_id")
    notes = _by(sources.table("billing.credit_notes"), "invoice_id")
    for invoice in sources.table("billing.invoices"):
        if invoice["opened_at"] is None:
            continue
        account, currency = invoice["account_id"], invoice["currency"]
        voided = invoice["voided_at"].date() if invoice["voided_at"] else None
        yield account, currency, invoice["opened_at"].date(), "billed", invoice["subtotal_minor"]
        if voided:
            yield account, currency, voided, "billed", -invoice["subtotal_minor"]
        spans = [
            (line["amount_minor"], line["service_date"], line["service_date"] + DAY)
            for line in lines[invoice["invoice_id"]]
        ]
        for on, amount in recognised(spans, voided):
            yield account, currency, on, "recognised", amount
        for note in notes[invoice["invoice_id"]]:
            part = before_tax(note["amount_minor"], invoice["subtotal_minor"], invoice["total_minor"])
            for measure in ("billed", "recognised"):
                yield account, currency, note["issued_at"].date(), measure, -part
    payments = {row["payment_id"]: row for row in sources.table("billing.payments")}
    for payment in payments.values():
        if payment["status"] == "succeeded":
            where = payment["account_id"], payment["currency"], payment["received_at"].date()
            yield *where, "collected", payment["amount_minor"]
            yield *where, "fee", payment["processor_fee_minor"]
    for refund in sources.table("billing.refunds"):
        account = payments[refund["payment_id"]]["account_id"]
        yield account, refund["currency"], refund["refunded_at"].date(), "collected", -refund["amount_minor"]


# What Northstar bills its customers


def _platform(sources: Sources) -> Iterator[Movement]:
    for invoice in sources.invoices.values():
        yield from _subscription_invoice(sources, invoice)
    for note in sources.stripe("credit_note"):
        invoice = sources.invoices[note["invoice"]]
        subtotal = invoice["subtotal"] - sum(off["amount"] for off in invoice["total_discount_amounts"])
        part = before_tax(note["total"], subtotal, invoice["total"])
        for measure in ("billed", "recognised"):
            yield _account(sources, invoice), note["currency"].upper(), day(note["created"]), measure, -part
    yield from _platform_cash(sources)
    yield from _platform_fees(sources)


def _subscription_invoice(sources: Sources, invoice: Json) -> Iterator[Movement]:
    stages = invoice["status_transitions"]
    if stages["finalized_at"] is None:
        return
    account, currency = _account(sources, invoice), invoice["currency"].upper()
    voided = day(stages["voided_at"]) if stages["voided_at"] else None
    lines = [
        (line["amount"] - sum(off["amount"] for off in line["discount_amounts"]), line["period"])
        for line in invoice["lines"]
    ]
    billed = sum(amount for amount, _ in lines)
    yield account, currency, day(stages["finalized_at"]), "billed", billed
    if voided:
        yield account, currency, voided, "billed", -billed
    spans = [(amount, day(period["start"]), day(period["end"])) for amount, period in lines]
    for on, amount in recognised(spans, voided):
        yield account, currency, on, "recognised", amount
    if invoice["amount_paid_off_stripe"]:
        yield account, currency, day(stages["paid_at"]), "collected", invoice["amount_paid_off_stripe"]


def _platform_cash(sources: Sources) -> Iterator[Movement]:
    for charge in sources.charges.values():
        if charge["status"] == "succeeded":
            yield (
                _account(sources, charge),
                charge["currency"].upper(),
                day(charge["created"]),
                "collected",
                (charge["amount"]),
            )
    for refund in sources.stripe("refund"):
        if refund["status"] == "succeeded":
            account = _account(sources, sources.charges[refund["charge"]])
            yield account, refund["currency"].upper(), day(refund["created"]), "collected", -refund["amount"]
    for dispute in sources.stripe("dispute"):
        if dispute["status"] == "lost":
            lost = sources.lab.told.lost.get(dispute["id"], dispute["created"])
            account = _account(sources, sources.charges[dispute["charge"]])
            yield account, dispute["currency"].upper(), day(lost), "collected", -dispute["amount"]


def _platform_fees(sources: Sources) -> Iterator[Movement]:
    charge_of = {
        **{row["id"]: row for row in sources.charges.values()},
        **{row["id"]: sources.charges[row["charge"]] for row in sources.stripe("refund")},
        **{row["id"]: sources.charges[row["charge"]] for row in sources.stripe("dispute")},
    }
    for transaction in sources.stripe("balance_transaction"):
        charge = charge_of.get(transaction["source"])
        if charge is not None:
            fee = fee_in(transaction, charge["currency"].upper())
            yield _account(sources, charge), charge["currency"].upper(), day(transaction["created"]), "fee", fee


def fee_in(transaction: Json, currency: str) -> int:
    """A balance transaction's fee in the minor unit of a charge's currency."""
    settled: str = transaction["currency"].upper()
    fee: int = transaction["fee"]
    if settled == currency:
        return fee
    fee_major = Fraction(fee, 10 ** exponent(settled))
    return whole(fee_major / Fraction(Decimal(str(transaction["exchange_rate"]))) * 10 ** exponent(currency))


def _account(sources: Sources, row: Json) -> int:
    return sources.customers[row["customer"]]


def _by(rows: list[Row], column: str) -> defaultdict[int, list[Row]]:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return found
