"""A Stripe account with a life, its server, and a warehouse to land it in."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from stripe_helpers import ANCHOR, Warehouse

from northstar.simulator.company import Company
from northstar.simulator.stripe import Store, StripeServer, StripeWorld


@pytest.fixture
def world() -> StripeWorld:
    return StripeWorld(Company(7, 1.0, ANCHOR), timedelta(days=190))


@pytest.fixture
def server(world: StripeWorld) -> Iterator[StripeServer]:
    with StripeServer(world.store) as server:
        yield server


@pytest.fixture
def store() -> Store:
    """An account with nothing in it."""
    return Store(3, ANCHOR)


@pytest.fixture
def small(store: Store) -> Iterator[StripeServer]:
    """The server of an account with nothing in it."""
    with StripeServer(store) as server:
        yield server


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    warehouse = Warehouse(tmp_path)
    try:
        yield warehouse
    finally:
        warehouse.close()
