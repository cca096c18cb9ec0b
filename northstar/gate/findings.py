"""What the gate finds, as plain data: every report is written from it, and the receipt keeps it.  No data values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Check:
    """One step of the gate."""

    name: str
    passed: bool
    summary: str
    """One line."""
    problems: list[str] = field(default_factory=list)
    """What is wrong and where; empty when passed."""
    seconds: float = 0.0


@dataclass
class Change:
    """A model that was edited, added or removed itself."""

    model: str
    kind: str
    """How SQLMesh classes the change: breaking, non-breaking, metadata, added, removed; and whether forward-only."""
    reaches: int
    """Models below it."""


@dataclass
class ModelCost:
    """What building one model's table for the gate took."""

    model: str
    kind: str
    change: str
    """How SQLMesh classes the change: breaking, non-breaking, indirect, metadata, added, removed."""
    intervals: int
    """Intervals that were missing and have been built, 0 when nothing was to build."""
    rows: int
    seconds: float
    prod_intervals: int
    """Intervals that prod will still have to build, because the gate looked at a part of history only."""

    @property
    def prod_seconds(self) -> float:
        """Estimate of what prod still has to do: the gate's own pace, carried on."""
        return self.seconds / self.intervals * self.prod_intervals if self.intervals else 0.0


@dataclass
class ModelDiff:
    """How one model's rows and columns differ from the base environment's, in the part of history that both hold."""

    model: str
    added_columns: list[str]
    removed_columns: list[str]
    retyped_columns: list[str]
    rows_before: int
    rows_after: int
    only_before: int
    """Rows whose key is gone."""
    only_after: int
    """Rows whose key is new."""
    changed_share: dict[str, float]
    """Share of the rows with a common key that differ, by column; columns without a difference are left out."""


@dataclass
class MetricDiff:
    """A metric over all rows, before and after; never broken down to where it could show a person."""

    metric: str
    by: str
    """What it is never added across, such as ``currency=USD``; empty for one figure."""
    before: float | None
    after: float | None


@dataclass
class Reader:
    """A dashboard or data product that reads a changed column."""

    name: str
    kind: str
    title: str
    owner: str
    columns: list[str]
    """Columns that may change, as ``mart.column``."""
    differing: list[str] = field(default_factory=list)
    """Of these, what differs in the preview; all columns of a mart of which rows came or went."""


@dataclass
class GateReport:
    """Everything that the gate found."""

    environment: str
    base: str
    commit_id: str | None
    digest: str
    base_digest: str | None
    window: str
    """Which part of history was built and compared, in words."""
    notes: list[str] = field(default_factory=list)
    """What was left out and why, a sentence each."""
    checks: list[Check] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    costs: list[ModelCost] = field(default_factory=list)
    diffs: list[ModelDiff] = field(default_factory=list)
    metrics: list[MetricDiff] = field(default_factory=list)
    changed_columns: dict[str, list[str]] = field(default_factory=dict)
    """Columns whose values or meaning may change, by model."""
    readers: list[Reader] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"passed": self.passed}
