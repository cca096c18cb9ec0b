"""How many bytes a table takes, where the engine tells it."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.engine_adapter.base import EngineAdapter

_DUCKDB_BLOCK = 262_144
"""Bytes of a block of a DuckDB file; several small columns may share one, so that a sum of tables is a little high."""


def size_in_bytes(adapter: EngineAdapter, name: str) -> int | None:
    """Bytes on disk of a physical table; None when this engine does not tell."""
    table = exp.to_table(name, dialect=adapter.dialect)
    match adapter.dialect:
        case "duckdb":
            quoted = table.sql(dialect="duckdb", identify=True).replace("'", "''")
            row = adapter.fetchone(
                f"SELECT COUNT(DISTINCT block_id) * {_DUCKDB_BLOCK} FROM pragma_storage_info('{quoted}') "
                "WHERE persistent AND block_id >= 0"
            )
        case "snowflake":
            row = adapter.fetchone(
                f"SELECT BYTES FROM {table.catalog}.INFORMATION_SCHEMA.TABLES "
                f"WHERE TABLE_SCHEMA = '{table.db}' AND TABLE_NAME = '{table.name}'"
            )
        case _:
            return None
    return int(row[0]) if row and row[0] is not None else None


def in_words(size: int) -> str:
    """``1.5 MB``, in powers of ten."""
    figure = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if figure < 1000:
            return f"{figure:.0f} {unit}" if unit == "B" else f"{figure:.1f} {unit}"
        figure /= 1000
    return f"{figure:,.1f} TB"
