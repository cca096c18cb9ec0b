"""``python -m benchmarks.growth``: how a tick's time grows with history, and with the number of models."""

from __future__ import annotations

import math
import multiprocessing
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.by_hand import COMPARED
from benchmarks.house import SLICES, open_house
from benchmarks.report import Result, show
from benchmarks.tick import by_models_due, company_for, half_hours


def measure(
    home: Path, histories: Sequence[int], slices: Sequence[str], changes: int, repeats: int, days: float
) -> Result:
    """Measure the same tick of appointments on several lengths of history, then of several slices on the first."""
    result = Result("growth", {"histories": histories, "slices": slices, "changes": changes, "repeats": repeats})
    by_history, by_slice = {}, {}
    for rows in histories:
        by_history[rows] = _alone(home / f"rows_{rows}", rows, COMPARED, changes, repeats, days)
    for name in slices:
        by_slice[name] = _alone(home / "slice", histories[0], SLICES[name], changes, repeats, days)
    first, last = by_history[histories[0]], by_history[histories[-1]]
    then, now = first["by model"], last["by model"]
    grown = {name: round(now[name] - then[name], 3) for name in then if name in now}
    seconds = [by_history[rows]["seconds"] for rows in histories]
    measured = list(by_slice.values())
    result.figures = {
        "by history": by_history,
        "by slice": by_slice,
        "longest history / shortest": last["seconds"] / first["seconds"],
        "the same, batches only": _batches(last) / _batches(first),
        "exponent in history": slope([math.log(rows) for rows in histories], [math.log(each) for each in seconds]),
        "seconds for one more model": slope([f["models"] for f in measured], [f["seconds"] for f in measured]),
        "idle seconds for one more model": slope(
            [f["idle models"] for f in measured], [f["idle seconds"] for f in measured]
        ),
        "growth of models": dict(sorted(grown.items(), key=lambda item: -item[1])[:10]),
    }
    return result


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """That of the straight line by least squares; 0 where there are fewer than two places.

    Through logarithms it is the exponent of growth: 0 when time does not depend on size, 1 when it grows in proportion.
    """
    return statistics.linear_regression(xs, ys).slope if len(set(xs)) > 1 else 0.0


def _alone(home: Path, rows: int, models: Sequence[str], changes: int, repeats: int, days: float) -> dict[str, Any]:
    """The figures of one warehouse in a process of its own, so that none finds what another left in memory."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        figures = pool.submit(_figures, home, rows, models, changes, repeats, days).result()
    shutil.rmtree(home)
    return figures


def _figures(home: Path, rows: int, models: Sequence[str], changes: int, repeats: int, days: float) -> dict[str, Any]:
    with open_house(home, company_for(rows, days), *models) as house:
        house.fill(round(days * 48))
        size = half_hours(house.company, changes)
        house.tick(size)
        busy = [house.tick(size) for _ in range(repeats)]
        # At full hours more models are due than at half ones
        idle = list(by_models_due([house.tick(0) for _ in range(2 * repeats)]).values())[-1]
    return {
        "history rows": house.rows,
        "half hours": size,
        "models": len(busy[-1].models),
        "seconds": statistics.median(tick.seconds for tick in busy),
        "processor seconds": statistics.median(tick.processor_seconds for tick in busy),
        "idle models": len(idle[-1].models),
        "idle seconds": statistics.median(tick.seconds for tick in idle),
        "idle processor seconds": statistics.median(tick.processor_seconds for tick in idle),
        "peak memory GB": max(tick.peak_memory_gb for tick in (*busy, *idle)),
        "by model": busy[-1].models,
    }


def _batches(figures: dict[str, Any]) -> float:
    """Seconds of the models that only append what a batch brought."""
    return sum(seconds for name, seconds in figures["by model"].items() if name.endswith("_change"))


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
    columns = (
        "models",
        "seconds",
        "processor seconds",
        "idle models",
        "idle seconds",
        "idle processor seconds",
        "peak memory GB",
    )
    for title in ("by history", "by slice"):
        show(title, (title, *columns), [(str(k), *(v[c] for c in columns)) for k, v in result.figures[title].items()])
    flat = [(name, value) for name, value in result.figures.items() if isinstance(value, int | float)]
    show("growth", ("figure", "value"), flat)
    show("models that grew most", ("model", "seconds more"), result.figures["growth of models"].items())
    print(result.write())


if __name__ == "__main__":
    typer.run(main)
