"""Receivables: each invoice's dated movements, how old open balances are on each day, and days sales outstanding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from company_lab import Json
from company_sources import Sources, day, moment, month, next_month
from lab import Row
from money_oracle import major, places

AGEING_KEY = ("as_of_date", "revenue_stream", "account_id", "currency")
SALES_KEY = ("month_start", "revenue_stream", "currency")
BUCKETS = ("not_due", "d1_30", "d31_60", "d61_90", "d90_plus")
DAY = timedelta(days=1)
_DSO_DAYS = 90


@dataclass(frozen=True)
class Entry:
    """One dated movement of an invoice's open balance."""

    stream: str
    invoice: str
    kind: str
    on: date
    account: int
    currency: str
    due: date
    minor: int


@dataclass(frozen=True)
class _Invoice:
    """What both streams have in common."""

    stream: str
    key: str
    account: int
    currency: str
    due: date
    billed: tuple[datetime, int]
    movements: tuple[tuple[datetime, str, int], ...]
    """Payments and credit notes: when, kind, and by how much the balance falls."""
    closed: tuple[datetime, str] | None
    """When it was voided or written off."""


def entries(sources: Sources) -> list[Entry]:
    """All entries of both streams."""
    invoices = [*_patient(sources), *_platform(sources)]
    return [entry for invoice in invoices for entry in _entries(invoice)]


def _entries(invoice: _Invoice) -> Iterator[Entry]:
    def entry(at: datetime, kind: str, minor: int) -> Entry:
        return Entry(
            invoice.stream, invoice.key, kind, at.date(), invoice.account, invoice.currency, invoice.due, minor
        )

    yield entry(invoice.billed[0], "billed", invoice.billed[1])
    balance = invoice.billed[1]
    closed = invoice.closed[0] if invoice.closed else None
    for at, kind, minor in sorted(invoice.movements):
        if closed is None or at <= closed:
            yield entry(at, kind, -minor)
            balance -= minor
    if invoice.closed:
        yield entry(*invoice.closed, -balance)
        for at, kind, minor in sorted(invoice.movements):
            if at > invoice.closed[0]:
                yield entry(at, "recovered", minor)
                yield entry(at, kind, -minor)


def _patient(sources: Sources) -> Iterator[_Invoice]:
    moved: defaultdict[int, list[tuple[datetime, str, int]]] = defaultdict(list)
    for row in sources.table("billing.payment_allocations"):
        moved[row["invoice_id"]].append((row["allocated_at"], "paid", row["amount_minor"]))
    for row in sources.table("billing.credit_notes"):
        moved[row["invoice_id"]].append((row["issued_at"], "credited", row["amount_minor"]))
    for row in sources.table("billing.invoices"):
        if row["opened_at"] is not None:
            yield _Invoice(
                "patient", str(row["invoice_id"]), row["account_id"], row["currency"], row["due_on"],
                (row["opened_at"], row["total_minor"]), tuple(moved[row["invoice_id"]]),
                _closed(row["voided_at"], row["uncollectible_at"]),
            )  # fmt: skip


def _platform(sources: Sources) -> Iterator[_Invoice]:
    notes: defaultdict[str, list[Json]] = defaultdict(list)
    for note in sources.stripe("credit_note"):
        notes[note["invoice"]].append(note)
    for row in sources.invoices.values():
        stages = {name: moment(at) if at else None for name, at in row["status_transitions"].items()}
        finalized = stages["finalized_at"]
        if finalized is None:
            continue
        credits = [(moment(n["created"]), "credited", n["pre_payment_amount"]) for n in notes[row["id"]]]
        paid = [(stages["paid_at"], "paid", row["amount_paid"])] if stages["paid_at"] else []
        due = day(row["due_date"]) if row["due_date"] else finalized.date()
        billed = max(row["total"] + row["starting_balance"], 0)
        assert billed == row["amount_due"] + row["pre_payment_credit_notes_amount"], row["id"]
        yield _Invoice(
            "platform", row["id"], sources.customers[row["customer"]], row["currency"].upper(), due,
            (finalized, billed), (*credits, *paid),
            _closed(stages["voided_at"], stages["marked_uncollectible_at"]),
        )  # fmt: skip


def _closed(voided: datetime | None, written_off: datetime | None) -> tuple[datetime, str] | None:
    if voided:
        return voided, "voided"
    return (written_off, "written_off") if written_off else None


def bucket(due: date, as_of: date) -> str:
    """Where an open balance belongs on a day."""
    late = (as_of - due).days
    for name, most in (("not_due", 0), ("d1_30", 30), ("d31_60", 60), ("d61_90", 90)):
        if late <= most:
            return name
    return "d90_plus"


def ageing(sources: Sources) -> list[Row]:
    """The rows of mart_receivable_ageing: each stream, account and currency from its first entry to the last day."""
    found = entries(sources)
    days: dict[tuple[str, int, str], dict[date, dict[str, int]]] = {}
    unapplied = _unapplied(sources)
    for key in {(e.stream, e.account, e.currency) for e in found} | {("patient", *key) for key in unapplied}:
        first = min(
            [e.on for e in found if (e.stream, e.account, e.currency) == key]
            + (list(unapplied.get(key[1:], {})) if key[0] == "patient" else [])
        )
        days[key] = {
            first + n * DAY: dict.fromkeys(BUCKETS, 0) for n in range(max((sources.last_day - first).days + 1, 0))
        }
    for invoice in _by_invoice(found):
        one = invoice[0]
        for on, balance in _balances(invoice, sources.last_day):
            days[one.stream, one.account, one.currency][on][bucket(one.due, on)] += balance
    rows = []
    for (stream, account, currency), each in days.items():
        moved = unapplied.get((account, currency), {}) if stream == "patient" else {}
        left = 0
        for on in sorted(each):
            left += moved.get(on, 0)
            amounts = {f"{name}_amount": major(minor, currency) for name, minor in each[on].items()}
            rows.append(
                {
                    **dict(zip(AGEING_KEY, (on, stream, account, currency), strict=True)),
                    **amounts,
                    "total_amount": major(sum(each[on].values()), currency),
                    "unapplied_amount": major(left, currency),
                }
            )
    return rows


def _by_invoice(found: Iterable[Entry]) -> list[list[Entry]]:
    grouped: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in found:
        grouped[entry.stream, entry.invoice].append(entry)
    return list(grouped.values())


def _balances(invoice: list[Entry], last: date) -> Iterator[tuple[date, int]]:
    """An invoice's open balance at the end of each day on which it is not 0."""
    moved: defaultdict[date, int] = defaultdict(int)
    for entry in invoice:
        moved[entry.on] += entry.minor
    changes = sorted(moved)
    balance = 0
    for on, until in zip(changes, [*changes[1:], last + DAY], strict=True):
        balance += moved[on]
        while balance and on < until:
            yield on, balance
            on += DAY


def _unapplied(sources: Sources) -> dict[tuple[int, str], dict[date, int]]:
    """By account and currency: what each day adds to money received and not allocated."""
    found: defaultdict[tuple[int, str], defaultdict[date, int]] = defaultdict(lambda: defaultdict(int))
    payments = {row["payment_id"]: row for row in sources.table("billing.payments")}
    for row in payments.values():
        if row["status"] == "succeeded":
            found[row["account_id"], row["currency"]][row["received_at"].date()] += row["amount_minor"]
    for row in sources.table("billing.payment_allocations"):
        payment = payments[row["payment_id"]]
        found[payment["account_id"], payment["currency"]][row["allocated_at"].date()] -= row["amount_minor"]
    return {key: dict(moved) for key, moved in found.items()}


def days_sales_outstanding(sources: Sources) -> list[Row]:
    """The rows of mart_days_sales_outstanding: receivables at a month's end, over what the last 90 days billed."""
    found = entries(sources)
    rows = []
    for stream, currency in sorted({(e.stream, e.currency) for e in found}):
        own = [e for e in found if (e.stream, e.currency) == (stream, currency)]
        start = month(min(e.on for e in own))
        while start <= sources.last_day:
            end = min(next_month(start) - DAY, sources.last_day)
            open_minor = sum(e.minor for e in own if e.on <= end)
            billed = sum(e.minor for e in own if e.kind == "billed" and end - _DSO_DAYS * DAY < e.on <= end)
            rows.append(
                {
                    **dict(zip(SALES_KEY, (start, stream, currency), strict=True)),
                    "receivable_amount": major(open_minor, currency),
                    "billed_amount": major(billed, currency),
                    "days_sales_outstanding": places(Fraction(open_minor * _DSO_DAYS, billed), 2) if billed else None,
                    "is_complete": end == next_month(start) - DAY and moment_of(end) <= sources.through,
                }
            )
            start = next_month(start)
    return rows


def moment_of(last: date) -> datetime:
    """When a day is over."""
    return datetime(last.year, last.month, last.day) + DAY
