"""Who works where: clinics and providers of the company, with the traits that the seed of every table builds upon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from northstar.simulator.company import Account, Company, dice
from northstar.simulator.oltp import words
from northstar.simulator.oltp.places import ABROAD, Place, places_in, workdays

PAST_DAYS = 90
FUTURE_DAYS = 30
PROVIDERS_PER_CLINIC = 5
PATIENTS_PER_CLINIC = 250
CHURN_DAYS_AGO = 20
"""The clinics of an account that has churned closed so many days before the anchor."""

Session = tuple[int, int]
"""Minutes after midnight, [from, to); 1440 is the end of the day."""

_DAY_PATTERNS: tuple[tuple[tuple[Session, ...], int], ...] = (
    (((480, 720), (780, 1020)), 30),  # a lunch gap makes two rows
    (((540, 720), (780, 960)), 25),
    (((480, 720),), 20),
    (((780, 1080),), 15),
    (((600, 720), (750, 1140)), 10),
)
EVENING: tuple[Session, ...] = ((1200, 1440),)


@dataclass(frozen=True)
class Clinic:
    """A clinic as the seed creates it."""

    clinic_id: int
    number: int
    account: Account
    place: Place
    closed_on: date | None

    @property
    def zone(self) -> str:
        """Its time zone."""
        return self.place.time_zone


@dataclass(frozen=True)
class Provider:
    """A provider as the seed creates them."""

    provider_id: int
    account: Account
    home: Clinic
    second: Clinic | None
    weekdays: tuple[int, ...]
    """ISO weekdays of work, at home."""
    second_weekdays: tuple[int, ...]
    sessions: tuple[Session, ...]
    slot_minutes: int
    specialty_code: str
    changes_template: bool


def luhn_digit(digits: str) -> int:
    """The check digit of an NPI whose first nine digits are given (Luhn over 80840 and the NPI)."""
    total = 0
    for position, char in enumerate(reversed("80840" + digits)):
        value = int(char) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


def npi(number: int) -> str:
    """A well-formed NPI from a range that is not issued to anyone (it starts with 2)."""
    body = f"29{number:07d}"
    return f"{body}{luhn_digit(body)}"


class Layout:
    """The clinics and providers of a company."""

    def __init__(self, company: Company) -> None:
        self.company = company

    @property
    def first_day(self) -> date:
        """The first local day with appointments."""
        return (self.company.anchor - timedelta(days=PAST_DAYS)).date()

    @property
    def last_day(self) -> date:
        """The last local day that can be booked when the seed ends."""
        return (self.company.anchor + timedelta(days=FUTURE_DAYS)).date()

    @cached_property
    def clinics(self) -> tuple[Clinic, ...]:
        """All clinics, by clinic_id."""
        found: list[Clinic] = []
        sizes = dict(zip(("smb", "mid_market", "enterprise"), self.company.clinics_by_segment, strict=True))
        for account in self.company.accounts:
            closed = None
            if account.status == "churned":
                closed = (self.company.anchor - timedelta(days=CHURN_DAYS_AGO)).date()
            count = sizes[account.segment]
            for index in range(count):
                number = len(found) + 1
                place = self._place(
                    account, number, abroad=account.country == "US" and count > 2 and index == count - 1
                )
                found.append(Clinic(2000 + number, number, account, place, closed))
        return tuple(found)

    def _place(self, account: Account, number: int, abroad: bool) -> Place:
        country = ABROAD[account.account_id // 2 % len(ABROAD)] if abroad else account.country
        options = places_in(country)
        return options[number % len(options)]

    @cached_property
    def providers(self) -> tuple[Provider, ...]:
        """All providers, by provider_id."""
        by_account: dict[int, list[Clinic]] = {}
        for clinic in self.clinics:
            by_account.setdefault(clinic.account.account_id, []).append(clinic)
        found: list[Provider] = []
        for clinic in self.clinics:
            siblings = [c for c in by_account[clinic.account.account_id] if c.place.country == clinic.place.country]
            for _ in range(PROVIDERS_PER_CLINIC):
                found.append(self._provider(len(found) + 1, clinic, siblings))
        return tuple(found)

    def _provider(self, number: int, home: Clinic, siblings: list[Clinic]) -> Provider:
        roll = dice(self.company.seed, "oltp", "provider", number)
        days = list(workdays(home.place.country))
        wanted = roll.choices((5, 4, 3, 2, 1), weights=(10, 18, 28, 26, 18))[0]
        weekdays = tuple(sorted(roll.sample(days, wanted)))
        free = [day for day in days if day not in weekdays]
        others = [clinic for clinic in siblings if clinic is not home]
        second = others[roll.randrange(len(others))] if others and free and number % 6 == 0 else None
        evening = number % 25 == 3
        sessions = roll.choices([p for p, _ in _DAY_PATTERNS], weights=[w for _, w in _DAY_PATTERNS])[0]
        return Provider(
            provider_id=10_000 + number,
            account=home.account,
            home=home,
            second=second,
            weekdays=weekdays,
            second_weekdays=tuple(free[:1]) if second else (),
            sessions=EVENING if evening else sessions,
            slot_minutes=roll.choice((10, 15, 15, 20, 30)),
            specialty_code=roll.choice(words.SPECIALTIES)[0],
            changes_template=number % 12 == 5,
        )

    def created(self, account: Account, label: object) -> datetime:
        """When something of an account was created: within ten days of the account itself."""
        roll = dice(self.company.seed, "oltp", "created", account.account_id, label)
        return account.created_at + timedelta(minutes=roll.randrange(60, 14_400), seconds=roll.randrange(60))
