"""The account's balance: balance transactions, and the payouts that empty it."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from functools import partial

from northstar.simulator.stripe.agenda import DAY
from northstar.simulator.stripe.money import CURRENCIES, settled
from northstar.simulator.stripe.stage import Stage
from northstar.simulator.stripe.store import Json

_PAYOUT_TIME = 600
"""Second of the day at which payouts are made."""
_ARRIVAL_DAYS = 2
_FAILING_SHARE = 0.015


class Balance:
    """One balance for each settlement currency, paid out daily as far as it is available."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._due: dict[str, list[Json]] = defaultdict(list)
        """Balance transactions by currency that no payout holds yet."""

    def start(self) -> None:
        """Make payouts every day from now on."""
        midnight = self._stage.now - self._stage.now % DAY + DAY
        self._stage.agenda.at(midnight + _PAYOUT_TIME, self._pay_out_all)

    def post(
        self,
        source: str,
        kind: str,
        category: str,
        amount: int,
        currency: str,
        fee: int = 0,
        rate: Decimal | None = None,
        pending_days: int = 2,
    ) -> Json:
        """Add a balance transaction for an amount in the presentment currency; ``fee`` is in the settlement's.

        It is pending until the midnight after ``pending_days`` days, when it becomes available without an event.
        """
        stage, presented = self._stage, CURRENCIES[currency]
        gross = settled(amount, presented, rate)
        settlement = presented.settles_in if rate is not None else currency
        available_on = stage.now if not pending_days else stage.now - stage.now % DAY + (pending_days + 1) * DAY
        details = {"amount": fee, "currency": settlement, "description": "Processing fees", "type": "stripe_fee"}
        row = stage.store.create(
            "balance_transaction",
            amount=gross, available_on=available_on, balance_type="payments", currency=settlement,
            description=None, exchange_rate=None if rate is None else float(rate), fee=fee,
            fee_details=[{**details, "application": None}] if fee else [], net=gross - fee,
            reporting_category=category, source=source, status="pending" if pending_days else "available", type=kind,
        )  # fmt: skip
        if pending_days:
            stage.agenda.at(available_on, partial(stage.store.update, row, status="available"))
        if kind != "payout":
            self._due[settlement].append(row)
        return row

    def _pay_out_all(self) -> None:
        for currency in sorted(self._due):
            self._pay_out(currency)
        self._stage.agenda.at(self._stage.now + DAY, self._pay_out_all)

    def _pay_out(self, currency: str) -> None:
        stage = self._stage
        ready = [row for row in self._due[currency] if row["status"] == "available"]
        amount = sum(row["net"] for row in ready)
        if amount <= 0:
            return
        self._due[currency] = [row for row in self._due[currency] if row["status"] != "available"]
        identifier = stage.store.new_id("payout")
        arrival = stage.now - stage.now % DAY + _ARRIVAL_DAYS * DAY
        own = self.post(identifier, "payout", "payout", -amount, currency, pending_days=0)
        stage.store.paid_out[identifier] = [row["id"] for row in (*ready, own)]
        payout = stage.store.create(
            "payout", "payout.created",
            id=identifier, amount=amount, arrival_date=arrival, automatic=True, balance_transaction=own["id"],
            currency=currency, description="STRIPE PAYOUT", destination=None, failure_balance_transaction=None,
            failure_code=None, failure_message=None, metadata={}, method="standard", original_payout=None,
            reconciliation_status="in_progress", reversed_by=None, source_type="card", statement_descriptor=None,
            status="in_transit", type="bank_account",
        )  # fmt: skip
        stage.agenda.at(stage.now + 600, partial(self._reconcile, payout))
        fails = stage.roll("payout", identifier).random() < _FAILING_SHARE
        stage.agenda.at(arrival + 6 * 3600, partial(self._fail if fails else self._arrive, payout))

    def _reconcile(self, payout: Json) -> None:
        self._stage.store.update(payout, "payout.reconciliation_completed", reconciliation_status="completed")

    def _arrive(self, payout: Json) -> None:
        self._stage.store.update(payout, "payout.paid", status="paid")

    def _fail(self, payout: Json) -> None:
        """The money comes back, and is part of a later payout."""
        back = self.post(
            payout["id"], "payout_failure", "payout_reversal", payout["amount"], payout["currency"], pending_days=0
        )
        self._stage.store.update(
            payout, "payout.failed", status="failed", failure_code="account_closed",
            failure_message="The bank account has been closed.", failure_balance_transaction=back["id"],
        )  # fmt: skip
