"""``northstar schedule``."""

from __future__ import annotations

from northstar import logs, stopping
from northstar.commands.tick import SourceOption, print_line
from northstar.console import clear_errors
from northstar.ingest.registry import chosen
from northstar.schedule import Scheduler
from northstar.settings import Settings


def schedule_command(source: SourceOption = None) -> None:
    """Stay up and run the tick at each half hour; prints one JSON line a tick.

    On SIGTERM the step that runs is finished, and the process ends with 0.
    """
    settings = Settings.from_environment()
    with clear_errors():
        logs.set_up(settings.environment)
        names = chosen(source, settings.environment)
        with stopping.on_signal():
            Scheduler(settings, names, print_line).run()
