"""A month of the whole company's life: a warehouse ticks at chosen boundaries and is compared with the oracles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import appointment_oracle
import bookings_oracle
import facts_oracle
import health_oracle
import lifecycle_oracle
import mrr_oracle
import payout_oracle
import performance_oracle
import receivable_oracle
import revenue_oracle
from company_lab import CompanyLab
from company_sources import Sources
from lab import HALF_HOUR, LabWarehouse, Row, differences
from month_golden import MonthGolden
from mrr_oracle import Mrr
from scenario import Check

ANCHOR = datetime(2026, 10, 12, 14, 0, tzinfo=UTC)
STREAM = "revenue_stream"
REFUSED = {"NORTHSTAR_STRIPE_API_KEY": "sk_live_revoked"}


@dataclass(frozen=True)
class Month:
    """When the warehouse ticks, and which accounts the company has."""

    name: str
    accounts: tuple[int, ...]
    clinics: tuple[int, int, int]
    ticks: tuple[datetime, ...]
    """After the first landing, which is at ANCHOR."""
    refused: datetime
    """The tick at which Stripe cannot be read."""


def _at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


STRIDES = Month(
    "strides", (1, 2, 6, 7, 8), (1, 2, 2),
    # Half hours, a day, a week; over the ends of summer time in Europe and America, and the month's end.
    (_at(10, 12, 14, 30), _at(10, 12, 15), _at(10, 13, 15), _at(10, 20, 6), _at(11, 1, 7), _at(11, 3, 1),
     _at(11, 12, 14)),
    refused=_at(11, 1, 7),
)  # fmt: skip
ALTERNATE = Month(
    "alternate", (1, 2, 3, 4, 5, 6, 7, 8, 9, 10), (1, 2, 3),
    # Every second day, and the last one by itself.
    tuple(ANCHOR + n * timedelta(days=1) for n in (*range(2, 31, 2), 31)),
    refused=_at(11, 1, 14),
)  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """What is compared: a mart, and what it must hold."""

    mart: str
    key: Sequence[str]
    expected: Callable[[Sources], list[Row]]
    reads_stripe: bool = True
    hourly: bool = False
    """Brought up to date at full hours only."""


def _mrr(make: Callable[[Mrr], list[Row]]) -> Callable[[Sources], list[Row]]:
    return lambda sources: make(Mrr(sources))


def _finance(mart: str, key: Sequence[str], expected: Callable[[Sources], list[Row]]) -> Subject:
    return Subject(f"marts_finance.{mart}", key, expected, hourly=True)


def _operations(mart: str, key: Sequence[str], expected: Callable[[Sources], list[Row]]) -> Subject:
    return Subject(f"marts_operations.{mart}", key, expected, reads_stripe=False)


SUBJECTS = (
    _finance("mart_revenue_day", revenue_oracle.KEY, revenue_oracle.revenue_per_day),
    _finance("mart_receivable_ageing", receivable_oracle.AGEING_KEY, receivable_oracle.ageing),
    _finance("mart_days_sales_outstanding", receivable_oracle.SALES_KEY, receivable_oracle.days_sales_outstanding),
    Subject("core.fct_subscription_mrr", mrr_oracle.MRR_KEY, _mrr(Mrr.rows), hourly=True),
    _finance("mart_mrr_movement", mrr_oracle.MOVEMENT_KEY, _mrr(Mrr.movements)),
    _finance("mart_revenue_retention", mrr_oracle.RETENTION_KEY, _mrr(mrr_oracle.retention)),
    _finance("mart_payout_reconciliation", payout_oracle.PAYOUT_KEY, payout_oracle.payouts),
    _finance("mart_balance_reconciliation", payout_oracle.BALANCE_KEY, payout_oracle.balances),
    _operations("mart_appointment_outcome", appointment_oracle.OUTCOME_KEY, appointment_oracle.outcomes),
    _operations("mart_backfill", appointment_oracle.BACKFILL_KEY, appointment_oracle.backfill),
    _operations("mart_third_next_available", appointment_oracle.SLOT_KEY, appointment_oracle.third_next_available),
    _operations("mart_provider_performance", performance_oracle.KEY, performance_oracle.provider_performance),
    Subject("core.fct_account_stage", lifecycle_oracle.KEY, lifecycle_oracle.stages),
    Subject("marts_growth.mart_account_lifecycle", lifecycle_oracle.KEY, lifecycle_oracle.lifecycle),
    Subject("marts_growth.mart_cohort_retention", mrr_oracle.COHORT_KEY, _mrr(mrr_oracle.cohorts), hourly=True),
    Subject("marts_growth.mart_account_health", health_oracle.KEY, health_oracle.account_health, hourly=True),
    Subject(
        "marts_growth.mart_bookings_by_owner",
        bookings_oracle.KEY,
        bookings_oracle.bookings_by_owner,
        reads_stripe=False,
    ),
)


@dataclass
class MonthScenario:
    """One run through a month."""

    month: Month
    lab: CompanyLab
    warehouse: LabWarehouse
    checks: list[Check] = field(default_factory=list)

    def run(self) -> None:
        """Live through the month, ticking and comparing."""
        golden = MonthGolden(self.lab)
        facts_oracle.watch(self.lab)
        self.lab.told.begin(self.lab.services)
        self.warehouse.tick()
        self.compare()
        steps = dict(zip(STRIDES.ticks, golden.steps, strict=True))
        for at in self.month.ticks:
            for due in [moment for moment in steps if moment <= at]:
                self.lab.live(due - HALF_HOUR)
                steps.pop(due)()
            self.lab.live(at)
            self._tick(at)
            self.compare(refused=at == self.month.refused)
        assert not steps, "a step of the golden cases was never done"

    def _tick(self, at: datetime) -> None:
        if at == self.month.refused:
            report = self.warehouse.try_tick(**REFUSED)
            assert report.status == "source_failed", (report.status, report.source_errors)
        else:
            self.warehouse.tick()

    def compare(self, refused: bool = False) -> None:
        """Compare every mart that was due with its oracle; while Stripe is down only what does not need it."""
        sources = Sources(self.lab)
        for subject in SUBJECTS:
            if subject.hourly and self.lab.now.minute:
                continue
            if not refused or not subject.reads_stripe:
                self.checks.append(self._check(subject, sources))
            elif STREAM in subject.key:
                self.checks.append(self._check(subject, sources, stream="patient"))

    def _check(self, subject: Subject, sources: Sources, stream: str | None = None) -> Check:
        expected, got = subject.expected(sources), self.warehouse.rows(f"SELECT * FROM {subject.mart}")
        if stream is not None:
            expected, got = ([row for row in rows if row[STREAM] == stream] for rows in (expected, got))
        found = differences(got, expected, subject.key)
        return Check(self.month.name, self.lab.now, subject.mart, len(expected), found)
