"""Killed at each step and run again, a read leaves every change in raw exactly once; 200,000 objects fit in memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from stripe_helpers import ANCHOR, Warehouse, assert_equal, landed_events, live

from northstar.clock import TICK
from northstar.simulator.stripe import Store, StripeServer, StripeWorld

CHILD = Path(__file__).with_name("stripe_child.py")
BATCH = 60


def read(
    root: Path, server: StripeServer, boundary: datetime, failpoint: str = "", batch: int = BATCH, *options: str
) -> subprocess.CompletedProcess[str]:
    """Read in a process of its own, which is killed at a failpoint if one is named."""
    return subprocess.run(
        [sys.executable, CHILD, root, server.url, server.live_key, boundary.isoformat(), str(batch), *options],
        env={**os.environ, "NORTHSTAR_FAILPOINT": failpoint}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def read_after_kill(root: Path, server: StripeServer, boundary: datetime, failpoint: str, *options: str) -> None:
    killed = read(root, server, boundary, failpoint, BATCH, *options)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    warehouse = Warehouse(root, boundary)
    try:
        warehouse.tick(server, objects_per_batch=BATCH)
    finally:
        warehouse.close()


def check(root: Path, world: StripeWorld, after: str) -> None:
    warehouse = Warehouse(root)
    try:
        assert_equal(warehouse, world.store)
        assert warehouse.events() == landed_events(world.store, after)
    finally:
        warehouse.close()


def test_a_read_killed_before_its_commit_is_repeated_whole(
    world: StripeWorld, server: StripeServer, tmp_path: Path
) -> None:
    last = [event["id"] for event in world.store.kinds["event"]][-1]
    read_after_kill(tmp_path, server, ANCHOR + TICK, "before_commit:12")
    live(world, days=2)
    read_after_kill(tmp_path, server, ANCHOR + 2 * TICK, "after_commit")
    check(tmp_path, world, last)


@pytest.mark.slow
@pytest.mark.parametrize("nth", [1, 2, 9])
@pytest.mark.parametrize(
    "place",
    ["after_file", "in_listing", "after_read", "in_load", "before_commit", "after_commit", "after_acknowledge"],
)
def test_killed_anywhere_in_the_first_read_and_in_a_later_one(
    world: StripeWorld, server: StripeServer, tmp_path: Path, place: str, nth: int
) -> None:
    last = [event["id"] for event in world.store.kinds["event"]][-1]
    read_after_kill(tmp_path, server, ANCHOR + TICK, f"{place}:{nth}")
    live(world, days=20)
    if place == "in_listing":
        read_after_kill(tmp_path, server, ANCHOR + 2 * TICK, f"{place}:{nth}", "heal")
    else:
        read_after_kill(tmp_path, server, ANCHOR + 2 * TICK, f"{place}:{min(nth, 4)}")
    check(tmp_path, world, last)


@pytest.mark.slow
@pytest.mark.parametrize("failpoint", ["in_listing:3", "before_commit:1", "after_commit:6", "after_acknowledge:10"])
def test_killed_while_an_expired_place_is_healed(
    world: StripeWorld, server: StripeServer, tmp_path: Path, failpoint: str
) -> None:
    assert read(tmp_path, server, ANCHOR + TICK).returncode == 0
    live(world, days=60)
    read_after_kill(tmp_path, server, ANCHOR + 2 * TICK, failpoint)
    live(world, days=1)
    assert read(tmp_path, server, ANCHOR + 3 * TICK).returncode == 0
    warehouse = Warehouse(tmp_path)
    try:
        assert_equal(warehouse, world.store)
    finally:
        warehouse.close()


@pytest.mark.slow
def test_killed_after_sealing_there_is_nothing_left_to_do(
    world: StripeWorld, server: StripeServer, tmp_path: Path
) -> None:
    read_after_kill(tmp_path, server, ANCHOR + TICK, "after_seal")
    before = len(server.requests)
    assert read(tmp_path, server, ANCHOR + TICK).returncode == 0
    assert len(server.requests) == before


def large_account(store: Store, thousands: int) -> None:
    """Customers, invoices with three lines, payment intents, charges and balance transactions, without events."""
    pending = {"status": "available", "available_on": store.now, "currency": "usd", "fee": 59, "type": "charge"}
    for number in range(thousands * 1000 // 8):
        store.set_clock(store.now + 1)
        customer = store.create("customer", name=f"Clinic {number}", balance=0, currency="usd", metadata={})
        identifier = store.new_id("invoice")
        lines = [
            {"id": f"il_{number}_{n}", "object": "line_item", "amount": 100 * n, "invoice": identifier, "taxes": []}
            for n in range(3)
        ]
        store.create("invoice", id=identifier, customer=customer["id"], total=300, status="paid", lines=lines)
        intent = store.create("payment_intent", customer=customer["id"], amount=300, currency="usd", status="succeeded")
        charge = store.create("charge", customer=customer["id"], amount=300, paid=True, payment_intent=intent["id"])
        store.create("balance_transaction", amount=300, net=241, source=charge["id"], **pending)


@pytest.mark.slow
def test_200_000_objects_killed_on_the_way_land_once_and_in_bounded_memory(store: Store, tmp_path: Path) -> None:
    large_account(store, 200)
    with StripeServer(store) as server:
        killed = read(tmp_path, server, ANCHOR + TICK, "after_commit:5", 2_000)
        assert killed.returncode == -signal.SIGKILL
        before = len(server.requests)
        finished = read(tmp_path, server, ANCHOR + TICK, "", 2_000)
        assert finished.returncode == 0, finished.stderr
        resumed = len(server.requests) - before
    told = json.loads(finished.stdout)
    warehouse = Warehouse(tmp_path)
    try:
        assert len(warehouse.numbers()) == 200_000
        assert_equal(warehouse, store)
    finally:
        warehouse.close()
    sys.stdout.write(f"resumed with {resumed} requests: {told}\n")
    assert resumed < 1_210, "what was landed before the kill is not listed again"
    assert told["peak_mib"] - told["start_mib"] < 200
