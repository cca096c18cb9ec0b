"""How long and how often a source is tried in one tick."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from northstar import stopping
from northstar.ingest.contract import IngestError


@dataclass(frozen=True)
class Limits:
    """Bounds on one source in one tick."""

    timeout: float = 600.0
    """Seconds after which the tick goes on without the source."""
    attempts: int = 3
    """Times that a source that is out of reach is tried."""
    first_wait: float = 5.0
    """Seconds before the second attempt; three times as long before each further one."""
    grace: float = 30.0
    """Seconds that a source gets to end in order when its time is up."""

    @staticmethod
    def from_environment(environment: Mapping[str, str]) -> Limits:
        """Read the ``NORTHSTAR_SOURCE_*`` variables.  Raises ValueError naming one that is no number."""
        return Limits(
            timeout=_number(environment, "NORTHSTAR_SOURCE_TIMEOUT", Limits.timeout),
            attempts=max(1, round(_number(environment, "NORTHSTAR_SOURCE_ATTEMPTS", Limits.attempts))),
            first_wait=_number(environment, "NORTHSTAR_SOURCE_WAIT", Limits.first_wait),
        )


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} is {text!r}; give a number") from None


class Permit:
    """Whether a source's thread may go on.  Looked at before anything is landed, loaded or sealed."""

    def __init__(self, also: Callable[[], None] = lambda: None) -> None:
        """``also`` is called at every check; it raises when the whole tick must end, say because its lock is lost."""
        self._also = also
        self._reason: str | None = None
        self._ended = threading.Event()

    def withdraw(self, reason: str) -> None:
        """From now on, checks fail."""
        self._reason = reason
        self._ended.set()

    def check(self) -> None:
        """Raise IngestError when time is up, Stopped when the process was asked to stop."""
        stopping.check()
        self._also()
        if self._reason is not None:
            raise IngestError(self._reason)

    def sleep(self, seconds: float) -> None:
        """Wait, but no longer than the permit holds."""
        pause = 0.0
        while pause < seconds and not self._ended.wait(min(0.5, seconds - pause)):
            self.check()
            pause += 0.5
        self.check()
