"""Who the simulated company is: the accounts that every source system knows, each in its own way.

Everything follows from (seed, scale, anchor); no clock and no global random state is read.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

ACCOUNTS_AT_SCALE_ONE = 20

_FIRST = (
    "Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Garnet", "Harbor", "Iris", "Juniper", "Kestrel", "Laurel",
    "Maple", "North", "Oak", "Pine", "Quartz", "River", "Spruce", "Tamarack", "Umber", "Violet", "Willow", "Yarrow",
)  # fmt: skip
_SECOND = ("Creek", "Falls", "Field", "Grove", "Hill", "Lake", "Meadow", "Point", "Ridge", "Shore", "Valley", "Wood")
_THIRD = ("Family Medicine", "Health Group", "Medical Partners", "Orthopedics", "Pediatrics", "Primary Care")
_COUNTRIES = (("US", "USD"), ("US", "USD"), ("US", "USD"), ("US", "USD"), ("CA", "CAD"), ("GB", "GBP"), ("JP", "JPY"),
              ("DE", "EUR"), ("KW", "KWD"), ("US", "USD"))  # fmt: skip
_PLANS = ("starter", "growth", "growth", "enterprise")


def dice(seed: int, *labels: object) -> random.Random:
    """A random generator of its own for one purpose, so that adding one never disturbs another."""
    text = "/".join(str(label) for label in (seed, *labels))
    return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


@dataclass(frozen=True)
class Account:
    """A customer of Northstar: a group of clinics, as the company itself knows it."""

    account_id: int
    """Key in the app's database."""
    account_number: str
    name: str
    segment: str
    """smb, mid_market or enterprise."""
    country: str
    currency: str
    plan: str
    status: str
    """trial, active, past_due, suspended or churned, at the anchor."""
    created_at: datetime
    stripe_customer_id: str | None
    """None for those that pay by wire, or were never linked."""
    salesforce_account_id: str | None
    """None where the app row was never linked to the CRM, though an account of that name may be there."""


@dataclass(frozen=True)
class Company:
    """The simulated company at the moment ``anchor`` at which its simulated life begins to move."""

    seed: int
    scale: float
    """1.0 is 20 accounts, 80 clinics, 400 providers, 20,000 patients and 90 days of appointments."""
    anchor: datetime
    chosen: tuple[int, ...] = ()
    """Numbers of the accounts that there are, from 1 on; as many as the scale says when there are none here."""
    clinics_by_segment: tuple[int, int, int] = (2, 4, 8)
    """How many clinics a small, a middle and a large account has."""

    @cached_property
    def accounts(self) -> tuple[Account, ...]:
        """All accounts, by account_id."""
        numbers = self.chosen or range(1, max(2, round(ACCOUNTS_AT_SCALE_ONE * self.scale)) + 1)
        return tuple(self._account(n) for n in numbers)

    def _account(self, number: int) -> Account:
        roll = dice(self.seed, "account", number)
        country, currency = _COUNTRIES[number % len(_COUNTRIES)]
        segment = ("smb", "smb", "mid_market", "enterprise")[number % 4]
        name = f"{roll.choice(_FIRST)} {roll.choice(_SECOND)} {roll.choice(_THIRD)}"
        status = "active" if number <= 2 else roll.choices(
            ("active", "trial", "past_due", "suspended", "churned"), weights=(70, 10, 8, 4, 8)
        )[0]  # fmt: skip
        created = self.anchor - timedelta(days=roll.randrange(120, 1200), minutes=roll.randrange(1440))
        return Account(
            account_id=1000 + number,
            account_number=f"NS-{100000 + number}",
            name=f"{name} {number}" if self.scale > 1 else name,
            segment=segment,
            country=country,
            currency=currency,
            plan=_PLANS[number % len(_PLANS)],
            status=status,
            created_at=created.astimezone(UTC).replace(second=0, microsecond=0),
            stripe_customer_id=None if number % 10 == 3 else f"cus_{self._code('cus', number, 14)}",
            salesforce_account_id=None if number % 10 == 9 else self.salesforce_id("001", number),
        )

    def salesforce_id(self, prefix: str, number: int) -> str:
        """An 18-character Salesforce record Id with its checksum suffix."""
        body = f"{prefix}NS000{number:07d}"[:15]
        return body + "".join(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[sum((c.isupper()) << i for i, c in enumerate(body[n : n + 5]))]
            for n in (0, 5, 10)
        )

    def _code(self, label: str, number: int, length: int) -> str:
        alphabet = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
        roll = dice(self.seed, label, number)
        return "".join(roll.choice(alphabet) for _ in range(length))
