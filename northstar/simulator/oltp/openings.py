"""Which clinics are at work, and when their providers can still be booked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from northstar.simulator.oltp.localtime import local, to_utc
from northstar.simulator.oltp.places import workdays
from northstar.simulator.oltp.tick import Tick, keys

HORIZON = timedelta(days=45)
Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class OpenClinic:
    """A clinic at which people work during the half hour."""

    clinic_id: int
    account_id: int
    country: str
    zone: str


@dataclass(frozen=True)
class Shift:
    """One template row; minutes after local midnight."""

    provider_id: int
    clinic_id: int
    weekday: int
    start: int
    end: int
    slot_minutes: int
    valid_from: date
    valid_to: date | None


class Openings:
    """Clinics and providers as the database knows them at the start of a half hour."""

    def __init__(self, tick: Tick) -> None:
        self._tick = tick
        self.zones: dict[int, str] = {}
        self.open: list[OpenClinic] = []
        """Clinics whose local time is between 7 and 19 on a working day, by clinic_id."""
        query = "SELECT clinic_id, account_id, country, time_zone, closed_on FROM directory.clinics ORDER BY clinic_id"
        for clinic_id, account_id, country, zone, closed_on in tick.rows(query):
            now = local(tick.start, zone)
            self.zones[clinic_id] = zone
            at_work = 7 <= now.hour < 19 and now.isoweekday() in workdays(country)
            if at_work and (closed_on is None or now.date() < closed_on):
                self.open.append(OpenClinic(clinic_id, account_id, country, zone))

    @property
    def open_ids(self) -> list[int]:
        """Keys of the clinics at work."""
        return [clinic.clinic_id for clinic in self.open]

    def hit(self, what: str, rate: float) -> list[OpenClinic]:
        """The clinics at work at which something of that rate happens in this half hour."""
        hits = self._tick.chance.happens(what, keys(self.open_ids), rate)
        return [clinic for clinic, hit in zip(self.open, hits, strict=True) if hit]

    @cached_property
    def shifts(self) -> dict[int, list[Shift]]:
        """Template rows that are or will be valid, by clinic."""
        query = """
            SELECT provider_id, clinic_id, iso_weekday, extract(epoch FROM starts_at)::int / 60,
                CASE WHEN ends_at = '00:00' THEN 1440 ELSE extract(epoch FROM ends_at)::int / 60 END,
                slot_minutes, valid_from, valid_to
            FROM scheduling.provider_schedules
            WHERE valid_to IS NULL OR valid_to > %s
            ORDER BY schedule_id
        """
        found: dict[int, list[Shift]] = defaultdict(list)
        for row in self._tick.rows(query, [self._tick.start.date() - timedelta(days=1)]):
            found[row[1]].append(Shift(*row))
        return found

    @cached_property
    def _busy(self) -> dict[int, list[Interval]]:
        """Times at which a provider has a visit or is away."""
        appointments = """
            SELECT provider_id, starts_at, ends_at FROM scheduling.appointments
            WHERE starts_at BETWEEN %s AND %s AND status NOT IN ('cancelled', 'entered-in-error')
            UNION ALL
            SELECT provider_id, starts_at, ends_at FROM scheduling.schedule_exceptions
            WHERE ends_at > %s AND NOT is_cancelled
            ORDER BY 1, 2, 3
        """
        found: dict[int, list[Interval]] = defaultdict(list)
        start = self._tick.start
        for provider_id, begin, end in self._tick.rows(
            appointments, [start - timedelta(hours=4), start + HORIZON, start]
        ):
            found[provider_id].append((begin, end))
        return found

    @cached_property
    def _shut(self) -> dict[int, list[Interval]]:
        """Times at which a clinic is closed; wall-clock time read as if it were the zone's."""
        found: dict[int, list[Interval]] = defaultdict(list)
        query = (
            "SELECT clinic_id, starts_at, ends_at FROM directory.clinic_closures WHERE ends_at > %s ORDER BY 1, 2, 3"
        )
        for clinic_id, begin, end in self._tick.rows(
            query, [self._tick.start.replace(tzinfo=None) - timedelta(days=1)]
        ):
            zone = self.zones[clinic_id]
            found[clinic_id].append((to_utc(begin.date(), begin.hour * 60 + begin.minute, zone),
                                     to_utc(end.date(), end.hour * 60 + end.minute, zone)))  # fmt: skip
        return found

    def block_provider(self, provider_id: int, start: datetime, end: datetime) -> None:
        """The provider is going to be away: nothing more is booked then."""
        self._busy[provider_id].append((start, end))

    def close_clinic(self, clinic_id: int, start: datetime, end: datetime) -> None:
        """The clinic is going to be closed: nothing more is booked then."""
        self._shut[clinic_id].append((start, end))

    def free_start(
        self, provider_id: int, clinic_id: int, day: date, minutes: int, share: float, *, crowd: bool = False
    ) -> datetime | None:
        """A start at which a visit of that length fits on that local day, or None; then taken.

        ``share`` in [0, 1) chooses among the possible starts; with ``crowd`` other visits are disregarded.
        """
        busy = [] if crowd else self._busy[provider_id]
        starts = []
        for shift in self.shifts[clinic_id]:
            if shift.provider_id != provider_id or shift.weekday != day.isoweekday():
                continue
            if day < shift.valid_from or (shift.valid_to and day >= shift.valid_to):
                continue
            begin, end = (to_utc(day, at, self.zones[clinic_id]) for at in (shift.start, shift.end))
            near = [i for i in busy + self._shut[clinic_id] if i[0] < end and begin < i[1]]
            while begin + timedelta(minutes=minutes) <= end:
                stop = begin + timedelta(minutes=minutes)
                if begin > self._tick.end and not any(i[0] < stop and begin < i[1] for i in near):
                    starts.append(begin)
                begin += timedelta(minutes=shift.slot_minutes)
        if not starts:
            return None
        chosen = starts[int(share * len(starts))]
        self._busy[provider_id].append((chosen, chosen + timedelta(minutes=minutes)))
        return chosen
