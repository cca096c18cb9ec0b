"""Monthly recurring revenue of each Stripe customer, its movements, retention and cohorts, from Stripe's own objects.

At a month's end a subscription is as Stripe has told it to be by then.  Of the time before anything was told, invoice
lines are what can be known.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cached_property

from company_lab import Json
from company_sources import Sources, day, month, next_month
from lab import Row
from money_oracle import exact_usd, major, places, ratio, whole

MRR_KEY = ("stripe_customer_id", "currency", "month_start")
MOVEMENT_KEY = ("account_id", "stripe_customer_id", "currency", "month_start")
RETENTION_KEY = ("month_start", "segment")
COHORT_KEY = ("cohort_month", "months_since", "segment")
CLASSES = ("new", "expansion", "contraction", "churn", "reactivation")
_DAY = timedelta(days=1)
_COUNTS = frozenset({"active", "past_due"})
Value = tuple[int, int]
"""Contracted, and billed after discounts; minor units for a month."""
Customer = tuple[str, str]
"""Stripe customer and currency."""


def monthly_share(recurring: Json) -> Fraction:
    """What part of a price falls upon a month."""
    count = recurring["interval_count"]
    each = {"month": Fraction(1), "year": Fraction(1, 12), "week": Fraction(52, 12), "day": Fraction(365, 12)}
    return each[recurring["interval"]] / count


@dataclass
class Mrr:
    """Values by customer, currency and month; no month is left out between a customer's first and the last."""

    sources: Sources

    @cached_property
    def values(self) -> dict[Customer, dict[date, Value]]:
        """Every customer's months."""
        found: defaultdict[Customer, dict[date, Value]] = defaultdict(dict)
        for customer, first in self._first_months.items():
            at = first
            while at <= self.sources.last_day:
                values = [self._value(sub, at) for sub in self._subscriptions[customer]]
                found[customer][at] = sum(v[0] for v in values), sum(v[1] for v in values)
                at = next_month(at)
        return found

    @cached_property
    def _subscriptions(self) -> dict[Customer, list[Json]]:
        found: defaultdict[Customer, list[Json]] = defaultdict(list)
        for row in self.sources.stripe("subscription"):
            found[row["customer"], row["currency"].upper()].append(row)
        return found

    @cached_property
    def _first_months(self) -> dict[Customer, date]:
        """The month in which a customer first subscribed or was billed for a subscription."""
        found: dict[Customer, date] = {}
        for customer, subscriptions in self._subscriptions.items():
            starts = [day(row["start_date"]) for row in subscriptions]
            starts += [day(line["period"]["start"]) for row in subscriptions for line in self._lines[row["id"]]]
            found[customer] = month(min(starts))
        return found

    @cached_property
    def _lines(self) -> dict[str, list[Json]]:
        """Lines of finalised invoices that stand, by subscription, in order of invoice and place."""
        found: defaultdict[str, list[Json]] = defaultdict(list)
        for invoice in self.sources.invoices.values():
            stages = invoice["status_transitions"]
            if stages["finalized_at"] and not stages["voided_at"]:
                for line in invoice["lines"]:
                    price = self._prices[line["pricing"]["price_details"]["price"]]
                    if price["recurring"]["usage_type"] == "licensed" and line["amount"] > 0:
                        found[line["subscription"]].append(line)
        return found

    @cached_property
    def _prices(self) -> dict[str, Json]:
        return {row["id"]: row for row in self.sources.stripe("price")}

    @cached_property
    def _coupons(self) -> dict[str, Json]:
        return {row["id"]: row for row in self.sources.stripe("coupon")}

    def _value(self, subscription: Json, start: date) -> Value:
        """What a subscription is worth at the end of a month."""
        end = int(datetime.combine(next_month(start), time(), UTC).timestamp())
        told = self.sources.lab.told.images.get(subscription["id"], [])
        known = bisect_left([at for at, _ in told], end)
        if known:
            return self._of_image(told[known - 1][1], end)
        return self._of_lines(subscription, end)

    def _of_image(self, image: Json, end: int) -> Value:
        if image["status"] not in _COUNTS or image["pause_collection"] is not None:
            return 0, 0
        prices = [
            (item["price"], item["quantity"])
            for item in image["items"]
            if item["price"]["recurring"]["usage_type"] == "licensed"
        ]
        contracted = sum(
            whole(Fraction(price["unit_amount_decimal"]) * quantity * monthly_share(price["recurring"]))
            for price, quantity in prices
        )
        shares = [monthly_share(price["recurring"]) for price, _ in prices]
        return contracted, self._discounted(contracted, image["discounts"], end, max(shares, default=Fraction(1)))

    def _discounted(self, contracted: int, ids: list[str], end: int, share: Fraction) -> int:
        """What is left after the discounts that are in force: percentages first, one after another, then amounts."""
        left, off = Fraction(contracted), Fraction(0)
        for discount in (self.sources.lab.told.discounts[id] for id in ids):
            coupon = self._coupons[discount["source"]["coupon"]]
            in_force = discount["start"] < end and (discount["end"] is None or discount["end"] >= end)
            if not in_force or coupon["duration"] == "once":
                continue
            if coupon["percent_off"] is not None:
                left *= 1 - Fraction(str(coupon["percent_off"])) / 100
            else:
                off += coupon["amount_off"] * share
        return max(whole(left - off), 0)

    def _of_lines(self, subscription: Json, end: int) -> Value:
        """From the last line of each item whose period holds the month's end."""
        last: dict[str, Json] = {}
        for line in sorted(self._lines[subscription["id"]], key=lambda line: line["period"]["start"]):
            if line["period"]["start"] < end <= line["period"]["end"]:
                last[line["parent"]["subscription_item_details"]["subscription_item"]] = line
        contracted = billed = 0
        for line in last.values():
            price = self._prices[line["pricing"]["price_details"]["price"]]
            share = monthly_share(price["recurring"])
            value = whole(Fraction(line["pricing"]["unit_amount_decimal"]) * line["quantity"] * share)
            off = sum(amount["amount"] for amount in line["discount_amounts"])
            contracted += value
            billed += whole(value - Fraction(value * off, line["amount"]))
        return contracted, billed

    # Rows

    def rows(self) -> list[Row]:
        """The rows of core.fct_subscription_mrr."""
        return [
            {**dict(zip(MRR_KEY, (*customer, at), strict=True)), "mrr_minor": value[0], "billed_mrr_minor": value[1]}
            for customer, months in self.values.items()
            for at, value in months.items()
        ]

    @cached_property
    def by_account(self) -> dict[tuple[int, str | None, str], dict[date, int]]:
        """Contracted by account and currency; of a customer without an account, by its own id, which else is None."""
        return {key: {at: value[0] for at, value in months.items()} for key, months in self._by_account.items()}

    @cached_property
    def _by_account(self) -> dict[tuple[int, str | None, str], dict[date, Value]]:
        found: defaultdict[tuple[int, str | None, str], dict[date, Value]] = defaultdict(dict)
        for (customer, currency), months in self.values.items():
            account = self.sources.customers[customer]
            own = found[account, customer if account == -1 else None, currency]
            for at, value in months.items():
                before = own.get(at, (0, 0))
                own[at] = before[0] + value[0], before[1] + value[1]
        return found

    def movements(self) -> list[Row]:
        """The rows of mart_mrr_movement."""
        return [row for key, months in self._by_account.items() for row in _movements(key, months)]


def _movements(key: tuple[int, str | None, str], months: dict[date, Value]) -> Iterator[Row]:
    account, customer, currency = key
    before, ever = 0, False
    for at, (after, billed) in sorted(months.items()):
        moved = dict.fromkeys(CLASSES, 0)
        if after != before:
            moved[_class(before, after, ever)] = abs(after - before)
        last_day, earlier = next_month(at) - _DAY, at - _DAY
        opening_usd = places(exact_usd(before, currency, earlier), 2)
        closing_usd = places(exact_usd(after, currency, last_day), 2)
        moved_usd = {name: places(exact_usd(minor, currency, last_day), 2) for name, minor in moved.items()}
        net = sum(moved_usd[name] for name in ("new", "expansion", "reactivation"))
        net -= moved_usd["contraction"] + moved_usd["churn"]
        yield {
            **dict(zip(MOVEMENT_KEY, (account, customer, currency, at), strict=True)),
            "opening_amount": major(before, currency),
            **{f"{name}_amount": major(minor, currency) for name, minor in moved.items()},
            "closing_amount": major(after, currency),
            "billed_amount": major(billed, currency),
            "opening_amount_usd": opening_usd,
            **{f"{name}_amount_usd": amount for name, amount in moved_usd.items()},
            "fx_amount_usd": closing_usd - opening_usd - net,
            "closing_amount_usd": closing_usd,
        }
        before, ever = after, ever or after > 0


def _class(before: int, after: int, ever: bool) -> str:
    if before == 0:
        return "reactivation" if ever else "new"
    if after == 0:
        return "churn"
    return "expansion" if after > before else "contraction"


def retention(mrr: Mrr) -> list[Row]:
    """The rows of mart_revenue_retention: what customers of a year before are worth now, at that time's rates."""
    found: defaultdict[tuple[date, str], list[tuple[int, Fraction, Fraction]]] = defaultdict(list)
    for (account, _, currency), months in mrr.by_account.items():
        for at, value in months.items():
            base_month = next_month(at, -12)
            base = months.get(base_month, 0)
            if base > 0:
                on = next_month(base_month) - _DAY
                pair = exact_usd(base, currency, on), exact_usd(value, currency, on)
                for segment in (segment_of(mrr.sources, account, on), "all"):
                    found[at, segment].append((value, *pair))
    rows = []
    for (at, segment), cohort in found.items():
        base_usd = sum(base for _, base, _ in cohort)
        now_usd = sum(now for _, _, now in cohort)
        kept_usd = sum(min(base, now) for _, base, now in cohort)
        rows.append(
            {
                **dict(zip(RETENTION_KEY, (at, segment), strict=True)),
                "account_count": len(cohort),
                "retained_count": sum(value > 0 for value, _, _ in cohort),
                "opening_amount_usd": places(base_usd, 2),
                "closing_amount_usd": places(now_usd, 2),
                "kept_amount_usd": places(kept_usd, 2),
                "net_revenue_retention": ratio(now_usd, base_usd),
                "gross_revenue_retention": ratio(kept_usd, base_usd),
            }
        )
    return rows


def cohorts(mrr: Mrr) -> list[Row]:
    """The rows of mart_cohort_retention: accounts by the month of their first MRR, in complete months only."""
    accounts: defaultdict[int, defaultdict[date, list[tuple[int, str]]]] = defaultdict(lambda: defaultdict(list))
    for (account, _, currency), months in mrr.by_account.items():
        if account != -1:
            for at, value in months.items():
                accounts[account][at].append((value, currency))
    found: defaultdict[tuple[date, int, str], list[Fraction]] = defaultdict(list)
    for account, each in accounts.items():
        paid = [at for at, values in each.items() if sum(value for value, _ in values) > 0]
        if not paid:
            continue
        first = min(paid)
        number, at = 0, first
        while next_month(at) <= (mrr.sources.last_day + _DAY):
            values = sum((exact_usd(v, c, next_month(at) - _DAY) for v, c in each.get(at, [])), Fraction(0))
            for segment in (segment_of(mrr.sources, account, next_month(first) - _DAY), "all"):
                found[first, number, segment].append(values)
            number, at = number + 1, next_month(at)
    return [
        {
            **dict(zip(COHORT_KEY, key, strict=True)),
            "accounts": len(values),
            "retained_accounts": sum(value > 0 for value in values),
            "retention_rate": ratio(sum(value > 0 for value in values), len(values)),
            "mrr_amount_usd": places(sum(values), 2),
        }
        for key, values in found.items()
    ]


def segment_of(sources: Sources, account: int, last_day: date) -> str:
    """An account's segment at the end of a day."""
    end = datetime.combine(last_day + _DAY, time()) - timedelta(microseconds=1)
    return str(sources.memory.accounts.as_of(account, end)["segment"]) if account != -1 else "unknown"
