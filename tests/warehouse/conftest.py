from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from golden import Season
from lab import Lab, LabWarehouse, open_lab, open_warehouse
from scenario import FALL, MODELS, SPRING, Scenario
from slices import copy_slice

from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer

OpenLab = Callable[[Company], Lab]
OpenWarehouse = Callable[[Lab, str], LabWarehouse]


@pytest.fixture(scope="session", autouse=True)
def quiet_sqlmesh() -> None:
    logging.getLogger("sqlmesh").setLevel(logging.ERROR)


@pytest.fixture(scope="session")
def new_lab(postgres_server: PostgresServer) -> Iterator[OpenLab]:
    """Makes a lab for a company; all are dropped at the end of the session."""
    with ExitStack() as stack:
        yield lambda company: stack.enter_context(open_lab(postgres_server, company))


@pytest.fixture(scope="session")
def utilization_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with what the scenario looks at, and what that is made from."""
    project = tmp_path_factory.mktemp("utilization")
    copy_slice(project, *MODELS)
    return project


@pytest.fixture(scope="session")
def new_warehouse(
    new_lab: OpenLab, utilization_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OpenWarehouse]:
    """Makes an empty warehouse on a lab, named like its replication slot; all are closed at the end of the session."""
    with ExitStack() as stack:
        yield lambda lab, slot: stack.enter_context(
            open_warehouse(lab, tmp_path_factory.mktemp(slot), slot, project=utilization_project)
        )


@pytest.fixture(scope="session", params=[SPRING, pytest.param(FALL, marks=pytest.mark.slow)], ids=lambda s: s.name)
def scenario(request: pytest.FixtureRequest, new_lab: OpenLab, new_warehouse: OpenWarehouse) -> Scenario:
    """A company's life around a change of the clocks, along all paths, compared with the source on the way."""
    season: Season = request.param
    scenario = Scenario(season, new_lab(Company(seed=11, scale=0.05, anchor=season.ticks[0])))
    scenario.run(new_warehouse, with_trouble=season is FALL)
    return scenario
