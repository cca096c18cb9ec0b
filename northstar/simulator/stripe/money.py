"""Currencies of the simulated account: minor units, what they settle in, fees and taxes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal


@dataclass(frozen=True)
class Currency:
    """One presentment currency.  Figures are made up, and constant."""

    code: str
    """As Stripe writes it: lower case."""
    exponent: int
    """Decimal digits of the minor unit."""
    per_dollar: Decimal
    """Units of it that a list price of one US dollar becomes."""
    settles_in: str
    """The balance that its charges are added to."""
    fixed_fee: int
    """Minor units of the settlement currency taken from each charge, beside the percentage."""
    dispute_fee: int
    """Minor units of the settlement currency taken for each dispute."""

    def amount(self, dollars: Decimal) -> int:
        """A price in minor units, in whole tens where there are three decimals, as Stripe demands."""
        minor = whole(dollars * self.per_dollar * 10**self.exponent)
        return minor - minor % 10 if self.exponent == 3 else minor


CURRENCIES = {
    currency.code: currency
    for currency in (
        Currency("usd", 2, Decimal(1), "usd", 30, 1500),
        Currency("cad", 2, Decimal("1.35"), "cad", 30, 1500),
        Currency("gbp", 2, Decimal("0.80"), "gbp", 20, 2000),
        Currency("eur", 2, Decimal("0.95"), "eur", 25, 2000),
        Currency("jpy", 0, Decimal(150), "jpy", 40, 1500),
        Currency("kwd", 3, Decimal("0.31"), "usd", 30, 1500),
    )
}
FEE_SHARE = Decimal("0.029")
TAX_SHARES = {"GB": Decimal("0.20"), "DE": Decimal("0.19")}
"""Tax put on top, by the customer's country; none elsewhere."""


def whole(value: Decimal) -> int:
    """Round to a whole number of minor units, halves to even."""
    return int(value.quantize(Decimal(1), ROUND_HALF_EVEN))


def settled(amount: int, currency: Currency, rate: Decimal | None) -> int:
    """An amount in its settlement currency; ``rate`` is per major unit, None when nothing is converted."""
    if rate is None:
        return amount
    target = CURRENCIES[currency.settles_in]
    return whole(Decimal(amount) * rate * Decimal(10) ** (target.exponent - currency.exponent))
