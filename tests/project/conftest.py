"""The SQLMesh project, loaded once."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from projects import PROJECT
from sqlmesh import Context
from sqlmesh.core.console import NoopConsole, set_console


@pytest.fixture(scope="session", autouse=True)
def quiet_sqlmesh() -> None:
    logging.getLogger("sqlmesh").setLevel(logging.ERROR)
    set_console(NoopConsole())


@pytest.fixture(scope="session")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """The project as it stands, on an empty warehouse.  Only for looking at."""
    home = tmp_path_factory.mktemp("context")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NORTHSTAR_GATEWAY", "duckdb")
        patch.setenv("NORTHSTAR_DUCKDB", str(home / "northstar.duckdb"))
        patch.setenv("NORTHSTAR_STATE", str(home / "state.duckdb"))
        loaded = Context(paths=str(PROJECT))
    yield loaded
    loaded.close()
