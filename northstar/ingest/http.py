"""Bounded retries for calls over HTTP, shared by the sources."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from northstar.ingest.contract import IngestError

T = TypeVar("T")


@dataclass(frozen=True)
class Retries:
    """How often and how patiently a call is tried again."""

    attempts: int = 6
    """Calls made in all before giving up."""
    first_wait: float = 0.5
    """Seconds before the second attempt; doubled before each further one."""
    longest_wait: float = 30.0
    """Seconds that no wait exceeds, whatever the server asks for."""

    def call(
        self,
        request: Callable[[], T],
        wait_for: Callable[[Exception], float | None],
        what: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> T:
        """Call ``request`` until it succeeds.

        ``wait_for`` judges an exception: None means that trying again is pointless, and the exception is raised as
        it is; a number is the least wait in seconds that the server asked for, 0 when it did not.  Raises
        IngestError, naming ``what`` was being read, when the attempts are used up.
        """
        wait = self.first_wait
        for attempt in range(1, self.attempts + 1):
            try:
                return request()
            except Exception as error:
                least = wait_for(error)
                if least is None:
                    raise
                if attempt == self.attempts:
                    raise IngestError(
                        f"{what}: gave up after {attempt} attempts ({type(error).__name__}); run again later"
                    ) from error
                sleep(min(max(wait, least), self.longest_wait))
                wait *= 2
        raise AssertionError("at least one attempt is made")
