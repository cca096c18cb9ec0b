"""How a subscription's invoices are collected: by card with retries, or within the days that an invoice allows."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING

from northstar.simulator.stripe.agenda import DAY
from northstar.simulator.stripe.invoices import Invoices
from northstar.simulator.stripe.payments import Payments
from northstar.simulator.stripe.stage import Stage
from northstar.simulator.stripe.store import Json

if TYPE_CHECKING:
    from northstar.simulator.stripe.subscriptions import Subscription

RETRY_DAYS = (3, 5, 7)
"""Days between attempts to collect from a card that failed."""


class Collector:
    """Collects the invoices of one subscription."""

    def __init__(self, stage: Stage, invoices: Invoices, payments: Payments, of: Subscription) -> None:
        self._stage, self._invoices, self._payments = stage, invoices, payments
        self._of = of

    def finalize(self, invoice: Json) -> None:
        """Finalize a draft and begin to collect it; now and then somebody deletes the draft instead."""
        if (
            self._stage.roll("abandoned", invoice["id"]).random() < 0.01
            and invoice["billing_reason"] != "subscription_create"
        ):
            self._invoices.delete_draft(invoice)
            return
        self._invoices.finalize(invoice, self._of.customer.row)
        if self._of.row["pause_collection"] and invoice["status"] == "open":
            self._invoices.void(invoice)
        if invoice["status"] != "open":
            return
        if not self._of.terms.invoiced:
            self._collect(invoice, 0)
            return
        self._stage.store.tell("invoice.sent", invoice)
        roll = self._stage.roll("terms", invoice["id"])
        if roll.random() < 0.08:
            credit = invoice["amount_due"] // 100 * 10
            self._stage.agenda.at(self._stage.now + 3 * DAY, partial(self._credit, invoice, credit))
        if roll.random() < 0.06:
            self._stage.agenda.at(self._stage.now + 100 * DAY, partial(self._write_off, invoice))
        else:
            self._stage.agenda.at(self._stage.now + roll.randrange(5 * DAY, 60 * DAY), partial(self._receive, invoice))

    def _credit(self, invoice: Json, amount: int) -> None:
        if invoice["status"] == "open" and amount > 0:
            self._invoices.credit(invoice, amount)

    def _write_off(self, invoice: Json) -> None:
        if invoice["status"] == "open":
            self._invoices.write_off(invoice)

    def _receive(self, invoice: Json) -> None:
        if invoice["status"] != "open":
            return
        if self._stage.roll("wire", invoice["id"]).random() < 0.3:
            self._invoices.paid_elsewhere(invoice)
        else:
            self._invoices.pay(invoice, True, "us_bank_account" if self._of.terms.currency == "usd" else "card")

    def _collect(self, invoice: Json, attempt: int) -> None:
        """Try the card."""
        if invoice["status"] != "open":
            return
        roll = self._stage.roll("collect", invoice["id"], attempt)
        succeeds = not self._of.customer.card_fails and roll.random() >= self._of.terms.failing_share
        charge = self._invoices.pay(invoice, succeeds)
        if succeeds:
            self._succeeded(invoice, charge, roll)
        else:
            self._failed(invoice, attempt, roll)

    def _succeeded(self, invoice: Json, charge: Json, roll: Random) -> None:
        """All is well again; now and then the customer asks for the money back."""
        if self._of.row["status"] == "past_due":
            self._of.update(status="active")
        if self._of.customer.row["delinquent"]:
            self._stage.store.update(self._of.customer.row, "customer.updated", delinquent=False)
        if roll.random() < 0.03:
            asked_at = self._stage.now + roll.randrange(DAY, 20 * DAY)
            self._stage.agenda.at(asked_at, partial(self._refund, invoice, charge, roll.random() < 0.5))

    def _failed(self, invoice: Json, attempt: int, roll: Random) -> None:
        """Plan the next try; after the last one give up the invoice and the subscription."""
        if self._of.row["status"] == "active":
            self._of.update(status="past_due")
            self._stage.store.update(self._of.customer.row, "customer.updated", delinquent=True)
        if attempt < len(RETRY_DAYS):
            again = self._stage.now + RETRY_DAYS[attempt] * DAY
            self._invoices.plan_retry(invoice, again)
            self._stage.agenda.at(again, partial(self._collect, invoice, attempt + 1))
            return
        self._invoices.plan_retry(invoice, None)
        if roll.random() < 0.6:
            self._invoices.write_off(invoice)
        else:
            self._invoices.void(invoice)
        self._of.cancel("payment_failed")

    def _refund(self, invoice: Json, charge: Json, whole_amount: bool) -> None:
        """Give back a charge or a part of it, with a credit note for the invoice when it is the whole."""
        refund = self._payments.refund(charge, charge["amount"] if whole_amount else charge["amount"] // 3 // 10 * 10)
        if refund is not None and whole_amount:
            self._invoices.credit(invoice, refund["amount"], refund)
