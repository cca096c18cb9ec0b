"""How patients' invoices are issued and settled: decided by key, so the seed and every half hour agree."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from northstar.simulator.oltp import words
from northstar.simulator.oltp.chance import Bools, Chance, Floats, Ints, Objects, Times
from northstar.simulator.oltp.places import MONEY

NAT = np.datetime64("NaT", "us")
REFUND_AFTER_DAYS = (2, 9, 21)
DENIAL_AFTER = np.timedelta64(12, "D")
STATEMENT_AFTER = np.timedelta64(30, "D")
DUE_AFTER_DAYS = 30
LONGEST_INVOICE_DELAY = np.timedelta64(45, "m")
NO_CHARGE = 0.06
DENIED = 0.12

FULL, SPLIT, FAILS_FIRST, NEVER, VOIDED, CREDITED, REFUNDED, SLOW = range(8)
_WEIGHTS = (46, 22, 8, 7, 2.5, 5, 3, 6.5)


@dataclass(frozen=True)
class Settlement:
    """When each invoice changes, NaT where it never does, and the amounts in minor units."""

    fate: Ints
    opened_at: Times
    credited_at: Times
    failed_at: Times
    """A payment that fails; another one is tried later."""
    first_at: Times
    second_at: Times
    """A second payment takes what is left."""
    refunded_at: Times
    voided_at: Times
    uncollectible_at: Times
    credit_minor: Ints
    first_minor: Ints
    refund_minor: Ints

    def take(self, index: Ints | Bools) -> Settlement:
        """Some of the invoices."""
        return Settlement(*(getattr(self, f.name)[index] for f in fields(self)))


def invoiced_at(chance: Chance, appointment: Ints, fulfilled: Times) -> Times:
    """When the invoice of a fulfilled visit is made, NaT where the visit is free of charge."""
    delay = (180 + 2400 * chance.uniform("invoice delay", appointment)).astype(np.int64).astype("timedelta64[s]")
    free = chance.happens("no charge", appointment, NO_CHARGE)
    return np.where(free, NAT, (fulfilled + delay).astype("datetime64[s]").astype("datetime64[us]"))


def _days(values: Floats) -> Times:
    return (values * 86_400).astype(np.int64).astype("timedelta64[s]")


def settle(chance: Chance, key: Ints, created: Times, total: Ints, insured: Bools) -> Settlement:
    """What becomes of invoices: each meets one of eight fates."""

    def days(purpose: str, low: float, high: float) -> Times:
        return _days(low + (high - low) * chance.uniform(purpose, key))

    fate = chance.index("fate", key, _WEIGHTS)
    swift = chance.happens("swift", key, 0.8)
    opened = created + np.where(swift, days("opened", 0.004, 0.09), days("opened", 0.3, 2.0))
    at_desk = chance.happens("at desk", key, 0.45)
    usual = opened + np.where(at_desk, days("desk", 0.002, 0.01), _days(0.3 + chance.exponential("days", key, 8)))
    first = np.select(
        [fate == SPLIT, fate == FAILS_FIRST, fate == CREDITED, fate == SLOW, (fate == NEVER) | (fate == VOIDED)],
        [opened + days("insurer", 6, 20), usual + days("again", 2, 4), opened + days("after credit", 6, 25),
         opened + days("slow", 35, 100), np.full(len(key), NAT)],
        usual,
    )  # fmt: skip
    refund_after = chance.choice("refund after", key, REFUND_AFTER_DAYS).astype(np.int64).astype("timedelta64[D]")
    credit = (total * (0.2 + 0.3 * chance.uniform("credit", key))).astype(np.int64) // 10 * 10
    share = np.where(insured, 0.8, 0.5)
    part = np.maximum((total * share).astype(np.int64) // 10 * 10, 1)
    partly = chance.happens("partly", key, 0.5)

    def only(times: Times, wanted: int) -> Times:
        return np.where(fate == wanted, times, NAT)

    return Settlement(
        fate=fate,
        opened_at=opened,
        credited_at=only(opened + days("credited", 1, 5), CREDITED),
        failed_at=only(usual, FAILS_FIRST),
        first_at=first,
        second_at=only(first + days("second", 2, 25), SPLIT),
        refunded_at=only(first + refund_after, REFUNDED),
        voided_at=only(opened + days("voided", 1, 10), VOIDED),
        uncollectible_at=only(opened + days("uncollectible", 75, 120), NEVER),
        credit_minor=np.where(fate == CREDITED, credit, 0),
        first_minor=np.where(fate == SPLIT, part, np.where(fate == CREDITED, total - credit, total)),
        refund_minor=np.where(fate == REFUNDED, np.where(partly, np.maximum(total // 20 * 10, 1), total), 0),
    )


def has_policy(chance: Chance, patient: Ints, american: Bools) -> Bools:
    """Whether a patient is insured with one of the payers that the app bills."""
    return np.asarray(american & chance.happens("policy", patient, 0.7))


def has_claim(chance: Chance, invoice: Ints, fate: Ints, insured: Bools) -> Bools:
    """Whether a claim is made for an invoice: those paid in parts, and some that will be denied."""
    return np.asarray(insured & ((fate == SPLIT) | chance.happens("denied", invoice, DENIED)))


def supply_dollars(chance: Chance, appointment: Ints) -> Ints:
    """Price in US dollars of what is charged beside the visit itself, 0 for most."""
    price = chance.choice("supply price", appointment, (12, 35, 60, 140)).astype(np.int64)
    return np.where(chance.happens("supply", appointment, 0.25), price, 0)


def methods(chance: Chance, payment: Ints) -> Objects:
    """How patients pay."""
    return chance.choice("method", payment, ("card", "cash", "check", "ach"), (62, 12, 8, 18))


def unapplied_minor(chance: Chance, payment: Ints, country: Objects) -> Ints:
    """What a patient pays too much, 0 for most: it stays unapplied."""
    ten = np.array([round(10 * MONEY[c].minor_per_dollar) // 10 * 10 for c in country], dtype=np.int64)
    return np.where(chance.happens("too much", payment, 0.015), ten, 0)


def processor_fees(amount: Ints, method: Objects, country: Objects) -> Ints:
    """Fee of the payment processor: 2.9 % and 30 cents of a card, 0.8 % and at most 5 dollars of a transfer."""
    dollar = np.array([MONEY[c].minor_per_dollar for c in country])
    card = np.floor(amount * 0.029 + 0.3 * dollar + 0.5)
    ach = np.floor(np.minimum(amount * 0.008, 5 * dollar) + 0.5)
    return np.where(method == "card", card, np.where(method == "ach", ach, 0)).astype(np.int64)


def tax_minor(amount: Ints, country: Objects) -> Ints:
    """Tax on an amount, rounded half up to the minor unit."""
    rate = np.array([MONEY[c].tax_rate for c in country])
    return np.asarray(np.floor(amount * rate + 0.5).astype(np.int64))


FAILURE_CODES = ("card_declined", "insufficient_funds", "expired_card", "processing_error")
VISIT_PRICES = np.array([row[4] for row in words.APPOINTMENT_TYPES], dtype=np.int64)
