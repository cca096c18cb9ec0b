"""Hours of the whole company, a tick at each half hour on the whole project.

How long changes take from each source to a mart; that ticks give the rows that one run at their end gives; that finance
shows whole hours only, and no model reads past what its parents have finished.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import facts_oracle
import pytest
from company_lab import SOURCES, CompanyLab, open_company
from fresh import Differing, built_anew, models, unlike
from lab import HALF_HOUR, LabWarehouse, open_warehouse
from latency import Stream, streams
from sqlmesh.core.snapshot import Snapshot

from northstar.clock import to_naive_utc
from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer
from northstar.simulator.salesforce.actions import Crm

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

START = datetime(2026, 10, 12, 13, tzinfo=UTC)
"""A Monday on which clinics on both sides of the ocean are open, and most partners deliver."""
HALF_HOURS = 8

MAY_DIFFER: Differing = {"core.fct_payout_balance": {"settled_at": "the interval that computed the row"}}
MAY_BE_ZERO = {"core.fct_platform_revenue_day"}
"""As over a month: tests/warehouse/test_month.py says why."""


@dataclass
class Hours:
    """A few hours of a company's life and of the ticks that follow it."""

    lab: CompanyLab
    warehouse: LabWarehouse
    streams: list[Stream] = field(default_factory=streams)
    seconds: list[float] = field(default_factory=list)
    hourly: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    """After each tick, a digest of every table that is brought up to date by the hour."""
    complete: list[tuple[datetime, set[datetime]]] = field(default_factory=list)
    """After each tick, through when finance says that it is complete."""
    ahead: dict[str, tuple[str, datetime, datetime]] = field(default_factory=dict)
    """Models that were ever ahead of a parent: which, and how far both were."""
    _dice: Random = field(default_factory=lambda: Random(7))

    def run(self) -> None:
        """Live, tick and look."""
        facts_oracle.watch(self.lab)
        self.lab.told.begin(self.lab.services)
        self._tick()
        for _ in range(HALF_HOURS):
            before = self.lab.now
            self._live(before)
            seconds = self._tick()
            for stream in self.streams:
                stream.look(self.lab, self.warehouse, before, seconds)

    def _live(self, start: datetime) -> None:
        """Half an hour, in which beside what happens by itself a deal is won and a charge is refunded."""
        self.lab.live(start + timedelta(minutes=self._dice.randrange(4, 26)))
        crm, stripe = Crm(self.lab.services.salesforce.org), self.lab.services.stripe
        account = crm.org.ids("Account", 'NOT "IsDeleted"')[0]
        deal = crm.open_opportunity(account, "Expansion", self.lab.now, self._dice)
        while crm.move_stage(deal, self.lab.now, self._dice, lose=0) != "Closed Won":
            pass
        charges = [row for row in stripe.store.kinds["charge"] if row["paid"] and row["livemode"]]
        stripe.payments.refund([row for row in charges if not row["disputed"] and not row["refunded"]][-1], 100)
        self.lab.live(start + HALF_HOUR)

    def _tick(self) -> float:
        report = self.warehouse.tick()
        self.seconds.append(report.seconds)
        self.hourly.append((self.lab.now, self._digests()))
        rows = self.warehouse.rows("SELECT complete_through FROM core.watermark_finance")
        self.complete.append((self.lab.now, {row["complete_through"] for row in rows}))
        self.ahead.update(self._ahead())
        return report.seconds

    def _digests(self) -> dict[str, Any]:
        context = self.warehouse.warehouse.context
        names = [
            snapshot.model.name
            for snapshot in context.snapshots.values()
            if snapshot.is_model and snapshot.model.cron == "@hourly" and snapshot.model.kind.is_incremental
        ]
        connection = self.warehouse.warehouse.connection
        return {
            name: connection.execute(f"SELECT count(*), bit_xor(hash(one)) FROM {name} AS one").fetchone()
            for name in names
        }

    def _ahead(self) -> dict[str, tuple[str, datetime, datetime]]:
        context = self.warehouse.warehouse.context
        stored = {one.name: one for one in context.state_reader.get_snapshots(context.snapshots.values()).values()}
        found = {}
        for snapshot in stored.values():
            if not snapshot.is_model or not snapshot.model.kind.is_incremental or not snapshot.intervals:
                continue
            for parent in _tables_above(snapshot, stored):
                if _end(snapshot) > _end(parent):
                    found[snapshot.name] = parent.name, _end(snapshot), _end(parent)
        return found


def _end(snapshot: Snapshot) -> datetime:
    ends = [end for _, end in snapshot.intervals]
    return datetime.fromtimestamp(max(ends) / 1000, UTC) if ends else datetime.min.replace(tzinfo=UTC)


def _tables_above(snapshot: Snapshot, stored: dict[str, Snapshot]) -> Iterator[Snapshot]:
    """What a model reads of tables that grow, through views."""
    waiting, seen = [parent.name for parent in snapshot.parents], set()
    while waiting:
        parent = stored.get(waiting.pop())
        if parent is None or parent.name in seen or not parent.is_model:
            continue
        seen.add(parent.name)
        if parent.model.kind.is_view:
            waiting.extend(one.name for one in parent.parents)
        elif parent.model.kind.is_incremental or parent.model.kind.is_scd_type_2:
            yield parent


@pytest.fixture(scope="module")
def hours(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hours]:
    """The hours, lived through."""
    company = Company(27, 0.05, START, chosen=(1, 2, 6, 7, 8), clinics_by_segment=(1, 2, 2))
    with (
        open_company(postgres_server, company) as lab,
        open_warehouse(lab, tmp_path_factory.mktemp("hours"), "hours", SOURCES) as warehouse,
    ):
        lived = Hours(lab, warehouse)
        lived.run()
        yield lived


def test_changes_are_in_a_mart_in_time(hours: Hours, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [stream.line() for stream in hours.streams]
    with capsys.disabled():
        sys.stdout.write(f"\nminutes from commit to query, over {HALF_HOURS // 2} h; a tick took up to ")
        sys.stdout.write(f"{max(hours.seconds[1:]):.0f} s, {max(hours.seconds):.0f} s with the first landing\n")
        sys.stdout.write("".join(f"{json.dumps(line)}\n" for line in lines))
    assert {stream.source for stream in hours.streams} == set(SOURCES)
    for stream in hours.streams:
        assert stream.waiting == [], f"{stream.model} never showed what {stream.source} had told"
        assert max(stream.taken) < stream.objective, (stream.source, stream.model)
        assert min(stream.taken) > timedelta(0)
    # A model that never had to change would be in time whatever happened.
    idle = {(one.source, one.model) for one in hours.streams if len(set(one.states)) < 2}
    assert idle <= {("stripe", "core.fct_account_stage")}


def test_ticks_give_the_rows_of_one_run_at_their_end(hours: Hours, tmp_path_factory: pytest.TempPathFactory) -> None:
    with built_anew(hours.warehouse, tmp_path_factory.mktemp("anew"), hours.lab.now) as anew:
        names = models(anew)
        assert names == models(hours.warehouse)
        found = {name: unlike(hours.warehouse, anew, name, MAY_DIFFER) for name in names}
    assert sum(rows > 0 for rows, _ in found.values()) > 0.8 * len(names), "nothing was compared"
    unequal = {
        name: kept
        for name, (_, rows) in found.items()
        if (kept := [row for row in rows if name not in MAY_BE_ZERO or not _is_zero(*row)])
    }
    assert unequal == {}, "\n".join(f"{name}: {row}" for name, rows in unequal.items() for row in rows)


def _is_zero(side: str, row: tuple[object, ...]) -> bool:
    return side == "incremental" and not any(value for value in row if isinstance(value, int))


def test_finance_shows_whole_hours_only(hours: Hours) -> None:
    changed = 0
    for (_, before), (at, after) in zip(hours.hourly, hours.hourly[1:], strict=False):
        assert len(after) >= 30
        if at.minute:
            assert after == before, f"changed at {at:%H:%M}"
        else:
            changed += after != before
    assert changed == HALF_HOURS // 2
    for at, complete in hours.complete:
        assert complete == {to_naive_utc(at.replace(minute=0))}


def test_no_model_reads_past_what_its_parents_have_finished(hours: Hours) -> None:
    assert hours.ahead == {}
