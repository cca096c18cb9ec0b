"""Legacy figures beside the marts that take their place, by day and key, and the differences by class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import duckdb
from sqlglot import exp, parse_one

from northstar.migrate.export import Export
from northstar.migrate.mapping import FILE, Explained, Report

EQUAL, UNEXPLAINED, ONLY_LEGACY, ONLY_MART = "equal", "unexplained", "only in legacy", "only in mart"
OPEN = frozenset({UNEXPLAINED, ONLY_LEGACY, ONLY_MART})
"""What stands in the way of a cut-over."""


@dataclass(frozen=True)
class Found:
    """Values of one figure that are equal, or differ for the same reason."""

    report: str
    figure: str
    name: str
    why: str
    values: int
    """Days and keys."""
    legacy: float
    mart: float
    """The figures of those, added up."""
    example: str
    """The first day and key."""
    first: date
    last: date

    def as_line(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"first": self.first.isoformat(), "last": self.last.isoformat()}


def compare(connection: duckdb.DuckDBPyConnection, report: Report, export: Export) -> list[Found]:
    """Compare one report with its mart over the days that both have.

    The connection has the warehouse attached.  Raises ValueError when the contract does not fit the report or the mart.
    """
    export.attach(connection, export.table(report.legacy), "legacy_report")
    try:
        return list(_compare(connection, report))
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{FILE}: report {report.legacy} -> {report.mart}: {reason}") from error
    finally:
        connection.unregister("legacy_report")


def _compare(connection: duckdb.DuckDBPyConnection, report: Report) -> Iterator[Found]:
    whys = {one.name: one.why for one in report.classes}
    keys = [name for name in report.keys if name != report.day]
    shown = " || ' ' || ".join(f"'{name} ' || CAST({name} AS VARCHAR)" for name in keys) or "''"
    for figure in report.figures:
        rows = connection.execute(
            f"SELECT class, count(*), sum(legacy), sum(mart), min_by({shown}, ({report.day}, {shown})), "
            f"min({report.day}), max({report.day}) "
            f"FROM ({_classed(report, figure, keys)}) GROUP BY class ORDER BY class"
        ).fetchall()
        for name, values, legacy, mart, example, first, last in rows:
            where = f"{first} {example}".strip()
            why = whys.get(name, "")
            yield Found(report.legacy, figure, name, why, values, float(legacy), float(mart), where, first, last)


def _classed(report: Report, figure: str, keys: list[str]) -> str:
    """SQL of one row a day and key: both values, and the class of their difference."""
    day = report.day
    all_keys = [*keys, day]
    expected = {one.name: one for one in report.classes if one.figure == figure}
    legacy = ", ".join(f"({report.keys[name]}) AS {name}" for name in all_keys)
    sums = ", ".join([f"sum({figure}) AS mart", *(f"{_summed(one)} AS {_column(one)}" for one in expected.values())])
    group = ", ".join(str(number + 1) for number in range(len(all_keys)))
    window = f"PARTITION BY {', '.join(keys)} ORDER BY {day}" if keys else f"ORDER BY {day}"
    columns = "".join(f", coalesce(new.{_column(one)}, 0) AS {_column(one)}" for one in expected.values())
    return f"""
        WITH old AS (
          SELECT {legacy}, sum({report.figures[figure]}) AS legacy, count(*) AS times
          FROM legacy_report GROUP BY {group}
        ), new AS (
          SELECT {", ".join(all_keys)}, {sums} FROM {report.mart} GROUP BY {group}
        ), beside AS (
          SELECT
            {", ".join(all_keys)}, coalesce(old.legacy, 0) AS legacy, coalesce(new.mart, 0) AS mart, old.times,
            new.mart IS NOT NULL AS in_mart, max(old.{day}) OVER () AS last_day{columns}
          FROM old FULL JOIN new USING ({", ".join(all_keys)})
          WHERE {day} BETWEEN greatest((SELECT min({day}) FROM old), (SELECT min({day}) FROM new))
            AND least((SELECT max({day}) FROM old), (SELECT max({day}) FROM new))
        ), neighbours AS (
          SELECT
            *,
            lag(legacy - mart) OVER ({window}) AS before, lag({day}) OVER ({window}) AS day_before,
            lead(legacy - mart) OVER ({window}) AS after, lead({day}) OVER ({window}) AS day_after
          FROM beside
        )
        SELECT *, CASE
          WHEN legacy = mart THEN '{EQUAL}'
          {" ".join(f"WHEN {_condition(one, expected, day)} THEN '{one.name}'" for one in _fitting(report, figure))}
          WHEN times IS NULL THEN '{ONLY_MART}'
          WHEN NOT in_mart THEN '{ONLY_LEGACY}'
          ELSE '{UNEXPLAINED}' END AS class
        FROM neighbours"""


def _fitting(report: Report, figure: str) -> list[Explained]:
    return [one for one in report.classes if one.figure in (None, figure)]


def _condition(one: Explained, expected: dict[str, Explained], day: str) -> str:
    if one.kind == "expected":
        return f"legacy = {_column(one)}"
    if one.kind == "repeated":
        single = " OR ".join(f"legacy = times * {value}" for value in ("mart", *map(_column, expected.values())))
        return f"times > 1 AND ({single})"
    if one.kind == "other_day":
        earlier = f"before = mart - legacy AND day_before = {day} - 1"
        return f"(({earlier}) OR (after = mart - legacy AND day_after = {day} + 1))"
    return f"legacy < mart AND {day} = last_day"


def _column(one: Explained) -> str:
    return f"expected_{one.name}"


def _summed(one: Explained) -> str:
    """An expression over the mart's columns, each of them added up."""
    parsed = parse_one(str(one.expected), dialect="duckdb")
    return parsed.transform(
        lambda node: exp.Sum(this=node.copy()) if isinstance(node, exp.Column) else node, copy=True
    ).sql(dialect="duckdb")
