"""The life of one subscription: trial, renewals, changes of plan and quantity, pause and end."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from northstar.simulator.stripe.agenda import DAY, HOUR
from northstar.simulator.stripe.catalog import ADD_ON, Catalog
from northstar.simulator.stripe.collecting import Collector
from northstar.simulator.stripe.invoices import Applied, Invoices, Line
from northstar.simulator.stripe.payments import Payments
from northstar.simulator.stripe.stage import Stage
from northstar.simulator.stripe.store import Json


@dataclass(frozen=True)
class Terms:
    """What a customer subscribes to."""

    plan: str
    currency: str
    interval: str
    seats: int
    invoiced: bool
    """Pays by invoice within 30 days rather than by card at once."""
    reminders: bool
    """Also takes the add-on that is billed by use."""
    coupon: str | None
    trial_until: int | None
    failing_share: float = 0.06
    """Chance that an attempt to collect from the card fails."""


@dataclass
class Customer:
    """A Stripe customer and its fortunes."""

    row: Json
    card_fails: bool = False
    """Every attempt fails for now."""
    subscriptions: list[Subscription] = field(default_factory=list)


class Subscription:
    """One subscription; :meth:`start` begins it now."""

    def __init__(
        self, stage: Stage, catalog: Catalog, invoices: Invoices, payments: Payments, customer: Customer, terms: Terms
    ) -> None:
        self._stage, self._catalog, self._invoices = stage, catalog, invoices
        self._collector = Collector(stage, invoices, payments, self)
        self.customer = customer
        self.terms = terms
        self._started = stage.now
        self._periods = 0
        self._applied: Applied | None = None
        self.row: Json = {}

    def start(self) -> Subscription:
        """Subscribe: the first invoice is due at once, or at the end of the trial."""
        store, now, terms = self._stage.store, self._stage.now, self.terms
        identifier = store.new_id("subscription")
        first_end = terms.trial_until or self._period_end(1)
        items = [self._item(identifier, self._catalog.price(terms.plan, terms.currency, terms.interval), terms.seats)]
        if terms.reminders and terms.interval == "month":
            items.append(self._item(identifier, self._catalog.price(ADD_ON, terms.currency, "month"), None))
        for item in items:
            item |= {"current_period_start": now, "current_period_end": first_end}
        if terms.coupon is not None:
            self._apply_coupon(identifier, terms.coupon)
        self.row = store.create(
            "subscription", "customer.subscription.created",
            id=identifier, billing_cycle_anchor=first_end if terms.trial_until else now, cancel_at=None,
            cancel_at_period_end=False, canceled_at=None,
            cancellation_details={"comment": None, "feedback": None, "reason": None},
            collection_method="send_invoice" if terms.invoiced else "charge_automatically", currency=terms.currency,
            customer=self.customer.row["id"], days_until_due=30 if terms.invoiced else None, description=None,
            discounts=[self._applied.discount] if self._applied else [], ended_at=None, items=items,
            latest_invoice=None, metadata={}, pause_collection=None, schedule=None, start_date=now,
            status="trialing" if terms.trial_until else "active", trial_end=terms.trial_until,
            trial_start=now if terms.trial_until else None,
        )  # fmt: skip
        self.customer.subscriptions.append(self)
        if self._applied:
            store.tell("customer.discount.created", self._applied.discount)
        if terms.trial_until:
            self._at(terms.trial_until - 3 * DAY, self._trial_will_end)
            self._at(terms.trial_until, self._trial_ends)
        else:
            self._bill(self._period_lines(now, first_end), "subscription_create", at_once=True)
            self._at(first_end, self._renew)
        return self

    @property
    def running(self) -> bool:
        """Neither canceled nor paused for want of a card."""
        return self.row["status"] not in ("canceled", "paused")

    def change_seats(self, seats: int) -> None:
        """More or fewer seats from now, prorated."""
        self._change(self.row["items"][0]["price"], seats)

    def change_plan(self, plan: str) -> None:
        """Another plan from now, prorated."""
        price = self._catalog.price(plan, self.terms.currency, self.terms.interval)
        self._change(price, self.row["items"][0]["quantity"])

    def toggle_reminders(self) -> None:
        """Drop the add-on that is billed by use, or take it up (again)."""
        items = self.row["items"]
        if len(items) > 1:
            kept = items[:1]
        elif self.terms.interval == "month":
            item = self._item(self.row["id"], self._catalog.price(ADD_ON, self.terms.currency, "month"), None)
            period = {name: items[0][name] for name in ("current_period_start", "current_period_end")}
            kept = [*items, item | period]
        else:
            return
        self.update(items=kept)

    def pause(self) -> None:
        """Stop collecting; invoices go on and are voided."""
        if self.running:
            self.update(pause_collection={"behavior": "void", "resumes_at": None})

    def resume(self) -> None:
        """Collect again."""
        if self.row["pause_collection"]:
            self.update(pause_collection=None)

    def cancel_at_period_end(self) -> None:
        """Let it run out."""
        if self.running:
            end = self.row["items"][0]["current_period_end"]
            details = {**self.row["cancellation_details"], "reason": "cancellation_requested"}
            self.update(
                cancel_at_period_end=True, cancel_at=end, canceled_at=self._stage.now, cancellation_details=details
            )

    def cancel(self, reason: str = "cancellation_requested") -> None:
        """End it now, and with it its discount."""
        if self.row["status"] == "canceled":
            return
        now, details = self._stage.now, {**self.row["cancellation_details"], "reason": reason}
        applied, self._applied = self._applied, None
        self._stage.store.update(
            self.row, "customer.subscription.deleted",
            status="canceled", ended_at=now, canceled_at=self.row["canceled_at"] or now, cancellation_details=details,
            discounts=[],
        )  # fmt: skip
        if applied:
            self._stage.store.tell("customer.discount.deleted", applied.discount)

    def update(self, event: str = "customer.subscription.updated", **fields: object) -> None:
        """Change the Stripe object, telling of it."""
        self._stage.store.update(self.row, event, **fields)

    def _at(self, second: int, action: Callable[[], None]) -> None:
        self._stage.agenda.at(second, action)

    def _item(self, subscription: str, price: Json, quantity: int | None) -> Json:
        """A subscription item; items that are billed by use have no quantity."""
        item = {
            "id": self._stage.store.new_id("subscription_item"), "object": "subscription_item",
            "created": self._stage.now, "discounts": [], "metadata": {}, "price": dict(price),
            "subscription": subscription, "tax_rates": [],
        }  # fmt: skip
        return item if quantity is None else item | {"quantity": quantity}

    def _apply_coupon(self, subscription: str, name: str) -> None:
        coupon = self._catalog.coupon(name)
        now = self._stage.now
        months = coupon["duration_in_months"]
        discount = {
            "id": self._stage.store.new_id("discount"), "object": "discount", "checkout_session": None,
            "customer": self.customer.row["id"], "end": add_months(now, months) if months else None, "invoice": None,
            "invoice_item": None, "promotion_code": None, "source": {"type": "coupon", "coupon": coupon["id"]},
            "start": now, "subscription": subscription, "subscription_item": None,
        }  # fmt: skip
        self._applied = Applied(discount, coupon)
        self._stage.store.update(coupon, "coupon.updated", times_redeemed=coupon["times_redeemed"] + 1)

    def _period_end(self, number: int) -> int:
        """When the ``number``-th paid period ends, counted from the start or from the end of the trial."""
        months = number * (12 if self.terms.interval == "year" else 1)
        return add_months(self.terms.trial_until or self._started, months)

    def _trial_will_end(self) -> None:
        if self.row["status"] == "trialing":
            self._stage.store.tell("customer.subscription.trial_will_end", self.row)

    def _trial_ends(self) -> None:
        if self.row["status"] != "trialing":
            return
        if self.customer.card_fails:
            self.update("customer.subscription.paused", status="paused")
            return
        self._open_period("active")

    def _renew(self) -> None:
        if not self.running:
            return
        if self.row["cancel_at_period_end"]:
            self.cancel()
            return
        if self._applied and self._applied.discount["end"] and self._applied.discount["end"] <= self._stage.now:
            over, self._applied = self._applied, None
            self.update(discounts=[])
            self._stage.store.tell("customer.discount.deleted", over.discount)
        self._open_period(self.row["status"])

    def _open_period(self, status: str) -> None:
        start = self._stage.now
        self._periods += 1
        end = self._period_end(self._periods + (0 if self.terms.trial_until else 1))
        previous = self.row["items"][0]["current_period_start"]
        period = {"current_period_start": start, "current_period_end": end}
        self.update(status=status, items=[{**item, **period} for item in self.row["items"]])
        self._bill([*self._usage_lines(previous, start), *self._period_lines(start, end)], "subscription_cycle")
        self._at(end, self._renew)

    def _period_lines(self, start: int, end: int) -> list[Line]:
        item = self.row["items"][0]
        return [Line(item, item["price"]["unit_amount"] * item["quantity"], item["quantity"], start, end)]

    def _usage_lines(self, start: int, end: int) -> list[Line]:
        lines = []
        for item in self.row["items"][1:]:
            used = self._stage.roll("usage", item["id"], end).randrange(0, 4000)
            lines.append(Line(item, item["price"]["unit_amount"] * used, used, start, end))
        return lines

    def _change(self, price: Json, seats: int) -> None:
        item = self.row["items"][0]
        if not self.running or self.row["status"] == "trialing" or (price["id"], seats) == (
            item["price"]["id"], item["quantity"]
        ):  # fmt: skip
            return
        now, start, end = self._stage.now, item["current_period_start"], item["current_period_end"]
        changed = {**item, "price": dict(price), "quantity": seats}

        def remaining(of: Json) -> int:
            return int(of["price"]["unit_amount"] * of["quantity"] * (end - now) // (end - start))

        self.update(items=[changed, *self.row["items"][1:]])
        lines = [
            Line(item, -remaining(item), item["quantity"], now, end, True, "Unused time"),
            Line(changed, remaining(changed), seats, now, end, True, "Remaining time"),
        ]
        self._bill(lines, "subscription_update", at_once=True)

    def _bill(self, lines: list[Line], reason: str, at_once: bool = False) -> None:
        """Draft an invoice; it is finalized at once or after an hour, and collected."""
        percent = self._applied is not None and self._applied.coupon["percent_off"] is not None
        applied = self._applied if percent or reason != "subscription_update" else None
        invoice = self._invoices.draft(self.row, self.customer.row, lines, reason, applied)
        self.update(latest_invoice=invoice["id"])
        if at_once:
            self._collector.finalize(invoice)
        else:
            self._at(self._stage.now + HOUR, partial(self._collector.finalize, invoice))


def add_months(second: int, months: int) -> int:
    """The same day and time so many months later; the month's last day where it has no such day."""
    moment = datetime.fromtimestamp(second, UTC)
    month = moment.month - 1 + months
    year, month = moment.year + month // 12, month % 12 + 1
    day = min(moment.day, monthrange(year, month)[1])
    return int(moment.replace(year=year, month=month, day=day).timestamp())
