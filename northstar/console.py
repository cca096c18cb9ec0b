"""What all commands share: a terminal, exit codes, and errors as messages that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer
from rich.console import Console
from rich.markup import escape

from northstar import stopping
from northstar.ingest.contract import IngestError
from northstar.lock import LockHeld, LockLost
from northstar.warehouse import WarehouseBusy, WarehouseError

terminal = Console(stderr=True)


class ExitCode(IntEnum):
    """What a command's exit code means; documented in docs/settings.md."""

    OK = 0
    MODELS_FAILED = 1
    WRONG_USE = 2
    SOURCE_FAILED = 3
    LOCKED = 4
    STOPPED = 5


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn what a person can act on into a message and an exit code."""
    try:
        yield
    except (LockHeld, LockLost, WarehouseBusy) as error:
        terminal.print(f"[yellow]{escape(str(error))}[/]", highlight=False)
        raise typer.Exit(ExitCode.LOCKED) from error
    except stopping.Stopped as error:
        terminal.print(str(error), highlight=False)
        raise typer.Exit(ExitCode.STOPPED) from error
    except IngestError as error:
        terminal.print(f"[red]{escape(str(error))}[/]", highlight=False)
        raise typer.Exit(ExitCode.SOURCE_FAILED) from error
    except WarehouseError as error:
        terminal.print(f"[red]{escape(str(error))}[/]", highlight=False)
        raise typer.Exit(ExitCode.MODELS_FAILED) from error
    except ValueError as error:
        terminal.print(f"[red]{escape(str(error))}[/]", highlight=False)
        raise typer.Exit(ExitCode.WRONG_USE) from error
