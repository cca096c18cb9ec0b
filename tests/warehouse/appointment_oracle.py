"""What became of appointments: outcomes by day, cancelled time that was booked again, and the next free slots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from fractions import Fraction
from statistics import median

from company_sources import Sources
from lab import Row
from money_oracle import places, ratio
from utilization_oracle import (
    DAY,
    HOLDS_TIME,
    Span,
    last_session_day,
    local_date,
    midnight,
    overlaps,
    seconds,
    union,
)

OUTCOME_KEY = ("clinic_id", "appointment_type_id", "local_date")
BACKFILL_KEY = ("provider_id", "clinic_id", "local_date")
SLOT_KEY = ("provider_id", "clinic_id")
NOT_SCHEDULED = frozenset({"entered-in-error", "proposed", "pending", "waitlist"})
PRESENT = frozenset({"arrived", "checked-in"})
HOUR = timedelta(hours=1)


def is_cancelled(row: Row) -> bool:
    """Cancelled for good: rescheduled is not cancelled."""
    return bool(row["status"] == "cancelled" and row["cancellation_reason_code"] != "rescheduled")


def is_rescheduled(row: Row) -> bool:
    """Given up for another time."""
    return bool(row["status"] == "cancelled" and row["cancellation_reason_code"] == "rescheduled")


def is_unfinished(row: Row, through: datetime) -> bool:
    """The patient came, and the visit, which is past, was never finished."""
    return bool(row["status"] in PRESENT and row["ends_at"] <= through)


def outcomes(sources: Sources) -> list[Row]:
    """The rows of mart_appointment_outcome; days are local, those of the scheduled start."""
    found: defaultdict[tuple[int, int, date], list[Row]] = defaultdict(list)
    for row in sources.appointments.values():
        found[row["clinic_id"], row["appointment_type_id"], row["local_date"]].append(row)
    return [{**dict(zip(OUTCOME_KEY, key, strict=True)), **_outcome(rows, sources)} for key, rows in found.items()]


def _outcome(rows: list[Row], sources: Sources) -> Row:
    scheduled = [row for row in rows if row["status"] not in NOT_SCHEDULED and not is_rescheduled(row)]
    cancelled = [row for row in rows if is_cancelled(row)]
    leads = [(row["starts_at"] - row["cancelled_at"]) / HOUR for row in cancelled]
    before = sorted(_hours(row["cancelled_at"], row["starts_at"]) for row in cancelled)
    before = [hours for hours in before if hours >= 0]
    fulfilled = sum(row["status"] == "fulfilled" for row in rows)
    missed = sum(row["status"] == "noshow" for row in rows)
    unfinished = sum(is_unfinished(row, sources.through) for row in rows)
    late = sum(lead < 24 for lead in leads)
    return {
        "scheduled_count": len(scheduled),
        "fulfilled_count": fulfilled,
        "no_show_count": missed,
        "attended_unfinished_count": unfinished,
        "cancelled_count": len(cancelled),
        "late_cancelled_count": late,
        "cancelled_by_patient_count": sum(row["cancellation_reason_code"] == "pat" for row in cancelled),
        "cancelled_by_clinic_count": sum(row["cancellation_reason_code"] == "prov" for row in cancelled),
        "cancelled_after_start_count": sum(lead < 0 for lead in leads),
        "rescheduled_count": sum(is_rescheduled(row) for row in rows),
        "no_show_rate": ratio(missed, fulfilled + missed + unfinished),
        "cancellation_rate": ratio(len(cancelled), len(scheduled)),
        "late_cancel_rate": ratio(late, len(scheduled)),
        "cancelled_under_2h_count": sum(hours < 2 for hours in before),
        "cancelled_2h_to_24h_count": sum(2 <= hours < 24 for hours in before),
        "cancelled_24h_to_72h_count": sum(24 <= hours <= 72 for hours in before),
        "cancelled_over_72h_count": sum(hours > 72 for hours in before),
        "cancellation_lead_hours_median": _median(before),
        "booking_lead_hours_median": _median(_hours(row["created_at"], row["starts_at"]) for row in scheduled),
    }


def _hours(start: datetime, end: datetime) -> Fraction:
    return Fraction((end - start) // timedelta(microseconds=1), 3_600_000_000)


def _median(values: Iterable[Fraction]) -> object:
    known = list(values)
    return places(median(known), 2) if known else None


def backfill(sources: Sources) -> list[Row]:
    """The rows of mart_backfill: time that was cancelled on a local day, and how much of it was booked again."""
    freed: defaultdict[tuple[int, int, date], list[Span]] = defaultdict(list)
    refilled: defaultdict[tuple[int, int, date], list[Span]] = defaultdict(list)
    visits: defaultdict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in sources.appointments.values():
        if row["status"] in HOLDS_TIME:
            visits[row["provider_id"], row["clinic_id"]].append(row)
    for row in sources.appointments.values():
        if not is_cancelled(row):
            continue
        zone, on = sources.zones[row["clinic_id"]], row["local_date"]
        while (begins := midnight(on, zone)) < row["ends_at"]:
            part = max(row["starts_at"], begins), min(row["ends_at"], midnight(on + DAY, zone))
            key = row["provider_id"], row["clinic_id"], on
            freed[key].append(part)
            for other in visits[key[:2]]:
                span = other["starts_at"], other["ends_at"]
                if other["created_at"] > row["cancelled_at"] and overlaps(part, span):
                    refilled[key].append((max(part[0], span[0]), min(part[1], span[1])))
            on += DAY
    rows = []
    for key, spans in freed.items():
        cancelled, rebooked = seconds(union(spans)), seconds(union(refilled[key]))
        if cancelled:
            rows.append(
                {
                    **dict(zip(BACKFILL_KEY, key, strict=True)),
                    "cancelled_minutes": places(Fraction(cancelled, 60), 2),
                    "rebooked_minutes": places(Fraction(rebooked, 60), 2),
                    "backfill_rate": ratio(rebooked, cancelled),
                }
            )
    return rows


def third_next_available(sources: Sources) -> list[Row]:
    """The rows of mart_third_next_available: the day of the third slot that is free from the next local day on."""
    days: defaultdict[tuple[int, int], dict[date, int]] = defaultdict(dict)
    for (provider, clinic, on), day in sources.provider_days.items():
        if day.available is not None:
            days[provider, clinic][on] = day.slots - day.taken
    rows = []
    for key, each in days.items():
        today = local_date(sources.through - timedelta(microseconds=1), sources.zones[key[1]])
        ahead = [(on, free) for on, free in sorted(each.items()) if today < on <= last_session_day(sources.through)]
        if not ahead:
            continue
        third, counted = None, 0
        for on, free in ahead:
            counted += free
            if counted >= 3:
                third = on
                break
        rows.append(
            {
                **dict(zip(SLOT_KEY, key, strict=True)),
                "third_available_date": third,
                "days_until_third": None if third is None else (third - today).days,
            }
        )
    return rows
