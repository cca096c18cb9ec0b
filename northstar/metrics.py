"""Metrics: each is declared once, in ``contracts/metrics.yaml``, for documentation, tools and people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlglot import exp, parse_one
from sqlmesh.utils import yaml

FILE = Path("contracts/metrics.yaml")
"""The declarations, relative to the project's root."""

UNITS = frozenset(
    {"ratio", "count", "minutes", "hours", "days", "amount", "usd", "score", "per_day", "amount_per_hour"}
)
"""What a metric's figure is measured in; ``amount`` is in the currency of the row's ``currency``."""


@dataclass(frozen=True)
class Metric:
    """One figure that people ask for by name."""

    name: str
    title: str
    description: str
    """What it says and where it misleads."""
    mart: str
    """Model that it is computed from, such as ``marts_finance.mart_revenue_day``."""
    formula: str
    """Aggregate over the mart's columns, in Snowflake's SQL, right at every coarser grain than the mart's."""
    unit: str
    grain: tuple[str, ...]
    """Columns of the mart by which it may be broken down."""
    owner: str
    synonyms: tuple[str, ...] = ()
    filter: str | None = None
    """Rows of the mart that count, as a condition; all when None."""
    always_by: tuple[str, ...] = ()
    """Columns of the grain that must not be added across, such as the currency."""

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"metric {self.name}: unit must be one of {', '.join(sorted(UNITS))}")
        if not self._formula.find(exp.AggFunc):
            raise ValueError(f"metric {self.name}: the formula must aggregate, so that it holds at coarser grains")
        if not set(self.always_by) <= set(self.grain):
            raise ValueError(f"metric {self.name}: always_by must name columns of the grain")

    @property
    def _formula(self) -> exp.Expr:
        return parse_one(self.formula, dialect="snowflake")

    @property
    def _filter(self) -> exp.Expr:
        return parse_one(self.filter or "TRUE", dialect="snowflake")

    @property
    def columns(self) -> set[str]:
        """Every column of the mart that the metric names."""
        expressions = [self._formula, *([self._filter] if self.filter else [])]
        named = {column.name.lower() for expression in expressions for column in expression.find_all(exp.Column)}
        return named | set(self.grain)

    def expression(self, table: str) -> str:
        """The formula over a table of this name, with the filter inside its aggregates, so that it stands by itself."""
        formula = self._formula
        if self.filter:
            for aggregate in list(formula.find_all(exp.AggFunc)):
                kept = exp.func("IFF", self._filter, aggregate.this, exp.null(), dialect="snowflake")
                aggregate.set("this", kept)
        for column in formula.find_all(exp.Column):
            column.set("table", exp.to_identifier(table))
        return formula.sql(dialect="snowflake")

    def query(self, by: Sequence[str] = ()) -> str:
        """SQL that computes the metric, broken down by columns of its grain and by those it is never added across.

        Raises ValueError for a column that is not of the grain.
        """
        if foreign := [column for column in by if column not in self.grain]:
            raise ValueError(f"{self.name} can be broken down by {', '.join(self.grain)}, not by {', '.join(foreign)}")
        columns = list(dict.fromkeys([*by, *self.always_by]))
        query = exp.select(*columns, f"{self.formula} AS {self.name}", dialect="snowflake").from_(self.mart)
        if self.filter:
            query = query.where(self.filter, dialect="snowflake")
        if columns:
            query = query.group_by(*columns)
        return query.sql(dialect="snowflake", pretty=True)


def load_metrics(project: Path) -> dict[str, Metric]:
    """All metrics by name, in the order of the file.  Raises ValueError with the metric's name for a wrong one."""
    metrics: dict[str, Metric] = {}
    words: dict[str, str] = {}
    for entry in yaml.load(project / FILE, render_jinja=False):
        metric = _metric(entry)
        for word in (metric.name, *metric.synonyms):
            if word in words:
                raise ValueError(f"metric {metric.name}: {word!r} already means {words[word]}")
            words[word] = metric.name
        metrics[metric.name] = metric
    return metrics


def _metric(entry: dict[str, Any]) -> Metric:
    name = entry.get("name", "(without a name)")
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    try:
        return Metric(**fields)
    except TypeError as error:
        raise ValueError(f"metric {name}: {error}") from error
