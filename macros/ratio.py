"""Quotients that marts show, rounded half away from zero, exactly."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

from macros.money import to_share


@macro()
def ratio(evaluator: MacroEvaluator, part: exp.Expression, whole: exp.Expression) -> exp.Expression:
    """A part of a whole, both whole numbers and not negative, to four places; NULL when the whole is 0 or NULL."""
    share = to_share("10000", part.sql(dialect="snowflake"), whole.sql(dialect="snowflake"))
    return evaluator.parse_one(f"CAST({share} / 10000 AS DECIMAL(18, 4))")


@macro()
def hours(evaluator: MacroEvaluator, span: exp.Expression, per_hour: exp.Expression) -> exp.Expression:
    """A span in hours, to two places, given in whole or half units of which an hour has ``per_hour``: 3600 seconds."""
    units = f"2 * ({span.sql(dialect='snowflake')})"
    hundredths = to_share(units, "1", str(2 * int(per_hour.name) // 100))
    return evaluator.parse_one(f"CAST({hundredths} / 100 AS DECIMAL(18, 2))")
