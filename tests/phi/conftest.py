"""Small projects for the firewall, and the real one."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
from sqlmesh.core.console import NoopConsole, set_console

for _folder in (Path(__file__).parents[2], Path(__file__).parents[1] / "project"):
    sys.path.insert(0, str(_folder))  # macros/, as SQLMesh imports it; projects.py, which copies and makes projects


@pytest.fixture(scope="session", autouse=True)
def quiet_sqlmesh() -> None:
    logging.getLogger("sqlmesh").setLevel(logging.ERROR)
    set_console(NoopConsole())
