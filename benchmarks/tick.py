"""``python -m benchmarks.tick``: a tick of production's size, step by step, beside the same work written by hand."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.by_hand import COMPARED, ByHand
from benchmarks.house import House, Timed, open_house
from benchmarks.report import Result, peak_memory_gb, processor_seconds, show
from northstar.clock import to_naive_utc
from northstar.simulator.volume import VolumeCompany

ROWS_PER_APPOINTMENT = 9
"""Of facts, over an appointment's life."""
_DAYS = 60
"""Of history: long enough that most lives have run their course."""


def company_for(rows: int, days: float = _DAYS) -> VolumeCompany:
    """A company that makes about so many rows of facts in so many days."""
    return VolumeCompany(max(1, round(rows / (days * 48 * ROWS_PER_APPOINTMENT))))


def half_hours(company: VolumeCompany, changes: int) -> int:
    """How many half hours of a company's life bring so many changes."""
    return max(1, round(changes / (company.appointments_per_tick * ROWS_PER_APPOINTMENT)))


def measure(home: Path, rows: int, changes: int, repeats: int, whole: bool, days: float = _DAYS) -> Result:
    """Measure on an empty directory; ``whole`` takes the whole project, which is not compared with anything."""
    company = company_for(rows, days)
    result = Result("tick", {"rows": rows, "changes": changes, "repeats": repeats, "whole": whole, "days": days})
    models = () if whole else COMPARED
    with open_house(home, company, *models) as house:
        result.figures["first run seconds"] = house.fill(round(days * 48))
        result.figures["history rows"] = house.rows
        written: list[tuple[float, float]] = []
        by_hand = None if whole else ByHand(house.warehouse.connection)
        if by_hand:
            by_hand.run(to_naive_utc(company.start), to_naive_utc(company.boundary(house.boundaries - 1)))
        size = half_hours(company, changes)
        for _ in range(repeats + 1):
            before = house.boundaries
            house.tick(size)
            if by_hand:
                written.append(_by_hand(by_hand, house, before))
        busy = house.ticks[1:]  # the first one warms up what a long-lived process keeps
        idle = [house.tick(0) for _ in range(repeats)]
        if by_hand:
            result.figures["rows that differ"] = by_hand.differences()
            assert not any(result.figures["rows that differ"].values()), result.figures["rows that differ"]
        _figures(result, busy, idle, written[1:])
    result.figures["peak memory GB"] = peak_memory_gb()
    return result


def _by_hand(by_hand: ByHand, house: House, before: int) -> tuple[float, float]:
    started, used = time.monotonic(), processor_seconds()
    begin = to_naive_utc(house.company.boundary(before - 1))
    by_hand.run(begin, to_naive_utc(house.company.boundary(house.boundaries - 1)))
    return time.monotonic() - started, processor_seconds() - used


def _figures(result: Result, busy: list[Timed], idle: list[Timed], written: list[tuple[float, float]]) -> None:
    figures, middle = result.figures, statistics.median
    figures["changes landed"] = [tick.report.rows_landed for tick in busy]
    figures["models run"] = len(busy[-1].report.run.models) if busy[-1].report.run else 0
    for name, ticks in (("tick", busy), ("idle tick", idle)):
        figures[f"{name} seconds"] = middle(tick.seconds for tick in ticks)
        figures[f"{name} processor seconds"] = middle(tick.processor_seconds for tick in ticks)
        for step in ticks[0].steps:
            figures[f"{name}: {step} seconds"] = middle(tick.steps[step] for tick in ticks)
    if written:
        figures["by hand seconds"] = middle(seconds for seconds, _ in written)
        figures["by hand processor seconds"] = middle(used for _, used in written)
        pairs = list(zip(busy, written, strict=True))
        figures["transformation / by hand"] = middle(
            (tick.seconds - tick.steps["land"]) / seconds for tick, (seconds, _) in pairs
        )
        figures["models' statements / by hand"] = middle(tick.steps["models"] / seconds for tick, (seconds, _) in pairs)
    run = busy[-1].report.run
    slowest = sorted(run.models.values(), key=lambda model: -model.seconds)[:15] if run else []
    figures["slowest models"] = {model.model: round(model.seconds, 3) for model in slowest}


def main(
    rows: Annotated[int, typer.Option(help="Rows of facts in history.")] = 1_000_000,
    changes: Annotated[int, typer.Option(help="Rows that the tick lands.")] = 174_000,
    repeats: Annotated[int, typer.Option(help="Ticks that are measured, after one that is not.")] = 3,
    whole: Annotated[bool, typer.Option(help="All models, instead of those that are also written by hand.")] = False,
) -> None:
    """Measure a tick and an idle tick in one long-lived process."""
    with tempfile.TemporaryDirectory(prefix="northstar_tick_") as home:
        result = measure(Path(home), rows, changes, repeats, whole)
    flat = [(name, value) for name, value in result.figures.items() if isinstance(value, int | float)]
    show(f"tick at {rows:,} rows of history", ("figure", "value"), flat)
    show("slowest models of the last tick", ("model", "seconds"), result.figures["slowest models"].items())
    print(result.write())


if __name__ == "__main__":
    typer.run(main)
