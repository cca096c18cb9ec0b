"""SQLMesh loads the project as it is told to."""

from __future__ import annotations

from pathlib import Path

from sqlmesh.core.model.cache import OptimizedQueryCache, optimized_query_cache_pool
from sqlmesh.utils.process import SynchronousPoolExecutor

from northstar import loading


def test_no_process_is_forked(tmp_path: Path) -> None:
    loading.install()
    assert isinstance(optimized_query_cache_pool(OptimizedQueryCache(tmp_path)), SynchronousPoolExecutor)
