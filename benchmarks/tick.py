"""``python -m benchmarks.tick``: a tick of production's size, step by step, beside the same by hand and in dbt."""

from __future__ import annotations

import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.by_hand import COMPARED, KEPT_BY_HAND
from benchmarks.house import Timed, open_house
from benchmarks.report import Result, show, slowest
from benchmarks.rivals import Rival, RivalByHand, RivalInDbt
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


def measure(
    home: Path,
    rows: int,
    changes: int,
    repeats: int,
    whole: bool,
    days: float = _DAYS,
    dbt: bool = False,
    postgres: bool = False,
) -> Result:
    """Measure on an empty directory; ``whole`` takes the whole project, which is not compared with anything."""
    company = company_for(rows, days)
    settings = {"rows": rows, "changes": changes, "repeats": repeats, "whole": whole, "days": days}
    result = Result("tick", settings | {"postgres": postgres})
    models = () if whole else COMPARED
    with open_house(home, company, *models, postgres=postgres) as house, ExitStack() as stack:
        result.figures["first run seconds"] = house.fill(round(days * 48))
        result.figures["history rows"] = house.rows
        rivals: list[Rival] = [] if whole else [RivalByHand(house)]
        if dbt and not whole:
            in_dbt = RivalInDbt(house, home / "dbt")
            stack.callback(in_dbt.close)
            rivals.append(in_dbt)
        size = half_hours(company, changes)
        for _ in range(repeats + 1):
            before = house.boundaries
            house.tick(size)
            for rival in rivals:
                rival.tick(house, before)
        idle = [house.tick(0) for _ in range(2 * repeats)]
        for rival in rivals:
            differing = rival.differences(house)
            assert not any(differing.values()), (rival.name, differing)
            result.figures[f"rows that differ from {rival.name}"] = differing
        # The first one warms up what a long-lived process keeps
        _figures(result, house.ticks[1 : repeats + 1], idle, rivals)
    return result


def by_models_due(ticks: list[Timed]) -> dict[str, list[Timed]]:
    """Idle ticks by how many models were due, fewest first: half hours and full ones differ."""
    groups: dict[int, list[Timed]] = {}
    for tick in ticks:
        groups.setdefault(len(tick.models), []).append(tick)
    return {f"idle tick of {due} models": groups[due] for due in sorted(groups)}


def _figures(result: Result, busy: list[Timed], idle: list[Timed], rivals: list[Rival]) -> None:
    figures, middle = result.figures, statistics.median
    figures["changes landed"] = [tick.report.rows_landed for tick in busy]
    figures["models run"] = len(busy[-1].models)
    for name, ticks in {"tick": busy, **by_models_due(idle)}.items():
        figures[f"{name} seconds"] = middle(tick.seconds for tick in ticks)
        figures[f"{name} processor seconds"] = middle(tick.processor_seconds for tick in ticks)
        for step in ticks[0].steps:
            figures[f"{name}: {step} seconds"] = middle(tick.steps[step] for tick in ticks)
        figures[f"{name}: peak memory GB"] = max(tick.peak_memory_gb for tick in ticks)
    for rival in rivals:
        pairs = list(zip(busy, rival.took[1:], strict=True))
        figures[f"{rival.name} seconds"] = middle(took.seconds for _, took in pairs)
        figures[f"{rival.name} processor seconds"] = middle(took.processor_seconds for _, took in pairs)
        figures[f"transformation / {rival.name}"] = middle(
            (tick.steps["models"] + tick.steps["around"]) / took.seconds for tick, took in pairs
        )
        if isinstance(rival, RivalByHand):
            figures["models that keep the same / by hand"] = middle(
                sum(seconds for model, seconds in tick.models.items() if model in KEPT_BY_HAND) / took.seconds
                for tick, took in pairs
            )
    figures["slowest models"] = slowest(busy[-1].report.run)
    figures["slowest models when idle"] = slowest(idle[-1].report.run)


def main(
    rows: Annotated[int, typer.Option(help="Rows of facts in history.")] = 1_000_000,
    changes: Annotated[int, typer.Option(help="Rows that the tick lands.")] = 174_000,
    repeats: Annotated[int, typer.Option(help="Ticks that are measured, after one that is not.")] = 3,
    whole: Annotated[bool, typer.Option(help="All models, instead of those that are also written by hand.")] = False,
    dbt: Annotated[bool, typer.Option(help="Beside it the same models in dbt, installed at the first use.")] = False,
    postgres: Annotated[
        bool, typer.Option(help="From the commits of a real PostgreSQL on, read from its log.")
    ] = False,
) -> None:
    """Measure a tick and an idle tick in one long-lived process."""
    with tempfile.TemporaryDirectory(prefix="northstar_tick_") as home:
        result = measure(Path(home), rows, changes, repeats, whole, dbt=dbt, postgres=postgres)
    flat = [(name, value) for name, value in result.figures.items() if isinstance(value, int | float)]
    show(f"tick at {rows:,} rows of history", ("figure", "value"), flat)
    for name in ("slowest models", "slowest models when idle"):
        show(f"{name}, in the last tick", ("model", "seconds"), result.figures[name].items())
    print(result.write())


if __name__ == "__main__":
    typer.run(main)
