"""How large the company is, and which clinics are awake when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from northstar.clock import TICK

CLINICS_PER_ACCOUNT = 4
PROVIDERS_PER_CLINIC = 5
_VISITS_PER_PROVIDER_DAY = 15
_TICKS_PER_DAY = 48
MAX_APPOINTMENTS_PER_TICK = 1 << 20


@dataclass(frozen=True)
class VolumeCompany:
    """A company by its rate of bookings; all else follows.

    Raises ValueError when the rate is out of range, or ``start`` is not midnight UTC.
    """

    appointments_per_tick: int
    """Bookings in each half hour; about nine rows of facts each."""
    seed: int = 7
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    """When the first half hour begins."""
    patients_per_clinic: int = 300
    mean_lead_days: float = 10.0
    """How long before their visit appointments are booked, on average."""

    def __post_init__(self) -> None:
        if not 1 <= self.appointments_per_tick <= MAX_APPOINTMENTS_PER_TICK:
            raise ValueError(f"appointments per tick must be between 1 and {MAX_APPOINTMENTS_PER_TICK}")
        if self.start.astimezone(UTC).timetuple()[3:6] != (0, 0, 0):
            raise ValueError("start must be midnight UTC: the hour decides which clinics are awake")

    @property
    def accounts(self) -> int:
        """Accounts that their providers' usual days ask for, at least one in each part of the world."""
        daily = self.appointments_per_tick * _TICKS_PER_DAY
        return max(12, round(daily / _VISITS_PER_PROVIDER_DAY / PROVIDERS_PER_CLINIC / CLINICS_PER_ACCOUNT))

    @property
    def asian_accounts(self) -> int:
        """Of the accounts, the first so many are in Japan, and see patients from 0 to 8 UTC."""
        return round(self.accounts / 3)

    @property
    def eastern_accounts(self) -> int:
        """Of the accounts, the first so many are in Japan or Europe, which works from 8 to 14 UTC; America the rest."""
        return round(self.accounts * 7 / 12)

    @property
    def clinics(self) -> int:
        """Clinics of all accounts."""
        return self.accounts * CLINICS_PER_ACCOUNT

    @property
    def providers(self) -> int:
        """Providers of all clinics."""
        return self.clinics * PROVIDERS_PER_CLINIC

    @property
    def patients(self) -> int:
        """Patients of all clinics."""
        return self.clinics * self.patients_per_clinic

    def boundary(self, tick: int) -> datetime:
        """When half hour ``tick``, counted from 0, ends."""
        return self.start + (tick + 1) * TICK
