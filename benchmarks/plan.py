"""``python -m benchmarks.plan``: loading the project, a plan without changes, and plans after a change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any
from unittest.mock import patch

import typer
from sqlmesh import Context
from sqlmesh.core.console import NoopConsole, set_console

from benchmarks.dbt.contestant import InDbt
from benchmarks.house import PROJECT, House, open_house
from benchmarks.report import Result, show
from benchmarks.rivals import RivalInDbt, span
from benchmarks.tick import company_for
from northstar.contracts import CONTRACTS, load_contracts
from northstar.warehouse import Warehouse

MART = "marts_operations.mart_provider_utilization"
CHANGES = {
    "a mart": Path("models/marts/operations/mart_provider_utilization.sql"),
    "a stored model": Path("models/intermediate/scheduling/int_scheduling__provider_day.sql"),
}
"""What is changed in turn: a mart is a view over the star, so that the second shows what it costs to store anew."""
_PHYSICAL = """
    SELECT schema_name || '."' || table_name || '"', estimated_size FROM duckdb_tables()
    WHERE database_name = 'NORTHSTAR' AND schema_name LIKE 'sqlmesh\\_\\_%' ESCAPE '\\'
"""


def load(home: Path) -> dict[str, Any]:
    """Seconds to load the whole project with an empty and with a warm cache, and how many contracts it has."""
    environment = {
        "NORTHSTAR_DUCKDB": str(home / "load.duckdb"),
        "NORTHSTAR_STATE": str(home / "load_state.duckdb"),
        "NORTHSTAR_CACHE": str(home / "load_cache"),
    }
    set_console(NoopConsole())
    with patch.dict(os.environ, environment):
        seconds = {name: _seconds(lambda: Context(paths=str(PROJECT)).close()) for name in ("cold", "warm")}
    contracts = len(load_contracts(PROJECT / CONTRACTS).objects)
    return {"load cold seconds": seconds["cold"], "load warm seconds": seconds["warm"], "contracts": contracts}


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def measure(home: Path, rows: int, days: float = 60, dbt: bool = False, whole: bool = False) -> Result:
    """Measure on a slice that ends in the mart, or without changes on the ``whole``, over ``rows`` of history."""
    result = Result("plan", {"rows": rows, "days": days, "mart": MART, "whole": whole})
    result.figures = load(home)
    models = () if whole else (MART,)
    with open_house(home / "house", company_for(rows, days), *models) as house, ExitStack() as stack:
        house.fill(round(days * 48))
        rival = RivalInDbt(house, home / "dbt") if dbt else None
        if rival:
            stack.callback(rival.close)
            rival.in_dbt.remember()
        result.figures |= {"history rows": house.rows, "models": len(house.warehouse.context.models)}
        result.figures["plan dev without changes seconds"] = _plan(house, "dev_unchanged")[0]
        result.figures["sqlmesh plan dev without changes, the command, seconds"] = _command(house, "dev_command")
        changes = {} if whole else CHANGES  # the whole is no copy that could be changed
        for number, (name, file) in enumerate(changes.items()):
            _edit(house.warehouse.context.path / file)
            seconds, rows_written, tables = _plan(house, f"dev_{number}")
            result.figures |= {
                f"plan dev after a change of {name} seconds": seconds,
                f"rows written after a change of {name}": rows_written,
                f"tables filled after a change of {name}": tables,
            }
            if rival:
                result.figures |= _in_dbt(house, rival.in_dbt, name)
    return result


def _in_dbt(house: House, in_dbt: InDbt, name: str) -> dict[str, Any]:
    """The same change in dbt, built for development with what it did not reach taken from prod, and without."""
    context = Context(paths=str(house.warehouse.context.path))
    figures: dict[str, Any] = {}
    for how, defer in (("deferring", True), ("everything", False)):
        ran, rows = in_dbt.develop(*span(house), context, defer)
        figures[f"dbt, {how}, after a change of {name} seconds"] = ran.seconds
        figures[f"rows written by dbt, {how}, after a change of {name}"] = rows
    context.close()
    return figures


def _edit(file: Path) -> None:
    """Change what a model computes, in the slice's own copy."""
    text = file.read_text()
    head, select, tail = text.rpartition("\nSELECT\n")
    assert select, file
    file.write_text(f"{head}{select}  1::INT AS benchmark_marker, /* Written by a benchmark */\n{tail}")


def _plan(house: House, environment: str) -> tuple[float, int, int]:
    """Plan and apply into an environment in a process's manner: load, plan, apply.

    Returns the seconds, and how many rows in how many physical tables are new.
    """
    before = _tables(house.warehouse)
    house.warehouse.release()
    started = time.monotonic()
    context = Context(paths=str(house.warehouse.context.path))
    context.plan(environment, auto_apply=True, no_prompts=True, skip_tests=True, include_unmodified=True)
    seconds = time.monotonic() - started
    context.close()
    context.engine_adapter.close()
    house.warehouse.open()
    new = {name: rows for name, rows in _tables(house.warehouse).items() if name not in before}
    return seconds, sum(new.values()), len([rows for rows in new.values() if rows])


def _command(house: House, environment: str) -> float:
    """Seconds of the same typed in a terminal, from the begin of its process to the end."""
    house.warehouse.release()
    command = [str(Path(sys.executable).with_name("sqlmesh")), "--paths", str(house.warehouse.context.path), "plan"]
    options = ["--auto-apply", "--no-prompts", "--skip-tests", "--include-unmodified"]
    seconds = _seconds(lambda: subprocess.run([*command, environment, *options], check=True, stdout=subprocess.DEVNULL))
    house.warehouse.open()
    return seconds


def _tables(warehouse: Warehouse) -> dict[str, int]:
    return dict(warehouse.connection.execute(_PHYSICAL).fetchall())


def main(
    rows: Annotated[int, typer.Option(help="Rows of facts in history.")] = 1_000_000,
    dbt: Annotated[bool, typer.Option(help="Beside it the same models in dbt, installed at the first use.")] = False,
    whole: Annotated[bool, typer.Option(help="All models, without changes, instead of a slice with some.")] = False,
) -> None:
    """Measure what a person waits for."""
    home = Path(tempfile.mkdtemp(prefix="northstar_plan_"))
    try:
        result = measure(home, rows, dbt=dbt and not whole, whole=whole)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    show(f"plan at {rows:,} rows of history", ("figure", "value"), result.figures.items())
    print(result.write())


if __name__ == "__main__":
    typer.run(main)
