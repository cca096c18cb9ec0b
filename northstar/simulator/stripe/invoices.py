"""Invoices from draft to paid, void or uncollectible, with lines, discounts, taxes and credit notes.

Identities that hold for every invoice: subtotal is the sum of its lines; total is subtotal less discounts plus
taxes; amount_remaining is amount_due less amount_paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from northstar.simulator.stripe.agenda import DAY
from northstar.simulator.stripe.money import TAX_SHARES, whole
from northstar.simulator.stripe.payments import Payments
from northstar.simulator.stripe.stage import Stage
from northstar.simulator.stripe.store import Json


@dataclass(frozen=True)
class Line:
    """What one invoice line is to bill."""

    item: Json
    amount: int
    quantity: int
    start: int
    end: int
    proration: bool = False
    description: str | None = None


@dataclass(frozen=True)
class Applied:
    """A coupon as it is applied to a subscription."""

    discount: Json
    coupon: Json


class Invoices:
    """Everything that is done to an invoice."""

    def __init__(self, stage: Stage, payments: Payments) -> None:
        self._stage = stage
        self._payments = payments
        self._numbers = 0
        self._intents: dict[str, Json] = {}
        """The payment intent of an invoice that is being collected."""

    def draft(
        self,
        subscription: Json,
        customer: Json,
        lines: list[Line],
        reason: str,
        applied: Applied | None = None,
        livemode: bool = True,
    ) -> Json:
        """Create a draft with its lines, discounted and taxed."""
        stage = self._stage
        identifier = stage.store.new_id("invoice")
        country: str = customer["address"]["country"]
        rows = self._lines(identifier, subscription, lines, applied, TAX_SHARES.get(country), livemode)
        subtotal = sum(row["amount"] for row in rows)
        off = sum(amount["amount"] for row in rows for amount in row["discount_amounts"])
        tax = sum(amount["amount"] for row in rows for amount in row["taxes"])
        total = subtotal - off + tax
        return stage.store.create(
            "invoice", "invoice.created", livemode=livemode,
            id=identifier, amount_due=max(total + customer["balance"], 0), amount_overpaid=0, amount_paid=0,
            amount_paid_off_stripe=0, amount_remaining=max(total + customer["balance"], 0), amount_shipping=0,
            attempt_count=0, attempted=False, auto_advance=True, billing_reason=reason,
            collection_method=subscription["collection_method"], currency=subscription["currency"],
            customer=customer["id"], customer_email=customer["email"], customer_name=customer["name"],
            description=None, discounts=_ids(applied), due_date=None, effective_at=None,
            ending_balance=None, lines=rows, metadata={}, next_payment_attempt=None, number=None,
            parent={"type": "subscription_details", "quote_details": None,
                    "subscription_details": {"metadata": {}, "subscription": subscription["id"]}},
            period_end=stage.now, period_start=min((line.start for line in lines), default=stage.now),
            post_payment_credit_notes_amount=0, pre_payment_credit_notes_amount=0,
            starting_balance=customer["balance"], status="draft",
            status_transitions={"finalized_at": None, "marked_uncollectible_at": None, "paid_at": None,
                                "voided_at": None},
            subtotal=subtotal, subtotal_excluding_tax=subtotal, total=total, total_excluding_tax=total - tax,
            total_discount_amounts=[{"amount": off, "discount": name} for name in _ids(applied)],
            total_taxes=[_tax(tax, total - tax)] if country in TAX_SHARES else [],
        )  # fmt: skip

    def finalize(self, invoice: Json, customer: Json) -> None:
        """Open a draft: number it, set what is due, and use up or add to the customer's credit."""
        store, now = self._stage.store, self._stage.now
        self._numbers += 1
        start = customer["balance"]
        owed = invoice["total"] + start
        due = now + 30 * DAY if invoice["collection_method"] == "send_invoice" else None
        store.update(
            invoice, "invoice.finalized",
            status="open", number=f"NSI-{self._numbers:06d}", amount_due=max(owed, 0), amount_remaining=max(owed, 0),
            starting_balance=start, ending_balance=min(owed, 0), due_date=due, effective_at=now,
            **self._transition(invoice, "finalized_at"),
        )  # fmt: skip
        if customer["balance"] != min(owed, 0):
            store.update(customer, "customer.updated", balance=min(owed, 0))
        if invoice["amount_due"] == 0:
            self._settle(invoice, 0)

    def pay(self, invoice: Json, succeeds: bool, method: str = "card") -> Json:
        """Try to collect what remains; returns the charge."""
        store = self._stage.store
        remaining = invoice["amount_remaining"]
        intent = self._intents.get(invoice["id"])
        if intent is None or intent["amount"] != remaining:
            what = f"Payment for invoice {invoice['number']}"
            intent = self._payments.intend(invoice["customer"], remaining, invoice["currency"], what)
            self._intents[invoice["id"]] = intent
        charge = self._payments.attempt(intent, succeeds, method)
        attempts = invoice["attempt_count"] + 1
        if succeeds:
            self._paid_by(invoice, intent, remaining)
            self._settle(invoice, remaining, attempt_count=attempts, attempted=True)
        else:
            store.update(invoice, "invoice.payment_failed", attempt_count=attempts, attempted=True)
        return charge

    def paid_elsewhere(self, invoice: Json) -> None:
        """The customer paid by wire: no charge, no payment intent."""
        self._settle(invoice, invoice["amount_remaining"], amount_paid_off_stripe=invoice["amount_remaining"])

    def plan_retry(self, invoice: Json, at: int | None) -> None:
        """Say when the next attempt will be, None for never."""
        self._stage.store.update(invoice, "invoice.updated", next_payment_attempt=at)

    def void(self, invoice: Json) -> None:
        """Cancel an open invoice."""
        changes = self._transition(invoice, "voided_at")
        self._stage.store.update(invoice, "invoice.voided", status="void", auto_advance=False, **changes)

    def write_off(self, invoice: Json) -> None:
        """Give an open invoice up as bad debt."""
        changes = self._transition(invoice, "marked_uncollectible_at")
        self._stage.store.update(invoice, "invoice.marked_uncollectible", status="uncollectible", **changes)

    def delete_draft(self, invoice: Json) -> None:
        """Delete an invoice that was never finalized."""
        self._stage.store.delete(invoice, "invoice.deleted")

    def credit(self, invoice: Json, amount: int, refund: Json | None = None) -> Json:
        """Issue a credit note: against what is due of an open invoice, or for a refund of a paid one."""
        store = self._stage.store
        before = 0 if refund else amount
        note = store.create(
            "credit_note", "credit_note.created",
            amount=amount, amount_shipping=0, currency=invoice["currency"], customer=invoice["customer"],
            discount_amount=0, discount_amounts=[], effective_at=self._stage.now, invoice=invoice["id"], memo=None,
            metadata={}, number=f"{invoice['number']}-CN", out_of_band_amount=None,
            post_payment_amount=amount - before, pre_payment_amount=before, reason="order_change",
            refunds=[{"amount_refunded": amount, "refund": refund["id"]}] if refund else [], status="issued",
            subtotal=amount, subtotal_excluding_tax=amount, total=amount, total_excluding_tax=amount, total_taxes=[],
            type="post_payment" if refund else "pre_payment", voided_at=None,
        )  # fmt: skip
        if refund:
            changes = {"post_payment_credit_notes_amount": invoice["post_payment_credit_notes_amount"] + amount}
        else:
            changes = {
                "pre_payment_credit_notes_amount": invoice["pre_payment_credit_notes_amount"] + amount,
                "amount_due": invoice["amount_due"] - amount,
                "amount_remaining": invoice["amount_remaining"] - amount,
            }
        store.update(invoice, "invoice.updated", **changes)
        return note

    def _settle(self, invoice: Json, amount: int, **changes: Any) -> None:
        store = self._stage.store
        paid = invoice["amount_paid"] + amount
        store.update(
            invoice, "invoice.paid",
            status="paid", amount_paid=paid, amount_remaining=invoice["amount_due"] - paid, next_payment_attempt=None,
            **self._transition(invoice, "paid_at"), **changes,
        )  # fmt: skip
        store.tell("invoice.payment_succeeded", invoice)

    def _paid_by(self, invoice: Json, intent: Json, amount: int) -> None:
        self._stage.store.create(
            "invoice_payment", "invoice_payment.paid",
            amount_paid=amount, amount_requested=amount, currency=invoice["currency"], invoice=invoice["id"],
            is_default=True, payment={"type": "payment_intent", "payment_intent": intent["id"]}, status="paid",
            status_transitions={"canceled_at": None, "paid_at": self._stage.now},
        )  # fmt: skip

    def _transition(self, invoice: Json, name: str) -> Json:
        return {"status_transitions": {**invoice["status_transitions"], name: self._stage.now}}

    def _lines(
        self,
        invoice: str,
        subscription: Json,
        lines: list[Line],
        applied: Applied | None,
        tax_share: Decimal | None,
        livemode: bool,
    ) -> list[Json]:
        off = _discounts([line.amount for line in lines], applied)
        return [
            self._line(invoice, subscription, line, part, applied, tax_share, livemode)
            for line, part in zip(lines, off, strict=True)
        ]

    def _line(
        self,
        invoice: str,
        subscription: Json,
        line: Line,
        off: int,
        applied: Applied | None,
        tax_share: Decimal | None,
        livemode: bool,
    ) -> Json:
        price = line.item["price"]
        details = {"invoice_item": None, "proration": line.proration, "proration_details": None,
                   "subscription": subscription["id"], "subscription_item": line.item["id"]}  # fmt: skip
        taxed = line.amount - off
        return {
            "id": self._stage.store.new_id("line_item"), "object": "line_item", "amount": line.amount,
            "currency": subscription["currency"], "description": line.description,
            "discount_amounts": [{"amount": off, "discount": name} for name in _ids(applied)],
            "discountable": True, "discounts": _ids(applied), "invoice": invoice,
            "livemode": livemode, "metadata": {},
            "parent": {"type": "subscription_item_details", "invoice_item_details": None,
                       "subscription_item_details": details},
            "period": {"start": line.start, "end": line.end}, "pretax_credit_amounts": [],
            "pricing": {"type": "price_details", "unit_amount_decimal": price["unit_amount_decimal"],
                        "price_details": {"price": price["id"], "product": price["product"]}},
            "quantity": line.quantity, "subscription": subscription["id"], "subtotal": line.amount,
            "taxes": [_tax(whole(taxed * tax_share), taxed)] if tax_share is not None else [],
        }  # fmt: skip


def _discounts(amounts: list[int], applied: Applied | None) -> list[int]:
    """What a discount takes off each line: its share of each, or an amount spread over those that are positive."""
    if applied is None:
        return [0] * len(amounts)
    terms = applied.coupon
    if terms["percent_off"] is not None:
        share = Decimal(str(terms["percent_off"])) / 100
        return [whole(amount * share) for amount in amounts]
    positive = sum(amount for amount in amounts if amount > 0)
    left = min(terms["amount_off"], positive)
    parts = [left * max(amount, 0) // positive if positive else 0 for amount in amounts]
    if positive:
        parts[amounts.index(max(amounts))] += left - sum(parts)
    return parts


def _ids(applied: Applied | None) -> list[str]:
    return [applied.discount["id"]] if applied else []


def _tax(amount: int, taxable: int) -> Json:
    return {"amount": amount, "tax_behavior": "exclusive", "tax_rate_details": {"tax_rate": "txr_simulated"},
            "taxability_reason": "standard_rated", "taxable_amount": taxable, "type": "tax_rate_details"}  # fmt: skip
