"""Hand-made cases on top of the seeded company: what is done to the source and when, and what must follow.

The expected figures are worked out by hand from the definitions, so that they hold the oracle too.  All cases lie
around the Sunday on which the clocks of North America change; clinics and providers are the cases' own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from lab import Lab, Row
from utilization_oracle import DAY, instant

NEW_YORK, CHICAGO = 9001, 9002
CORRECTED = 9003
"""A clinic whose time zone is corrected from New York's to Denver's."""
CLOSED = 9004
"""A clinic in New York that closes for half a day."""
_ZONES = {
    NEW_YORK: "America/New_York",
    CHICAGO: "America/Chicago",
    CORRECTED: "America/New_York",
    CLOSED: "America/New_York",
}
(DOUBLE, MIDNIGHT, SHUT, AWAY, SHORTENED, UNSCHEDULED, MOVED, TAKER, DELETED, RELOCATED, FREED, BLOCKED, NIGHT, SKIPPED,
 CHANGING) = range(91001, 91016)  # fmt: skip

Expected = dict[tuple[int, int, date], dict[str, float | None] | None]
"""Some columns by provider, clinic and local day; None means no row at all."""


@dataclass(frozen=True)
class Season:
    """When the scenario takes place."""

    name: str
    sunday: date
    """The day on which the clocks change."""
    change_seconds: int
    """What that day has beyond 24 hours."""
    ticks: tuple[datetime, ...]
    """The first landing and the ticks that follow, UTC."""

    @property
    def tuesday(self) -> date:
        """The day of most cases: in the future of all ticks."""
        return self.sunday + 2 * DAY


class Golden:
    """The cases, as changes to a lab's source."""

    def __init__(self, lab: Lab, season: Season) -> None:
        self._lab = lab
        self._season = season
        self._numbers = {"appointments": 9_000_000, "exceptions": 9_000_000, "schedules": 9_000_000}

    @property
    def edits(self) -> tuple[Callable[[], None], ...]:
        """What is done before the first landing, and then before each of the next four ticks."""
        return self.found, self.first, self.second, self.third, self.fourth

    def found(self) -> None:
        """The clinics, the providers, and the cases as they begin."""
        self._directory()
        day = self._season.tuesday
        for provider in (DOUBLE, MOVED, TAKER, FREED, BLOCKED):
            self.session(provider, NEW_YORK, day, "09:00", "12:00")
        self.session(MOVED, CHICAGO, day, "14:00", "15:00")
        self.appointment(DOUBLE, NEW_YORK, day, "09:00", 60)
        self.session(MIDNIGHT, NEW_YORK, day, "22:00", "00:00")
        self.session(SHUT, CLOSED, day, "08:00", "17:00", slot=60)
        self.appointment(SHUT, CLOSED, day, "11:30", 60)
        self.session(AWAY, NEW_YORK, day, "08:00", "12:00")
        self.session(SHORTENED, NEW_YORK, day - 14 * DAY, "09:00", "12:00", until=day + DAY)
        self.session(UNSCHEDULED, NEW_YORK, day, "09:00", "12:00")
        for start in ("09:00", "10:00", "11:00"):
            self.appointment(MOVED, NEW_YORK, day, start, 60)
        self.appointment(DELETED, NEW_YORK, day, "09:00", 60)
        self.appointment(DELETED, NEW_YORK, day + DAY, "09:00", 60)
        self.session(RELOCATED, CORRECTED, day, "09:00", "12:00")
        self.appointment(RELOCATED, CORRECTED, day, "01:30", 60)
        self.block(RELOCATED, None, day, "09:00", 60)
        self.closure(CORRECTED, day, "10:00", "11:00")
        self.block(FREED, NEW_YORK, day, "08:00", 300)
        self.block(BLOCKED, None, day, "08:00", 300, cancelled=True)
        sunday = self._season.sunday
        self.session(NIGHT, NEW_YORK, sunday - DAY, "23:00", "00:00", slot=60)
        self.session(NIGHT, NEW_YORK, sunday, "00:00", "06:00", slot=60)
        self.appointment(NIGHT, NEW_YORK, sunday - DAY, "23:30", until="05:00")
        self.session(SKIPPED, NEW_YORK, sunday, "02:30", "04:00", slot=30)
        for offset in range(-9, 5):
            self.session(CHANGING, NEW_YORK, sunday + offset * DAY, "09:00", "12:00")

    def first(self) -> None:
        """A second patient at the same time; a visit across midnight; a visit to another day; time off cancelled."""
        day = self._season.tuesday
        self.appointment(DOUBLE, NEW_YORK, day, "09:30", 60)
        self.appointment(MIDNIGHT, NEW_YORK, day, "23:30", 60)
        self._move(
            MOVED, day, "09:00", "starts_at = starts_at + interval '1 day', ends_at = ends_at + interval '1 day'"
        )
        self._lab.edit(
            "UPDATE scheduling.schedule_exceptions SET is_cancelled = true, updated_at = %(at)s"
            " WHERE provider_id = %(provider)s",
            provider=FREED,
        )
        self._provider("specialty_code = NULL")

    def second(self) -> None:
        """Half a day of closure; a template changed for the past; a visit to another provider; a truncated table."""
        day = self._season.tuesday
        self.closure(CLOSED, day, "12:00", "00:00")
        self._lab.edit(
            "UPDATE scheduling.provider_schedules SET ends_at = '11:00', valid_from = %(since)s, updated_at = %(at)s"
            " WHERE provider_id = %(provider)s",
            provider=SHORTENED,
            since=day - 7 * DAY,
        )
        self._move(MOVED, day, "10:00", "provider_id = %(taker)s", taker=TAKER)
        self._lab.edit(
            "CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM scheduling.schedule_exceptions"
            " WHERE exception_id % 5 <> 0",
            "TRUNCATE scheduling.schedule_exceptions",
            "INSERT INTO scheduling.schedule_exceptions SELECT * FROM kept",
        )
        self._provider("specialty_code = (SELECT min(specialty_code) FROM directory.specialties)")
        self._clinic("region_code = 'US-X1'")

    def third(self) -> None:
        """Overlapping blocks; a visit to another clinic; deletes."""
        day = self._season.tuesday
        self.block(AWAY, None, day, "09:00", 90)
        self.block(AWAY, NEW_YORK, day, "10:00", 60, kind="admin_block")
        self.block(AWAY, CHICAGO, day, "08:00", 60, kind="admin_block")
        # 11:00 in New York becomes 14:00 in Chicago.
        shift = "starts_at = starts_at + interval '4 hours', ends_at = ends_at + interval '4 hours'"
        self._move(MOVED, day, "11:00", f"clinic_id = %(clinic)s, {shift}", clinic=CHICAGO)
        self._lab.edit(
            "DELETE FROM scheduling.appointments WHERE provider_id = %(provider)s AND starts_at < %(before)s",
            provider=DELETED,
            before=self._instant(day, "12:00"),
        )
        self._lab.edit(
            "DELETE FROM scheduling.provider_schedules WHERE provider_id = %(provider)s", provider=UNSCHEDULED
        )
        self._provider("specialty_code = (SELECT max(specialty_code) FROM directory.specialties)")

    def fourth(self) -> None:
        """A time zone corrected; time off that was cancelled after all stands."""
        self._lab.edit(
            "UPDATE directory.clinics SET time_zone = 'America/Denver', updated_at = %(at)s"
            " WHERE clinic_id = %(clinic)s",
            clinic=CORRECTED,
        )
        self._lab.edit(
            "UPDATE scheduling.schedule_exceptions SET is_cancelled = false, updated_at = %(at)s"
            " WHERE provider_id = %(provider)s",
            provider=BLOCKED,
        )
        self._clinic("region_code = NULL, name = 'Renamed'")
        self._clinic("region_code = 'US-X2'")

    def expected(self) -> Expected:
        """What must hold after the fourth change."""
        day, sunday, extra = self._season.tuesday, self._season.sunday, self._season.change_seconds // 60
        away = {"available_minutes": 0, "available_slots": 0, "booked_slots": 0, "fill_rate": None}
        skipped = 30 if extra < 0 else 90
        return {
            (DOUBLE, NEW_YORK, day): _figures(180, 90, 6, 3) | {"load_minutes": 120},
            (MIDNIGHT, NEW_YORK, day): _figures(120, 30, 4, 1),
            (MIDNIGHT, NEW_YORK, day + DAY): _figures(None, 30, None, None),
            (SHUT, CLOSED, day): _figures(240, 60, 4, 1),
            (AWAY, NEW_YORK, day): _figures(120, 0, 4, 0),
            (SHORTENED, NEW_YORK, day - 14 * DAY): None,
            (SHORTENED, NEW_YORK, day - 7 * DAY): _figures(120, 0, 4, 0),
            (SHORTENED, NEW_YORK, day): _figures(120, 0, 4, 0),
            (UNSCHEDULED, NEW_YORK, day): None,
            (MOVED, NEW_YORK, day): _figures(180, 0, 6, 0),
            (MOVED, NEW_YORK, day + DAY): _figures(None, 60, None, None),
            (TAKER, NEW_YORK, day): _figures(180, 60, 6, 2),
            (MOVED, CHICAGO, day): _figures(60, 60, 2, 2),
            (DELETED, NEW_YORK, day): None,
            (DELETED, NEW_YORK, day + DAY): _figures(None, 60, None, None),
            (RELOCATED, CORRECTED, day - DAY): _figures(None, 30, None, None),
            (RELOCATED, CORRECTED, day): _figures(120, 30, 4, 0),
            (FREED, NEW_YORK, day): _figures(180, 0, 6, 0),
            (BLOCKED, NEW_YORK, day): away | {"booked_utilization": None},
            (NIGHT, NEW_YORK, sunday - DAY): _figures(60, 30, 1, 1),
            (NIGHT, NEW_YORK, sunday): _figures(360 + extra, 300 + extra, 6 + extra // 60, 5 + extra // 60),
            (SKIPPED, NEW_YORK, sunday): _figures(skipped, 0, skipped // 30, 0),
        }

    def session(
        self, provider: int, clinic: int, day: date, start: str, end: str, slot: int = 30, until: date | None = None
    ) -> None:
        """A template for one day, or for its weekday up to ``until``."""
        self._insert(
            "provider_schedules", self._next("schedules"), provider, clinic, day.isoweekday(), start, end, slot, day,
            until or day + DAY, self._lab.now,
        )  # fmt: skip

    def appointment(
        self, provider: int, clinic: int, day: date, start: str, minutes: int = 0, until: str | None = None
    ) -> None:
        """Booked at a wall-clock time of New York, for some minutes or ``until`` a time of the next day."""
        begin = self._instant(day, start)
        end = self._instant(day + DAY, until) if until else begin + timedelta(minutes=minutes)
        self._lab.edit(
            "INSERT INTO scheduling.appointments (appointment_id, account_id, clinic_id, provider_id, patient_id,"
            " appointment_type_id, status, starts_at, ends_at, booked_at, created_at, updated_at)"
            " SELECT %(id)s, 1001, %(clinic)s, %(provider)s, min(patient_id),"
            " (SELECT min(appointment_type_id) FROM scheduling.appointment_types WHERE account_id = 1001),"
            " 'booked', %(begin)s, %(end)s, %(at)s, %(at)s, %(at)s FROM patients.patients WHERE account_id = 1001",
            id=self._next("appointments"), clinic=clinic, provider=provider, begin=begin, end=end,
        )  # fmt: skip

    def block(
        self, provider: int, clinic: int | None, day: date, start: str, minutes: int, kind: str = "pto",
        cancelled: bool = False,
    ) -> None:  # fmt: skip
        """Time off from a wall-clock time of New York."""
        begin = self._instant(day, start)
        number = self._next("exceptions") * 5 + 1  # not a multiple of 5: kept when the table is truncated
        self._insert(
            "schedule_exceptions", number, provider, clinic, kind, begin, begin + timedelta(minutes=minutes), cancelled,
            None, self._lab.now,
        )  # fmt: skip

    def closure(self, clinic: int, day: date, start: str, end: str) -> None:
        """A clinic is closed from one wall-clock time to another; 00:00 is the end of the day."""
        until = datetime.combine(day + DAY if end == "00:00" else day, time.fromisoformat(end))
        self._lab.edit(
            "INSERT INTO directory.clinic_closures SELECT max(closure_id) + 1, %(clinic)s, %(start)s, %(end)s,"
            " 'maintenance', %(at)s, %(at)s FROM directory.clinic_closures",
            clinic=clinic, start=datetime.combine(day, time.fromisoformat(start)), end=until,
        )  # fmt: skip

    def _directory(self) -> None:
        for clinic, zone in _ZONES.items():
            # The simulator leaves a clinic alone that is closed for good, and a provider that has gone; utilization
            # does not look at those dates.
            self._lab.edit(
                "INSERT INTO directory.clinics (clinic_id, account_id, clinic_code, name, region_code, time_zone,"
                " country, opened_on, closed_on, created_at, updated_at) VALUES (%(id)s, 1001, 'G' || %(id)s::text,"
                " 'Golden ' || %(id)s::text, 'US-NE', %(zone)s, 'US', '2020-01-01', '2020-06-01', %(at)s, %(at)s)",
                id=clinic, zone=zone,
            )  # fmt: skip
        self._lab.edit(
            "INSERT INTO directory.providers (provider_id, account_id, home_clinic_id, npi, first_name, last_name,"
            " specialty_code, hired_on, terminated_on, created_at, updated_at)"
            " SELECT n, 1001, %(clinic)s, '2900' || n, 'Golden',"
            " 'Case ' || n, (SELECT specialty_code FROM directory.specialties ORDER BY 1 OFFSET 1 LIMIT 1),"
            " '2020-01-01', '2020-06-01', %(at)s, %(at)s FROM generate_series(%(first)s::int, %(last)s::int) n",
            clinic=NEW_YORK, first=DOUBLE, last=CHANGING,
        )  # fmt: skip

    def _provider(self, assignment: str) -> None:
        self._lab.edit(
            f"UPDATE directory.providers SET {assignment}, updated_at = %(at)s WHERE provider_id = {CHANGING}"
        )

    def _clinic(self, assignment: str) -> None:
        # Each a second after the one before, so that they follow each other in the app's own time too.
        self._lab.edit(
            f"UPDATE directory.clinics SET {assignment},"
            f" updated_at = greatest(%(at)s, updated_at + interval '1 second') WHERE clinic_id = {NEW_YORK}"
        )

    def _move(self, provider: int, day: date, start: str, assignment: str, **parameters: Any) -> None:
        self._lab.edit(
            f"UPDATE scheduling.appointments SET {assignment}, updated_at = %(at)s"
            " WHERE provider_id = %(provider)s AND starts_at = %(start)s",
            provider=provider, start=self._instant(day, start), **parameters,
        )  # fmt: skip

    def _insert(self, table: str, *values: Any) -> None:
        names = [f"v{n}" for n in range(len(values))]
        marks = ", ".join(f"%({name})s" for name in names)
        self._lab.edit(f"INSERT INTO scheduling.{table} VALUES ({marks})", **dict(zip(names, values, strict=True)))

    def _instant(self, day: date, wall: str) -> datetime:
        return instant(datetime.combine(day, time.fromisoformat(wall)), "America/New_York")

    def _next(self, kind: str) -> int:
        self._numbers[kind] += 1
        return self._numbers[kind]


def _figures(available: float | None, booked: float, slots: int | None, taken: int | None) -> dict[str, float | None]:
    return {
        "available_minutes": available,
        "booked_minutes": booked,
        "available_slots": slots,
        "booked_slots": taken,
    }


def disagreements(rows: list[Row], expected: Expected) -> list[tuple[Any, Any, Any]]:
    """Cases in which rows of the mart or the oracle are not as worked out by hand."""
    found = {(row["provider_id"], row["clinic_id"], row["local_date"]): row for row in rows}
    wrong: list[tuple[Any, Any, Any]] = []
    for key, figures in expected.items():
        row = found.get(key)
        got = None if row is None else {name: row[name] for name in figures or row}
        if got != figures:
            wrong.append((key, got, figures))
    return wrong
