"""Providers' months, with the specialty that they had on the day of the visit: mart_provider_performance."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from appointment_oracle import is_unfinished
from company_sources import Sources, month, next_month
from lab import Row
from money_oracle import places, ratio
from utilization_oracle import DAY, midnight

KEY = ("provider_id", "clinic_id", "specialty_code", "month_start")
RETURN_DAYS = 90
UNKNOWN = "unknown"
Group = tuple[int, int, str, date]


@dataclass
class _Month:
    available: int = 0
    booked: int = 0
    fulfilled: int = 0
    has_template: bool = False
    visits: list[Row] = field(default_factory=list)
    missed: int = 0
    unfinished: int = 0


def provider_performance(sources: Sources) -> list[Row]:
    """The rows of the mart."""
    found = _months(sources)
    visits_of = _visits_of_patients(sources)
    return [_row(sources, key, one, visits_of) for key, one in found.items()]


def _group(sources: Sources, provider: int, clinic: int, on: date) -> Group:
    start = midnight(on, sources.zones[clinic])
    specialty = sources.memory.providers.as_of(provider, start)["specialty_code"]
    return provider, clinic, specialty or UNKNOWN, month(on)


def _months(sources: Sources) -> dict[Group, _Month]:
    found: defaultdict[Group, _Month] = defaultdict(_Month)
    for (provider, clinic, on), day in sources.provider_days.items():
        one = found[_group(sources, provider, clinic, on)]
        one.has_template |= day.available is not None
        one.available += day.available or 0
        one.booked += day.booked
        one.fulfilled += day.fulfilled
    for row in sources.appointments.values():
        counts = row["status"] in ("fulfilled", "noshow") or is_unfinished(row, sources.through)
        if counts:
            one = found[_group(sources, row["provider_id"], row["clinic_id"], row["local_date"])]
            if row["status"] == "fulfilled":
                one.visits.append(row)
            one.missed += row["status"] == "noshow"
            one.unfinished += is_unfinished(row, sources.through)
    return dict(found)


def _visits_of_patients(sources: Sources) -> dict[tuple[int, int], list[Row]]:
    """Fulfilled visits by provider and patient."""
    found: defaultdict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in sources.appointments.values():
        if row["status"] == "fulfilled":
            found[row["provider_id"], row["patient_id"]].append(row)
    return found


def _row(
    sources: Sources,
    key: Group,
    one: _Month,
    visits_of: dict[tuple[int, int], list[Row]],
) -> Row:
    provider, clinic, _, start = key
    zone = sources.zones[clinic]
    checked = [row for row in one.visits if row["checked_in_at"] is not None]
    on_time = sum(row["checked_in_at"] <= row["starts_at"] for row in checked)
    days = {row["local_date"] for row in one.visits}
    known = midnight(next_month(start) + RETURN_DAYS * DAY, zone) <= sources.through
    patients = {row["patient_id"] for row in one.visits}
    returning = {
        row["patient_id"]
        for row in one.visits
        for other in visits_of[provider, row["patient_id"]]
        if timedelta(0) < other["local_date"] - row["local_date"] <= RETURN_DAYS * DAY
    }
    return {
        **dict(zip(KEY, key, strict=True)),
        "is_period_complete": midnight(next_month(start), zone) <= sources.through,
        "available_hours": places(Fraction(one.available, 3600), 2) if one.has_template else None,
        "booked_hours": places(Fraction(one.booked, 3600), 2),
        "fulfilled_hours": places(Fraction(one.fulfilled, 3600), 2),
        "realised_utilization": ratio(one.fulfilled, one.available),
        "visit_count": len(one.visits),
        "visit_days": len(days),
        "visits_per_day": ratio(len(one.visits), len(days)),
        "no_show_count": one.missed,
        "attended_unfinished_count": one.unfinished,
        "no_show_rate": ratio(one.missed, len(one.visits) + one.missed + one.unfinished),
        "checked_in_count": len(checked),
        "on_time_count": on_time,
        "on_time_rate": ratio(on_time, len(checked)),
        "panel_patients": len(patients) if known else None,
        "returning_patients": len(returning) if known else None,
        "return_rate": ratio(len(returning), len(patients)) if known else None,
    }
