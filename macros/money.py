"""Money: from integer minor units, in which facts keep it, to the amounts that marts show.

Every step is decimal arithmetic, exact until the one rounding at its end, half away from zero.
"""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


def to_major(minor: str, exponent: str) -> str:
    """SQL of an amount in major units, exact, NULL for an exponent that no currency has."""
    unit = f"CASE {exponent} WHEN 0 THEN 1 WHEN 1 THEN 0.1 WHEN 2 THEN 0.01 WHEN 3 THEN 0.001 END"
    return f"CAST(CAST({minor} AS DECIMAL(18, 0)) * CAST({unit} AS DECIMAL(4, 3)) AS DECIMAL(18, 3))"


@macro()
def major(evaluator: MacroEvaluator, minor: exp.Expression, exponent: exp.Expression) -> exp.Expression:
    """The amount in major units, ``DECIMAL(18, 3)``: of 1234 minor units 1234, 12.34 or 1.234."""
    return evaluator.parse_one(to_major(minor.sql(dialect="snowflake"), exponent.sql(dialect="snowflake")))


@macro()
def minor(evaluator: MacroEvaluator, amount: exp.Expression, exponent: exp.Expression) -> exp.Expression:
    """The amount in whole minor units, as a source that keeps major units (with at most 4 decimals) means it.

    What is less than a minor unit is rounded; ``major`` of the result tells whether there was any.
    """
    unit = f"CASE {exponent.sql(dialect='snowflake')} WHEN 0 THEN 1 WHEN 1 THEN 10 WHEN 2 THEN 100 WHEN 3 THEN 1000 END"
    exact = f"CAST({amount.sql(dialect='snowflake')} AS DECIMAL(34, 4)) * CAST({unit} AS DECIMAL(4, 0))"
    return evaluator.parse_one(f"CAST(ROUND({exact}, 0) AS BIGINT)")


@macro()
def reporting(
    evaluator: MacroEvaluator, minor: exp.Expression, exponent: exp.Expression, usd_per_unit: exp.Expression
) -> exp.Expression:
    """The amount in US dollars, ``DECIMAL(18, 2)``, at a rate of ``core.dim_exchange_rate``; NULL without a rate.

    Add up minor units of one currency and one date first, so that the one rounding is of the sum.
    """
    amount, rate = to_major(minor.sql(dialect="snowflake"), exponent.sql(dialect="snowflake")), usd_per_unit
    # DuckDB keeps a product of two DECIMAL(18, n) at 18 digits, too few for 10 million at a rate of 8 decimals.
    product = f"CAST({amount} AS DECIMAL(38, 3)) * {rate.sql(dialect='snowflake')}"
    return evaluator.parse_one(f"CAST(ROUND({product}, 2) AS DECIMAL(18, 2))")


def to_share(minor: str, part: str, whole: str) -> str:
    """SQL of ``ROUND(minor * part / whole)`` in whole minor units, exact; NULL when ``whole`` is 0.

    ``part`` and ``whole`` are whole numbers and not negative; the result is below 2^52.  A division would be binary on
    DuckDB and cut at six decimals on Snowflake, and either can tip a half the wrong way; a remainder is exact on both.
    """
    amount, share, total = (f"CAST({one} AS DECIMAL(38, 0))" for one in (minor, part, whole))
    doubled = f"(2 * ABS({amount}) * {share} + {total})"
    divisor = f"NULLIF(2 * {total}, 0)"
    quotient = f"({doubled} - MOD({doubled}, {divisor})) / {divisor}"
    return f"CAST(SIGN({amount}) * ROUND({quotient}, 0) AS BIGINT)"


@macro()
def share_of(
    evaluator: MacroEvaluator, minor: exp.Expression, part: exp.Expression, whole: exp.Expression
) -> exp.Expression:
    """``ROUND(minor * part / whole)`` in whole minor units, see :func:`to_share`."""
    return evaluator.parse_one(to_share(*(one.sql(dialect="snowflake") for one in (minor, part, whole))))


@macro()
def converted(
    evaluator: MacroEvaluator,
    minor: exp.Expression,
    exponent: exp.Expression,
    target_exponent: exp.Expression,
    rate: exp.Expression,
) -> exp.Expression:
    """The amount in whole minor units of the currency of which one unit is ``rate`` units of the amount's, exact.

    The rate counts with eight decimals; NULL leaves the amount as it is.
    """
    amount, target, own = (one.sql(dialect="snowflake") for one in (minor, target_exponent, exponent))
    eight = f"CAST({rate.sql(dialect='snowflake')} AS DECIMAL(38, 8))"
    tens = " ".join(f"WHEN {number} THEN {10 ** (8 + number)}" for number in range(4))
    part, whole = f"CASE {target} {tens} END", f"{eight} * CASE {own} {tens} END"
    return evaluator.parse_one(f"IFF({eight} IS NULL, {amount}, {to_share(amount, part, whole)})")
