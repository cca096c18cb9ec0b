"""Named places at which a test may have the process killed, as a power cut would.

``NORTHSTAR_FAILPOINT=after_file`` kills at the first arrival at that place, ``after_file:3`` at the third.
Unset, as in production, a failpoint costs one dictionary look-up.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

_arrivals: Counter[str] = Counter()


def reach(name: str) -> None:
    """Die here by SIGKILL if the environment asks for it: no handler runs, nothing is flushed or rolled back."""
    wanted = os.environ.get("NORTHSTAR_FAILPOINT")
    if not wanted:
        return
    place, _, nth = wanted.partition(":")
    if place != name:
        return
    _arrivals[name] += 1
    if _arrivals[name] >= int(nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
