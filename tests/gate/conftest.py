from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from shop import Shop, open_shop


@pytest.fixture(autouse=True)
def quiet_sqlmesh() -> None:
    logging.getLogger("sqlmesh").setLevel(logging.CRITICAL)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop whose prod holds four days."""
    with open_shop(tmp_path) as opened:
        yield opened
