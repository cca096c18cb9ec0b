"""How long a change takes from its commit at a source until a query of the warehouse shows it.

Simulated time passes at the sources, real time in the tick: a change that was committed at 13:07 and is shown after the
tick of 13:30, which took 12 seconds, took 23 minutes and 12 seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any

import bookings_oracle
import payout_oracle
import revenue_oracle
from appointment_oracle import OUTCOME_KEY, outcomes
from company_lab import CompanyLab
from company_sources import Sources, moment
from lab import LabWarehouse, Row, differences

from northstar.clock import to_naive_utc

CORE = timedelta(minutes=45)
FINANCE = timedelta(minutes=75)
_FILED = {"referrals/": "core.fct_referral_lead", "surveys/": "core.fct_survey_response"}
"""Facts of partners by where their files lie; the payers' remittances are damaged and sent again too often."""


@dataclass
class Stream:
    """One source's changes on their way to one model that people query."""

    source: str
    model: str
    objective: timedelta
    changes: Callable[[CompanyLab, datetime], list[datetime]]
    """When each change after a tick was committed, UTC without a zone."""
    held: Callable[[Sources], Any]
    """What the model must hold at the source's present."""
    shown: Callable[[LabWarehouse, Any], bool]
    """Whether it does."""
    waiting: list[datetime] = field(default_factory=list)
    taken: list[timedelta] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    """What the model had to hold after each tick that was in time."""

    def look(self, lab: CompanyLab, warehouse: LabWarehouse, since: datetime, seconds: float) -> None:
        """After a tick: note what it has shown of the changes since the one before."""
        self.waiting += self.changes(lab, since)
        held = self.held(Sources(lab))
        if self.shown(warehouse, held):
            through = to_naive_utc(lab.now) + timedelta(seconds=seconds)
            self.taken += [through - at for at in self.waiting]
            self.waiting = []
            self.states.append(repr(held))

    def line(self) -> dict[str, Any]:
        """The figures, in minutes."""
        minutes = [taken / timedelta(minutes=1) for taken in self.taken]
        cuts = quantiles(minutes, n=100, method="inclusive")
        return {
            "source": self.source, "model": self.model, "changes": len(minutes), "p50": round(cuts[49], 1),
            "p95": round(cuts[94], 1), "max": round(max(minutes), 1),
            "objective": self.objective // timedelta(minutes=1),
        }  # fmt: skip


def streams() -> list[Stream]:
    """Every source, and for finance both that have money."""
    return [
        _mart("app", "marts_operations.mart_appointment_outcome", CORE, OUTCOME_KEY, outcomes, _app("appointments")),
        _mart("app", "marts_finance.mart_revenue_day", FINANCE, revenue_oracle.KEY, revenue_oracle.revenue_per_day,
              _app("money")),
        Stream("stripe", "core.fct_charge_refund", CORE, _refunds, _refund_ids, _shows("core.fct_charge_refund")),
        _mart("stripe", "marts_finance.mart_revenue_day", FINANCE, revenue_oracle.KEY, revenue_oracle.revenue_per_day,
              _stripe),
        _mart("stripe", "marts_finance.mart_balance_reconciliation", FINANCE, payout_oracle.BALANCE_KEY,
              payout_oracle.balances, _stripe),
        _mart("salesforce", "marts_growth.mart_bookings_by_owner", CORE, bookings_oracle.KEY,
              bookings_oracle.bookings_by_owner, _salesforce),
        Stream("partner", ", ".join(_FILED.values()), CORE, _files, _all_files, _shows_files),
    ]  # fmt: skip


_SINCE_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def _mart(
    source: str,
    model: str,
    objective: timedelta,
    key: Sequence[str],
    oracle: Callable[[Sources], list[Row]],
    changes: Callable[[CompanyLab, datetime], list[datetime]],
) -> Stream:
    def shown(warehouse: LabWarehouse, expected: list[Row]) -> bool:
        return not differences(warehouse.rows(f"SELECT * FROM {model}"), expected, key)

    return Stream(source, model, objective, changes, oracle, shown)


_CHANGED = {
    "appointments": "SELECT updated_at AS at FROM scheduling.appointments WHERE updated_at > %(since)s",
    "money": " UNION ALL ".join(
        f"SELECT updated_at AS at FROM billing.{table} WHERE updated_at > %(since)s"
        for table in ("invoices", "payments", "refunds", "credit_notes")
    ),
}


def _app(subject: str) -> Callable[[CompanyLab, datetime], list[datetime]]:
    return lambda lab, since: [row["at"] for row in lab.source(_CHANGED[subject], {"since": since})]


def _stripe(lab: CompanyLab, since: datetime) -> list[datetime]:
    events = lab.services.stripe.store.kinds["event"]
    return [moment(event["created"]) for event in events if event["created"] >= since.timestamp()]


def _refunds(lab: CompanyLab, since: datetime) -> list[datetime]:
    made = lab.services.stripe.store.kinds["refund"]
    return [moment(refund["created"]) for refund in made if refund["created"] >= since.timestamp()]


def _refund_ids(sources: Sources) -> set[str]:
    return {row["id"] for row in sources.stripe("refund")}


def _shows(model: str) -> Callable[[LabWarehouse, Any], bool]:
    return lambda warehouse, ids: {row["refund_id"] for row in warehouse.rows(f"SELECT refund_id FROM {model}")} == ids


def _salesforce(lab: CompanyLab, since: datetime) -> list[datetime]:
    rows = Sources(lab).salesforce("Opportunity")
    times = [datetime.fromisoformat(str(row["SystemModstamp"])) for row in rows]
    return [to_naive_utc(at) for at in times if at >= since]


def _files(lab: CompanyLab, since: datetime) -> list[datetime]:
    """When each file with any record was written; its rows carry that."""
    bucket = lab.services.partner.bucket
    data = [key for key in bucket.list() if key.startswith(tuple(_FILED)) and key.endswith(".csv")]
    written = [bucket.written_at(key) for key in data if len(bucket.get(key).splitlines()) > 1]
    return [to_naive_utc(at) for at in written if at >= since]


def _all_files(sources: Sources) -> set[datetime]:
    return set(_files(sources.lab, _SINCE_EVER))


def _shows_files(warehouse: LabWarehouse, written: set[datetime]) -> bool:
    query = " UNION ".join(f"SELECT changed_at AS at FROM {model}" for model in _FILED.values())
    return {row["at"] for row in warehouse.rows(query)} >= written
