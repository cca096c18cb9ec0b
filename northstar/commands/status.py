"""``northstar status``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from northstar.clock import utc_now
from northstar.console import ExitCode, clear_errors
from northstar.ingest.state import duration
from northstar.settings import Settings
from northstar.status import Status, status_of
from northstar.tables import print_table

_MOST = 5
"""Rows of each table."""


def status_command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line, for machines.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 when something else than quarantine is to do.")
    ] = False,
) -> None:
    """Show the last tick, sources, failing audits, quarantine, who is writing, backfills, and what to do next."""
    settings = Settings.from_environment()
    with clear_errors():
        status = status_of(settings, utc_now())
    if as_json:
        sys.stdout.write(json.dumps(status.as_line()) + "\n")
    else:
        _print(status, Console())
    raise typer.Exit(ExitCode.MODELS_FAILED if check and any(one.is_urgent for one in status.advice) else ExitCode.OK)


def _print(status: Status, console: Console) -> None:
    console.print(f"writing: {status.holder.described() if status.holder else 'nobody'}", highlight=False, markup=False)
    if status.busy and status.holder:
        console.print("more can be seen once that is done", highlight=False)
    if last := status.last_tick:
        console.print(
            f"last tick: {last.tick_at:%Y-%m-%d %H:%M} UTC, {last.status}, {last.rows_landed:,} rows in "
            f"{last.seconds:.1f} s",
            highlight=False,
        )
    if status.sources:
        table = Table("source", "sealed through", "lag", "last error")
        for source in status.sources:
            table.add_row(
                source.source,
                f"{source.sealed_through:%Y-%m-%d %H:%M}" if source.sealed_through else "never",
                "" if source.lag_seconds is None else duration(source.lag_seconds),
                escape(source.last_error or ("" if source.is_configured else "not configured here")),
            )
        console.print(table)
    _print_some(
        console, "failing audits", ("model", "audit", "stops", "rows", "since"),
        [
            (one.model, one.audit, "yes" if one.is_blocking else "no", f"{one.fault_count:,}", one.since)
            for one in status.audits
        ],
    )  # fmt: skip
    _print_some(
        console, "quarantine", ("source", "batch", "rule", "waiting", "corrected"),
        [
            (one.source, one.batch, one.fault_rule, f"{one.held:,}", f"{one.readmitted:,}")
            for one in status.quarantine
        ],
    )  # fmt: skip
    for one in status.backfills:
        console.print(
            f"backfill {one.backfill_id}: {', '.join(one.models)}, {one.start:%Y-%m-%d %H:%M} to "
            f"{one.end:%Y-%m-%d %H:%M}: {one.status}, {one.batches_done} of {one.batches} batches",
            highlight=False, markup=False,
        )  # fmt: skip
    if not status.busy:
        console.print("[bold]to do:[/]" if status.advice else "nothing to do", highlight=False)
    for advice in status.advice:
        console.print(f"- {advice.what}\n  -> {advice.do}", highlight=False, markup=False)


def _print_some(console: Console, title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """As many rows as leave everything on one screen."""
    if rows:
        print_table(console, title, header, rows[:_MOST])
    if len(rows) > _MOST:
        console.print(f"and {len(rows) - _MOST} more: --json lists them", highlight=False)
