"""The life of the simulated company's Stripe account: two years of history, and then on for as long as asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from northstar.simulator.company import Account, Company
from northstar.simulator.stripe.agenda import DAY, HOUR
from northstar.simulator.stripe.balance import Balance
from northstar.simulator.stripe.catalog import AMOUNT_COUPON, PERCENT_COUPON, SEAT_DOLLARS, Catalog
from northstar.simulator.stripe.invoices import Invoices, Line
from northstar.simulator.stripe.payments import Payments
from northstar.simulator.stripe.stage import Stage
from northstar.simulator.stripe.store import Json, Store
from northstar.simulator.stripe.subscriptions import Customer, Subscription, Terms, add_months

HISTORY = timedelta(days=730)
_SEATS = {"starter": (3, 10), "growth": (10, 40), "enterprise": (40, 200)}

_EVENTFUL = 0.02
"""Share of days on which something comes into a customer's mind."""


class StripeWorld:
    """A Stripe account with the customers of a company, as of the company's anchor.

    The same company gives the same account, and going on in one stretch or in several makes no difference.
    """

    def __init__(self, company: Company, history: timedelta = HISTORY) -> None:
        """Live through the ``history`` before the anchor; half a year at least, for every status to come true."""
        self.company = company
        self.store = Store(company.seed, company.anchor - history)
        self._stage = Stage(company.seed, self.store)
        self._balance = Balance(self._stage)
        self.payments = Payments(self._stage, self._balance)
        """What can be done with money, beside what happens by itself."""
        self.invoices = Invoices(self._stage, self.payments)
        """The same for invoices."""
        self._catalog = Catalog(self._stage)
        self._anchor = int(company.anchor.timestamp())
        self.customers: list[Customer] = []
        """Those that are accounts of the company, in order of arrival."""
        self._strays: list[Json] = []
        self._stage.agenda.at(self.store.now, self._open)
        self._live_until(company.anchor)

    def advance(self, start: datetime, end: datetime) -> int:
        """Live from ``start``, where the account's clock must stand, to ``end``.  Returns how much happened."""
        if start != self.store.moment():
            raise ValueError(f"the Stripe account stands at {self.store.moment()}, not at {start}")
        return self._live_until(end)

    def _live_until(self, end: datetime) -> int:
        with self.store.lock:
            return self._stage.agenda.run(int(end.timestamp()), self.store.set_clock)

    def _open(self) -> None:
        """The account's first day."""
        self._catalog.open()
        self._balance.start()
        self._test_mode()
        for account in self.company.accounts:
            if account.stripe_customer_id is not None:
                created = max(int(account.created_at.timestamp()), self.store.now + HOUR)
                self._stage.agenda.at(created, partial(self._sign_up, account))
        self._stage.agenda.at(self.store.now + 3 * DAY, self._stray)
        self._stage.agenda.at(self.store.now + DAY, self._day)
        for minutes, scene in (
            (10, self._scene_growth), (40, self._scene_refund), (55, self._scene_failed_card), (70, self._scene_notice),
            (100, self._scene_dispute),
        ):  # fmt: skip
            self._stage.agenda.at(self._anchor + minutes * 60, scene)

    # The first two hours after the anchor, so that the shortest demo has something of everything

    def _paying(self, number: int) -> list[Subscription]:
        """The ``number``-th of those in good standing that are paid by card, without credit left, if there are any."""
        found = [
            subscription
            for customer in self.customers
            for subscription in customer.subscriptions
            if subscription.row["status"] == "active"
            and not subscription.terms.invoiced
            and customer.row["balance"] == 0
        ]
        return [found[number % len(found)]] if found else []

    def _last_charge(self, customer: Customer) -> list[Json]:
        """The last payment of a customer; none of one who has not paid yet."""
        charges = self.store.kinds["charge"]
        return [row for row in charges if row["customer"] == customer.row["id"] and row["paid"]][-1:]

    def _scene_growth(self) -> None:
        for subscription in self._paying(0):
            subscription.change_seats(subscription.row["items"][0]["quantity"] + 5)

    def _scene_refund(self) -> None:
        for subscription in self._paying(1):
            for charge in self._last_charge(subscription.customer):
                self.payments.refund(charge, charge["amount"] // 4 // 10 * 10)

    def _scene_failed_card(self) -> None:
        for subscription in self._paying(2):
            subscription.customer.card_fails = True
            subscription.change_seats(subscription.row["items"][0]["quantity"] + 2)
            self._stage.agenda.at(self.store.now + 2 * DAY, partial(self._card, subscription.customer, False))

    def _scene_notice(self) -> None:
        for subscription in self._paying(3):
            subscription.cancel_at_period_end()

    def _scene_dispute(self) -> None:
        for subscription in self._paying(0):
            self._scripted_dispute(subscription.customer)

    def _test_mode(self) -> None:
        """What a developer left behind in test mode."""
        product = self.store.create(
            "product", "product.created", livemode=False, active=True, default_price=None, description=None,
            name="Test plan", metadata={}, type="service", unit_label=None, updated=self.store.now,
        )  # fmt: skip
        for number in range(3):
            customer = self._new_customer(f"Test customer {number}", "US", "usd", None, None, livemode=False)
            subscription = {"id": "sub_test", "collection_method": "charge_automatically", "currency": "usd"}
            item = {
                "id": "si_test",
                "price": {"id": "price_test", "product": product["id"], "unit_amount_decimal": "1"},
            }
            line = Line(item, 100, 1, self.store.now, self.store.now + DAY)
            self.invoices.draft(subscription, customer, [line], "manual", livemode=False)

    def _new_customer(
        self, name: str, country: str, currency: str, identifier: str | None, account: str | None, livemode: bool = True
    ) -> Json:
        mailbox = "".join(character for character in name.lower() if character.isalnum())
        return self.store.create(
            "customer", "customer.created", livemode=livemode,
            id=identifier, address={"city": None, "country": country, "line1": None, "postal_code": None}, balance=0,
            currency=currency, delinquent=False, description=None, discount=None,
            email=f"billing@{mailbox}.example.org", invoice_prefix=None,
            metadata={"account_number": account} if account else {}, name=name, phone=None, tax_exempt="none",
        )  # fmt: skip

    # Accounts

    def _sign_up(self, account: Account) -> None:
        # Half of the customers carry the account number that would make matching easy.
        known = account.account_number if account.account_id % 2 else None
        row = self._new_customer(
            account.name, account.country, account.currency.lower(), account.stripe_customer_id, known
        )
        customer = Customer(row)
        self.customers.append(customer)
        self._stage.agenda.at(self._first_day(account), partial(self._first_subscription, customer, account))
        roll = self._stage.roll("script", account.account_id)
        at = self._stage.agenda.at
        if account.status == "churned":
            at(
                self._anchor - roll.randrange(35, 70) * DAY,
                partial(self._each, customer, Subscription.cancel_at_period_end),
            )
        if account.status == "suspended":
            at(self._anchor - 20 * DAY, partial(self._each, customer, Subscription.pause))
        if account.status == "past_due":
            at(self._anchor - 8 * DAY, partial(self._card, customer, True))
            at(self._anchor + 3 * DAY, partial(self._card, customer, False))
        if account.account_id in (1001, 1002):
            days = 10 if account.account_id == 1001 else 120
            at(self._anchor - days * DAY, partial(self._scripted_dispute, customer))

    def _first_day(self, account: Account) -> int:
        """When an account subscribes, such that its status at the anchor comes true."""
        soon = self.store.now + self._stage.roll("first", account.account_id).randrange(HOUR, 5 * DAY)
        if account.status == "trial":
            return max(soon, self._anchor - 5 * DAY)
        if account.status == "past_due":
            # A renewal falls on the sixth day before the anchor, when the card fails.
            months = 1
            while add_months(self._anchor - 6 * DAY, -months - 1) > soon:
                months += 1
            return max(add_months(self._anchor - 6 * DAY, -months), self.store.now)
        return soon

    def _terms(self, account: Account, trial: bool) -> Terms:
        roll = self._stage.roll("terms", account.account_id)
        by_invoice = {"enterprise": 1.0, "mid_market": 0.5}.get(account.segment, 0.0)
        # Who is past due, or disputes a charge, pays by card.
        invoiced = roll.random() < by_invoice and account.status != "past_due" and account.account_id > 1002
        monthly = invoiced or account.status in ("past_due", "suspended", "churned") or roll.random() < 0.6
        low, high = _SEATS[account.plan]
        currency = account.currency
        coupon = roll.choice([PERCENT_COUPON, AMOUNT_COUPON.format(currency=currency), None, None, None])
        return Terms(
            plan=account.plan, currency=currency.lower(), interval="month" if monthly else "year",
            seats=roll.randrange(low, high), invoiced=invoiced, reminders=roll.random() < 0.5, coupon=coupon,
            trial_until=self.store.now + 14 * DAY if trial else None,
        )  # fmt: skip

    def _first_subscription(self, customer: Customer, account: Account) -> None:
        roll = self._stage.roll("trial", account.account_id).random()
        if account.status == "trial":
            customer.card_fails = roll < 0.3
        with_trial = account.status == "trial" or (account.status not in ("past_due", "churned") and roll > 0.7)
        self.subscribe(customer, self._terms(account, with_trial))

    def subscribe(self, customer: Customer, terms: Terms) -> Subscription:
        """Begin a subscription now."""
        return Subscription(self._stage, self._catalog, self.invoices, self.payments, customer, terms).start()

    def _each(self, customer: Customer, action: Callable[[Subscription], None]) -> None:
        for subscription in customer.subscriptions:
            action(subscription)

    def _card(self, customer: Customer, fails: bool) -> None:
        customer.card_fails = fails

    def _scripted_dispute(self, customer: Customer) -> None:
        for charge in self._last_charge(customer):
            self.payments.dispute(charge)

    # Days

    def _day(self) -> None:
        """What the day will bring each customer, at times of its own."""
        now, at = self.store.now, self._stage.agenda.at
        for customer in list(self.customers):
            roll = self._stage.roll("day", customer.row["id"], now)
            chance, second = roll.random(), now + roll.randrange(DAY)
            if chance < _EVENTFUL:
                at(second, partial(self._whim, customer, chance))
        roll = self._stage.roll("day", now)
        if roll.random() < 1 / 60:
            at(now + roll.randrange(DAY), self._catalog.raise_a_price)
        at(now + DAY, self._day)

    def _whim(self, customer: Customer, chance: float) -> None:
        """Most days nothing; some days a change of seats, plan or add-on; after the anchor also churn and return."""
        current = [subscription for subscription in customer.subscriptions if subscription.running]
        roll = self._stage.roll("whim", customer.row["id"], self.store.now)
        lively = self.store.now >= self._anchor
        if not current:
            if lively and customer.subscriptions:
                terms = customer.subscriptions[-1].terms
                customer.card_fails = False
                plan = roll.choice(sorted(SEAT_DOLLARS))
                self.subscribe(customer, replace(terms, plan=plan, coupon=None, trial_until=None))
            return
        subscription = current[-1]
        if chance < 0.006:
            seats = subscription.row["items"][0]["quantity"]
            subscription.change_seats(max(1, seats + roll.choice([-5, -2, 1, 3, 6])))
        elif chance < 0.009:
            subscription.change_plan(roll.choice(sorted(SEAT_DOLLARS)))
        elif chance < 0.012:
            subscription.toggle_reminders()
        elif lively and chance < 0.015:
            subscription.cancel_at_period_end()
        elif lively and chance < 0.017:
            subscription.pause()
            self._stage.agenda.at(self.store.now + 30 * DAY, subscription.resume)

    def _stray(self) -> None:
        """A customer that no account of the company's matches; the one before last is deleted."""
        number = len(self._strays) + 1
        self._strays.append(self._new_customer(f"Walk-in Clinic {number}", "US", "usd", None, None))
        if number > 2:
            self.store.delete(self._strays[number - 3], "customer.deleted")
        self._stage.agenda.at(self.store.now + 30 * DAY, self._stray)
