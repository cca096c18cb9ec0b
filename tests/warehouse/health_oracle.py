"""How well each account does now, from what, and the score that follows: mart_account_health."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from appointment_oracle import is_unfinished
from bookings_oracle import NO_OWNER, instant
from company_sources import Sources, month, next_month
from lab import Row
from lifecycle_oracle import lives
from money_oracle import exact_usd, places, ratio
from mrr_oracle import Mrr
from receivable_oracle import Entry, entries

KEY = ("account_id",)
DAY = timedelta(days=1)
WEIGHTS = {
    "usage_score": 35, "payment_score": 25, "attendance_score": 15, "satisfaction_score": 15, "sales_score": 10,
}  # fmt: skip
_ENOUGH_ANSWERS = 5


def account_health(sources: Sources) -> list[Row]:
    """The rows of the mart."""
    mrr, found, all_lives = Mrr(sources), entries(sources), lives(sources)
    rows = []
    for account in sources.accounts:
        row = _facts(sources, account)
        row |= _money(sources, account, mrr, found)
        row |= _sales(sources, account)
        scores = _scores(row)
        # The mean is of the scores as the mart shows them, so that a reader can work it out.
        known = {name: Fraction(places(score, 1)) for name, score in scores.items() if score is not None}
        total = sum(WEIGHTS[name] for name in known)
        rows.append(
            {
                "account_id": account,
                "stage": all_lives[account].stage(sources.through - timedelta(microseconds=1)),
                "health_score": places(sum(WEIGHTS[n] * s for n, s in known.items()) / Fraction(total), 1),
                **{name: None if score is None else places(score, 1) for name, score in scores.items()},
                **{name: value for name, value in row.items() if not name.startswith("_")},
            }
        )
    return rows


def _facts(sources: Sources, account: int) -> Row:
    """What the app and the partners tell of the last weeks, up to the last day that is over."""
    last = sources.through.date() - DAY
    own = [row for row in sources.appointments.values() if sources.account_of_clinic[row["clinic_id"]] == account]
    booked = [row["booked_at"].date() for row in own if row["booked_at"] and row["status"] != "entered-in-error"]
    recent = [row for row in own if last - 28 * DAY < row["local_date"] <= last]
    missed = sum(row["status"] == "noshow" for row in recent)
    visits = missed + sum(row["status"] == "fulfilled" or is_unfinished(row, sources.through) for row in recent)
    ids = {str(row["appointment_id"]) for row in own}
    answers = [
        row
        for row in sources.survey_responses
        if row["appointment_id"] in ids and last - 90 * DAY < instant(row["responded_at"]).date() <= last
    ]
    ratings = [int(row["overall_rating"]) for row in answers if row["overall_rating"]]
    scores = [int(row["recommend_score"]) for row in answers if row["recommend_score"]]
    promoters, detractors = sum(score >= 9 for score in scores), sum(score <= 6 for score in scores)
    return {
        "as_of_date": last,
        "booked_count": _between(booked, last - 27 * DAY, last),
        "earlier_booked_count": _between(booked, last - 55 * DAY, last - 28 * DAY),
        "visit_count": visits,
        "no_show_count": missed,
        "no_show_rate": ratio(missed, visits),
        "response_count": len(answers),
        "mean_rating": ratio(sum(ratings), len(ratings), 2),
        "recommend_count": len(scores),
        "nps": ratio(100 * (promoters - detractors), len(scores), 1),
        "_nps": Fraction(100 * (promoters - detractors), len(scores)) if scores else None,
    }


def _between(days: list[date], first: date, last: date) -> int:
    return sum(first <= day <= last for day in days)


def _money(sources: Sources, account: int, mrr: Mrr, found: list[Entry]) -> Row:
    """What it pays, and what it owes past the due date."""
    last = sources.last_day
    month_end = next_month(month(last)) - DAY
    worth = sum(
        exact_usd(months.get(month(last), 0), currency, month_end)
        for (owner, _, currency), months in mrr.by_account.items()
        if owner == account
    )
    late: dict[str, list[Entry]] = {}
    for entry in found:
        if entry.stream == "platform" and entry.account == account and entry.due < last:
            late.setdefault(entry.invoice, []).append(entry)
    open_ones = {key: own for key, own in late.items() if sum(entry.minor for entry in own) > 0}
    owed = sum(exact_usd(sum(e.minor for e in own), own[0].currency, last) for own in open_ones.values())
    oldest = min((own[0].due for own in open_ones.values()), default=None)
    return {
        "mrr_amount_usd": places(worth, 2),
        "overdue_amount_usd": places(owed, 2),
        "_days_late": 0 if oldest is None else (last - oldest).days,
    }


def _sales(sources: Sources, account: int) -> Row:
    """The account in Salesforce: of several a customer's first, then the oldest."""
    known = [
        row
        for row in sources.salesforce("Account")
        if sources.salesforce_accounts[row["Id"]] == account and not row["IsDeleted"]
    ]
    if not known:
        return {"salesperson_id": NO_OWNER, "_sales": None}
    first = min(known, key=lambda row: (row["Type"] != "Customer", row["CreatedDate"], row["Id"]))
    score = first["Health_Score__c"]
    return {"salesperson_id": first["OwnerId"], "_sales": None if score is None else Fraction(Decimal(str(score)))}


def _scores(row: Row) -> dict[str, Fraction | None]:
    """Each component from 0 to 100, None when it is not known."""
    booked, earlier = row["booked_count"], row["earlier_booked_count"]
    usage = Fraction(0) if not booked else min(Fraction(100), Fraction(100 * booked, earlier or booked))
    late = row["_days_late"]
    payment = 100 if late <= 0 else 60 if late <= 30 else 30 if late <= 60 else 0
    missed = Fraction(row["no_show_count"], row["visit_count"]) if row["visit_count"] else None
    return {
        "usage_score": usage,
        "payment_score": Fraction(payment),
        "attendance_score": None if missed is None else max(Fraction(0), 100 - 400 * missed),
        "satisfaction_score": (row["_nps"] + 100) / 2 if row["recommend_count"] >= _ENOUGH_ANSWERS else None,
        "sales_score": row["_sales"],
    }
