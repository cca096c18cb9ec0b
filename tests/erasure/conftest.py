"""One small company, landed and modelled, of which patients are forgotten and keys rotated."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer

sys.path.insert(0, str(Path(__file__).parents[1] / "warehouse"))  # lab.py

ANCHOR = datetime(2026, 11, 4, 14, 0, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def quiet_sqlmesh() -> None:
    logging.getLogger("sqlmesh").setLevel(logging.ERROR)


@pytest.fixture(scope="module")
def modelled(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A warehouse after its first tick."""
    from lab import open_lab, open_warehouse

    with open_lab(postgres_server, Company(seed=5, scale=0.02, anchor=ANCHOR)) as lab:
        home = tmp_path_factory.mktemp("erasure")
        with open_warehouse(lab, home, "erasure") as warehouse:
            warehouse.tick()
            yield warehouse
