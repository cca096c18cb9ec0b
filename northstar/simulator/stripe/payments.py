"""Taking money, giving it back, and losing it to disputes."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from northstar.simulator.stripe.agenda import DAY
from northstar.simulator.stripe.balance import Balance
from northstar.simulator.stripe.money import CURRENCIES, FEE_SHARE, settled, whole
from northstar.simulator.stripe.stage import Stage
from northstar.simulator.stripe.store import Json

_DISPUTE_SHARE = 0.02


class Payments:
    """Payment intents, charges, refunds and disputes; everything in it posts to the balance."""

    def __init__(self, stage: Stage, balance: Balance) -> None:
        self._stage = stage
        self._balance = balance

    def intend(self, customer: str, amount: int, currency: str, description: str) -> Json:
        """Create a payment intent."""
        return self._stage.store.create(
            "payment_intent", "payment_intent.created",
            amount=amount, amount_capturable=0, amount_received=0, canceled_at=None, cancellation_reason=None,
            capture_method="automatic", currency=currency, customer=customer, description=description,
            last_payment_error=None, latest_charge=None, metadata={}, payment_method_types=["card"],
            status="requires_payment_method",
        )  # fmt: skip

    def attempt(self, intent: Json, succeeds: bool, method: str = "card") -> Json:
        """Charge for an intent; the charge fails unless ``succeeds``."""
        store = self._stage.store
        identifier = store.new_id("charge")
        transaction = self._earn(identifier, intent["amount"], intent["currency"]) if succeeds else None
        error = None if succeeds else {"code": "card_declined", "decline_code": "insufficient_funds"}
        charge = store.create(
            "charge", "charge.succeeded" if succeeds else "charge.failed",
            id=identifier, amount=intent["amount"], amount_captured=intent["amount"] if succeeds else 0,
            amount_refunded=0, balance_transaction=transaction["id"] if transaction else None, captured=succeeds,
            currency=intent["currency"], customer=intent["customer"], description=intent["description"], disputed=False,
            failure_code=None if succeeds else "card_declined",
            failure_message=None if succeeds else "Your card has insufficient funds.", metadata={},
            outcome={"type": "authorized" if succeeds else "issuer_declined"}, paid=succeeds,
            payment_intent=intent["id"], payment_method_details={"type": method}, receipt_email=None, refunded=False,
            status="succeeded" if succeeds else "failed",
        )  # fmt: skip
        store.update(
            intent, "payment_intent.succeeded" if succeeds else "payment_intent.payment_failed",
            status="succeeded" if succeeds else "requires_payment_method", latest_charge=identifier,
            amount_received=intent["amount"] if succeeds else 0, last_payment_error=error,
        )  # fmt: skip
        if succeeds and self._stage.roll("dispute", identifier).random() < _DISPUTE_SHARE:
            delay = self._stage.roll("dispute delay", identifier).randrange(5 * DAY, 40 * DAY)
            self._stage.agenda.at(self._stage.now + delay, partial(self.dispute, charge))
        return charge

    def refund(self, charge: Json, amount: int) -> Json | None:
        """Give back a part of a charge, or all that is left; None when nothing is, or it is disputed."""
        amount = min(amount, charge["amount"] - charge["amount_refunded"])
        if amount <= 0 or charge["disputed"]:
            return None
        store = self._stage.store
        identifier = store.new_id("refund")
        rate = self._rate(charge)
        transaction = self._balance.post(identifier, "refund", "refund", -amount, charge["currency"], rate=rate)
        refund = store.create(
            "refund", "refund.created",
            id=identifier, amount=amount, balance_transaction=transaction["id"], charge=charge["id"],
            currency=charge["currency"], failure_reason=None, metadata={}, payment_intent=charge["payment_intent"],
            reason="requested_by_customer", status="succeeded",
        )  # fmt: skip
        refunded = charge["amount_refunded"] + amount
        store.update(charge, "charge.refunded", amount_refunded=refunded, refunded=refunded == charge["amount"])
        return refund

    def dispute(self, charge: Json) -> Json | None:
        """The cardholder's bank takes a charge back, for the time being; None when it is refunded or disputed."""
        if charge["disputed"] or charge["amount_refunded"]:
            return None
        stage, store = self._stage, self._stage.store
        identifier = store.new_id("dispute")
        withdrawn = self._reverse(identifier, charge, -1)
        store.update(charge, "charge.updated", disputed=True)
        dispute = store.create(
            "dispute", "charge.dispute.created",
            id=identifier, amount=charge["amount"], balance_transactions=[withdrawn], charge=charge["id"],
            currency=charge["currency"], evidence_details={"due_by": stage.now + 14 * DAY, "submission_count": 0},
            is_charge_refundable=False, metadata={}, network_reason_code="10.4",
            payment_intent=charge["payment_intent"], reason="fraudulent", status="needs_response",
        )  # fmt: skip
        store.tell("charge.dispute.funds_withdrawn", dispute)
        roll = stage.roll("dispute course", identifier)
        stage.agenda.at(stage.now + roll.randrange(2, 9) * DAY, partial(self._answer, dispute))
        won = roll.random() < 0.5
        stage.agenda.at(stage.now + roll.randrange(30, 60) * DAY, partial(self._close, dispute, charge, won))
        return dispute

    def _answer(self, dispute: Json) -> None:
        details = {**dispute["evidence_details"], "submission_count": 1}
        self._stage.store.update(dispute, "charge.dispute.updated", status="under_review", evidence_details=details)

    def _close(self, dispute: Json, charge: Json, won: bool) -> None:
        store = self._stage.store
        if won:
            back = self._reverse(dispute["id"], charge, 1)
            moved = [*dispute["balance_transactions"], back]
            store.update(dispute, "charge.dispute.funds_reinstated", status="won", balance_transactions=moved)
            store.tell("charge.dispute.closed", dispute)
        else:
            store.update(dispute, "charge.dispute.closed", status="lost")

    def _reverse(self, dispute: str, charge: Json, sign: int) -> Json:
        """Move a disputed charge's amount out of the balance, with a fee, or back into it."""
        fee = CURRENCIES[charge["currency"]].dispute_fee if sign < 0 else 0
        category = "dispute" if sign < 0 else "dispute_reversal"
        amount, rate = sign * charge["amount"], self._rate(charge)
        return dict(self._balance.post(dispute, "adjustment", category, amount, charge["currency"], fee, rate))

    def _earn(self, charge: str, amount: int, currency: str) -> Json:
        presented = CURRENCIES[currency]
        rate = None
        if presented.settles_in != currency:
            rate = 1 / presented.per_dollar + Decimal(self._stage.roll("rate", charge).randrange(-50, 50)) / 1000
            rate = rate.quantize(Decimal("0.000001"))
        fee = whole(FEE_SHARE * settled(amount, presented, rate)) + presented.fixed_fee
        return self._balance.post(charge, "charge", "charge", amount, currency, fee, rate)

    def _rate(self, charge: Json) -> Decimal | None:
        """The exchange rate at which a charge was settled."""
        transaction = self._stage.store.kinds["balance_transaction"].get(charge["balance_transaction"])
        rate = transaction["exchange_rate"]
        return None if rate is None else Decimal(str(rate))
