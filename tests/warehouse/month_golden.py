"""What is done to the company's systems in its month, beside what happens there by itself.

Each step is done half an hour before a tick.  What is chosen follows from the company: the first that fits, by key.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from company_lab import CompanyLab, Json
from lab import Row

from northstar.simulator.stripe.catalog import AMOUNT_COUPON, PERCENT_COUPON
from northstar.simulator.stripe.subscriptions import Customer, Subscription, Terms

DAY = timedelta(days=1)
USD, OTHER_USD, YEN, EURO, DINAR = 1001, 1002, 1006, 1007, 1008
_FIRST_KEY = 9_000_001


class MonthGolden:
    """The cases, as changes to a lab's systems."""

    def __init__(self, lab: CompanyLab) -> None:
        self._lab = lab
        self._key = _FIRST_KEY
        self._written_off: Row = {}
        self._disputed: Json = {}
        self._paused: Subscription | None = None
        self._opportunity = ""

    @property
    def steps(self) -> tuple[Callable[[], None], ...]:
        """What is done before the second tick and those that follow."""
        return self.first, self.second, self.third, self.fourth, self.fifth, self.sixth, self.seventh

    def first(self) -> None:
        """A payment that was received twelve days ago; a visit that was wrongly a no-show."""
        for account in (USD, YEN, DINAR):
            self._pay(self._open_invoice(account, days=15), days_ago=12)
        self._fulfil(self._visit("noshow", "starts_at < %(at)s - interval '3 days'"))

    def second(self) -> None:
        """A plan paid by the year with an amount off; one by invoice with a percentage off."""
        self._subscribe(YEN, "jpy", "year", 7, coupon=AMOUNT_COUPON.format(currency="JPY"))
        self._subscribe(DINAR, "kwd", "month", 12, invoiced=True, coupon=PERCENT_COUPON)
        self._subscribe(OTHER_USD, "usd", "month", 30, trial_until=int((self._lab.now + 8 * DAY).timestamp()))

    def third(self) -> None:
        """Bad debt; a disputed charge; a customer and an account leave."""
        self._written_off = self._open_invoice(USD, days=20)
        self._close(self._written_off, "uncollectible", "uncollectible_at")
        world = self._lab.services.stripe
        dispute = world.payments.dispute(self._charge())
        assert dispute is not None
        self._disputed = dispute
        for subscription in self._customer(EURO).subscriptions:
            subscription.cancel()
        self._account(DINAR, "churned")

    def fourth(self) -> None:
        """Paid after all; void; credit; partial refund; lost dispute; a new plan; a pause; a new owner at the close."""
        self._pay(self._written_off, days_ago=0)
        self._close(self._open_invoice(USD, days=5), "void", "voided_at")
        for account in (YEN, EURO):
            self._credit(self._open_invoice(account, days=2))
        for account in (USD, YEN, DINAR):
            self._refund(account)
        store = self._lab.services.stripe.store
        store.update(self._disputed, "charge.dispute.closed", status="lost")
        subscription = self._running(0)
        before = subscription.row["items"][0]["price"]["id"]
        for plan in ("starter", "enterprise"):
            if subscription.row["items"][0]["price"]["id"] == before:
                subscription.change_plan(plan)
        self._paused = self._running(1)
        self._paused.pause()
        self._account(DINAR, "active")
        self._close_deal()

    def fifth(self) -> None:
        """A visit moves to the next month; a cancelled hour is booked again; another owner; an invoice is void."""
        self._lab.edit(
            "UPDATE scheduling.appointments SET starts_at = starts_at + interval '21 days',"
            " ends_at = ends_at + interval '21 days', updated_at = %(at)s WHERE appointment_id = %(id)s",
            id=self._visit("booked", "starts_at > %(at)s + interval '6 hours'")["appointment_id"],
        )
        self._rebook(self._visit("booked", "starts_at > %(at)s + interval '30 hours'"))
        world = self._lab.services.stripe
        invoiced = [row for row in world.store.kinds["invoice"] if row["status"] == "open" and row["livemode"]]
        world.invoices.void(invoiced[-1])
        self._hand_over()

    def sixth(self) -> None:
        """The customer comes back; the paused one goes on; a past visit is deleted."""
        self._subscribe(EURO, "eur", "month", 5)
        assert self._paused is not None
        self._paused.resume()
        gone = self._visit("cancelled", "starts_at < %(at)s - interval '4 days'")
        self._lab.edit(
            "DELETE FROM scheduling.appointment_events WHERE appointment_id = %(id)s",
            "DELETE FROM scheduling.appointment_reminders WHERE appointment_id = %(id)s",
            "UPDATE scheduling.appointments SET rescheduled_from_id = NULL, updated_at = %(at)s"
            " WHERE rescheduled_from_id = %(id)s",
            "DELETE FROM scheduling.appointments WHERE appointment_id = %(id)s",
            id=gone["appointment_id"],
        )

    def seventh(self) -> None:
        """Time of a cancellation corrected to less than a day before; seats removed."""
        late = self._visit("cancelled", "cancelled_at < starts_at - interval '2 days' AND starts_at < %(at)s")
        self._lab.edit(
            "UPDATE scheduling.appointments SET cancelled_at = starts_at - interval '3 hours', updated_at = %(at)s"
            " WHERE appointment_id = %(id)s",
            id=late["appointment_id"],
        )
        self._running(0).change_seats(2)

    # The app

    def _open_invoice(self, account: int, days: int) -> Row:
        """An invoice that nobody has paid for, opened at least so many days ago."""
        return self._one(
            "SELECT * FROM billing.invoices WHERE account_id = %(account)s AND status = 'open'"
            " AND amount_paid_minor = 0 AND amount_credited_minor = 0"
            " AND opened_at < %(at)s - make_interval(days => %(days)s) ORDER BY invoice_id LIMIT 1",
            account=account, days=days,
        )  # fmt: skip

    def _pay(self, invoice: Row, days_ago: int) -> None:
        received = self._lab.now - days_ago * DAY
        number = self._next()
        self._lab.edit(
            "INSERT INTO billing.payments VALUES (%(id)s, %(account)s, %(patient)s, NULL, 'check', 'succeeded', NULL,"
            " %(currency)s, %(amount)s, 0, %(received)s, %(at)s, %(at)s)",
            "INSERT INTO billing.payment_allocations VALUES (%(id)s, %(id)s, %(invoice)s, %(amount)s, %(received)s,"
            " %(at)s)",
            "UPDATE billing.invoices SET status = 'paid', amount_paid_minor = %(amount)s, paid_at = %(received)s,"
            " updated_at = %(at)s WHERE invoice_id = %(invoice)s",
            id=number, account=invoice["account_id"], patient=invoice["patient_id"], currency=invoice["currency"],
            amount=invoice["total_minor"], received=received, invoice=invoice["invoice_id"],
        )  # fmt: skip

    def _close(self, invoice: Row, status: str, column: str) -> None:
        self._lab.edit(
            f"UPDATE billing.invoices SET status = '{status}', {column} = %(at)s, updated_at = %(at)s"
            " WHERE invoice_id = %(id)s",
            id=invoice["invoice_id"],
        )

    def _credit(self, invoice: Row) -> None:
        self._lab.edit(
            "INSERT INTO billing.credit_notes VALUES (%(id)s, %(invoice)s, %(currency)s, %(amount)s, 'courtesy',"
            " %(at)s, %(at)s)",
            "UPDATE billing.invoices SET amount_credited_minor = %(amount)s, updated_at = %(at)s"
            " WHERE invoice_id = %(invoice)s",
            id=self._next(), invoice=invoice["invoice_id"], currency=invoice["currency"],
            amount=invoice["total_minor"] // 3,
        )  # fmt: skip

    def _refund(self, account: int) -> None:
        payment = self._one(
            "SELECT p.*, a.invoice_id FROM billing.payments p JOIN billing.payment_allocations a USING (payment_id)"
            " WHERE account_id = %(account)s AND p.status = 'succeeded' AND p.amount_minor = a.amount_minor"
            " AND payer_id IS NULL AND NOT EXISTS (SELECT FROM billing.refunds r WHERE r.invoice_id = a.invoice_id)"
            " ORDER BY payment_id LIMIT 1",
            account=account,
        )
        self._lab.edit(
            "INSERT INTO billing.refunds VALUES (%(id)s, %(payment)s, %(invoice)s, %(currency)s, %(amount)s,"
            " 'goodwill', %(at)s, %(at)s)",
            id=self._next(), payment=payment["payment_id"], invoice=payment["invoice_id"],
            currency=payment["currency"], amount=payment["amount_minor"] // 3,
        )  # fmt: skip

    def _visit(self, status: str, condition: str) -> Row:
        return self._one(
            f"SELECT * FROM scheduling.appointments WHERE status = %(status)s AND {condition}"
            " ORDER BY starts_at DESC, appointment_id LIMIT 1",
            status=status,
        )

    def _fulfil(self, visit: Row) -> None:
        self._lab.edit(
            "UPDATE scheduling.appointments SET status = 'fulfilled', arrived_at = starts_at,"
            " checked_in_at = starts_at, fulfilled_at = ends_at, updated_at = %(at)s WHERE appointment_id = %(id)s",
            id=visit["appointment_id"],
        )

    def _rebook(self, visit: Row) -> None:
        """Cancelled now, and the first half of its time is another patient's a minute later."""
        later = self._lab.now + timedelta(minutes=1)
        self._lab.edit(
            "UPDATE scheduling.appointments SET status = 'cancelled', cancelled_at = %(at)s,"
            " cancellation_reason_code = 'pat', updated_at = %(at)s WHERE appointment_id = %(id)s",
            "INSERT INTO scheduling.appointments (appointment_id, account_id, clinic_id, provider_id, patient_id,"
            " appointment_type_id, status, starts_at, ends_at, booked_at, created_at, updated_at)"
            " SELECT %(new)s, account_id, clinic_id, provider_id,"
            " (SELECT min(patient_id) FROM patients.patients p WHERE p.account_id = a.account_id),"
            " appointment_type_id, 'booked', starts_at, starts_at + (ends_at - starts_at) / 2, %(later)s, %(later)s,"
            " %(later)s FROM scheduling.appointments a WHERE appointment_id = %(id)s",
            id=visit["appointment_id"], new=self._next(), later=later,
        )  # fmt: skip

    def _account(self, account: int, status: str) -> None:
        self._lab.edit(
            "UPDATE directory.accounts SET status = %(status)s, updated_at = %(at)s WHERE account_id = %(account)s",
            status=status, account=account,
        )  # fmt: skip

    def _one(self, query: str, **parameters: Any) -> Row:
        (row,) = self._lab.source(query, {"at": self._lab.now, **parameters})
        return row

    def _next(self) -> int:
        self._key += 1
        return self._key

    # Stripe

    def _customer(self, account: int) -> Customer:
        number = next(a.stripe_customer_id for a in self._lab.company.accounts if a.account_id == account)
        return next(c for c in self._lab.services.stripe.customers if c.row["id"] == number)

    def _running(self, number: int) -> Subscription:
        """One of the subscriptions that are neither over nor on trial nor paused."""
        running = [
            subscription
            for customer in self._lab.services.stripe.customers
            for subscription in customer.subscriptions
            if subscription.row["status"] in ("active", "past_due") and not subscription.row["pause_collection"]
        ]
        return running[number]

    def _charge(self) -> Json:
        """The last payment that nobody has touched."""
        charges = [row for row in self._lab.services.stripe.store.kinds["charge"] if row["paid"]]
        return [row for row in charges if not row["disputed"] and not row["amount_refunded"]][-1]

    def _subscribe(
        self, account: int, currency: str, interval: str, seats: int, invoiced: bool = False,
        coupon: str | None = None, trial_until: int | None = None,
    ) -> None:  # fmt: skip
        terms = Terms("growth", currency, interval, seats, invoiced, False, coupon, trial_until, failing_share=0.0)
        self._lab.services.stripe.subscribe(self._customer(account), terms)

    # Salesforce

    def _close_deal(self) -> None:
        """A deal is won on the day on which its account changes hands, in the morning."""
        org = self._lab.services.salesforce.org
        opportunity = org.ids("Opportunity", 'NOT "IsClosed" AND NOT "IsDeleted"')[0]
        self._opportunity = opportunity
        record = org.record("Opportunity", opportunity)
        self._change_owner(record["AccountId"])
        closed = {"StageName": "Closed Won", "IsClosed": True, "IsWon": True, "CloseDate": self._lab.now.date()}
        org.update("Opportunity", opportunity, closed, self._lab.now)

    def _hand_over(self) -> None:
        """Its account changes hands again, days later."""
        org = self._lab.services.salesforce.org
        self._change_owner(org.record("Opportunity", self._opportunity)["AccountId"])

    def _change_owner(self, account: str) -> None:
        org = self._lab.services.salesforce.org
        owner = org.record("Account", account)["OwnerId"]
        sellers = org.ids("User", '"Title" = \'Account Executive\' AND "IsActive"')
        self._lab.services.salesforce.crm.change_owner(
            account, Random(0).choice([seller for seller in sellers if seller != owner]), self._lab.now
        )
