"""The lock of a warehouse on one host: a file lock, which the operating system releases when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import IO

from northstar.lock.owner import LockLost, Owner

_RECORD_BYTES = 1024
"""The owner's record is written in one piece of this size, so that a reader never sees half of it."""


class FileLock:
    """A lock on a file; waiting processes hold a second one beside it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path

    def acquire(self, owner: Owner) -> FileLease | None:
        """Take the lock if no living process has it."""
        for pause in (0.0, 0.01, 0.05):  # whoever only looks whether it is locked holds it for a moment
            time.sleep(pause)
            file = self._path.open("r+b" if self._path.exists() else "w+b", buffering=0)
            lease = FileLease(self._path, file, owner)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                lease.check()  # someone may have deleted the file after it was opened
            except (BlockingIOError, LockLost):
                file.close()
                continue
            lease.beat()
            return lease
        return None

    def owner(self) -> Owner | None:
        """The holder's own record, when there is a holder."""
        if not self._path.exists() or not _is_locked(self._path):
            return None
        return Owner.from_json(self._path.read_bytes().decode(errors="replace"))

    def waiting(self) -> FileWaitMark:
        """A shared lock on the second file."""
        return FileWaitMark(_queue(self._path))


class FileLease:
    """The file lock while it is held."""

    def __init__(self, path: Path, file: IO[bytes], owner: Owner) -> None:
        self._path, self._file, self._owner = path, file, owner

    def check(self) -> None:
        """The lock is on the file, not on its name: whoever deletes the file lets a second process in."""
        try:
            same = os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())
        except OSError:
            same = False
        if not same:
            raise LockLost(f"the lock file {self._path} was removed or replaced while it was held")

    def wanted(self) -> bool:
        """Whether a process waits for the lock."""
        queue = _queue(self._path)
        return queue.exists() and _is_locked(queue)

    def beat(self) -> None:
        """Write down that the holder lives."""
        record = self._owner.beating().as_json().encode()
        os.ftruncate(self._file.fileno(), _RECORD_BYTES)
        os.pwrite(self._file.fileno(), record.ljust(_RECORD_BYTES), 0)

    def release(self) -> None:
        """Closing the file gives up the lock."""
        self._file.close()


class FileWaitMark:
    """A shared lock on the queue's file, which a holder finds when it tries an exclusive one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> FileWaitMark:
        self._file = self._path.open("ab")
        fcntl.flock(self._file, fcntl.LOCK_SH)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def renew(self) -> None:
        """Nothing to do: the mark stands while the process lives."""


def _queue(path: Path) -> Path:
    return path.with_name(f"{path.name}.wanted")


def _is_locked(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
