"""Projects on DuckDB files of their own: the real one copied, or a few models that borrow parts of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlmesh import Context

from northstar.warehouse import Warehouse

PROJECT = Path(__file__).parents[2]
PARTS = ("config.yaml", "external_models", "models", "macros", "audits", "signals", "linter", "seeds", "contracts")
"""What SQLMesh loads, the unit tests apart."""


def copy_project(destination: Path, parts: tuple[str, ...] = PARTS) -> None:
    """Copy what SQLMesh loads."""
    destination.mkdir(parents=True, exist_ok=True)
    for part in parts:
        if (PROJECT / part).is_dir():
            shutil.copytree(PROJECT / part, destination / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(PROJECT / part, destination / part)


def _config(home: Path) -> str:
    return f"""
gateways:
  duckdb:
    connection:
      type: duckdb
      catalogs:
        NORTHSTAR: {home}/warehouse.duckdb
    state_connection:
      type: duckdb
      database: {home}/state.duckdb
model_defaults:
  dialect: snowflake
  start: 2026-01-01
  cron: '*/30 * * * *'
"""


@contextmanager
def small_project(home: Path, models: dict[str, str], *parts: str) -> Iterator[Context]:
    """A project of a few models, by file name, with some real parts such as ``audits``."""
    copy_project(home, parts)
    (home / "config.yaml").write_text(_config(home))
    (home / "models").mkdir()
    for name, text in models.items():
        (home / "models" / f"{name}.sql").write_text(text)
    opened = Context(paths=str(home))
    try:
        opened.engine_adapter.fetchone("SELECT 1")  # SQLMesh attaches the warehouse at its first query
        yield opened
    finally:
        opened.close()


def physical_rows(warehouse: Warehouse) -> dict[str, int]:
    """Every physical table of a DuckDB warehouse, of whichever environment, with its number of rows."""
    names = warehouse.connection.execute(
        "SELECT schema_name || '.\"' || table_name || '\"' FROM duckdb_tables() "
        "WHERE database_name = 'NORTHSTAR' AND schema_name LIKE 'sqlmesh\\_\\_%' ESCAPE '\\'"
    ).fetchall()
    counted = {}
    for (name,) in names:
        row = warehouse.connection.execute(f"SELECT COUNT(*) FROM NORTHSTAR.{name}").fetchone()
        assert row is not None
        counted[name] = int(row[0])
    return counted
