"""Stopping in order: a signal sets a flag, and whoever does long work looks at it between two steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_requested = threading.Event()


class Stopped(Exception):
    """The process was asked to stop, and has done so between two steps.  The next run goes on from there."""


def requested() -> bool:
    """Whether the process was asked to stop."""
    return _requested.is_set()


def check() -> None:
    """Raise Stopped when the process was asked to stop."""
    if _requested.is_set():
        raise Stopped("asked to stop; the next run goes on from here")


def sleep(seconds: float) -> None:
    """Wait, or raise Stopped as soon as the process is asked to stop."""
    _requested.wait(max(0.0, seconds))
    check()


@contextmanager
def on_signal() -> Iterator[None]:
    """Let SIGTERM and SIGINT ask for a stop instead of killing; a second SIGINT kills as usual."""

    def request(number: int, _: FrameType | None) -> None:
        _requested.set()
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    _requested.clear()
    before = {number: signal.signal(number, request) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _requested.clear()
