"""Tables for people: a grid where it fits, otherwise each row as a paragraph; never a word broken in two."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text


def print_table(
    console: Console, title: str, header: Sequence[str], rows: Sequence[Sequence[str]], alarming: str | None = None
) -> None:
    """Print rows under a header.  A row that has the cell ``alarming`` is red.  Cells are text, not markup."""
    styles = ["red" if alarming is not None and alarming in row else "" for row in rows]
    grid = Table(title=title or None, title_justify="left")
    for number, name in enumerate(header):
        cells = [row[number] for row in rows]
        figures = any(cells) and all(not cell or cell[0].isdigit() for cell in cells)
        one_word = all(" " not in cell for cell in cells)
        grid.add_column(name, no_wrap=one_word, justify="right" if figures and one_word else "left")
    for row, style in zip(rows, styles, strict=True):
        grid.add_row(*(Text(cell) for cell in row), style=style or None)
    if Measurement.get(console, console.options.update(max_width=10_000), grid).minimum <= console.width:
        console.print(grid)
        return
    console.print(Text(title, style="italic"))
    for row, style in zip(rows, styles, strict=True):
        console.print(Text(row[0], style=style or "bold"), soft_wrap=True)
        told = ", ".join(f"{name} {cell}" for name, cell in zip(header[1:], row[1:], strict=True) if cell)
        console.print(Padding(Text(told, style=style), (0, 0, 0, 2)))
