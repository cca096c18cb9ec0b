"""A day of the whole company, in which everything befalls its warehouse, ends as a day on which nothing did.

The four source systems are real servers, the models a slice of the real project with a fact or dimension of each source
and every kind of model.  Every kill is a SIGKILL in a process that holds the warehouse.  The little company's day
(test_kills.py) has more kills, and those of single readers are in tests/ingest.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from company_day import Side, Trouble, side, small_disk
from company_lab import CompanyLab, open_company
from forks import in_fork
from lab import HALF_HOUR, LabWarehouse
from slices import copy_slice

from northstar import pseudonyms
from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

START = datetime(2026, 10, 12, 13, tzinfo=UTC)
TICKS = tuple(START + number * HALF_HOUR for number in (*range(11), 24))
"""Some hours in which everybody is at work, and the hour after midnight, when Stripe pays out."""
SLICE = (
    "core.fct_clinic_day", "core.fct_payout_balance", "core.dim_account_owner", "core.fct_remittance",
    "reference.calendar_date",
)  # fmt: skip
"""Of the app, of Stripe by the hour, of Salesforce with history, of the partners; reference data by the day."""
MODELS = "core|intermediate|reference|staging"
OF_A_SNAPSHOT = {"commit_lsn", "commit_seq", "committed_at", "_commit_lsn", "_seq", "_commit_ts", "_xid"}
"""Of a row that was read by a snapshot: when and where that was, which is another for each reader."""
PROMOTED_AT = 5
"""The tick before which a change of a model is promoted."""

AT_FIRST = [
    "before_slot", "after_slot", "in_snapshot", "in_listing", "salesforce_page", "salesforce_pass", "after_list",
    "after_download", "after_judge", "after_file", "in_load", "statement:5", "after_statement:60", "statement:120",
    "after_initialise", "statement@reference.calendar_date:2", "statement@reference.currency:2",
]  # fmt: skip
"""While everything is read for the first time, prod is made, and a seed and a full model are filled."""
IN_SOURCES = [
    "salesforce_deletes", "after_publication", "after_peek",
    "after_list", "after_read", "salesforce_page",
    "after_file", "in_load", "before_commit",
    "after_commit", "after_acknowledge", "after_seal",
    "after_file:3", "before_commit:2", "after_seal:2",
    "after_commit:3", "after_acknowledge:2", "after_seal",
]  # fmt: skip
"""After one seal and before the next is between two sources.  Where a tick did not come, it has gone well instead."""
WHENEVER_READ = {
    "after_list", "after_read", "after_file", "in_load", "before_commit", "after_commit", "after_acknowledge",
    "after_seal",
}  # fmt: skip
IN_TICK = ["after_mend", "after_ingest", "after_run", "before_record", "after_record"]
IN_MODELS = [
    "intermediate.int_scheduling__appointment_change", "core.fct_clinic_day", "intermediate.int_sales__account_owner",
    "intermediate.int_platform__payout_change_audited", "intermediate.int_scheduling__clinic_day",
    "core.fct_remittance",
]  # fmt: skip
"""By time range, by key, with history kept by SQLMesh, a record of audits, by key, a view; every half hour."""
IN_HOURLY = ["intermediate.int_platform__payout_balance", "core.fct_payout_balance"]
BY_THE_DAY = ["statement@reference.calendar_date:1", "statement@reference.calendar_date:3"]
PROMOTING = ["statement:2", "after_statement:5", "statement:12", "after_statement:30", "statement:80"]

FAULTS = {
    1: (Trouble.disk_full, Trouble.app_down),
    3: (Trouble.file_locked, Trouble.apis_refuse, Trouble.apis_fail),
    5: (Trouble.app_restarts,),
    7: (Trouble.disk_full, Trouble.file_locked),
    9: (Trouble.app_cut,),
}
"""What befalls which half hour.  At full hours there are kills instead: what a faulty tick has done is not repeated."""


def places_of_day() -> Iterator[list[str]]:
    """For each tick, the places at which it dies, one after another, before it may go well."""
    yield AT_FIRST
    sources, in_tick = itertools.cycle(IN_SOURCES), itertools.cycle(IN_TICK)
    in_models, in_hourly = itertools.cycle(IN_MODELS), itertools.cycle(IN_HOURLY)
    for number in range(1, len(TICKS)):
        places = []
        if number not in FAULTS:
            places += [next(sources) for _ in range(3)]
            running = [next(in_models), next(in_models), next(in_hourly)]
            # What ran before the model that dies is not run again, so that order matters.
            order = running if number % 4 else reversed(running)
            places += [f"statement@{model}:{1 + number // 2 % 3}" for model in order]
        if number == len(TICKS) - 1:
            places += BY_THE_DAY
        yield [*places, next(in_tick)]


def edit(project: Path, *sides: Side) -> None:
    """The change that is promoted: one more is counted as done."""
    file = project / "models" / "core" / "fct_clinic_day.sql"
    text = file.read_text()
    assert text.count("day.fulfilled_count::BIGINT") == 1
    file.write_text(text.replace("day.fulfilled_count::BIGINT", "(day.fulfilled_count + 1)::BIGINT"))
    for one in sides:
        with one.open():
            one.opened.warehouse.context.load()


def promote(day: Trouble, calm: Side, project: Path, at: datetime) -> None:
    edit(project, calm, day.struck)
    assert in_fork(lambda: calm.promote(at)) == 0
    for place in PROMOTING:
        day.kill(lambda: day.struck.promote(at), place, "while promoting")
    assert in_fork(lambda: day.struck.promote(at)) == 0


def tick_well(side: Side, at: datetime) -> None:
    def work() -> None:
        status = side.tick(at)
        assert status == "ok", status

    assert in_fork(work) == 0, f"tick {at}"


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of the day's own: it crashes."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def lab(server: PostgresServer) -> Iterator[CompanyLab]:
    with open_company(server, Company(27, 0.05, START, chosen=(1, 2, 6), clinics_by_segment=(1, 1, 1))) as lab:
        yield lab


@pytest.fixture
def one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same pseudonyms in both warehouses."""
    pads = pseudonyms.padded(b"both warehouses have this key")
    monkeypatch.setattr(pseudonyms, "padded", lambda key: pads)


def live_through(day: Trouble, calm: Side, lab: CompanyLab, project: Path) -> None:
    """The day, tick by tick, in both warehouses."""
    for number, places in enumerate(places_of_day()):
        at = TICKS[number]
        if number == PROMOTED_AT:
            promote(day, calm, project, lab.now + timedelta(seconds=1))
        if number:
            lab.live(at)
        tick_well(calm, at)
        for befall in FAULTS.get(number, ()):
            befall(day, at)
        for place in places:
            day.kill(partial(day.struck.tick, at), place)
        tick_well(day.struck, at)


def contents(side: Side) -> dict[str, Counter[str]]:
    """Every row of raw, the ledger's loads apart, and of every model."""
    with side.open() as opened:
        tables = opened.rows(
            "SELECT schema_name || '.' || table_name AS name, list(lower(column_name) ORDER BY column_index) AS columns"
            " FROM duckdb_columns() WHERE database_name = current_database()"
            f" AND lower(schema_name) SIMILAR TO 'raw_[a-z]+|{MODELS}' GROUP BY ALL"
        )
        return {table["name"].lower(): _rows(opened, table["name"], table["columns"]) for table in tables}


def _rows(warehouse: LabWarehouse, table: str, columns: list[str]) -> Counter[str]:
    op = {"_op", "operation"} & {*columns}
    kept = []
    for column in columns:
        if column not in OF_A_SNAPSHOT:
            kept += [f'"{column}"'] if column != "_load_id" else []
        elif op:
            kept += [f"IF({min(op)} = 'R', NULL, {column})"]
    schema, _, name = table.partition(".")
    rows = warehouse.warehouse.connection.execute(f'SELECT {", ".join(kept)} FROM {schema}."{name}"').fetchall()
    return Counter(map(repr, rows))


def test_a_day_on_which_everything_happens_ends_as_one_on_which_nothing_did(
    lab: CompanyLab, server: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], one_key: None
) -> None:
    project = tmp_path / "project"
    copy_slice(project, *SLICE)
    with (
        small_disk(tmp_path / "struck") as mounted,
        side(lab, tmp_path / "calm", project) as calm,
        side(lab, tmp_path / "struck", project) as struck,
    ):
        day = Trouble(struck, server, tmp_path / "struck" if mounted else None)
        live_through(day, calm, lab, project)
        expected, found = contents(calm), contents(struck)
    assert found.keys() == expected.keys()
    unequal = {
        name: [*(expected[name] - found[name])][:3] + [*(found[name] - expected[name])][:3]
        for name in expected
        if expected[name] != found[name]
    }
    rows = {name: count for name, one in sorted(expected.items()) if (count := one.total())}
    kills = sum(count for what, count in day.injected.items() if what.startswith("SIGKILL"))
    injected = {what: count for what, count in day.injected.items() if count}
    report = {"ticks": len(TICKS), "kills": kills, "injected": injected, "rows": rows, "unequal": sorted(unequal)}
    (tmp_path / "kills.json").write_text(json.dumps(report, indent=2))
    with capsys.disabled():
        sys.stdout.write(f"\n{json.dumps(report, indent=2)}\n")
    assert unequal == {}
    assert rows.keys() >= {*SLICE, *IN_MODELS, *IN_HOURLY}, "nothing was compared"
    reached = {what.removeprefix("SIGKILL ") for what in injected}
    assert {*AT_FIRST, *IN_TICK, *WHENEVER_READ} <= reached
    assert sum("statement@" in place for place in reached) >= 5
    assert sum("while promoting" in place for place in reached) >= 3
    assert sum("disk full" in what for what in injected) == 2
