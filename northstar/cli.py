"""The ``northstar`` command."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from northstar import logs, stopping
from northstar.clock import floor_boundary, next_boundary, parse_boundary, utc_now
from northstar.ingest.contract import IngestError
from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.landing import LandingZone
from northstar.ingest.registry import SOURCES, chosen
from northstar.ingest.runner import IngestReport
from northstar.ingest.state import source_state
from northstar.ingest.together import Outcome, ingest_together
from northstar.lock import LockHeld, LockLost, lock_of, writer_lock
from northstar.settings import Settings
from northstar.tick import tick
from northstar.warehouse import Warehouse, WarehouseBusy, WarehouseError

app = typer.Typer(
    help="Northstar Health's warehouse: land the sources, run the models.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
_terminal = Console(stderr=True)


class ExitCode(IntEnum):
    """What a command's exit code means; documented in docs/settings.md."""

    OK = 0
    MODELS_FAILED = 1
    WRONG_USE = 2
    SOURCE_FAILED = 3
    LOCKED = 4
    STOPPED = 5


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Turn what a person can act on into a message and an exit code, and a signal into a stop in order."""
    try:
        with stopping.on_signal():
            yield
    except (LockHeld, LockLost, WarehouseBusy) as error:
        _terminal.print(f"[yellow]{escape(str(error))}[/]", highlight=False)
        raise typer.Exit(ExitCode.LOCKED) from error
    except stopping.Stopped as error:
        _terminal.print(str(error), highlight=False)
        raise typer.Exit(ExitCode.STOPPED) from error
    except IngestError as error:
        _terminal.print(f"[red]{escape(str(error))}[/]", highlight=False)
        raise typer.Exit(ExitCode.SOURCE_FAILED) from error
    except WarehouseError as error:
        _terminal.print(f"[red]{escape(str(error))}[/]", highlight=False)
        raise typer.Exit(ExitCode.MODELS_FAILED) from error
    except ValueError as error:
        _terminal.print(f"[red]{escape(str(error))}[/]", highlight=False)
        raise typer.Exit(ExitCode.WRONG_USE) from error


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
    with _clear_errors():
        boundary = parse_boundary(at) if at else next_boundary(utc_now())
        names = chosen(source, settings.environment)
        with writer_lock(lock_of(settings), "northstar ingest") as lease, _terminal.status("reading ...") as status:
            landing = LandingZone(settings.landing)
            sink = DuckDBSink(connect(settings.duckdb), landing)
            waiting = set(names)

            def progress(name: str, _: IngestReport | str) -> None:
                waiting.discard(name)
                status.update(f"reading {', '.join(sorted(waiting))} ...")

            try:
                outcome = ingest_together(
                    names, settings.environment, sink, landing, boundary, False, progress, lease.check
                )
            finally:
                sink.close()
    _print_outcome(names, outcome)
    raise typer.Exit(ExitCode.SOURCE_FAILED if outcome.errors else ExitCode.OK)


def _print_outcome(names: Sequence[str], outcome: Outcome) -> None:
    table = Table("source", "rows", "tables", "seconds", "result")
    for column in table.columns[1:4]:
        column.justify = "right"
    for name in names:
        if name in outcome.errors:
            table.add_row(name, "", "", "", f"[red]{escape(outcome.errors[name])}[/]")
            continue
        report = outcome.reports[name]
        table.add_row(name, f"{report.rows:,}", f"{len(report.objects):,}", f"{report.seconds:.1f}", "[green]ok[/]")
        for notice in report.notices:
            _terminal.print(f"{name}: {notice.object}: {notice.detail}", highlight=False, markup=False)
    _terminal.print(table)


@app.command("sources")
def sources_command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a source, for machines.")] = False,
) -> None:
    """Show each source: how far it was read, through when it is sealed, its lag, and its last error."""
    settings = Settings.from_environment()
    with _clear_errors():
        connection = connect(settings.duckdb)
        try:
            states = [source_state(connection, name, settings.environment, utc_now()) for name in SOURCES]
        finally:
            connection.close()
    if as_json:
        for state in states:
            sys.stdout.write(json.dumps(state.as_line()) + "\n")
        return
    table = Table("source", "sealed through", "lag", "read up to", "last error", title="sources, times in UTC")
    table.add_column("cursor", no_wrap=True, overflow="ellipsis", max_width=24)
    for state in states:
        table.add_row(*(escape(text) for text in state.as_row()))
    Console().print(table)


@app.command("tick")
def tick_command(source: _Source = None, at: _At = None) -> None:
    """Read and land every source, seal, run the models that are due, record; prints one JSON line.

    Without --at, the boundary is the last half hour that has passed.  Safe to kill at any point, and to repeat.
    """
    settings = Settings.from_environment()
    with _clear_errors():
        logs.set_up(settings.environment)
        boundary = parse_boundary(at) if at else floor_boundary(utc_now())
        names = chosen(source, settings.environment)
        purpose = f"northstar tick {boundary:%Y-%m-%dT%H:%M}"
        with (
            writer_lock(lock_of(settings), purpose, wait_for="who_gives_way") as lease,
            Warehouse(settings, lease.check) as warehouse,
        ):
            report = tick(warehouse, names, settings.environment, boundary)
    sys.stdout.write(json.dumps(report.as_line()) + "\n")
    raise typer.Exit(_TICK_EXIT[report.status])


_TICK_EXIT = {
    "ok": ExitCode.OK,
    "models_failed": ExitCode.MODELS_FAILED,
    "source_failed": ExitCode.SOURCE_FAILED,
    "stopped": ExitCode.STOPPED,
}
