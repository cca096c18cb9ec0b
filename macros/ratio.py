"""Quotients that marts show."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


@macro()
def ratio(evaluator: MacroEvaluator, part: exp.Expression, whole: exp.Expression) -> exp.Expression:
    """A part of a whole, to four places, half away from zero; NULL when the whole is 0 or NULL.

    The part is made larger before it is divided: 5 of 32 is 1562.5 ten-thousandths exactly, on any engine, but 0.15625
    as a binary fraction may lie below the half.
    """
    numerator, divisor = part.sql(dialect="snowflake"), whole.sql(dialect="snowflake")
    return evaluator.parse_one(f"CAST(ROUND({numerator} * 10000 / NULLIF({divisor}, 0)) / 10000 AS DECIMAL(18, 4))")


@macro()
def hours(evaluator: MacroEvaluator, seconds: exp.Expression) -> exp.Expression:
    """Seconds in hours, to two places, half away from zero."""
    return evaluator.parse_one(f"CAST(ROUND({seconds.sql(dialect='snowflake')} / 36) / 100 AS DECIMAL(18, 2))")
