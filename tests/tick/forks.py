"""Work done in a fork of the test's process, which may be killed on its way: importing everything anew takes longer.

The parent must have released its warehouse: a DuckDB database does not survive a fork.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable

from northstar import failpoints

KILLED = -9


def in_fork(work: Callable[[], object], failpoint: str | None = None) -> int:
    """Run ``work`` in a fork, dying at a failpoint if one is given; its exit code, negative for a signal."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        failpoints._arrivals.clear()
        if failpoint:
            os.environ["NORTHSTAR_FAILPOINT"] = failpoint
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
