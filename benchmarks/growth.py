"""``python -m benchmarks.growth``: how a tick's time grows with history, and with the number of models."""

from __future__ import annotations

import math
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.by_hand import COMPARED
from benchmarks.house import House, open_house
from benchmarks.report import Result, peak_memory_gb, show
from benchmarks.tick import company_for, half_hours

SLICES: dict[str, tuple[str, ...]] = {
    "clinic days": ("core.fct_clinic_day",),
    "appointments": COMPARED,
    "provider days": (*COMPARED, "core.fct_provider_day"),
    "revenue and performance": (
        "marts_finance.mart_revenue_day",
        "marts_operations.mart_backfill",
        "marts_operations.mart_provider_performance",
    ),
    "all": (),
}
"""Slices of the project by what they end in, of about 15, 40, 60 and 150 models; the last is the whole of it."""


def measure(
    home: Path, histories: Sequence[int], slices: Sequence[str], changes: int, repeats: int, days: float
) -> Result:
    """Measure the same tick of appointments on several lengths of history, then of several slices on the first."""
    result = Result("growth", {"histories": histories, "slices": slices, "changes": changes, "repeats": repeats})
    by_history, by_slice = {}, {}
    for rows in histories:
        with open_house(home / f"rows_{rows}", company_for(rows, days), *COMPARED) as house:
            by_history[rows] = _figures(house, changes, repeats, days)
    for name in slices:
        with open_house(home / f"slice_{slices.index(name)}", company_for(histories[0], days), *SLICES[name]) as house:
            by_slice[name] = _figures(house, changes, repeats, days)
    first, last = by_history[histories[0]], by_history[histories[-1]]
    fewest, most = by_slice[slices[0]], by_slice[slices[-1]]
    result.figures = {
        "by history": by_history,
        "by slice": by_slice,
        "longest history / shortest": last["seconds"] / first["seconds"],
        "exponent in history": slope(histories, [by_history[rows]["seconds"] for rows in histories]),
        "seconds for one more model": (most["seconds"] - fewest["seconds"]) / max(1, most["models"] - fewest["models"]),
        "idle seconds for one more model": (most["idle seconds"] - fewest["idle seconds"])
        / max(1, most["models"] - fewest["models"]),
        "growth of models": _growth(first["by model"], last["by model"]),
        "peak memory GB": peak_memory_gb(),
    }
    return result


def slope(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The exponent of growth: 0 when time does not depend on size, 1 when it grows in proportion.

    The slope of the straight line through the logarithms, by least squares; 0 of fewer than two sizes.
    """
    if len(set(sizes)) < 2:
        return 0.0
    xs, ys = [math.log(size) for size in sizes], [math.log(time) for time in seconds]
    return statistics.linear_regression(xs, ys).slope


def _figures(house: House, changes: int, repeats: int, days: float) -> dict[str, Any]:
    house.fill(round(days * 48))
    size = half_hours(house.company, changes)
    house.tick(size)
    busy = [house.tick(size) for _ in range(repeats)]
    idle = [house.tick(0) for _ in range(repeats)]
    run = busy[-1].report.run
    return {
        "history rows": house.rows,
        "models": len(run.models) if run else 0,
        "seconds": statistics.median(tick.seconds for tick in busy),
        "processor seconds": statistics.median(tick.processor_seconds for tick in busy),
        "idle seconds": statistics.median(tick.seconds for tick in idle),
        "idle processor seconds": statistics.median(tick.processor_seconds for tick in idle),
        "by model": {name: model.seconds for name, model in run.models.items()} if run else {},
    }


def _growth(first: dict[str, float], last: dict[str, float]) -> dict[str, float]:
    """The models that grew the most, in seconds."""
    grown = {name: round(last[name] - seconds, 3) for name, seconds in first.items() if name in last}
    return dict(sorted(grown.items(), key=lambda item: -item[1])[:10])


def main(
    histories: Annotated[str, typer.Option(help="Rows of facts in history, smallest first.")] = "1000000,10000000",
    slices: Annotated[
        str, typer.Option(help=f"Of {', '.join(SLICES)}; fewest models first.")
    ] = "clinic days,provider days,revenue and performance",
    changes: Annotated[int, typer.Option(help="Rows that the tick lands.")] = 174_000,
    repeats: Annotated[int, typer.Option(help="Ticks that are measured, after one that is not.")] = 3,
) -> None:
    """Measure how time grows."""
    with tempfile.TemporaryDirectory(prefix="northstar_growth_") as home:
        rows = [int(part) for part in histories.split(",")]
        result = measure(Path(home), rows, slices.split(","), changes, repeats, days=60)
    columns = ("models", "seconds", "processor seconds", "idle seconds", "idle processor seconds")
    for title in ("by history", "by slice"):
        show(title, (title, *columns), [(str(k), *(v[c] for c in columns)) for k, v in result.figures[title].items()])
    flat = [(name, value) for name, value in result.figures.items() if isinstance(value, int | float)]
    show("growth", ("figure", "value"), flat)
    show("models that grew most", ("model", "seconds more"), result.figures["growth of models"].items())
    print(result.write())


if __name__ == "__main__":
    typer.run(main)
