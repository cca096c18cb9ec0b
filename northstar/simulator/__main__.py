"""``python -m northstar.simulator``: the simulated company from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from northstar.lock import LockHeld
from northstar.simulator.demo import TICKS, Demo, run_demo
from northstar.warehouse import WarehouseError

app = typer.Typer(help="The simulated company.", no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def simulator() -> None:
    """Real servers with synthetic data, on this machine only."""


@app.command()
def demo(
    ticks: Annotated[int, typer.Option(help="Half hours of simulated life.")] = TICKS,
    scale: Annotated[float, typer.Option(help="1 is 20 accounts and 20,000 patients.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Another seed is another company.")] = 7,
    extra_tables: Annotated[int, typer.Option(help="Tables of the app that no model reads.")] = 1160,
    home: Annotated[Path, typer.Option(help="Where everything is kept.")] = Path("var"),
) -> None:
    """Make a company, land it, model it, and let it live for a few half hours."""
    console = Console(width=None if Console().is_terminal else 120)
    try:
        succeeded = run_demo(Demo(home, seed, scale, extra_tables), ticks, console)
    except (LockHeld, WarehouseError) as error:
        console.print(f"[red]{escape(str(error))}[/]", highlight=False)
        raise typer.Exit(1) from error
    raise typer.Exit(0 if succeeded else 1)


@app.command()
def clean(home: Annotated[Path, typer.Option(help="Where the demo kept everything.")] = Path("var")) -> None:
    """Stop the demo's PostgreSQL if a killed demo left it running, and remove all that the demo made."""
    Demo(home, 0, 0, 0).remove()


if __name__ == "__main__":
    app()
