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
from fresh import built_anew, models, unequal
from lab import HALF_HOUR, LabWarehouse, open_warehouse
from latency import CORE, FINANCE, Stream, streams
from sqlmesh.core.snapshot import Snapshot

from northstar.clock import to_naive_utc
from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

START = datetime(2026, 10, 12, 13, 30, tzinfo=UTC)
"""A Monday on which clinics on both sides of the ocean are open; in the next half hours every partner delivers."""
HALF_HOURS = 5
"""From the first landing to a full hour, so that finance is complete at the end."""


@dataclass
class Hours:
    """A few hours of a company's life and of the ticks that follow it."""

    lab: CompanyLab
    warehouse: LabWarehouse
    streams: list[Stream] = field(default_factory=streams)
    seconds: list[float] = field(default_factory=list)
    hourly: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    """After each tick, a digest of each mart of finance, and of each table that is brought up to date by the hour."""
    complete: list[tuple[datetime, set[datetime]]] = field(default_factory=list)
    """After each tick, through when finance says that it is complete."""
    ahead: dict[str, tuple[str, datetime, datetime]] = field(default_factory=dict)
    """Models that were ever ahead of a parent: which, and how far both were."""
    pairs: set[tuple[str, str]] = field(default_factory=set)
    """Models and the tables that they read, through views, of which that was looked at."""
    _dice: Random = field(default_factory=lambda: Random(7))

    def run(self) -> None:
        """Live, tick and look."""
        facts_oracle.watch(self.lab)
        self.lab.told.begin(self.lab.services)
        self._tick()
        for number in range(HALF_HOURS):
            before = self.lab.now
            self._act(number)
            self.lab.live(before + HALF_HOUR)
            seconds = self._tick()
            for stream in self.streams:
                stream.look(self.lab, self.warehouse, before, seconds)

    def _act(self, number: int) -> None:
        """What waits longest, as the tick has just read: a deal is won, a charge refunded, a file written anew."""
        crm, stripe = self.lab.services.salesforce.crm, self.lab.services.stripe
        customer = crm.org.ids("Account", '"Type" = \'Customer\' AND NOT "IsDeleted"')[0]
        deal = crm.open_opportunity(customer, "Expansion", self.lab.now, self._dice)
        while crm.move_stage(deal, self.lab.now, self._dice, lose=0) != "Closed Won":
            pass
        charges = [row for row in stripe.store.kinds["charge"] if row["paid"] and row["livemode"]]
        stripe.payments.refund([row for row in charges if not row["disputed"] and not row["refunded"]][-1], 100)
        bucket = self.lab.services.partner.bucket
        file = [key for key in bucket.list() if key.startswith("referrals/") and b".00" in bucket.get(key)][number]
        bucket.put(file, bucket.get(file).replace(b".00", b".50"), at=self.lab.now)

    def _tick(self) -> float:
        report = self.warehouse.tick()
        self.seconds.append(report.seconds)
        self.hourly.append((self.lab.now, self._digests()))
        rows = self.warehouse.rows("SELECT complete_through FROM core.watermark_finance")
        self.complete.append((self.lab.now, {row["complete_through"] for row in rows}))
        self._look_ahead()
        return report.seconds

    def _digests(self) -> dict[str, Any]:
        found = {
            snapshot.model.name: snapshot.model
            for snapshot in self.warehouse.warehouse.context.snapshots.values()
            if snapshot.is_model
        }
        names = [
            name
            for name, model in found.items()
            if name.startswith("marts_finance.") or (model.cron == "@hourly" and model.kind.is_incremental)
        ]
        connection = self.warehouse.warehouse.connection
        return {
            name: connection.execute(f"SELECT count(*), bit_xor(hash(one)) FROM {name} AS one").fetchone()
            for name in names
        }

    def _look_ahead(self) -> None:
        context = self.warehouse.warehouse.context
        stored = {one.name: one for one in context.state_reader.get_snapshots(context.snapshots.values()).values()}
        for snapshot in stored.values():
            if not snapshot.is_model or not snapshot.model.kind.is_incremental or not snapshot.intervals:
                continue
            for parent in _tables_above(snapshot, stored):
                self.pairs.add((snapshot.name, parent.name))
                if _end(snapshot) > _end(parent):
                    self.ahead[snapshot.name] = parent.name, _end(snapshot), _end(parent)


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
    with capsys.disabled():
        sys.stdout.write(f"\nminutes from commit to query, over {HALF_HOURS / 2} h; a tick took up to ")
        sys.stdout.write(f"{max(hours.seconds[1:]):.0f} s, {hours.seconds[0]:.0f} s with the first landing\n")
        sys.stdout.write("".join(f"{json.dumps(stream.line())}\n" for stream in hours.streams))
    assert {stream.source for stream in hours.streams} == set(SOURCES)
    for stream in hours.streams:
        assert stream.waiting == [], f"{stream.model} never showed what {stream.source} had told"
        assert timedelta(0) < min(stream.taken)
        assert max(stream.taken) < stream.objective, (stream.source, stream.model)
        # A model that never had to change would be in time whatever happened.
        assert len(set(stream.states)) > 1, stream.model
    longest = timedelta(seconds=max(hours.seconds[1:]))
    assert HALF_HOUR + longest < CORE, "what is committed just after a tick has read"
    assert 2 * HALF_HOUR + longest < FINANCE


def test_ticks_give_the_rows_of_one_run_at_their_end(hours: Hours, tmp_path_factory: pytest.TempPathFactory) -> None:
    with built_anew(hours.warehouse, tmp_path_factory.mktemp("anew"), hours.lab.now) as anew:
        assert models(anew) == models(hours.warehouse)
        rows, found = unequal(hours.warehouse, anew)
    assert sum(count > 0 for count in rows.values()) > 0.8 * len(rows), "nothing was compared"
    assert found == {}, "\n".join(f"{name}: {row}" for name, kept in found.items() for row in kept)


def test_finance_shows_whole_hours_only(hours: Hours) -> None:
    changed: set[str] = set()
    for (_, before), (at, after) in zip(hours.hourly, hours.hourly[1:], strict=False):
        different = {name for name in after if after[name] != before[name]}
        if at.minute:
            assert different == set(), f"changed at {at:%H:%M}"
        changed |= different
    assert {"marts_finance.mart_revenue_day", "marts_finance.mart_balance_reconciliation"} <= changed
    assert len(changed) >= 10
    for at, complete in hours.complete:
        assert complete == {to_naive_utc(at.replace(minute=0))}


def test_no_model_reads_past_what_its_parents_have_finished(hours: Hours) -> None:
    assert hours.ahead == {}
    assert len(hours.pairs) > 200
