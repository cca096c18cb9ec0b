"""Each account's stages as intervals without gaps: mart_account_lifecycle."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bookings_oracle import instant
from company_sources import Sources
from facts_oracle import OPEN_END, OPEN_PAST
from lab import Row
from receivable_oracle import Entry, entries, moment_of

KEY = ("account_id", "valid_from")
QUIET = timedelta(days=30)
"""How long an account may go without a booking."""
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Life:
    """What is known of one account, by which its stage follows at any time."""

    known_from: datetime
    created: datetime
    statuses: list[tuple[datetime, str]]
    """Since when, and which; the first since ever."""
    bookings: list[datetime]
    """In order."""
    first_visit: datetime | None
    overdue: list[Span]
    """While some platform invoice was past due."""

    def stage(self, at: datetime) -> str:
        """The first rule that applies."""
        if at < self.created:
            return "lead"
        number = bisect_right([since for since, _ in self.statuses], at) - 1
        status = self.statuses[number][1]
        if status in ("trial", "churned"):
            return status
        if status in ("past_due", "suspended") or self._quiet(at) or any(a <= at < b for a, b in self.overdue):
            return "at_risk"
        if self.first_visit is None or at < self.first_visit:
            return "onboarding"
        churned = any(state == "churned" for _, state in self.statuses[:number])
        return "won_back" if churned else "active"

    def _quiet(self, at: datetime) -> bool:
        if self.first_visit is None or at < self.first_visit:
            return False
        booked = bisect_right(self.bookings, at)
        return booked == 0 or self.bookings[booked - 1] + QUIET <= at

    def moments(self) -> set[datetime]:
        """When the stage can change."""
        found = {self.known_from, self.created, *self.bookings, *(at + QUIET for at in self.bookings)}
        found |= {since for since, _ in self.statuses} | {at for span in self.overdue for at in span}
        return found | ({self.first_visit} if self.first_visit else set())


def lives(sources: Sources) -> dict[int, Life]:
    """What is known of every account of the app."""
    known: dict[int, datetime] = {}
    for row in sources.salesforce("Account"):
        account = sources.salesforce_accounts[row["Id"]]
        created = instant(row["CreatedDate"])
        known[account] = min(known.get(account, created), created)
    bookings, visits = _work(sources)
    overdue = _overdue(sources)
    versions: defaultdict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for version in sources.memory.accounts.rows():
        versions[version["account_id"]].append((version["valid_from"], version["status"]))
    return {
        key: Life(
            known_from=min(known.get(key, row["created_at"]), row["created_at"]),
            created=row["created_at"],
            statuses=sorted(versions[key], key=lambda pair: pair[0]),
            bookings=sorted(bookings[key]),
            first_visit=min(visits[key], default=None),
            overdue=overdue[key],
        )
        for key, row in sources.accounts.items()
    }


def _work(sources: Sources) -> tuple[defaultdict[int, list[datetime]], defaultdict[int, list[datetime]]]:
    """When appointments were booked, and when visits were fulfilled, by the clinic's account."""
    bookings: defaultdict[int, list[datetime]] = defaultdict(list)
    visits: defaultdict[int, list[datetime]] = defaultdict(list)
    for row in sources.appointments.values():
        account = sources.account_of_clinic[row["clinic_id"]]
        if row["booked_at"]:
            bookings[account].append(row["booked_at"])
        if row["status"] == "fulfilled":
            visits[account].append(row["fulfilled_at"])
    return bookings, visits


def _overdue(sources: Sources) -> defaultdict[int, list[Span]]:
    """While platform invoices were past due and open: from the day after the due date until settled or given up."""
    found: defaultdict[int, list[Span]] = defaultdict(list)
    ends: dict[str, datetime] = {}
    for invoice in sources.invoices.values():
        stages = invoice["status_transitions"]
        closed = [stages[name] for name in ("paid_at", "voided_at", "marked_uncollectible_at") if stages[name]]
        ends[invoice["id"]] = instant_of(min(closed)) if closed else OPEN_END
    for entry in _platform(entries(sources)):
        start = moment_of(entry.due)
        if entry.minor and start < ends[entry.invoice]:
            found[entry.account].append((start, ends[entry.invoice]))
    return found


def instant_of(seconds: int) -> datetime:
    """An instant of Stripe's."""
    return datetime(1970, 1, 1) + timedelta(seconds=seconds)


def _platform(found: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in found if entry.stream == "platform" and entry.kind == "billed"]


def lifecycle(sources: Sources) -> list[Row]:
    """The rows of the mart."""
    rows = []
    for account, life in lives(sources).items():
        moments = sorted(at for at in life.moments() if life.known_from <= at < sources.through and at != OPEN_PAST)
        stages: list[tuple[datetime, str]] = []
        for at in moments:
            stage = life.stage(at)
            if not stages or stages[-1][1] != stage:
                stages.append((at, stage))
        ends = [at for at, _ in stages[1:]] + [OPEN_END]
        rows += [
            {
                **dict(zip(KEY, (account, at), strict=True)),
                "valid_to": end,
                "is_current": end == OPEN_END,
                "lifecycle_stage": stage,
            }
            for (at, stage), end in zip(stages, ends, strict=True)
        ]
    return rows
