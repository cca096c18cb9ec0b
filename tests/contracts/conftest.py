"""The helpers of tests/project are used here too."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
from sqlmesh.core.console import NoopConsole, set_console

sys.path.insert(0, str(Path(__file__).parents[1] / "project"))


@pytest.fixture(scope="session", autouse=True)
def quiet_sqlmesh() -> None:
    logging.getLogger("sqlmesh").setLevel(logging.ERROR)
    set_console(NoopConsole())
