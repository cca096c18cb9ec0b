"""Faults that a test has the simulated Stripe commit."""

from __future__ import annotations

import threading
from collections import deque

KINDS = ("rate_limit", "server_error", "drop")
"""What a request can meet: status 429, status 500, or a connection closed without an answer."""


class Faults:
    """Which of the coming requests fail, and how."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._coming: deque[tuple[str, str]] = deque()
        self._every: tuple[int, str] | None = None
        self._requests = 0
        self.committed = 0
        """How many requests have failed on purpose."""

    def next(self, kind: str, times: int = 1, path: str = "") -> None:
        """Fail the next ``times`` requests whose path begins with ``path``."""
        assert kind in KINDS
        with self._lock:
            self._coming.extend([(kind, path)] * times)

    def every(self, nth: int, kind: str) -> None:
        """Fail every ``nth`` request from now on; 0 ends it."""
        assert kind in KINDS
        with self._lock:
            self._every = (nth, kind) if nth else None

    def due(self, path: str) -> str | None:
        """The fault that this request meets, None for none."""
        with self._lock:
            self._requests += 1
            fault = None
            if self._coming and path.startswith(self._coming[0][1]):
                fault = self._coming.popleft()[0]
            elif self._every is not None and self._requests % self._every[0] == 0:
                fault = self._every[1]
            self.committed += fault is not None
            return fault
