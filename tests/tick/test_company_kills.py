"""A day of the whole company, in which everything befalls its warehouse, ends as a day on which nothing did.

The four source systems are real servers, the models a slice of the real project with models of each source.
Every kill is a SIGKILL in a process that holds the warehouse.  The little company's day (test_kills.py) has more kills,
and those of single readers are in tests/ingest.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from company_day import Side, Trouble, side
from company_lab import CompanyLab, open_company
from forks import in_fork
from fresh import models, unlike
from lab import HALF_HOUR, LabWarehouse
from slices import copy_slice

from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

START = datetime(2026, 10, 12, 12, tzinfo=UTC)
TICKS = tuple(START + half_hours * HALF_HOUR for half_hours in (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 40, 48))
"""Over a day: half hours, and longer and longer gaps, so that ticks have boundaries to make up for."""
MODELS = (
    "core.dim_clinic",
    "core.fct_appointment_event",
    "core.fct_payout_balance",
    "core.dim_salesperson",
    "core.fct_remittance",
)
"""Of the app with history and by the event, of Stripe by the hour, of Salesforce, of the partners."""
PROMOTED_AT = 7
"""The tick before which a change of a model is promoted."""

AT_FIRST = [
    "before_slot", "after_slot", "in_snapshot", "in_listing", "salesforce_page", "salesforce_pass",
    "after_list", "after_download", "after_judge", "after_file", "in_load", "after_statement:60", "after_initialise",
]  # fmt: skip
"""While everything is read for the first time, and prod is made."""
IN_SOURCES = [
    "after_read", "after_file", "in_load", "before_commit", "after_commit", "after_acknowledge", "after_seal",
    "after_publication", "after_peek", "salesforce_page", "salesforce_pass", "after_list", "after_file:3",
    "before_commit:2", "after_commit:3", "after_acknowledge:2", "after_seal:2", "after_seal:3", "after_seal:4",
]  # fmt: skip
"""After one seal and before the next is between two sources."""
IN_TICK = ["after_mend", "after_ingest", "after_run", "before_record", "after_record"]
PROMOTING = ["statement:2", "after_statement:5", "statement:12", "after_statement:30"]


def write_report(day: Trouble, compared: dict[str, int], path: Path) -> dict[str, Any]:
    """What was injected, and what was compared."""
    report = {
        "ticks": len(TICKS),
        "kills": sum(count for what, count in day.injected.items() if what.startswith("SIGKILL")),
        "injected": {what: count for what, count in day.injected.items() if count},
        "rows_equal": compared,
    }
    path.write_text(json.dumps(report, indent=2))
    return report


def stored(side: Side) -> tuple[list[str], list[str]]:
    """The slice's models that are kept as tables: those of every half hour, and those of every hour."""
    kept = [
        snapshot.model
        for snapshot in side.opened.warehouse.context.snapshots.values()
        if snapshot.is_model and (snapshot.model.kind.is_incremental or snapshot.model.kind.is_scd_type_2)
    ]
    names: dict[bool, list[str]] = {False: [], True: []}
    for model in kept:
        names[model.cron == "@hourly"].append(".".join(model.fqn.replace('"', "").lower().split(".")[1:]))
    return sorted(names[False]), sorted(names[True])


def places_of_day(half_hourly: list[str], hourly: list[str]) -> Iterator[list[str]]:
    """For each tick, the places at which it dies, one after another, before it may go well."""
    yield AT_FIRST
    sources, in_tick = itertools.cycle(IN_SOURCES), itertools.cycle(IN_TICK)
    usual, by_the_hour = itertools.cycle(half_hourly), itertools.cycle(hourly)
    for number, at in enumerate(TICKS[1:], 1):
        places = [
            next(sources),
            next(sources),
            f"statement@{next(usual)}:{1 + number % 3}",
            f"statement@{next(usual)}:2",
        ]
        if at.minute == 0:
            places += [f"statement@{next(by_the_hour)}:{1 + number % 3}"]
        yield [*places, next(in_tick)]


def faults(day: Trouble) -> dict[int, tuple[Callable[[datetime], None], ...]]:
    """What else befalls which tick, before its kills."""
    return {
        1: (day.app_down, day.file_locked), 2: (day.stripe_drops, day.disk_full), 3: (day.salesforce_fails,),
        4: (day.app_restarts, day.file_locked), 5: (day.bucket_fails,), 6: (day.app_cut,), 7: (day.stripe_refuses,),
        8: (day.salesforce_limits,), 9: (day.bucket_denies, day.disk_full), 10: (day.app_cut,), 11: (day.app_restarts,),
    }  # fmt: skip


def edit(project: Path, *sides: Side) -> None:
    """The change that is promoted: a payout counts itself among its transactions."""
    file = project / "models" / "core" / "fct_payout_balance.sql"
    text = file.read_text()
    assert text.count("  transaction_count::BIGINT") == 1
    file.write_text(text.replace("  transaction_count::BIGINT", "  (transaction_count + 1)::BIGINT"))
    for one in sides:
        with one.open():
            one.opened.warehouse.context.load()


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of the day's own: it crashes."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def lab(server: PostgresServer) -> Iterator[CompanyLab]:
    with open_company(server, Company(27, 0.05, START, chosen=(1, 2, 6, 7), clinics_by_segment=(1, 1, 1))) as lab:
        yield lab


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


def raw_rows(warehouse: LabWarehouse) -> dict[str, Counter[tuple[Any, ...]]]:
    """Every row of raw, without the numbers that tell one reader's loads and snapshot from another's."""
    found = {}
    for row in warehouse.rows(
        "SELECT schema_name AS s, table_name AS t, list(column_name ORDER BY column_index) AS c FROM duckdb_columns() "
        "WHERE schema_name LIKE 'raw\\_%' ESCAPE '\\' AND database_name = current_database() GROUP BY ALL"
    ):
        names = [f'"{name}"' for name in row["c"] if name in ("_op", "_loaded_at") or not name.startswith("_")]
        rows = warehouse.warehouse.connection.execute(f'SELECT {", ".join(names)} FROM {row["s"]}."{row["t"]}"')
        found[f"{row['s']}.{row['t']}"] = Counter(map(tuple, map(_hashable, rows.fetchall())))
    return found


def _hashable(row: tuple[Any, ...]) -> list[Any]:
    return [repr(value) if isinstance(value, dict | list) else value for value in row]


def test_a_day_on_which_everything_happens_ends_as_one_on_which_nothing_did(
    lab: CompanyLab, server: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    copy_slice(project, *MODELS)
    with side(lab, tmp_path / "calm", project) as calm, side(lab, tmp_path / "struck", project) as struck:
        day = Trouble(struck, server)
        with struck.open():
            half_hourly, hourly = stored(struck)
        special = faults(day)
        for number, places in enumerate(places_of_day(half_hourly, hourly)):
            at = TICKS[number]
            if number == PROMOTED_AT:
                promote(day, calm, project, lab.now + timedelta(seconds=1))
            if number:
                lab.live(at)
            tick_well(calm, at)
            for befall in special.get(number, ()):
                befall(at)
            for place in places:
                day.kill(lambda at=at: struck.tick(at), place)  # type: ignore[misc]
            tick_well(struck, at)
        with calm.open() as left, struck.open() as right:
            expected, found = raw_rows(left), raw_rows(right)
            differing = {name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)}
            names = models(left)
            assert models(right) == names
            compared = {name: unlike(right, left, name, {}) for name in names}
    rows = {name: sum(counted.values()) for name, counted in expected.items()}
    report = write_report(day, rows | {name: count for name, (count, _) in compared.items()}, tmp_path / "kills.json")
    with capsys.disabled():
        sys.stdout.write(f"\n{json.dumps(report, indent=2)}\n")
    assert differing == set()
    assert {name: unequal for name, (_, unequal) in compared.items() if unequal} == {}
    assert all(compared[name][0] for name in MODELS), "nothing was compared"
    assert report["kills"] >= 70
    reached = {what.removeprefix("SIGKILL ") for what, count in day.injected.items() if count}
    assert {*AT_FIRST, *IN_TICK, *(place for place in IN_SOURCES if ":" not in place)} <= reached
    assert sum("while promoting" in place for place in reached) >= 3
    assert {place.partition("@")[2].partition(":")[0] for place in reached} >= set(hourly)
    assert sum("statement@" in place for place in reached) >= 12
