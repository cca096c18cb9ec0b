"""When an interval may run.  SQLMesh stores these functions with the models, so each imports what it needs.

Where all of a batch is ready they say so with ``True``: SQLMesh looks for each interval that it is given back in the
batch, from its begin, which takes minutes for a first load of a year of half hours.
"""

import typing as t

from sqlmesh import ExecutionContext, signal
from sqlmesh.utils.date import DatetimeRanges


@signal()
def source_sealed(batch: DatetimeRanges, context: ExecutionContext, source: str) -> bool | DatetimeRanges:
    """Ready are the intervals that end at or before the source's last seal (design 4.1).

    A warehouse without ``ops.source_seal``, or a source that was never sealed, is not ready; an exception here would
    abort the whole run, not only this model.
    """
    import datetime as dt

    adapter = context.engine_adapter
    if not adapter.table_exists("OPS.SOURCE_SEAL"):
        return False
    row = adapter.fetchone(f"SELECT MAX(sealed_through) FROM ops.source_seal WHERE source = '{source}'")
    if not row or row[0] is None:
        return False
    sealed_through = row[0].replace(tzinfo=dt.UTC)
    ready = [(start, end) for start, end in batch if end <= sealed_through]
    return len(ready) == len(batch) or ready


@signal()
def parents_due(batch: DatetimeRanges, context: ExecutionContext, snapshot: t.Any = None) -> bool | DatetimeRanges:
    """Ready only up to where every parent's own cron reaches, looking through views.

    SQLMesh does not hold a half-hourly model back from an hourly parent's unfinished hour; rows would be lost for
    good.  Pure cron arithmetic: the newest end in the batch or on record is a safe lower bound of the present, so it
    holds under ``run``, ``plan``, in dev environments and for a single missing interval.  A parent that is due but
    failed is covered by SQLMesh, which skips its children.
    """
    from sqlmesh.utils.date import to_datetime

    if context.is_restatement:
        return True
    recorded = [to_datetime(end) for _, end in [*snapshot.intervals, *snapshot.dev_intervals]]
    present = max([end for _, end in batch] + recorded)
    seen: set[str] = set()
    waiting = [parent.name for parent in snapshot.parents]
    bound = None
    while waiting:
        name = waiting.pop()
        parent = context.snapshots.get(name)
        if parent is None or name in seen or parent.is_external:
            continue
        seen.add(name)
        if parent.is_seed or parent.is_full:
            continue  # reference data: the same for every interval
        if parent.is_symbolic or parent.is_view:
            waiting.extend(grandparent.name for grandparent in parent.parents)
            continue  # a view shows what is there, whenever it last ran
        reach = parent.node.interval_unit.cron_floor(parent.node.cron_floor(present))
        bound = reach if bound is None else min(bound, reach)
    ready = [(start, end) for start, end in batch if bound is None or end <= bound]
    return len(ready) == len(batch) or ready
