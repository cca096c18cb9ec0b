"""What the simulated company sells: a product for each plan, prices by currency and interval, and coupons."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from northstar.simulator.stripe.money import CURRENCIES
from northstar.simulator.stripe.stage import Stage
from northstar.simulator.stripe.store import Json

SEAT_DOLLARS = {"starter": Decimal(49), "growth": Decimal(79), "enterprise": Decimal(129)}
"""List price of a seat for a month."""
MONTHS_PAID_A_YEAR = 10
"""A year costs as much as this many months."""
REMINDER_DOLLARS = Decimal("0.05")
"""List price of one text message, which is billed by use."""
ADD_ON = "reminders"
PERCENT_COUPON, AMOUNT_COUPON = "LAUNCH20", "LOYAL{currency}"


class Catalog:
    """Products and prices; a plan's price may be replaced by a new one, which then applies to new subscriptions."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._products: dict[str, Json] = {}
        self._prices: dict[tuple[str, str, str], Json] = {}
        self._coupons: dict[str, Json] = {}

    def open(self) -> None:
        """Create everything that is sold."""
        for plan in (*SEAT_DOLLARS, ADD_ON):
            self._products[plan] = self._stage.store.create(
                "product", "product.created",
                active=True, default_price=None, description=None, images=[], marketing_features=[], metadata={},
                name=f"Northstar {plan.capitalize()}", type="service",
                unit_label="message" if plan == ADD_ON else "seat", updated=self._stage.now,
            )  # fmt: skip
        for currency in CURRENCIES.values():
            for plan, dollars in SEAT_DOLLARS.items():
                self._add_price(plan, currency.code, "month", currency.amount(dollars))
                self._add_price(plan, currency.code, "year", currency.amount(dollars * MONTHS_PAID_A_YEAR))
            self._add_price(ADD_ON, currency.code, "month", max(currency.amount(REMINDER_DOLLARS), 1), "metered")
            self._add_coupon(
                AMOUNT_COUPON.format(currency=currency.code.upper()), duration="forever", currency=currency.code,
                amount_off=currency.amount(Decimal(40)),
            )  # fmt: skip
        self._add_coupon(PERCENT_COUPON, duration="repeating", duration_in_months=12, percent_off=20.0)

    def price(self, plan: str, currency: str, interval: str) -> Json:
        """The price that a new subscription gets."""
        return self._prices[plan, currency, interval]

    def coupon(self, identifier: str) -> Json:
        """A coupon by its id."""
        return self._coupons[identifier]

    def raise_a_price(self) -> None:
        """Replace a plan's monthly price in one currency by one that is 5 % higher."""
        roll = self._stage.roll("price", self._stage.now)
        plan, currency = roll.choice(sorted(SEAT_DOLLARS)), roll.choice(sorted(CURRENCIES))
        old = self._prices[plan, currency, "month"]
        step = 10 if CURRENCIES[currency].exponent == 3 else 1
        self._add_price(plan, currency, "month", (old["unit_amount"] * 105 // 100 // step + 1) * step)
        self._stage.store.update(old, "price.updated", active=False)

    def _add_price(self, plan: str, currency: str, interval: str, amount: int, usage: str = "licensed") -> None:
        self._prices[plan, currency, interval] = self._stage.store.create(
            "price", "price.created",
            active=True, billing_scheme="per_unit", currency=currency, lookup_key=None, metadata={}, nickname=None,
            product=self._products[plan]["id"],
            recurring={"interval": interval, "interval_count": 1, "meter": None, "trial_period_days": None,
                       "usage_type": usage},
            tax_behavior="exclusive", tiers_mode=None, transform_quantity=None, type="recurring", unit_amount=amount,
            unit_amount_decimal=str(amount),
        )  # fmt: skip

    def _add_coupon(self, identifier: str, **terms: Any) -> None:
        defaults = {"amount_off": None, "currency": None, "duration_in_months": None, "percent_off": None}
        self._coupons[identifier] = self._stage.store.create(
            "coupon", "coupon.created",
            id=identifier, max_redemptions=None, metadata={}, name=identifier, redeem_by=None, times_redeemed=0,
            valid=True, **defaults | terms,
        )  # fmt: skip
