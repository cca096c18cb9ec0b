"""A process killed at every step, and volume: SIGKILL of real subprocesses, memory of real subprocesses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from salesforce_helpers import Warehouse, assert_equal, assert_once, live_in_org, live_in_raw

from northstar.clock import next_boundary
from northstar.simulator.salesforce import SalesforceServer, SalesforceWorld

SCRIPT = Path(__file__).with_name("salesforce_process.py")
PLACES = (
    "after_file", "in_load", "before_commit", "after_commit", "after_read", "after_acknowledge", "after_seal",
    "salesforce_page", "salesforce_pass", "salesforce_deletes", "salesforce_compared",
)  # fmt: skip
SMALL: dict[str, Any] = {"batch_rows": 60, "compare_every": 20 * 3600}


def read_in_subprocess(
    directory: Path, server: SalesforceServer, boundary: datetime, kill_at: str | None = None, **settings: Any
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **server.environment()}
    environment.pop("NORTHSTAR_FAILPOINT", None)
    if kill_at:
        environment["NORTHSTAR_FAILPOINT"] = kill_at
    arguments = [str(directory / "warehouse.duckdb"), str(directory / "landing"), boundary.isoformat()]
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments, json.dumps({**SMALL, **settings})],
        env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def kill_until_done(directory: Path, server: SalesforceServer, boundary: datetime, place: str, **settings: Any) -> int:
    """Read, killed at the first or third arrival at a place, until a read comes through; returns the kills."""
    kills = 0
    while True:
        done = read_in_subprocess(directory, server, boundary, f"{place}:{3 if kills % 2 else 1}", **settings)
        if done.returncode == 0:
            return kills
        assert done.returncode == -signal.SIGKILL, done.stderr
        kills += 1
        # A place that is reached in every run is passed at last without a kill.
        if kills % 6 == 0:
            done = read_in_subprocess(directory, server, boundary, **settings)
            assert done.returncode == 0, done.stderr
            return kills


def change(world: SalesforceWorld, round: int) -> None:
    """Half a day of life, and what life brings too seldom."""
    world.advance(world.org.now, world.org.now + timedelta(hours=12))
    org = world.org
    leads = org.ids("Lead", '"IsDeleted" = 0')
    for n in range(5):
        org.delete("Lead", leads[n + 5 * round], org.now - timedelta(minutes=2))
        if n < 3:
            org.purge("Lead", leads[n + 5 * round])


def check(directory: Path, world: SalesforceWorld, make_warehouse: Callable[..., Warehouse]) -> None:
    warehouse = make_warehouse(directory.name)
    warehouse.boundary = next_boundary(world.org.now) + timedelta(days=30)
    warehouse.read(compare_every=timedelta(0))
    assert_equal(warehouse)


def lived_through(tmp_path: Path, world: SalesforceWorld, server: SalesforceServer, place: str, **settings: Any) -> int:
    """Three rounds of change, each read by processes that are killed at a place; returns the number of kills."""
    server.page_rows = 15
    directory = tmp_path / "killed"
    directory.mkdir()
    kills = 0
    for round in range(3):
        kills += kill_until_done(directory, server, next_boundary(world.org.now), place, **settings)
        change(world, round)
    return kills


def test_killed_while_loading_and_replayed_is_exactly_once(
    tmp_path: Path, world: SalesforceWorld, server: SalesforceServer, make_warehouse: Callable[..., Warehouse]
) -> None:
    server.page_rows = 15
    directory = tmp_path / "killed"
    directory.mkdir()
    boundary = next_boundary(world.org.now)
    for kill_at in ("salesforce_page:9", "before_commit:2", "after_commit:3"):
        done = read_in_subprocess(directory, server, boundary, kill_at)
        assert done.returncode == -signal.SIGKILL, done.stderr
    check(directory, world, make_warehouse)


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_killed_at_each_step_and_replayed_is_exactly_once(
    tmp_path: Path,
    world: SalesforceWorld,
    server: SalesforceServer,
    make_warehouse: Callable[..., Warehouse],
    place: str,
) -> None:
    assert lived_through(tmp_path, world, server, place) > 0, f"{place} was never reached"
    check(tmp_path / "killed", world, make_warehouse)


@pytest.mark.slow
def test_killed_in_bulk_and_replayed_is_exactly_once(
    tmp_path: Path, world: SalesforceWorld, server: SalesforceServer, make_warehouse: Callable[..., Warehouse]
) -> None:
    kills = lived_through(tmp_path, world, server, "salesforce_page", bulk_threshold=10, bulk_page_rows=15)
    assert kills > 3
    check(tmp_path / "killed", world, make_warehouse)


@pytest.mark.slow
def test_a_first_load_that_was_killed_goes_on_where_it_was(
    tmp_path: Path, world: SalesforceWorld, server: SalesforceServer
) -> None:
    """The second process asks for the records after the last that was loaded, not for all of them."""
    server.page_rows = 15
    server.faults.seen.clear()
    boundary = next_boundary(world.org.now)
    read_in_subprocess(tmp_path, server, boundary, "after_commit:4")
    killed_after = len(server.faults.seen)
    assert read_in_subprocess(tmp_path, server, boundary).returncode == 0
    resumed = len(server.faults.seen) - killed_after
    server.faults.seen.clear()
    (tmp_path / "whole").mkdir()
    read_in_subprocess(tmp_path / "whole", server, boundary)
    assert resumed < len(server.faults.seen) - 10


def many(world: SalesforceWorld, count: int) -> None:
    """Fill the org with leads, stamped over the weeks before now."""
    start = world.org.now - timedelta(days=30)
    for n in range(0, count, 200):
        leads = [
            {"LastName": f"Number {n + i}", "FirstName": "Lead", "Name": f"Lead Number {n + i}", "IsConverted": False,
             "Company": f"Clinic, \"{n + i}\"\nGroup", "Email": f"lead{n + i}@clinic.example", "Status": "Nurturing",
             "NumberOfEmployees": i, "OwnerId": "005NS0000000005YAA", "Country": "US", "LeadSource": "Web"}
            for i in range(200)
        ]  # fmt: skip
        world.org.insert("Lead", leads, start + timedelta(seconds=5 * n))


@pytest.mark.slow
@pytest.mark.parametrize("bulk_threshold", [10**9, 10_000], ids=["rest", "bulk"])
def test_a_hundred_thousand_records_in_bounded_memory(
    tmp_path: Path, world: SalesforceWorld, server: SalesforceServer, bulk_threshold: int
) -> None:
    figures = {}
    for count in (20_000, 80_000):
        many(world, count)
        directory = tmp_path / str(count)
        directory.mkdir()
        done = read_in_subprocess(
            directory, server, next_boundary(world.org.now), batch_rows=20_000, bulk_threshold=bulk_threshold
        )
        assert done.returncode == 0, done.stderr
        figures[count] = json.loads(done.stdout)
    print(figures)  # noqa: T201
    assert figures[80_000]["rows"] > 100_000
    assert figures[80_000]["peak"] - figures[20_000]["peak"] < 150
    with duckdb.connect(str(directory / "warehouse.duckdb")) as connection:
        assert live_in_raw(connection, world.org, "Lead") == live_in_org(world.org, "Lead")
        assert_once(connection, "Lead")
