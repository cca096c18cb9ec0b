"""``northstar tick``."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from northstar import logs, stopping
from northstar.clock import floor_boundary, parse_boundary, utc_now
from northstar.console import ExitCode, clear_errors
from northstar.ingest.registry import chosen
from northstar.lock import lock_of, writer_lock
from northstar.settings import Settings
from northstar.tick import TickReport, tick
from northstar.warehouse import Warehouse

SourceOption = Annotated[list[str] | None, typer.Option("--source", help="Only this source; may be repeated.")]
AtOption = Annotated[
    str | None, typer.Option("--at", help="Replay this half-hour boundary, such as 2026-11-04T10:30 (UTC).")
]

EXIT_CODES = {
    "ok": ExitCode.OK,
    "failed": ExitCode.MODELS_FAILED,
    "models_failed": ExitCode.MODELS_FAILED,
    "source_failed": ExitCode.SOURCE_FAILED,
    "stopped": ExitCode.STOPPED,
}
"""The exit code of each status of a tick."""


def tick_command(source: SourceOption = None, at: AtOption = None) -> None:
    """Read and land every source, seal, run the models that are due, record; prints one JSON line.

    Without --at, the boundary is the last half hour that has passed.  Safe to kill at any point, and to repeat.
    """
    settings = Settings.from_environment()
    with clear_errors():
        logs.set_up(settings.environment)
        boundary = parse_boundary(at) if at else floor_boundary(utc_now())
        names = chosen(source, settings.environment)
        purpose = f"northstar tick {boundary:%Y-%m-%dT%H:%M}"
        with (
            stopping.on_signal(),
            writer_lock(lock_of(settings), purpose, wait_for="who_gives_way") as lease,
            Warehouse(settings, lease.check) as warehouse,
        ):
            report = tick(warehouse, names, settings.environment, boundary)
    print_line(report)
    raise typer.Exit(EXIT_CODES[report.status])


def print_line(report: TickReport) -> None:
    """The tick's line of JSON, at once, for whoever reads the output of a process that stays up."""
    sys.stdout.write(json.dumps(report.as_line()) + "\n")
    sys.stdout.flush()
