"""A little company in the place of the real sources."""

from __future__ import annotations

import pytest
from little import Little

from northstar.ingest import together


def settle(company: Little, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process read the company's sources, and SQLMesh its settings."""
    for name, value in company.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(together, "open_source", company.open_source)
