"""A warehouse built in one go from the raw data of another, and where the models of the two differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from lab import LabWarehouse, open_warehouse

_KEPT = "(schema_name LIKE 'raw\\_%' ESCAPE '\\' OR schema_name IN ('ops', 'restricted'))"
_MODELS = """
    SELECT lower(schema_name || '.' || view_name) FROM duckdb_views()
    WHERE database_name = current_database() AND lower(schema_name) SIMILAR TO 'core|marts_[a-z]+' ORDER BY 1
"""
_COLUMNS = """
    SELECT lower(column_name) FROM duckdb_columns()
    WHERE database_name = current_database() AND lower(schema_name || '.' || table_name) = ? ORDER BY column_index
"""
Differing = Mapping[str, Mapping[str, str]]
"""By model: the columns that may differ, and why."""
MAY_DIFFER: Differing = {"core.fct_payout_balance": {"settled_at": "the interval that computed the row"}}
"""Columns that say when something was worked out, not what: on another way to the same end that is another time."""
OF_ARRIVAL: Differing = {"core.fct_appointment_event": {"loaded_at": "the interval in which the event was read"}}
"""Columns that say when a row arrived: the same rows, cut into other ticks, arrived at another time."""
MAY_BE_ZERO = {"core.fct_platform_revenue_day"}
"""Models whose rows stay, with zeros, when a day has lost all that it had; a build in one go has no such row."""


@contextmanager
def built_anew(old: LabWarehouse, home: Path, at: datetime) -> Iterator[LabWarehouse]:
    """A warehouse with the raw data, ledger and key of another, all of whose models have run once, at ``at``."""
    with open_warehouse(old.lab, home, "unused", old.sources) as new:
        _copy(old, new)
        new.warehouse.initialise(at)
        report = new.warehouse.run(at)
        assert report.succeeded, report.failures
        yield new


def _copy(old: LabWarehouse, new: LabWarehouse) -> None:
    connection = new.warehouse.connection
    old.warehouse.release()  # one process cannot have a file open twice
    try:
        connection.execute(f"ATTACH '{old.environment['NORTHSTAR_DUCKDB']}' AS old (READ_ONLY)")
        tables = connection.execute(
            f"SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'old' AND {_KEPT}"
        ).fetchall()
        for schema, table in tables:
            name = f'{schema}."{table}"'
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            connection.execute(f"CREATE TABLE IF NOT EXISTS {name} AS FROM old.{name} LIMIT 0")
            connection.execute(f"DELETE FROM {name}")
            connection.execute(f"INSERT INTO {name} FROM old.{name}")
        connection.execute("DETACH old")
    finally:
        old.warehouse.open()


def models(warehouse: LabWarehouse) -> list[str]:
    """Every table and view of core and the marts."""
    return [name for (name,) in warehouse.warehouse.connection.execute(_MODELS).fetchall()]


def unequal(old: LabWarehouse, new: LabWarehouse) -> tuple[dict[str, int], dict[str, list[Any]]]:
    """How many rows each model has anew, and for those that differ by more than they may, the first rows that do."""
    compared = {name: unlike(old, new, name, MAY_DIFFER) for name in models(new)}
    found = {
        name: kept
        for name, (_, rows) in compared.items()
        if (kept := [row for row in rows if name not in MAY_BE_ZERO or not _is_zero(*row)])
    }
    return {name: count for name, (count, _) in compared.items()}, found


def _is_zero(side: str, row: tuple[object, ...]) -> bool:
    return side == "incremental" and not any(value for value in row if isinstance(value, int))


def unlike(old: LabWarehouse, new: LabWarehouse, model: str, may_differ: Differing) -> tuple[int, list[Any]]:
    """How many rows the model has anew, and rows that only one of the two has, the first few of each."""
    left, right = (Counter(_rows(warehouse, model, may_differ.get(model, {}))) for warehouse in (old, new))
    only_old, only_new = list((left - right).elements()), list((right - left).elements())
    found = [("incremental", row) for row in only_old[:5]] + [("anew", row) for row in only_new[:5]]
    return right.total(), found


def _rows(warehouse: LabWarehouse, model: str, left_out: Mapping[str, str]) -> list[tuple[Any, ...]]:
    connection = warehouse.warehouse.connection
    columns = [name for (name,) in connection.execute(_COLUMNS, [model]).fetchall()]
    kept = ", ".join(name for name in columns if name not in left_out)
    return connection.execute(f"SELECT {kept} FROM {model}").fetchall()
