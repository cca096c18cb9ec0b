"""The order in which readers leave the old warehouse, from contracts/exposures.yaml, in docs/migration.md."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from northstar.exposures import Exposure, load_exposures

PAGE = Path("docs/migration.md")
_BLOCK = re.compile(r"(<!-- cut-over:[^\n]*-->\n)(.*?)(<!-- end of cut-over -->)", re.DOTALL)
_FAST = ("half_hourly", "hourly")

WAVES = (
    "People look at it once a day: a wrong figure is seen and asked about before it is used",
    "People look at it all day",
    "Machines read it: nobody would see a wrong figure, so only after people have used the same marts",
    "Money: after one close of a month that both warehouses have made",
)


def wave(exposure: Exposure) -> int:
    """The number of its wave, from 1."""
    if any(mart.startswith("marts_finance.") for mart in exposure.reads):
        return 4
    if exposure.kind == "data_product":
        return 3
    return 2 if exposure.refresh in _FAST else 1


def table(exposures: Iterable[Exposure]) -> str:
    """The waves as Markdown; within one, who reads fewer marts goes first."""
    ordered = sorted(exposures, key=lambda one: (wave(one), len(one.reads), one.name))
    lines = []
    for number, why in enumerate(WAVES, start=1):
        lines += [f"**Wave {number}.** {why}.", "", "| reader | kind | owner | marts |", "|---|---|---|---|"]
        for one in ordered:
            if wave(one) == number:
                marts = ", ".join(f"`{mart.partition('.')[2]}`" for mart in sorted(one.reads))
                lines.append(f"| {one.title} | {one.kind.replace('_', ' ')} | {one.owner} | {marts} |")
        lines.append("")
    return "\n".join(lines)


def written(text: str) -> str:
    """The order that a page shows.  Raises ValueError when it has no place for one."""
    found = _BLOCK.search(text)
    if found is None:
        raise ValueError(f"{PAGE} has no block between '<!-- cut-over:' and '<!-- end of cut-over -->'")
    return found[2]


def rewrite(project: Path) -> None:
    """Write the order into the page."""
    page = project / PAGE
    text = page.read_text(encoding="utf-8")
    written(text)
    new = table(load_exposures(project).all)
    page.write_text(_BLOCK.sub(lambda found: f"{found[1]}{new}{found[3]}", text), encoding="utf-8")
