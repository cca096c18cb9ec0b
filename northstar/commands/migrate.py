"""``northstar migrate``: history and reports of the old warehouse."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from northstar.clock import next_boundary, parse_boundary, utc_now
from northstar.commands.tick import AtOption
from northstar.console import ExitCode, clear_errors, terminal
from northstar.ingest import opening
from northstar.ingest.landing import LandingZone
from northstar.lock import lock_of, writer_lock
from northstar.migrate.compare import EQUAL, OPEN, compare
from northstar.migrate.export import Export
from northstar.migrate.history import migrate
from northstar.migrate.mapping import load_mapping
from northstar.migrate.marts import marts
from northstar.migrate.order import PAGE, rewrite
from northstar.settings import Settings

migration = typer.Typer(help="Move over from the old warehouse (docs/migration.md).", no_args_is_help=True)


@migration.command("history")
def history_command(at: AtOption = None) -> None:
    """Import legacy tables into raw, as contracts/legacy.yaml maps them; the next tick models them.

    Each table whole or not at all, and once: safe to kill and to run again.
    """
    settings = Settings.from_environment()
    with clear_errors():
        boundary = parse_boundary(at) if at else next_boundary(utc_now())
        export = _export(settings)
        mappings = load_mapping(settings.project).history
        with writer_lock(lock_of(settings), "northstar migrate history", wait_for="who_gives_way") as lease:
            landing = LandingZone(settings.landing)
            sink = opening.sink_over(opening.connect(settings), settings, landing)
            try:
                for done in migrate(mappings, export, sink, landing, boundary, lease.check):
                    what = "was there already" if done.already else f"{done.rows:,} rows"
                    terminal.print(f"{done.legacy} -> {done.raw}: {what}", highlight=False, soft_wrap=True)
            finally:
                sink.close()


@migration.command("report")
def report_command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a class, for machines.")] = False,
) -> None:
    """Compare legacy reports with the marts by day and key, and explain differences by class.

    Exits with 1 when a difference has no explanation in contracts/legacy.yaml.
    """
    settings = Settings.from_environment()
    with clear_errors():
        export = _export(settings)
        reports = load_mapping(settings.project).reports
        with marts(settings, {report.mart for report in reports}) as connection:
            found = [one for report in reports for one in compare(connection, report, export)]
    if as_json:
        for one in found:
            sys.stdout.write(json.dumps(one.as_line()) + "\n")
    else:
        table = Table("report", "figure", "class", "values", "legacy", "mart", "such as", "why")
        for one in found:
            sums = (f"{one.legacy:,.0f}", f"{one.mart:,.0f}")
            example = "" if one.name == EQUAL else one.example
            table.add_row(one.report, one.figure, one.name, f"{one.values:,}", *sums, example, one.why)
        Console().print(table)
    if any(one.name in OPEN for one in found):
        raise typer.Exit(ExitCode.MODELS_FAILED)


@migration.command("order")
def order_command() -> None:
    """Write the order of cut-over into docs/migration.md, from contracts/exposures.yaml."""
    with clear_errors():
        rewrite(Settings.from_environment().project)
    terminal.print(f"wrote the order into {PAGE}", highlight=False)


def _export(settings: Settings) -> Export:
    url = settings.environment.get("NORTHSTAR_LEGACY", "")
    if not url:
        raise ValueError("NORTHSTAR_LEGACY is not set: a directory or s3:// URL with what the old warehouse unloaded")
    return Export(url)
