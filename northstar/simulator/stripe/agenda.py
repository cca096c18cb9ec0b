"""What is going to happen, in order of time."""

from __future__ import annotations

import heapq
from collections.abc import Callable

DAY = 86_400
HOUR = 3_600


class Agenda:
    """Things to do at a second; those of the same second are done in the order in which they were planned."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Callable[[], object]]] = []
        self._planned = 0

    def at(self, second: int, action: Callable[[], object]) -> None:
        """Plan an action."""
        heapq.heappush(self._heap, (second, self._planned, action))
        self._planned += 1

    def run(self, until: int, set_clock: Callable[[int], None]) -> int:
        """Do everything planned before ``until``, with the clock set to its second.  Returns how many were done."""
        done = 0
        while self._heap and self._heap[0][0] < until:
            second, _, action = heapq.heappop(self._heap)
            set_clock(second)
            action()
            done += 1
        set_clock(until)
        return done
