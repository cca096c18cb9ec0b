"""``python -m benchmarks.backfill``: a month of history from raw through the models, beside one pass by hand."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.by_hand import ByHand
from benchmarks.house import SLICES, open_house
from benchmarks.report import Result, peak_memory_gb, show, slowest
from benchmarks.tick import company_for
from northstar.clock import to_naive_utc


def measure(home: Path, rows: int, days: float, models: str = "appointments", compare: bool = True) -> Result:
    """Build a slice from a raw that holds the whole month at once, as the first run of a new warehouse does.

    With ``compare`` appointments are built by hand as well.
    """
    company = company_for(rows, days)
    compare = compare and models == "appointments"
    result = Result("backfill", {"rows": rows, "days": days, "models": models, "compare": compare})
    with open_house(home, company, *SLICES[models]) as house:
        seconds = house.fill(round(days * 48))
        result.figures = {
            "history rows": house.rows,
            "generated rows a second": house.rows / house.generated_in,
            "seconds": seconds,
            "rows a second": house.rows / seconds,
            "peak memory GB": peak_memory_gb(),
            "models": len(house.first_run.models) if house.first_run else 0,
            "slowest models": slowest(house.first_run),
        }
        if compare:
            started = time.monotonic()
            by_hand = ByHand(house.warehouse)
            by_hand.run(to_naive_utc(company.start), to_naive_utc(company.boundary(house.boundaries - 1)))
            by_hand_seconds = time.monotonic() - started
            differing = by_hand.differences()
            assert not any(differing.values()), differing
            result.figures |= {
                "rows that differ": differing,
                "by hand seconds": by_hand_seconds,
                "models / by hand": seconds / by_hand_seconds,
            }
    result.figures["warehouse MB"] = (home / "northstar.duckdb").stat().st_size / 1e6
    return result


def main(
    rows: Annotated[int, typer.Option(help="Rows of facts in the month; production has 250 million.")] = 1_000_000,
    days: Annotated[float, typer.Option(help="Length of the month.")] = 30,
    models: Annotated[str, typer.Option(help=f"Which: {', '.join(SLICES)}.")] = "appointments",
    compare: Annotated[bool, typer.Option(help="Beside appointments one pass by hand.")] = True,
) -> None:
    """Measure a backfill."""
    with tempfile.TemporaryDirectory(prefix="northstar_backfill_") as home:
        result = measure(Path(home), rows, days, models, compare)
    flat = [(name, value) for name, value in result.figures.items() if isinstance(value, int | float)]
    show(f"backfill of {rows:,} rows", ("figure", "value"), flat)
    show("slowest models", ("model", "seconds"), result.figures["slowest models"].items())
    print(result.write())


if __name__ == "__main__":
    typer.run(main)
