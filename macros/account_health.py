"""The health of an account: shares in per cent, and a mean of scores of which some may not be known.

Both are decimal and exact until the one rounding, half away from zero: a division would be binary on DuckDB and cut at
six decimals on Snowflake.
"""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

from macros.money import to_share


def _tenths(amount: str, whole: str) -> str:
    """SQL of ``amount / whole`` in tenths, as a decimal with one place."""
    return f"CAST({to_share(amount, '1', whole)} * CAST(0.1 AS DECIMAL(2, 1)) AS DECIMAL(12, 1))"


@macro()
def percent(evaluator: MacroEvaluator, part: exp.Expression, whole: exp.Expression) -> exp.Expression:
    """``100 * part / whole`` to one place; NULL when ``whole``, which is never negative, is 0."""
    return evaluator.parse_one(
        _tenths(f"1000 * ({part.sql(dialect='snowflake')})", f"({whole.sql(dialect='snowflake')})")
    )


@macro()
def weighted_mean(evaluator: MacroEvaluator, scores: exp.Expression, weights: exp.Expression) -> exp.Expression:
    """The mean to one place, by weight, of scores of one place that are not NULL; NULL when all are."""
    names = [score.sql(dialect="snowflake") for score in scores.flatten()]
    shares = [weight.sql(dialect="snowflake") for weight in weights.flatten()]
    pairs = list(zip(names, shares, strict=True))
    total = " + ".join(f"COALESCE({name}, 0) * {10 * int(share)}" for name, share in pairs)
    known = " + ".join(f"IFF({name} IS NULL, 0, {share})" for name, share in pairs)
    return evaluator.parse_one(_tenths(f"({total})", f"({known})"))
