"""The figures of docs/cost.md."""

from __future__ import annotations

import re
from pathlib import Path

from northstar.cost.model import Reckoning

PAGE = Path("docs/cost.md")
_BLOCK = re.compile(r"(<!-- cost:[^\n]*-->\n)(.*?)(<!-- end of cost -->)", re.DOTALL)


def table(reckoning: Reckoning) -> str:
    """The three ways beside each other, and this one's budget, as Markdown."""
    months = (reckoning.nightly_rebuild(), reckoning.this_design(), reckoning.dynamic_tables())
    names = sorted(reckoning.account.warehouses)
    lines = [
        f"| credits a month | {' | '.join(names)} | together | GB read and written | data at most as old as |",
        "|---|" + "---:|" * (len(names) + 2) + "---|",
    ]
    for month in months:
        used = " | ".join(f"{month.credits.get(name, 0):,.0f}" for name in names)
        lines.append(f"| {month.name} | {used} | {month.total:,.0f} | {month.gigabytes:,.0f} | {month.age} |")
    quotas = " | ".join(f"{reckoning.account.warehouses[name].credits:,}" for name in names)
    total = sum(one.credits for one in reckoning.account.warehouses.values())
    lines.append(f"| quota | {quotas} | {total:,} | | |")
    measured, tick, transform = reckoning.measured, reckoning.tick(), reckoning.account.warehouses["TRANSFORM"]
    lines += [
        "",
        f"Measured: {measured.ticks} ticks of {measured.landed_a_tick:,.0f} rows, {len(measured.models)} stored models "
        f"and {measured.views} views. Production is taken as {reckoning.growth:,.0f} times that.",
        f"A tick of this design is {tick.statements:,.0f} statements and {tick.megabytes / 1000:,.0f} GB read and "
        f"written: {tick.seconds:,.0f} seconds of TRANSFORM ({transform.size}), {tick.statement_seconds:,.0f} of them "
        f"for the number of statements, then {transform.suspend_seconds} until it suspends.",
        "",
    ]
    return "\n".join(lines)


def written(text: str) -> str:
    """What a page shows.  Raises ValueError when it has no place for it."""
    found = _BLOCK.search(text)
    if found is None:
        raise ValueError(f"{PAGE} has no block between '<!-- cost:' and '<!-- end of cost -->'")
    return found[2]


def rewrite(project: Path, reckoning: Reckoning) -> None:
    """Write the figures into the page."""
    page = project / PAGE
    text = page.read_text(encoding="utf-8")
    written(text)
    page.write_text(_BLOCK.sub(lambda found: f"{found[1]}{table(reckoning)}{found[3]}", text), encoding="utf-8")
