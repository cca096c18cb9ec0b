"""Quotients of marts, executed on DuckDB and compared with decimal arithmetic."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import duckdb
import pytest
from sqlglot import exp, parse_one
from sqlmesh.core.macros import MacroEvaluator

from macros import ratio


def _sql(call: exp.Expression) -> str:
    return call.sql(dialect="duckdb")


def _columns(*names: str) -> list[exp.Expression]:
    return [parse_one(name, dialect="snowflake") for name in names]


def test_a_ratio_is_rounded_as_by_hand() -> None:
    """Of all parts of wholes of which a half of the last place can be a part, 32 and its multiples."""
    call = ratio.ratio(MacroEvaluator(dialect="snowflake"), *_columns("part", "whole"))
    rows = duckdb.sql(
        f"SELECT part, whole, {_sql(call)} FROM range(2001) AS p(part), range(32, 2001, 32) AS w(whole)"
    ).fetchall()
    wrong = [
        (part, whole, value)
        for part, whole, value in rows
        if value != (Decimal(part) / whole).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    ]

    assert len(rows) == 2001 * 62
    assert wrong == []


@pytest.mark.parametrize(("part", "whole"), [("1", "0"), ("1", "NULL"), ("NULL", "1")])
def test_a_ratio_without_a_whole_is_unknown(part: str, whole: str) -> None:
    call = ratio.ratio(MacroEvaluator(dialect="snowflake"), *_columns(f"{part}::BIGINT", f"{whole}::BIGINT"))

    assert duckdb.sql(f"SELECT {_sql(call)}").fetchone() == (None,)


@pytest.mark.parametrize(
    ("span", "per_hour", "hours"),
    [
        ("3600", "3600", "1"),
        ("18", "3600", "0.01"),  # half of the last place goes away from zero
        ("17", "3600", "0.00"),
        ("-18", "3600", "-0.01"),
        ("3600 + 18", "3600", "1.01"),
        ("18000000", "3600000000", "0.01"),
        ("17999999.5", "3600000000", "0.00"),  # a median between two values; at six decimals a half
        ("NULL::DOUBLE", "3600000000", None),
    ],
)
def test_hours(span: str, per_hour: str, hours: str | None) -> None:
    call = ratio.hours(MacroEvaluator(dialect="snowflake"), *_columns(span, per_hour))

    assert duckdb.sql(f"SELECT {_sql(call)}").fetchone() == (None if hours is None else Decimal(hours),)
