"""Amounts of money in plain Python: exponents, rounding, and the reporting currency at a day's rate."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache

from lab import PROJECT

# From Stripe's lists, as domain.md has them; ISK and UGX are written with two decimals for compatibility.
_NO_DECIMALS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def exponent(currency: str) -> int:
    """Decimal digits of a currency's minor unit."""
    return 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2


def whole(value: Fraction | Decimal | int) -> int:
    """Rounded to a whole number, halves away from zero."""
    exact = Fraction(value)
    size = int((abs(exact) * 2 + 1) // 2)
    return size if exact >= 0 else -size


def places(value: Fraction | Decimal | int, digits: int) -> Decimal:
    """Rounded to so many decimals, halves away from zero."""
    return Decimal(whole(Fraction(value) * 10**digits)).scaleb(-digits)


def ratio(part: Fraction | Decimal | int, of: Fraction | Decimal | int, digits: int = 4) -> Decimal | None:
    """A quotient, None where there is nothing to divide by."""
    return places(Fraction(part) / Fraction(of), digits) if of else None


def major(minor: int, currency: str) -> Decimal:
    """An amount in the currency's major unit."""
    return Decimal(minor).scaleb(-exponent(currency))


@cache
def _rates() -> dict[str, list[tuple[date, Decimal]]]:
    found: defaultdict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    with (PROJECT / "seeds" / "exchange_rate.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            found[row["currency"]].append((date.fromisoformat(row["valid_from"]), Decimal(row["usd_per_unit"])))
    return {currency: sorted(rates) for currency, rates in found.items()}


def rate(currency: str, day: date) -> Fraction:
    """US dollars for one unit of a currency on a day."""
    if currency == "USD":
        return Fraction(1)
    rates = _rates()[currency]
    return Fraction(rates[bisect_right([since for since, _ in rates], day) - 1][1])


def exact_usd(minor: int | Fraction, currency: str, day: date) -> Fraction:
    """An amount in US dollars at the rate of a day, unrounded."""
    return Fraction(minor) / 10 ** exponent(currency) * rate(currency, day)


def usd(minor: int | Fraction, currency: str, day: date) -> Decimal:
    """The same in whole cents."""
    return places(exact_usd(minor, currency, day), 2)
