"""How much a backfill will write and how long it will take, judged by what ticks have written and taken."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlglot import exp

from northstar.backfill.keys import TouchedKeys
from northstar.backfill.scope import How, Range, Scope, Target, from_ms
from northstar.clock import to_naive_utc
from northstar.statements import Statements

_TICKS = 500
"""Ticks that are looked at, the newest, beside the one that wrote the most: the first load, as a rule."""


@dataclass(frozen=True)
class Step:
    """What a backfill would do to one model."""

    model: str
    how: str
    start: datetime
    end: datetime
    intervals: int
    rows: int
    """Rows that the model has in the range now, or that have a key that the range touches."""
    seconds: float | None
    """None when no tick has run the model."""

    def as_line(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"start": self.start.isoformat(), "end": self.end.isoformat()}


def steps(scope: Scope, batches: Sequence[Range], keys: TouchedKeys, connection: Statements) -> list[Step]:
    """Each model of a backfill with its intervals, rows and time, in the order of their dependencies."""
    speeds = _speeds(connection)
    found = []
    for target in scope.targets:
        rows = _rows(target, keys)
        runs = 1 if target.at_the_end else _batches_of(target, batches)
        runs = len(target.intervals) if target.how is How.HISTORY else runs
        speed = speeds.get(target.name)
        # Keys are looked up before and after, which costs about what writing them does.
        weight = 3.0 if target.how is How.KEYS else 1.0
        seconds = speed.of(runs, rows) * weight if speed else None
        found.append(
            Step(
                target.name,
                target.how.value,
                from_ms(target.intervals[0][0]),
                from_ms(target.intervals[-1][1]),
                len(target.intervals),
                rows,
                None if seconds is None else round(seconds, 1),
            )
        )
    return found


@dataclass(frozen=True)
class _Speed:
    """What a model costs: so much a run, and so much a row."""

    a_run: float
    a_row: float

    def of(self, runs: int, rows: int) -> float:
        return self.a_run * runs + self.a_row * rows


def _speeds(connection: Statements) -> dict[str, _Speed]:
    details = connection.execute(
        "SELECT detail FROM ops.tick_log WHERE models_run > 0 "
        f"QUALIFY row_number() OVER (ORDER BY tick_at DESC) <= {_TICKS} "
        "OR row_number() OVER (ORDER BY seconds DESC) = 1"
    ).fetchall()
    seen: dict[str, list[tuple[int, float]]] = {}
    for (detail,) in details:
        for model in json.loads(detail).get("models", ()):
            seen.setdefault(model["model"], []).append((model.get("rows", 0), model["seconds"]))
    return {model: _fit(runs) for model, runs in seen.items()}


def _fit(runs: Sequence[tuple[int, float]]) -> _Speed:
    """A line through the cheapest run and the one that wrote the most."""
    base_rows, base = min(runs, key=lambda run: run[1])
    most_rows, most = max(runs)
    slope = (most - base) / (most_rows - base_rows) if most_rows > base_rows and most > base else 0.0
    return _Speed(max(0.0, base - slope * base_rows), slope)


def _batches_of(target: Target, batches: Sequence[Range]) -> int:
    return sum(1 for low, high in batches if any(low < end <= high for _, end in target.intervals))


def _rows(target: Target, keys: TouchedKeys) -> int:
    whole = (target.intervals[0][0], target.intervals[-1][1])
    if target.how is How.VIEW:
        return 0
    if target.how is How.KEYS:
        return keys.count(target.snapshot, [whole])
    table = exp.to_table(target.snapshot.table_name())
    query = exp.select("COUNT(*)").from_(table)
    column = target.snapshot.model.time_column
    if column is not None and target.how is not How.WHOLE:
        low, high = (exp.cast(exp.Literal.string(str(to_naive_utc(from_ms(edge)))), "TIMESTAMP") for edge in whole)
        query = query.where(exp.and_(column.column >= low, column.column < high))
    row = keys.adapter.fetchone(query)
    return int(row[0]) if row else 0


def total(found: Sequence[Step]) -> Mapping[str, Any]:
    """The sums of a list of steps."""
    known = [step.seconds for step in found if step.seconds is not None]
    return {"models": len(found), "rows": sum(step.rows for step in found), "seconds": round(sum(known), 1)}
