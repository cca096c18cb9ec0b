"""The ``northstar`` command."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import IntEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from northstar.clock import floor_boundary, next_boundary, parse_boundary, utc_now
from northstar.ingest.contract import IngestError
from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.landing import LandingZone
from northstar.ingest.registry import SOURCES, configured, open_source
from northstar.ingest.runner import IngestReport, ingest
from northstar.lock import LockHeld, writer_lock
from northstar.settings import Settings
from northstar.tick import tick
from northstar.warehouse import Warehouse, WarehouseError

app = typer.Typer(help="Northstar Health's warehouse: land the sources, run the models.", no_args_is_help=True)
_terminal = Console(stderr=True)


class ExitCode(IntEnum):
    """What a command's exit code means; documented in docs/runbook.md."""

    OK = 0
    MODELS_FAILED = 1
    WRONG_USE = 2
    SOURCE_FAILED = 3
    LOCKED = 4


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Turn what a person can act on into a message and an exit code."""
    try:
        yield
    except LockHeld as error:
        _terminal.print(f"[yellow]{error}[/]", highlight=False)
        raise typer.Exit(ExitCode.LOCKED) from error
    except IngestError as error:
        _terminal.print(f"[red]{error}[/]", highlight=False)
        raise typer.Exit(ExitCode.SOURCE_FAILED) from error
    except WarehouseError as error:
        _terminal.print(f"[red]{error}[/]", highlight=False)
        raise typer.Exit(ExitCode.MODELS_FAILED) from error
    except ValueError as error:
        _terminal.print(f"[red]{error}[/]", highlight=False)
        raise typer.Exit(ExitCode.WRONG_USE) from error


def _chosen(source: list[str] | None, settings: Settings) -> tuple[str, ...]:
    names = tuple(source) if source else configured(settings.environment)
    unknown = [name for name in names if name not in SOURCES]
    if unknown:
        raise ValueError(f"there is no source {unknown[0]!r}; the sources are {', '.join(SOURCES)}")
    if not names:
        raise ValueError("no source is configured; set NORTHSTAR_APP_DSN (docs/deploy.md lists every setting)")
    return names


_Source = Annotated[list[str] | None, typer.Option("--source", help="Only this source; may be repeated.")]
_At = Annotated[
    str | None, typer.Option("--at", help="Replay this half-hour boundary, such as 2026-11-04T10:30 (UTC).")
]


@app.command("ingest")
def ingest_command(source: _Source = None, at: _At = None) -> None:
    """Land and load what the sources have, without running models or sealing.

    Rows belong to the interval that is open now, or to the one that ends at --at.
    """
    settings = Settings.from_environment()
    failed = False
    table = Table("source", "rows", "tables", "seconds", "result", title="ingest")
    with _clear_errors():
        boundary = parse_boundary(at) if at else next_boundary(utc_now())
        names = _chosen(source, settings)
        with writer_lock(settings.lock, "northstar ingest"):
            landing = LandingZone(settings.landing)
            sink = DuckDBSink(connect(settings.duckdb), landing)
            try:
                for name in names:
                    try:
                        report = _ingest_one(name, settings, sink, landing, boundary)
                        table.add_row(
                            name, f"{report.rows:,}", str(len(report.objects)), f"{report.seconds:.1f}", "[green]ok[/]"
                        )
                        for notice in report.notices:
                            _terminal.print(f"{name}: {notice.object}: {notice.detail}", highlight=False)
                    except IngestError as error:
                        failed = True
                        table.add_row(name, "", "", "", f"[red]{error}[/]")
            finally:
                sink.close()
    _terminal.print(table)
    raise typer.Exit(ExitCode.SOURCE_FAILED if failed else ExitCode.OK)


def _ingest_one(
    name: str, settings: Settings, sink: DuckDBSink, landing: LandingZone, boundary: datetime
) -> IngestReport:
    with _terminal.status(f"reading {name} ..."):
        opened = open_source(name, settings.environment)
        try:
            return ingest(opened, sink, landing, boundary, seal=False)
        finally:
            opened.close()


@app.command("tick")
def tick_command(source: _Source = None, at: _At = None) -> None:
    """Read and land every source, seal, run the models that are due, record; prints one JSON line.

    Without --at, the boundary is the last half hour that has passed.  Safe to kill at any point, and to repeat.
    """
    logging.getLogger("sqlmesh").setLevel(logging.ERROR)
    settings = Settings.from_environment()
    with _clear_errors():
        boundary = parse_boundary(at) if at else floor_boundary(utc_now())
        names = _chosen(source, settings)
        with writer_lock(settings.lock, f"northstar tick {boundary:%Y-%m-%dT%H:%M}"), Warehouse(settings) as warehouse:
            report = tick(warehouse, names, settings.environment, boundary)
    sys.stdout.write(json.dumps(report.as_line()) + "\n")
    exit_codes = {"models_failed": ExitCode.MODELS_FAILED, "source_failed": ExitCode.SOURCE_FAILED, "ok": ExitCode.OK}
    raise typer.Exit(exit_codes[report.status])
