"""Conditions by which the audited batches find rows that cannot be true (design 4.4)."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


@macro()
def implausible(evaluator: MacroEvaluator, times: exp.Expression, committed_at: exp.Expression) -> exp.Expression:
    """Whether any of some dates or times lies before 2000, or more than five years after the source committed the row.

    One such date would stretch every series of days that begins with the first of them.  NULL is not implausible.
    """
    latest = f"DATEADD(YEAR, 5, {committed_at.sql(dialect='snowflake')})"
    columns = [column.sql(dialect="snowflake") for column in times.flatten()]
    return evaluator.parse_one(
        " OR ".join(f"NOT {column} BETWEEN CAST('2000-01-01' AS TIMESTAMP) AND {latest}" for column in columns)
    )
