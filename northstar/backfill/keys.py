"""Keys that a range touched before it was restated, and no longer does.

A model of kind INCREMENTAL_BY_UNIQUE_KEY or _BY_PARTITION merges the keys that a range touches.  When what is below it
changes, a key may be touched no more: a corrected visit leaves its day, an erased one leaves altogether.  Merging would
leave the old row.  So the keys are noted before anything of a batch is restated, and those that are gone afterwards are
computed once more from the model's whole history, or dropped when nothing there speaks of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from sqlglot import exp
from sqlmesh.core.engine_adapter.base import EngineAdapter
from sqlmesh.core.model import SqlModel
from sqlmesh.core.snapshot import DeployabilityIndex, Intervals, Snapshot

SCHEMA = "northstar_backfill"
"""Where noted keys are kept, in the warehouse, until their batch is done."""


class TouchedKeys:
    """The keys of one batch."""

    def __init__(self, adapter: EngineAdapter, snapshots: Mapping[str, Snapshot], batch: str, at: datetime) -> None:
        """``batch`` names the batch in the tables' names; ``at`` is the execution time for queries."""
        self.adapter, self._snapshots = adapter, dict(snapshots)
        self._batch, self._at = batch, at

    def note(self, snapshot: Snapshot, intervals: Intervals) -> None:
        """Keep the keys that the intervals touch now."""
        self.adapter.create_schema(SCHEMA)
        self.adapter.drop_table(self._table(snapshot))
        self.adapter.ctas(self._table(snapshot), self._keys(snapshot, intervals))

    def mend(self, snapshot: Snapshot, intervals: Intervals) -> int:
        """Compute the keys anew that the intervals no longer touch; returns how many there were."""
        if not self.adapter.table_exists(self._table(snapshot)):
            return 0  # the model came to prod after the batch began, built from what was there then
        noted = exp.select("*").from_(self._table(snapshot))
        gone = exp.except_(noted, self._keys(snapshot, intervals))
        with self.adapter.temp_table(gone, name=self._table(snapshot)) as table:
            row = self.adapter.fetchone(exp.select("COUNT(*)").from_(table))
            count = int(row[0]) if row else 0
            if count:
                self._replace(snapshot, table)
        return count

    def count(self, snapshot: Snapshot, intervals: Intervals) -> int:
        """How many keys the intervals touch."""
        row = self.adapter.fetchone(exp.select("COUNT(*)").from_(self._keys(snapshot, intervals).subquery("touched")))
        return int(row[0]) if row else 0

    def forget(self) -> None:
        """Drop what is left of this batch and of any other."""
        self.adapter.drop_schema(SCHEMA, cascade=True)

    def _replace(self, snapshot: Snapshot, gone: exp.Table) -> None:
        target = exp.to_table(snapshot.table_name())
        columns = self.adapter.columns(target)
        history = self._query(snapshot, (snapshot.intervals[0][0], snapshot.intervals[-1][1]))
        fresh = exp.select(*(exp.column(name, quoted=True) for name in columns)).from_(history.subquery("fresh"))
        with self.adapter.transaction():
            self.adapter.delete_from(target, self._among(snapshot, gone))
            self.adapter.insert_append(
                target, fresh.where(self._among(snapshot, gone)), target_columns_to_types=columns
            )

    def _among(self, snapshot: Snapshot, gone: exp.Table) -> exp.Expression:
        """The condition that the row at hand has a key that is in a table."""
        same = [
            exp.NullSafeEQ(this=exp.column(f"key_{number}", table="gone"), expression=key.copy())
            for number, key in enumerate(_key(snapshot))
        ]
        return exp.Exists(this=exp.select("1").from_(gone.as_("gone")).where(exp.and_(*same)))

    def _keys(self, snapshot: Snapshot, intervals: Intervals) -> exp.Query:
        selected = [
            exp.select(*(exp.alias_(key.copy(), f"key_{number}") for number, key in enumerate(_key(snapshot))))
            .from_(self._query(snapshot, interval).subquery("touched"))
            .distinct()
            for interval in intervals
        ]
        return selected[0] if len(selected) == 1 else cast(exp.Query, exp.union(*selected, distinct=True))

    def _query(self, snapshot: Snapshot, interval: tuple[int, int]) -> exp.Query:
        return cast(SqlModel, snapshot.model).render_query_or_raise(
            start=interval[0],
            end=interval[1],
            execution_time=self._at,
            snapshots=self._snapshots,
            deployability_index=DeployabilityIndex.all_deployable(),
            engine_adapter=self.adapter,
        )

    def _table(self, snapshot: Snapshot) -> exp.Table:
        mark = hashlib.sha256(snapshot.name.encode()).hexdigest()[:12]
        return exp.to_table(f"{SCHEMA}.{self._batch}_{mark}")


def _key(snapshot: Snapshot) -> list[exp.Expression]:
    """The expressions over the model's columns that name a row, or a partition."""
    model = snapshot.model
    key = model.unique_key if model.kind.is_incremental_by_unique_key else model.partitioned_by
    return [cast(exp.Expression, part) for part in key]
