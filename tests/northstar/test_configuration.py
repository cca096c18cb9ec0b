"""Settings that reach DuckDB through SQLMesh's configuration."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from sqlmesh.core.config.loader import load_config_from_yaml

ROOT = Path(__file__).parents[2]


def memory() -> str:
    """The memory that DuckDB may take when it is opened as the configuration says."""
    settings = load_config_from_yaml(ROOT / "config.yaml")["gateways"]["duckdb"]["connection"]["connector_config"]
    with duckdb.connect() as connection:
        for name, value in settings.items():
            connection.execute(f"SET {name} = '{value}'")
        (limit,) = connection.execute("SELECT current_setting('memory_limit')").fetchone() or ("",)
    return str(limit)


def test_memory_is_limited_by_a_setting_and_else_by_duckdb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NORTHSTAR_DUCKDB_MEMORY", raising=False)
    with duckdb.connect() as connection:
        assert (memory(),) == connection.execute("SELECT current_setting('memory_limit')").fetchone()
    monkeypatch.setenv("NORTHSTAR_DUCKDB_MEMORY", "512MiB")
    assert memory() == "512.0 MiB"
