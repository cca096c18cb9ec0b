"""One writer at a time: a lock that the operating system releases when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from northstar.clock import utc_now


class LockHeld(Exception):
    """Another process is writing to the warehouse.  The message names it."""


@contextmanager
def writer_lock(path: Path, purpose: str) -> Iterator[None]:
    """Hold the warehouse's writer lock on this host.  Raises LockHeld at once when another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise LockHeld(f"another process is writing to the warehouse: {_describe(file.read())}") from None
        file.truncate(0)
        owner = {"pid": os.getpid(), "host": socket.gethostname(), "purpose": purpose, "since": utc_now().isoformat()}
        file.write(json.dumps(owner))
        file.flush()
        yield


def _describe(text: str) -> str:
    try:
        owner = json.loads(text)
    except ValueError:
        return "it has not said who it is yet"
    return f"{owner['purpose']}, process {owner['pid']} on {owner['host']}, since {owner['since']}"
