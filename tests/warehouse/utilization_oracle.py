"""Provider utilization from the source's rows, in plain Python: what the mart must equal.

Written from the definitions in words (issue 2, the mart's description), without the models' SQL.  It enumerates
instead of joining: seconds are Python integers, days are walked one by one, clocks are those of ``zoneinfo``.
Instants are UTC without a zone, as in the warehouse.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from lab import Lab, Row

HORIZON_DAYS = 60
"""Days ahead of a tick's date that have sessions: ``availability_horizon_days`` in config.yaml."""
HOLDS_TIME = frozenset({"booked", "arrived", "checked-in", "fulfilled", "noshow"})
KEY = ("provider_id", "clinic_id", "local_date")

DAY = timedelta(days=1)
Span = tuple[datetime, datetime]
"""Half-open, UTC."""
DayKey = tuple[int, int, date]


def instant(wall: datetime, zone: str) -> datetime:
    """A wall-clock time as an instant; one that the clocks skip is read with the offset before the change."""
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)


def midnight(day: date, zone: str) -> datetime:
    """When a local day begins."""
    return instant(datetime.combine(day, time()), zone)


def local_date(moment: datetime, zone: str) -> date:
    """The local day of an instant."""
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()


def union(spans: Iterable[Span]) -> list[Span]:
    """The same time as disjoint spans in order."""
    merged: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def minus(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is left of disjoint spans without the holes."""
    left = list(spans)
    for hole in union(holes):
        left = [
            part
            for start, end in left
            for part in ((start, min(end, hole[0])), (max(start, hole[1]), end))
            if part[0] < part[1]
        ]
    return left


def seconds(spans: Iterable[Span]) -> int:
    """Total length."""
    return sum(int((end - start).total_seconds()) for start, end in spans)


def overlaps(one: Span, other: Span) -> bool:
    """Whether two spans share any time."""
    return max(one[0], other[0]) < min(one[1], other[1])


@dataclass
class Day:
    """What is known of one provider at one clinic on one local day."""

    sessions: list[tuple[Span, int]]
    """Sessions of the template, with their slot's minutes."""
    held: list[Span]
    """Appointments that hold time, clipped to the day."""
    fulfilled: list[Span]


@dataclass(frozen=True)
class Measured:
    """What a day comes to, before any rounding."""

    available: int | None
    """Seconds; None without a template."""
    booked: int
    fulfilled: int
    load: int
    slots: int
    taken: int


def last_session_day(through: datetime) -> date:
    """The last day that has sessions, after a tick at ``through``."""
    return (through - timedelta(microseconds=1)).date() + HORIZON_DAYS * DAY


def measured_days(lab: Lab, through: datetime) -> dict[DayKey, Measured]:
    """Every provider's days at every clinic, after a tick at ``through`` (UTC without a zone)."""
    zones = {row["clinic_id"]: row["time_zone"] for row in lab.source("SELECT * FROM directory.clinics")}
    days: defaultdict[DayKey, Day] = defaultdict(lambda: Day([], [], []))
    last = last_session_day(through)
    for row in lab.source("SELECT * FROM scheduling.provider_schedules"):
        for day, span in _sessions(row, zones[row["clinic_id"]], last):
            days[row["provider_id"], row["clinic_id"], day].sessions.append((span, row["slot_minutes"]))
    for row in lab.source("SELECT * FROM scheduling.appointments"):
        if row["status"] in HOLDS_TIME:
            for day, span in _by_day(row["starts_at"], row["ends_at"], zones[row["clinic_id"]]):
                found = days[row["provider_id"], row["clinic_id"], day]
                found.held.append(span)
                if row["status"] == "fulfilled":
                    found.fulfilled.append(span)
    blocks = _Blocks(lab, zones)
    return {
        key: _measure(day, blocks.of(key[0], key[1])) for key, day in days.items() if day.sessions or seconds(day.held)
    }


def utilization(lab: Lab, through: datetime) -> list[Row]:
    """The rows that the mart must have after a tick at ``through``, save as-of attributes."""
    zones = {row["clinic_id"]: row["time_zone"] for row in lab.source("SELECT * FROM directory.clinics")}
    return [_row(key, day, zones[key[1]], through) for key, day in measured_days(lab, through).items()]


def _sessions(template: Row, zone: str, last: date) -> Iterator[tuple[date, Span]]:
    """The sessions of one template row up to a day: the day, and the session."""
    day = template["valid_from"]
    while day <= last and (template["valid_to"] is None or day < template["valid_to"]):
        if day.isoweekday() == template["iso_weekday"]:
            end_day = day + DAY if template["ends_at"] == time() else day
            start = instant(datetime.combine(day, template["starts_at"]), zone)
            end = instant(datetime.combine(end_day, template["ends_at"]), zone)
            yield day, (start, end)
        day += DAY


def _by_day(start: datetime, end: datetime, zone: str) -> Iterator[tuple[date, Span]]:
    """Parts of a span by the local day that they fall on."""
    day = local_date(start, zone)
    while (begins := midnight(day, zone)) < end:
        part = (max(start, begins), min(end, midnight(day + DAY, zone)))
        if part[0] < part[1]:
            yield day, part
        day += DAY


class _Blocks:
    """When providers cannot be booked."""

    def __init__(self, lab: Lab, zones: dict[int, str]) -> None:
        self._away: defaultdict[tuple[int, int | None], list[Span]] = defaultdict(list)
        self._closed: defaultdict[int, list[Span]] = defaultdict(list)
        for row in lab.source("SELECT * FROM scheduling.schedule_exceptions"):
            if not row["is_cancelled"]:
                self._away[row["provider_id"], row["clinic_id"]].append((row["starts_at"], row["ends_at"]))
        for row in lab.source("SELECT * FROM directory.clinic_closures"):
            zone = zones[row["clinic_id"]]
            self._closed[row["clinic_id"]].append((instant(row["starts_at"], zone), instant(row["ends_at"], zone)))

    def of(self, provider: int, clinic: int) -> list[Span]:
        """All blocks of a provider at a clinic, on whatever day."""
        return self._away[provider, None] + self._away[provider, clinic] + self._closed[clinic]


def _measure(day: Day, blocks: list[Span]) -> Measured:
    open_slots = [slot for slot in _slots(day.sessions) if not any(overlaps(slot, block) for block in blocks)]
    return Measured(
        available=seconds(minus(union(span for span, _ in day.sessions), blocks)) if day.sessions else None,
        booked=seconds(union(day.held)),
        fulfilled=seconds(union(day.fulfilled)),
        load=seconds(day.held),
        slots=len(open_slots),
        taken=sum(any(overlaps(slot, held) for held in day.held) for slot in open_slots),
    )


def _row(key: DayKey, day: Measured, zone: str, through: datetime) -> Row:
    has_template = day.available is not None
    return {
        **dict(zip(KEY, key, strict=True)),
        "is_period_complete": midnight(key[2] + DAY, zone) <= through,
        "available_minutes": None if day.available is None else _ratio(day.available, 60, 2),
        "booked_minutes": _ratio(day.booked, 60, 2),
        "fulfilled_minutes": _ratio(day.fulfilled, 60, 2),
        "load_minutes": _ratio(day.load, 60, 2),
        "available_slots": day.slots if has_template else None,
        "booked_slots": day.taken if has_template else None,
        "booked_utilization": _ratio(day.booked, day.available, 4),
        "realised_utilization": _ratio(day.fulfilled, day.available, 4),
        "fill_rate": _ratio(day.taken, day.slots, 4),
    }


def _slots(sessions: list[tuple[Span, int]]) -> set[Span]:
    """Whole slots of each session, distinct by start and length."""
    found = set()
    for (start, end), minutes in sessions:
        length = timedelta(minutes=minutes)
        while start + length <= end:
            found.add((start, start + length))
            start += length
    return found


def _ratio(part: int, whole: int | None, places: int) -> Decimal | None:
    """A quotient rounded half up, None for a divisor that is none or 0."""
    if not whole:
        return None
    return (Decimal(part) / whole).quantize(Decimal(10) ** -places, ROUND_HALF_UP)
