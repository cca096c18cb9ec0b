"""When clinics and providers can be booked: templates, closures, time off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from random import Random

from northstar.simulator.company import dice
from northstar.simulator.oltp import words
from northstar.simulator.oltp.layout import Clinic, Layout, Provider, Session
from northstar.simulator.oltp.localtime import to_utc
from northstar.simulator.oltp.tables import Columns, from_rows

HOLIDAYS = {
    "US": ((1, 1), (7, 4), (11, 26), (12, 25)),
    "CA": ((1, 1), (7, 1), (10, 12), (12, 25), (12, 26)),
    "GB": ((1, 1), (5, 4), (8, 31), (12, 25), (12, 26)),
    "DE": ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26)),
    "JP": ((1, 1), (5, 3), (9, 21), (11, 3), (11, 23)),
    "KW": ((1, 1), (2, 25), (2, 26)),
}
"""Month and day on which clinics of a country stay closed."""
TEMPLATE_CHANGE_DAYS_AGO = 40


@dataclass(frozen=True)
class Template:
    """One row of provider_schedules; minutes after local midnight, 1440 for the end of the day."""

    provider: Provider
    clinic: Clinic
    weekday: int
    session: Session
    valid_from: date
    valid_to: date | None
    updated_at: datetime


@dataclass(frozen=True)
class Closure:
    """A clinic is closed from ``start`` to ``end``, wall-clock time."""

    clinic: Clinic
    start: datetime
    end: datetime
    reason: str
    created_at: datetime


@dataclass(frozen=True)
class Block:
    """A provider is away; ``clinic`` None means everywhere."""

    provider: Provider
    clinic: Clinic | None
    kind: str
    start: datetime
    end: datetime
    cancelled: bool
    reason: str
    updated_at: datetime


def wall_time(minutes: int) -> str:
    """Minutes after midnight as a time of day; the end of the day is 00:00."""
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


class Calendars:
    """The calendars that the seed creates."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._anchor = layout.company.anchor

    def _roll(self, *labels: object) -> Random:
        return dice(self.layout.company.seed, "oltp", *labels)

    @cached_property
    def templates(self) -> tuple[Template, ...]:
        """All template rows, by schedule_id."""
        change = (self._anchor - timedelta(days=TEMPLATE_CHANGE_DAYS_AGO)).date()
        found = []
        for provider in self.layout.providers:
            begin = self.layout.first_day - timedelta(days=200)
            created = self.layout.created(provider.account, provider.provider_id)
            places = [(provider.home, day) for day in provider.weekdays]
            if provider.second:
                places += [(provider.second, day) for day in provider.second_weekdays]
            for clinic, weekday in places:
                for start, end in provider.sessions:
                    if not provider.changes_template:
                        found.append(
                            Template(provider, clinic, weekday, (start, end), begin, clinic.closed_on, created)
                        )
                        continue
                    # One hour later from the change on.
                    later = (start + 60, min(end + 60, 1440))
                    changed = self._anchor - timedelta(days=TEMPLATE_CHANGE_DAYS_AGO + 3)
                    found.append(Template(provider, clinic, weekday, (start, end), begin, change, changed))
                    found.append(Template(provider, clinic, weekday, later, change, clinic.closed_on, changed))
        return tuple(found)

    @cached_property
    def closures(self) -> tuple[Closure, ...]:
        """Holidays, bad weather (a whole day) and maintenance (half a day)."""
        found = []
        for clinic in self.layout.clinics:
            roll = self._roll("closures", clinic.number)
            planned = self.layout.created(clinic.account, clinic.clinic_id)
            for offset in range((self.layout.last_day - self.layout.first_day).days):
                day = datetime.combine(self.layout.first_day + timedelta(days=offset), datetime.min.time())
                if (day.month, day.day) in HOLIDAYS[clinic.place.country]:
                    found.append(Closure(clinic, day, day + timedelta(days=1), "holiday", planned))
            past = datetime.combine((self._anchor - timedelta(days=roll.randrange(3, 88))).date(), datetime.min.time())
            if roll.random() < 0.2:
                told = past.replace(tzinfo=self._anchor.tzinfo) - timedelta(hours=10)
                found.append(Closure(clinic, past, past + timedelta(days=1), "weather", told))
            if roll.random() < 0.3:
                ahead = past + timedelta(days=roll.choice((7, 35, 63, 91)))
                found.append(
                    Closure(clinic, ahead + timedelta(hours=12), ahead + timedelta(days=1), "maintenance", planned)
                )
        return tuple(found)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Paid time off and administrative blocks: some overlap, cross midnight, or were cancelled."""
        return tuple(block for provider in self.layout.providers for block in self._blocks(provider))

    def _blocks(self, provider: Provider) -> Iterator[Block]:
        roll = self._roll("blocks", provider.provider_id)
        number, zone = provider.provider_id - 10_000, provider.home.zone

        def block(kind: str, day: date, start: int, minutes: int, clinic: Clinic | None, cancelled: bool) -> Block:
            begin = to_utc(day, start, zone)
            told = min(
                begin - timedelta(days=roll.randrange(5, 40)), self._anchor - timedelta(hours=roll.randrange(1, 90))
            )
            reason = roll.choice(words.PTO_REASONS if kind == "pto" else words.BLOCK_REASONS)
            return Block(provider, clinic, kind, begin, begin + timedelta(minutes=minutes), cancelled, reason, told)

        def some_day() -> date:
            return self.layout.first_day + timedelta(days=roll.randrange(0, 118))

        if roll.random() < 0.6:
            first = some_day()
            yield block("pto", first, 0, 1440 * roll.randrange(1, 6), None, roll.random() < 0.08)
            if number % 9 == 4:  # overlaps the first
                yield block("pto", first, 720, 1440, None, False)
        if roll.random() < 0.25:
            first, hour = some_day(), roll.choice((9, 10, 14))
            for week in range(0, 120, 14):
                day = self.layout.first_day + timedelta(days=(first - self.layout.first_day).days % 14 + week)
                yield block("admin_block", day, hour * 60, 90, provider.home, roll.random() < 0.1)
        if number % 25 == 3:  # evening providers: across midnight
            yield block("admin_block", some_day(), 1380, 120, None, False)

    def tables(self) -> Iterator[tuple[str, Columns]]:
        """The rows of the three tables."""
        yield "scheduling.provider_schedules", from_rows(
            ("schedule_id", "provider_id", "clinic_id", "iso_weekday", "starts_at", "ends_at", "slot_minutes",
             "valid_from", "valid_to", "updated_at"),
            [(number, t.provider.provider_id, t.clinic.clinic_id, t.weekday, wall_time(t.session[0]),
              wall_time(t.session[1]), t.provider.slot_minutes, t.valid_from, t.valid_to, t.updated_at)
             for number, t in enumerate(self.templates, 1)],
        )  # fmt: skip
        yield "directory.clinic_closures", from_rows(
            ("closure_id", "clinic_id", "starts_at", "ends_at", "reason_code", "created_at", "updated_at"),
            [(number, c.clinic.clinic_id, c.start, c.end, c.reason, c.created_at, c.created_at)
             for number, c in enumerate(self.closures, 1)],
        )  # fmt: skip
        yield "scheduling.schedule_exceptions", from_rows(
            ("exception_id", "provider_id", "clinic_id", "kind", "starts_at", "ends_at", "is_cancelled", "reason",
             "updated_at"),
            [(number, b.provider.provider_id, b.clinic.clinic_id if b.clinic else None, b.kind, b.start, b.end,
              b.cancelled, b.reason, b.updated_at) for number, b in enumerate(self.blocks, 1)],
        )  # fmt: skip
