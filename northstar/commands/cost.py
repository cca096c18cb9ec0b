"""``northstar cost``: credits a month, before they are spent."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import typer
from sqlmesh import Context
from sqlmesh.core.console import NoopConsole, set_console

from northstar.access.account import load_account
from northstar.console import ExitCode, clear_errors, terminal
from northstar.cost import measured
from northstar.cost.model import Reckoning, assumptions
from northstar.cost.page import PAGE, rewrite
from northstar.cost.scans import declared, undeclared, whole_reads
from northstar.ingest.duckdb_sink import connect
from northstar.settings import Settings

cost = typer.Typer(help="What a month on Snowflake costs (docs/cost.md).", no_args_is_help=True)


def reckoning(project: Path) -> Reckoning:
    """The reckoning of a project, from its files."""
    return Reckoning(load_account(project), measured.load(project), assumptions(project), declared(project))


@cost.command("measure")
def measure_command() -> None:
    """Measure rows and bytes of each model on the DuckDB warehouse, such as the demo's, and write docs/cost.md anew."""
    settings = Settings.from_environment()
    with clear_errors():
        context = _context(settings.project)
        connection = connect(settings.duckdb)
        try:
            measured.save(settings.project, measured.measure(context, connection))
        finally:
            connection.close()
            context.close()
        rewrite(settings.project, reckoning(settings.project))
    terminal.print(f"wrote {measured.FILE} and the figures of {PAGE}", highlight=False)


@cost.command("page")
def page_command() -> None:
    """Write the figures into docs/cost.md, after a change of account.yaml or cost.yaml."""
    project = Settings.from_environment().project
    with clear_errors():
        rewrite(project, reckoning(project))
    terminal.print(f"wrote the figures of {PAGE}", highlight=False)


@cost.command("check")
def check_command() -> None:
    """Hold the models to the budget, and to reading by their interval.  Exits with 1 when one does not."""
    project = Settings.from_environment().project
    with clear_errors():
        context = _context(project)
        try:
            found = undeclared(whole_reads(context.models), declared(project))
        finally:
            context.close()
        found += reckoning(project).over_budget()
    for sentence in found:
        sys.stdout.write(f"{sentence}\n")
    if found:
        raise typer.Exit(ExitCode.MODELS_FAILED)
    terminal.print("within the budget", highlight=False)


def _context(project: Path) -> Context:
    logging.getLogger("sqlmesh").setLevel(logging.ERROR)
    set_console(NoopConsole())
    return Context(paths=str(project))
