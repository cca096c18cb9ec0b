"""What a backfill touches: which models below those that were named, and which range of each.

SQLMesh's own restatement widens some kinds to their whole history and does not carry a range through a view, so it does
too much in one place and too little in another.  Here a range is carried through views, and rounded out to the
intervals of each model:

- ``INCREMENTAL_BY_TIME_RANGE``: the range, and as many intervals behind it as look back into it.
- ``INCREMENTAL_BY_UNIQUE_KEY`` and ``_BY_PARTITION``: the keys that the range touches, before or after.  A model of
  these kinds yields the present state of the keys that a range touched (docs/modeling.md), so this is exact.
- ``VIEW`` and ``FULL``: once, at the end: a view for its audits, a table because it is rebuilt whole anyway.
- ``SCD_TYPE_2`` and models that forbid restatement hold history that cannot be computed again from what is there now:
  they and what hangs on them alone are left as they are, unless they are named.  Named, they are rebuilt from their
  first interval on, one interval at a time, as the ticks built them.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlmesh.core.node import IntervalUnit
from sqlmesh.core.snapshot import Intervals, Snapshot, SnapshotId
from sqlmesh.core.snapshot.definition import expand_range, merge_intervals
from sqlmesh.utils.dag import DAG

from northstar.warehouse import model_name

Range = tuple[int, int]
"""Half-open, in milliseconds since the epoch, as SQLMesh keeps intervals."""

_EVER: Range = (0, 2**62)


class How(StrEnum):
    """What is done to a model."""

    RANGE = "rows of the range"
    KEYS = "keys of the range"
    WHOLE = "whole, at the end"
    VIEW = "audits, at the end"
    HISTORY = "whole history, interval by interval, at the end"
    AFTER_HISTORY = "rows of the range, at the end"


@dataclass(frozen=True)
class Target:
    """One model of a backfill."""

    snapshot: Snapshot
    how: How
    range: Range
    intervals: Sequence[Range]
    """The model's own intervals in the range that it has completed, in order."""

    @property
    def name(self) -> str:
        """``core.fct_visit``."""
        return model_name(self.snapshot.name)

    @property
    def at_the_end(self) -> bool:
        """Whether it is done once, after all batches."""
        return self.how not in (How.RANGE, How.KEYS)


@dataclass(frozen=True)
class Scope:
    """Everything that a backfill does, and what it spares."""

    targets: Sequence[Target]
    """In the order of their dependencies."""
    protected: Mapping[str, str]
    """Models that depend on what is restated and are left as they are, and why."""

    def in_batch(self, batch: Range) -> dict[str, Intervals]:
        """The intervals of each model that is done in batches and that end in a batch, by the model's full name."""
        return {
            target.snapshot.name: merge_intervals(own)
            for target in self.targets
            if not target.at_the_end
            and (own := [interval for interval in target.intervals if batch[0] < interval[1] <= batch[1]])
        }

    def batches(self, length: timedelta) -> list[Range]:
        """Equal lengths of time, the last one shorter, that hold every interval that is done in batches."""
        inside = [target for target in self.targets if not target.at_the_end and target.intervals]
        if not inside:
            return []
        start = min(target.intervals[0][0] for target in inside)
        end = max(target.intervals[-1][1] for target in inside)
        step = round(length / timedelta(milliseconds=1))
        return [(at, min(at + step, end)) for at in range(start, end, step)]


def scope_of(snapshots: Mapping[str, Snapshot], named: Collection[str], start: datetime, end: datetime) -> Scope:
    """Work out what a backfill of the named models does for ``[start, end)``; names as a person writes them.

    Raises ValueError for a name that is no model of prod, a seed, or a table that can only be appended to.
    """
    roots = {_find(snapshots, name) for name in named}
    ranges: dict[SnapshotId, Range] = {}
    targets: list[Target] = []
    protected: dict[str, str] = {}
    wanted = (to_ms(start), to_ms(end))
    after_history: set[SnapshotId] = set()
    for snapshot in _in_order(snapshots):
        reaching = [ranges[parent] for parent in snapshot.parents if parent in ranges]
        is_named = snapshot.name in roots
        if is_named:
            reaching.append(wanted)
        if not reaching or not snapshot.is_model or snapshot.is_seed:
            continue
        hull = (min(low for low, _ in reaching), max(high for _, high in reaching))
        behind = bool(after_history.intersection(snapshot.parents))
        target = _target(snapshot, hull, is_named, behind)
        if isinstance(target, str):
            protected[model_name(snapshot.name)] = target
            continue
        ranges[snapshot.snapshot_id] = target.range
        if behind or target.how is How.HISTORY:
            after_history.add(snapshot.snapshot_id)
        if not (snapshot.is_external or snapshot.is_embedded) and target.intervals:
            targets.append(target)
    return Scope(targets, protected)


def _target(snapshot: Snapshot, hull: Range, is_named: bool, behind_history: bool) -> Target | str:
    """What is done to a model that a range reaches, or why it is spared."""
    kind = snapshot.model.kind
    if kind.is_external or kind.is_embedded:
        return Target(snapshot, How.RANGE, hull, ())
    if kind.is_view:
        return Target(snapshot, How.VIEW, hull, _completed(snapshot, _EVER)[-1:])
    if kind.is_full or kind.is_managed:
        # What it reads may have changed anywhere in it, so what hangs on it is reached with the same range.
        return Target(snapshot, How.WHOLE, hull, _completed(snapshot, _EVER)[-1:])
    if kind.is_incremental_unmanaged:
        return "it is only appended to: restating it would append its rows again"
    if kind.is_scd_type_2 or snapshot.disable_restatement:
        if not is_named:
            return "it keeps history; name it to have it rebuilt"
        everything = _completed(snapshot, _EVER)
        whole = (everything[0][0], everything[-1][1]) if everything else hull
        return Target(snapshot, How.HISTORY, whole, everything)
    own = _rounded_out(hull, _unit(snapshot))
    if snapshot.depends_on_self:
        own = (own[0], snapshot.intervals[-1][1] if snapshot.intervals else own[1])
    elif snapshot.model.lookback:
        own = (own[0], own[1] + snapshot.model.lookback * _unit(snapshot).milliseconds)
    by_key = kind.is_incremental_by_unique_key or kind.is_incremental_by_partition
    how = How.AFTER_HISTORY if behind_history else How.KEYS if by_key else How.RANGE
    return Target(snapshot, how, own, _completed(snapshot, own))


def _completed(snapshot: Snapshot, within: Range) -> list[Range]:
    """The intervals of a range that the model has completed, one by one: what it lacks is the next tick's."""
    return [
        (low, high)
        for start, end in snapshot.intervals
        if max(start, within[0]) < min(end, within[1])
        for low, high in _single(max(start, within[0]), min(end, within[1]), _unit(snapshot))
    ]


def _unit(snapshot: Snapshot) -> IntervalUnit:
    unit = snapshot.node.interval_unit
    assert unit is not None
    return unit


def _single(start: int, end: int, unit: IntervalUnit) -> Iterator[Range]:
    return itertools.pairwise(expand_range(start, end, unit))


def _rounded_out(hull: Range, unit: IntervalUnit) -> Range:
    low, high = (to_ms(unit.cron_floor(edge)) for edge in hull)
    return low, high if high == hull[1] else to_ms(unit.cron_next(high))


def _in_order(snapshots: Mapping[str, Snapshot]) -> Iterator[Snapshot]:
    by_id = {snapshot.snapshot_id: snapshot for snapshot in snapshots.values()}
    dag: DAG[SnapshotId] = DAG({id: set(snapshot.parents) for id, snapshot in by_id.items()})
    return (by_id[id] for id in dag.sorted if id in by_id)


def _find(snapshots: Mapping[str, Snapshot], name: str) -> str:
    known = {model_name(full): full for full, snapshot in snapshots.items() if snapshot.is_model}
    full = known.get(name.lower())
    if full is None:
        near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
        hint = f"; do you mean {' or '.join(near)}?" if near else ""
        raise ValueError(f"prod has no model {name}{hint}")
    if snapshots[full].is_seed:
        raise ValueError(f"{name} is a seed: change its file and plan, which rebuilds what depends on it")
    if snapshots[full].model.kind.is_incremental_unmanaged:
        raise ValueError(f"{name} is only appended to: restating it would append its rows again")
    return full


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """The inverse of :func:`to_ms`, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
