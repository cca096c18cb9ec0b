"""``python -m northstar.simulator.volume``: fill a new DuckDB file with raw data at volume."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.landing import LandingZone
from northstar.simulator.volume import Generator, VolumeCompany


def main(
    duckdb: Annotated[Path, typer.Option(help="The file to make; it must not be there yet.")],
    months: Annotated[float, typer.Option(help="How much of the company's life, in months of 30 days.")] = 1.0,
    appointments: Annotated[
        int, typer.Option(help="Bookings in a half hour; 20,000 make about 250 million rows of facts a month.")
    ] = 100,
    seed: Annotated[int, typer.Option(help="Another seed is another company.")] = 7,
) -> None:
    """Fill raw, the ledger and the seals, as if every half hour had been landed by its tick."""
    console = Console()
    if duckdb.exists():
        console.print(f"[red]{duckdb} is there already; name a new file, or remove it[/]", highlight=False)
        raise typer.Exit(1)
    connection = connect(duckdb)
    DuckDBSink(connection, LandingZone(str(duckdb.parent / "landing")), owns=False)
    started = time.monotonic()
    rows = Generator(connection, VolumeCompany(appointments, seed)).fill_raw(0, round(months * 30 * 48))
    connection.close()  # which writes the file out
    seconds = time.monotonic() - started
    console.print(
        f"{rows:,} rows of facts in {seconds:.1f} s: {rows / seconds:,.0f} a second, "
        f"{duckdb.stat().st_size / 1e6:,.0f} MB",
        highlight=False,
    )


if __name__ == "__main__":
    typer.run(main)
