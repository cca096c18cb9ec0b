"""``northstar reload``."""

from __future__ import annotations

from typing import Annotated

import typer

from northstar import logs
from northstar.clock import TICK, floor_boundary
from northstar.console import clear_errors, terminal
from northstar.contracts.check import declared_types
from northstar.ingest import opening
from northstar.ingest.landing import LandingZone
from northstar.ingest.reload import reload
from northstar.lock import lock_of, writer_lock
from northstar.settings import Settings


def reload_command(
    source: Annotated[str, typer.Argument(help="The source, such as app.")],
    load_id: Annotated[str, typer.Argument(help="The load, as ops.load_ledger and the logs name it.")],
) -> None:
    """Load one load again from its landing files, in the place of what raw has of it.

    All or nothing, and safe to repeat.  Models are not run: prints the backfill that takes them along.
    """
    settings = Settings.from_environment()
    with clear_errors(), writer_lock(lock_of(settings), f"northstar reload {source}", wait_for="who_gives_way"):
        logs.set_up(settings.environment)
        landing = LandingZone(settings.landing)
        connection = opening.connect(settings)
        sink = opening.sink_over(connection, settings, landing)
        try:
            done = reload(connection, landing, sink, source, load_id)
        finally:
            sink.close()
    start = floor_boundary(done.loaded_at)
    terminal.print(f"put back {sum(done.rows.values()):,} rows of {len(done.rows)} tables", highlight=False)
    read = declared_types(settings.project).keys() & {f"raw_{source}.{table}" for table in done.rows}
    if not read:
        return
    tables = " ".join(sorted(read))
    terminal.print(
        f"now: northstar backfill {tables} --start {start:%Y-%m-%dT%H:%M} --end {start + TICK:%Y-%m-%dT%H:%M}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
