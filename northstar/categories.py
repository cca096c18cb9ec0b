"""What a change means for the models below it, where SQLMesh leaves out changes that were taken back.

A model below a changed one keeps its rows when all changes above it are non-breaking.  SQLMesh asks that of the
versions that a plan makes.  A version that was there before, because its change is taken back, is not among them: so
when a breaking change is taken back in the same plan as another, non-breaking one is made, the model below both keeps
the rows that it had with the breaking one.
"""

from __future__ import annotations

from sqlmesh.core.plan.builder import PlanBuilder
from sqlmesh.core.plan.definition import SnapshotMapping
from sqlmesh.core.snapshot import Snapshot, SnapshotChangeCategory, SnapshotId
from sqlmesh.utils.dag import DAG

_KEEP_ROWS = (SnapshotChangeCategory.INDIRECT_NON_BREAKING, SnapshotChangeCategory.METADATA)
_categorize = PlanBuilder._categorize_snapshot


def install() -> None:
    """Categorise so in this process from now on.  May be called again."""
    PlanBuilder._categorize_snapshot = _with_what_was_taken_back  # type: ignore[method-assign,assignment]


def _with_what_was_taken_back(
    builder: PlanBuilder,
    snapshot: Snapshot,
    forward_only: bool,
    dag: DAG[SnapshotId],
    indirectly_modified: SnapshotMapping,
) -> None:
    _categorize(builder, snapshot, forward_only, dag, indirectly_modified)
    if snapshot.change_category not in _KEEP_ROWS or not _reads_what_was_taken_back(builder, snapshot):
        return
    # SQLMesh's own way when no version above is new: it looks at each parent's versions since the last plan.
    category = builder._get_orphaned_indirect_change_category(snapshot)
    if category is SnapshotChangeCategory.INDIRECT_BREAKING:
        snapshot.categorize_as(category, snapshot.is_forward_only)


def _reads_what_was_taken_back(builder: PlanBuilder, snapshot: Snapshot) -> bool:
    changes = builder._context_diff
    if not changes.indirectly_modified(snapshot.name):
        return False
    parents = (changes.snapshots[parent] for parent in snapshot.parents if parent in changes.snapshots)
    return any(parent.name in changes.modified_snapshots and not builder._is_new_snapshot(parent) for parent in parents)
