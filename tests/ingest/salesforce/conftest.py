from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from salesforce_helpers import Warehouse

from northstar.simulator.company import Company
from northstar.simulator.salesforce import SalesforceServer, SalesforceWorld

ANCHOR = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
"""A Monday, before working hours."""


@pytest.fixture
def world() -> SalesforceWorld:
    return SalesforceWorld(Company(seed=7, scale=0.5, anchor=ANCHOR))


@pytest.fixture
def server(world: SalesforceWorld) -> Iterator[SalesforceServer]:
    with SalesforceServer(world.org) as server:
        yield server


@pytest.fixture
def make_warehouse(tmp_path: Path, server: SalesforceServer) -> Iterator[Callable[..., Warehouse]]:
    """Makes a warehouse of its own in a subdirectory; all are closed at the end."""
    made: list[Warehouse] = []

    def make(name: str = "warehouse", **settings: Any) -> Warehouse:
        warehouse = Warehouse(tmp_path / name, server, **settings)
        made.append(warehouse)
        return warehouse

    try:
        yield make
    finally:
        for warehouse in made:
            warehouse.close()


@pytest.fixture
def warehouse(make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    return make_warehouse()
