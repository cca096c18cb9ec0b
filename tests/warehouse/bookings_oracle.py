"""Won and lost business by who owned the account when the deal closed: mart_bookings_by_owner."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from company_sources import Sources, month
from lab import Row
from money_oracle import exponent, major, places, rate, ratio
from receivable_oracle import moment_of

KEY = ("close_month", "salesperson_id", "currency")
NO_OWNER = "-1"


@dataclass
class _Sums:
    won: int = 0
    lost: int = 0
    won_usd: Fraction = field(default_factory=Fraction)
    lost_usd: Fraction = field(default_factory=Fraction)
    won_count: int = 0
    lost_count: int = 0


def bookings_by_owner(sources: Sources) -> list[Row]:
    """The rows of the mart."""
    owners = owner_history(sources)
    found: defaultdict[tuple[date, str, str], _Sums] = defaultdict(_Sums)
    for row in sources.salesforce("Opportunity"):
        if row["IsDeleted"] or not row["IsClosed"]:
            continue
        closed = date.fromisoformat(row["CloseDate"])
        currency = row["CurrencyIsoCode"]
        # One that is not open any more at the first look has the owner that was first known.
        owner = owner_at(owners.get(row["AccountId"], []), moment_of(closed))
        minor = int(Decimal(str(row["Amount"])).scaleb(exponent(currency)).to_integral_value("ROUND_HALF_UP"))
        dollars = Fraction(minor, 10 ** exponent(currency)) * rate(currency, closed)
        sums = found[month(closed), owner, currency]
        if row["IsWon"]:
            sums.won, sums.won_usd, sums.won_count = sums.won + minor, sums.won_usd + dollars, sums.won_count + 1
        else:
            sums.lost, sums.lost_usd, sums.lost_count = sums.lost + minor, sums.lost_usd + dollars, sums.lost_count + 1
    return [_row(key, sums) for key, sums in found.items()]


def _row(key: tuple[date, str, str], sums: _Sums) -> Row:
    currency = key[2]
    return {
        **dict(zip(KEY, key, strict=True)),
        "won_amount": major(sums.won, currency),
        "lost_amount": major(sums.lost, currency),
        "won_amount_usd": places(sums.won_usd, 2),
        "lost_amount_usd": places(sums.lost_usd, 2),
        "won_count": sums.won_count,
        "lost_count": sums.lost_count,
        "win_rate": ratio(sums.won, sums.won + sums.lost),
    }


Owners = list[tuple[datetime | None, str]]
"""Since when (None: since ever) and who, oldest first."""


def owner_history(sources: Sources) -> dict[str, Owners]:
    """Each account's owners, as the org itself has tracked them."""
    found: dict[str, Owners] = {}
    changes: defaultdict[str, list[Row]] = defaultdict(list)
    for row in sources.salesforce("AccountHistory"):
        if row["Field"] == "Owner" and row["DataType"] == "EntityId":
            changes[row["AccountId"]].append(row)
    for account in sources.salesforce("Account"):
        tracked = sorted(changes[account["Id"]], key=lambda row: (row["CreatedDate"], row["Id"]))
        first = tracked[0]["OldValue"] if tracked else account["OwnerId"]
        found[account["Id"]] = [(None, first), *((instant(row["CreatedDate"]), row["NewValue"]) for row in tracked)]
    return found


def owner_at(owners: Owners, at: datetime) -> str:
    """The owner just before an instant."""
    return next((who for since, who in reversed(owners) if since is None or since < at), NO_OWNER)


def instant(text: str) -> datetime:
    """An instant as Salesforce writes it, as UTC without a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=None)
