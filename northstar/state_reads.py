"""What SQLMesh reads from its state at each run, kept by a process that runs again and again.

A run reads every snapshot of its environment: SQLMesh unpickles each from a file and prepares its query in forked
processes.  What a snapshot's fingerprint stands for never changes; its intervals and when it was last touched do, and
are read from the state each time as before.  Before each model a run reads its environment, to see whether a plan has
changed it; the row is still read, and parsed again only when it differs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any
from weakref import WeakKeyDictionary

from sqlmesh.core.environment import Environment
from sqlmesh.core.snapshot import Snapshot, SnapshotId
from sqlmesh.core.snapshot.cache import SnapshotCache
from sqlmesh.core.state_sync.db.environment import EnvironmentState

Load = Callable[[set[SnapshotId]], Collection[Snapshot]]

_snapshots: WeakKeyDictionary[SnapshotCache, dict[SnapshotId, Snapshot]] = WeakKeyDictionary()
_environments: WeakKeyDictionary[EnvironmentState, tuple[tuple[Any, ...], Environment]] = WeakKeyDictionary()
_cache_get_or_load = SnapshotCache.get_or_load
_cache_clear = SnapshotCache.clear
_state_environment_from_row = EnvironmentState._environment_from_row


def get_or_load(
    self: SnapshotCache, snapshot_ids: set[SnapshotId], loader: Load
) -> tuple[dict[SnapshotId, Snapshot], set[SnapshotId]]:
    """Give what ``SnapshotCache.get_or_load`` does: snapshots without intervals, and which of them were not loaded."""
    kept = _snapshots.setdefault(self, {})
    known = {one: _bare(kept[one]) for one in snapshot_ids if one in kept}
    found, cached = _cache_get_or_load(self, snapshot_ids - known.keys(), loader)
    kept.update({one: _bare(snapshot) for one, snapshot in found.items()})
    return {**known, **found}, cached | known.keys()


def _bare(snapshot: Snapshot) -> Snapshot:
    """A copy that shares the model, and has no intervals."""
    return snapshot.copy(update={"intervals": [], "dev_intervals": [], "pending_restatement_intervals": []})


def clear(self: SnapshotCache) -> None:
    """Forget as ``SnapshotCache.clear`` does."""
    _snapshots.pop(self, None)
    _cache_clear(self)


def environment_from_row(self: EnvironmentState, row: tuple[Any, ...]) -> Environment:
    """Give what ``EnvironmentState._environment_from_row`` does."""
    row = tuple(row)
    kept = _environments.get(self)
    if kept is None or kept[0] != row:
        kept = _environments[self] = row, _state_environment_from_row(self, row)
    return kept[1].copy()
