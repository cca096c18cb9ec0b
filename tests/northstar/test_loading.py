"""SQLMesh loads the project as it is told to."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from sqlmesh.core.model.cache import OptimizedQueryCache, optimized_query_cache_pool
from sqlmesh.utils.metaprogramming import import_python_file
from sqlmesh.utils.process import SynchronousPoolExecutor

from northstar import loading

PROJECT = Path(__file__).parents[2]


def test_no_process_is_forked(tmp_path: Path) -> None:
    loading.install()
    assert isinstance(optimized_query_cache_pool(OptimizedQueryCache(tmp_path)), SynchronousPoolExecutor)


def test_a_project_s_macros_are_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has another project's macros takes none of them for this one's."""
    others = types.ModuleType("macros.app_log")
    others.__file__ = str(tmp_path / "macros" / "app_log.py")
    monkeypatch.syspath_prepend(PROJECT)
    monkeypatch.setitem(sys.modules, "macros.app_log", others)

    import_python_file(PROJECT / "macros" / "account_health.py", PROJECT)

    assert sys.modules.get("macros.app_log") is not others
