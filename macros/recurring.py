"""Recurring revenue: what a price comes to in a month."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

from macros.money import to_share


def monthly_factor(interval: str, count: str) -> tuple[str, str]:
    """SQL of the numerator and the denominator by which a price of an interval becomes one of a month.

    A year has 12 months, 52 weeks and 365 days.
    """
    numerator = f"CASE {interval} WHEN 'week' THEN 52 WHEN 'day' THEN 365 ELSE 1 END"
    denominator = f"COALESCE({count}, 1) * CASE {interval} WHEN 'month' THEN 1 ELSE 12 END"
    return numerator, denominator


@macro()
def monthly_parts(evaluator: MacroEvaluator, interval: exp.Expression, count: exp.Expression) -> list[exp.Expression]:
    """Two columns, ``monthly_part`` and ``monthly_whole``: an amount per interval times part by whole is a month's."""
    part, whole = monthly_factor(interval.sql(dialect="snowflake"), count.sql(dialect="snowflake"))
    return [evaluator.parse_one(f"{part} AS monthly_part"), evaluator.parse_one(f"{whole} AS monthly_whole")]


@macro()
def monthly_minor(
    evaluator: MacroEvaluator,
    unit_amount: exp.Expression,
    quantity: exp.Expression,
    part: exp.Expression,
    whole: exp.Expression,
) -> exp.Expression:
    """Whole minor units a month of so many units at a price, rounded once; the price is taken with four decimals."""
    unit, count, one, other = (column.sql(dialect="snowflake") for column in (unit_amount, quantity, part, whole))
    return evaluator.parse_one(to_share(f"CAST({unit} * 10000 AS BIGINT) * {count}", one, f"{other} * 10000"))
