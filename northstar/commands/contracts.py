"""``northstar contracts`` and ``northstar scaffold``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from northstar.console import ExitCode, clear_errors, terminal
from northstar.contracts import CONTRACTS, load_contracts
from northstar.contracts.check import declared_types, differences
from northstar.contracts.live import landed, live_source
from northstar.contracts.scaffold import scaffold
from northstar.ingest.registry import chosen
from northstar.settings import Settings

contracts = typer.Typer(help="What each source's columns are, and who may see them.", no_args_is_help=True)


@contracts.command("check")
def check_command(
    source: Annotated[list[str] | None, typer.Option("--source", help="Only this source; may be repeated.")] = None,
) -> None:
    """Compare contracts with the live sources and with raw: what is new, gone or changed.

    Exits with 1 when anything is.
    """
    settings = Settings.from_environment()
    with clear_errors():
        known = load_contracts(settings.project / CONTRACTS)
        names = chosen(source, settings.environment)
        raw, declared = landed(settings.duckdb), declared_types(settings.project)
        found = [
            difference
            for name in names
            for difference in differences(known, name, live_source(name, settings.environment), raw, declared)
        ]
    if not found:
        terminal.print(f"contracts and sources agree: {', '.join(names)}", highlight=False)
        return
    table = Table("source", "", "object or column", "what")
    for difference in found:
        table.add_row(difference.source, difference.kind, difference.name, difference.detail)
    Console().print(table)
    raise typer.Exit(ExitCode.MODELS_FAILED)


def scaffold_command(
    table: Annotated[str, typer.Argument(help="A landed table, such as app.inventory__stock_items.")],
    entity: Annotated[str | None, typer.Option(help="What one row is, if the table's name does not say.")] = None,
) -> None:
    """Write what is needed to read a landed table: contract entry, declaration, staging view, audited batch.

    Every column is denied until it is classed.
    """
    settings = Settings.from_environment()
    with clear_errors():
        known = load_contracts(settings.project / CONTRACTS)
        written = scaffold(settings.project, known, landed(settings.duckdb), table, entity)
    for file in written.files:
        terminal.print(f"wrote {file.relative_to(settings.project)}", highlight=False)
    for number, step in enumerate(written.next_steps, start=1):
        terminal.print(f"{number}. {step}", highlight=False)
