"""Payouts and the balance, to the minor unit, from Stripe's balance transactions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from company_lab import Json
from company_sources import Sources, day, moment, month, next_month
from lab import Row
from money_oracle import major

PAYOUT_KEY = ("payout_id",)
BALANCE_KEY = ("currency", "month_start")
PAYOUT_TYPES = frozenset({"payout", "payout_failure", "payout_cancel"})


def payouts(sources: Sources) -> list[Row]:
    """The rows of mart_payout_reconciliation."""
    transactions = {row["id"]: row for row in sources.stripe("balance_transaction")}
    invoice_of = _invoices_by_charge(sources)
    rows = []
    for payout in sources.stripe("payout"):
        currency = payout["currency"].upper()
        known = payout["reconciliation_status"] == "completed"
        ids = sources.lab.services.stripe.store.paid_out[payout["id"]] if known else []
        moved = [transactions[id] for id in ids if transactions[id]["type"] not in PAYOUT_TYPES]
        returned = [transactions[id] for id in ids if transactions[id]["type"] in ("payout_failure", "payout_cancel")]
        net = sum(row["net"] for row in (*moved, *returned))
        paid = {invoice_of[row["source"]] for row in moved if row["source"] in invoice_of}
        rows.append(
            {
                "payout_id": payout["id"],
                "currency": currency,
                "status": payout["status"],
                "created_at": moment(payout["created"]),
                "arrival_date": day(payout["arrival_date"]),
                "is_reconciled": known,
                "transaction_count": len(moved) + len(returned),
                "payout_amount": major(payout["amount"], currency),
                "charge_amount": major(_gross(moved, "charge"), currency),
                "refund_amount": major(_gross(moved, "refund"), currency),
                "dispute_amount": major(_gross(moved, "dispute") + _gross(moved, "dispute_reversal"), currency),
                "fee_amount": major(sum(row["fee"] for row in (*moved, *returned)), currency),
                "returned_payout_amount": major(sum(row["amount"] for row in returned), currency),
                "transaction_amount": major(net, currency),
                "difference_amount": major(payout["amount"] - net, currency),
                "invoice_count": len(paid),
            }
        )
    return rows


def _gross(transactions: Iterable[Json], category: str) -> int:
    return sum(row["amount"] for row in transactions if row["reporting_category"] == category)


def _invoices_by_charge(sources: Sources) -> dict[str, str]:
    """The invoice that a charge paid."""
    by_intent = {row["payment"]["payment_intent"]: row["invoice"] for row in sources.stripe("invoice_payment")}
    return {
        charge["id"]: by_intent[charge["payment_intent"]]
        for charge in sources.charges.values()
        if charge["paid"] and charge["payment_intent"] in by_intent
    }


def balances(sources: Sources) -> list[Row]:
    """The rows of mart_balance_reconciliation: months from the first transaction on, without gaps."""
    found: defaultdict[str, defaultdict[date, list[Json]]] = defaultdict(lambda: defaultdict(list))
    for row in sources.stripe("balance_transaction"):
        found[row["currency"].upper()][month(day(row["created"]))].append(row)
    rows = []
    for currency, months in found.items():
        at, opening = min(months), 0
        while at <= sources.last_day:
            each = months.get(at, [])
            earned = [row for row in each if row["type"] not in PAYOUT_TYPES]
            gross = sum(row["amount"] for row in earned)
            fees = sum(row["fee"] for row in each)
            paid_out = -sum(row["amount"] for row in each if row["type"] in PAYOUT_TYPES)
            closing = opening + sum(row["net"] for row in each)
            assert closing == opening + gross - fees - paid_out
            rows.append(
                {
                    **dict(zip(BALANCE_KEY, (currency, at), strict=True)),
                    "opening_amount": major(opening, currency),
                    "gross_amount": major(gross, currency),
                    "fee_amount": major(fees, currency),
                    "payout_amount": major(paid_out, currency),
                    "closing_amount": major(closing, currency),
                }
            )
            at, opening = next_month(at), closing
    return rows
