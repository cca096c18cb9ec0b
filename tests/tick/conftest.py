from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from little import Little
from settled import settle

from northstar.warehouse import Warehouse


@pytest.fixture
def little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Little:
    """A little company that has not been ticked yet."""
    company = Little(tmp_path).create()
    settle(company, monkeypatch)
    return company


@pytest.fixture
def warehouse(little: Little) -> Iterator[Warehouse]:
    """Its warehouse, open."""
    with little.warehouse() as opened:
        yield opened
