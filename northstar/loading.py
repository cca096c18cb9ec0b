"""How SQLMesh loads the project: in one process, and with few searches for cyclic garbage.

SQLMesh prepares models' queries in forked processes.  Each model goes to one and comes back, pickled, which takes
longer than what is done there.  And Python searches for cyclic garbage each time some hundred objects were made, of
which loading makes millions that stay (docs/performance.md).
"""

from __future__ import annotations

import gc
from collections.abc import Callable

from sqlmesh.core.model import cache
from sqlmesh.utils.process import SynchronousPoolExecutor

_THRESHOLDS = (50_000, 10, 10)
"""Of Python's search for cyclic garbage, whose own are 700, 10 and 10."""


def install() -> None:
    """Load so in this process from now on.  May be called again, and while SQLMesh loads the project."""
    cache.create_process_pool_executor = _in_this_process  # type: ignore[attr-defined]
    gc.set_threshold(*_THRESHOLDS)


def _in_this_process(
    initializer: Callable[..., None], initargs: tuple[object, ...], max_workers: int | None
) -> SynchronousPoolExecutor:
    return SynchronousPoolExecutor(initializer=initializer, initargs=initargs)  # type: ignore[no-untyped-call]
