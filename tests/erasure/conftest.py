"""One small company, landed and modelled, of which patients are forgotten and keys rotated."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer

for _folder in ("warehouse", "project", "erasure"):  # lab.py, projects.py, held.py
    sys.path.insert(0, str(Path(__file__).parents[1] / _folder))

from lab import open_lab, open_warehouse
from reduced import ANCHOR, reduced_project


@pytest.fixture(scope="session", autouse=True)
def quiet_sqlmesh() -> None:
    logging.getLogger("sqlmesh").setLevel(logging.ERROR)


@pytest.fixture(scope="module")
def modelled(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A warehouse after its first tick."""
    project = reduced_project(tmp_path_factory.mktemp("project"))
    home = tmp_path_factory.mktemp("erasure")
    with (
        open_lab(postgres_server, Company(seed=5, scale=0.02, anchor=ANCHOR)) as company,
        open_warehouse(company, home, "erasure", project=project) as warehouse,
    ):
        warehouse.tick()
        yield warehouse
