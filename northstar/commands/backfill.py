"""``northstar backfill``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from northstar import logs, stopping
from northstar.backfill.estimate import total
from northstar.backfill.journal import Entry
from northstar.backfill.run import Backfills, Forecast
from northstar.clock import utc_now
from northstar.console import ExitCode, clear_errors, terminal
from northstar.ingest.state import duration
from northstar.lock import Lease, lock_of, writer_lock
from northstar.query_tag import tagged
from northstar.settings import Settings
from northstar.warehouse import Warehouse

_HANDOVER_SECONDS = 2.0
"""How long the lock is left to whoever waits for it; it looks every quarter of a second."""


def backfill_command(
    models: Annotated[
        list[str] | None,
        typer.Argument(help="Models to restate with all that depends on them; history is only rebuilt where named."),
    ] = None,
    start: Annotated[str | None, typer.Option("--start", help="Begin of the range, UTC.")] = None,
    end: Annotated[str | None, typer.Option("--end", help="End of the range, exclusive, UTC.")] = None,
    batch_hours: Annotated[int, typer.Option("--batch-hours", min=1, help="Hours of data a batch.")] = 24,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")] = False,
    resume: Annotated[int | None, typer.Option("--resume", help="Go on with this backfill.")] = None,
    cancel: Annotated[int | None, typer.Option("--cancel", help="Give this backfill up where it stands.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --dry-run: JSON lines, for machines.")] = False,
) -> None:
    """Restate models, and what depends on them, for a range of load time; prints one JSON line.

    Works in batches, hands the lock over to ticks between them, and may be killed: the same command, or --resume, goes
    on with it.
    """
    settings = Settings.from_environment()
    with clear_errors(), stopping.on_signal():
        logs.set_up(settings.environment)
        if resume is None and cancel is None and not (models and start and end):
            raise ValueError("give at least one model, --start and --end; or --resume or --cancel with a number")
        names, low, high = list(models or ()), _moment(start), _moment(end)
        length = timedelta(hours=batch_hours)
        with closing(_Session(settings)) as session:
            with session.hold("northstar backfill") as (backfills, _):
                if cancel is not None:
                    _cancel(backfills, cancel)
                    return
                if dry_run:
                    _print(backfills.forecast(names, low, high, length), as_json)
                    return
                if resume is None:
                    entry = backfills.ask(names, low, high, length)
                else:
                    backfills.journal.resume(resume)
                    entry = backfills.journal.entry(resume)
            with logs.run("backfill") as run_id, tagged(run_id):
                _go_on(session, entry)
    line = {"backfill_id": entry.backfill_id, "models": list(entry.models), "status": "done"}
    sys.stdout.write(json.dumps(line) + "\n")
    raise typer.Exit(ExitCode.OK)


class _Session:
    """The warehouse, opened again and again under the writer lock, however long it takes to get that."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._lock = settings, lock_of(settings)
        self._warehouse: Warehouse | None = None

    @contextmanager
    def hold(self, purpose: str, gives_way: bool = False) -> Iterator[tuple[Backfills, Lease]]:
        with writer_lock(self._lock, purpose, gives_way, wait_for="anyone", patience=float("inf")) as lease:
            if self._warehouse is None:
                self._warehouse = Warehouse(self._settings, lease.check)
            self._warehouse.check = lease.check
            self._warehouse.open()
            try:
                yield Backfills(self._warehouse), lease
            finally:
                self._warehouse.release()

    def close(self) -> None:
        if self._warehouse is not None:
            self._warehouse.close()


def _go_on(session: _Session, entry: Entry) -> None:
    while True:
        with session.hold(f"northstar backfill {entry.backfill_id}", gives_way=True) as (backfills, lease):
            backfills.mend()
            if backfills.go_on(entry, lease):
                return
        stopping.sleep(_HANDOVER_SECONDS)


def _cancel(backfills: Backfills, number: int) -> None:
    backfills.mend()
    backfills.journal.cancel(backfills.journal.entry(number).backfill_id)
    terminal.print(f"backfill {number} is given up; what it restated stays restated", highlight=False)


def _moment(text: str | None) -> datetime:
    """A day or a moment, in UTC unless an offset is given."""
    if text is None:
        return utc_now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a time; write it like 2026-11-01 or 2026-11-01T10:30 (UTC)") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _print(forecast: Forecast, as_json: bool) -> None:
    steps = forecast.steps
    if as_json:
        for step in steps:
            sys.stdout.write(json.dumps(step.as_line()) + "\n")
        return
    table = Table(
        "model", "what", "from", "to", "intervals", "rows", "about", title="nothing was changed; times in UTC"
    )
    for column in table.columns[4:]:
        column.justify = "right"
    for step in steps:
        table.add_row(
            step.model, step.how, f"{step.start:%Y-%m-%d %H:%M}", f"{step.end:%Y-%m-%d %H:%M}",
            f"{step.intervals:,}", f"{step.rows:,}", "unknown" if step.seconds is None else f"{step.seconds:.1f} s",
        )  # fmt: skip
    Console().print(table)
    sums = total(steps)
    terminal.print(
        f"{sums['models']} models, about {sums['rows']:,} rows in {forecast.batches} batches, about "
        f"{duration(sums['seconds'])} and {sums['seconds'] % 60:.0f} s of work",
        highlight=False,
    )
    for model, why in forecast.protected.items():
        terminal.print(f"left as it is: {model}: {why}", highlight=False, markup=False)
