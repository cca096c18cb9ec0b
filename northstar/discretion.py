"""Errors of databases without the values that they quote, also in a process that somebody started as ``sqlmesh``."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import duckdb
from sqlmesh.core.engine_adapter.base import EngineAdapter

from northstar.reasons import speaks_of_data

VARIABLE = "NORTHSTAR_SHOW_VALUES"
WITHHELD = f"its text may hold data and is not shown; set {VARIABLE}=1 to see it, where nothing keeps what is printed"
_MARK = "_northstar_discreet"


def install() -> None:
    """Withhold them in this process: SQLMesh prints and logs whatever is raised.  May be called again."""
    execute = EngineAdapter._execute
    if not hasattr(execute, _MARK):
        EngineAdapter._execute = _discreet(execute)  # type: ignore[method-assign]


def _discreet(execute: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(execute)
    def run(self: EngineAdapter, *args: Any, **kwargs: Any) -> None:
        try:
            execute(self, *args, **kwargs)
        except Exception as error:
            if os.environ.get(VARIABLE) or not speaks_of_data(error):
                raise
            kind = type(error) if isinstance(error, duckdb.Error) else RuntimeError
            withheld = kind(f"{type(error).__name__}: {WITHHELD}")
        else:
            return
        raise withheld  # outside the handler: a context would be printed with it

    setattr(run, _MARK, True)
    return run
