"""Postings: how an interval's changes move what is booked on each day, as differences that are only ever added.

What the logs say of a document just before the interval (side -1) and at its end (side 1) is laid out on days; posted
is the difference.  The postings of all intervals so far sum up to what the logs say now, in whatever intervals they
were made.
"""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

from macros.app_log import last_image_of


@macro()
def before_and_after(
    evaluator: MacroEvaluator,
    batch: exp.Expression,
    key: exp.Expression,
    touched: exp.Expression,
    start: exp.Expression,
    end: exp.Expression,
    parent: exp.Expression | None = None,
) -> exp.Expression:
    """The faultless image of each touched key before the interval and at its end, without those that were deleted then.

    ``touched`` names a CTE of keys, or, with ``parent``, of the keys of the documents to which the rows belong, or once
    belonged.  The interval's bounds stand for the audited watermark: SQLMesh runs no interval whose batch fails.
    """
    table, column = batch.sql(dialect="snowflake"), key.sql(dialect="snowflake")
    name, since, until = touched.sql(dialect="snowflake"), start.sql(dialect="snowflake"), end.sql(dialect="snowflake")
    keys = name
    if parent is not None:
        link = parent.sql(dialect="snowflake")
        keys = f"(SELECT DISTINCT member.{column} FROM {table} AS member JOIN {name} AS document USING ({link}))"
    sides = [
        f"""
        SELECT told.*, {side} AS side
        FROM ({last_image_of(table, column, known, keys, name)}) AS told
        WHERE NOT told.is_deleted
        """
        for side, known in ((-1, f"logged.loaded_at < {since}"), (1, f"logged.loaded_at <= {until}"))
    ]
    return evaluator.parse_one(" UNION ALL ".join(sides))


@macro()
def quarantined(
    evaluator: MacroEvaluator, batch: exp.Expression, key: exp.Expression, document: exp.Expression, end: exp.Expression
) -> exp.Expression:
    """The documents of which the last change of a row is faulty at the interval's end: what is known may be too old."""
    table, column, link, until = (one.sql(dialect="snowflake") for one in (batch, key, document, end))
    return evaluator.parse_one(
        f"""
        SELECT DISTINCT last.{link}
        FROM (
          SELECT
            logged.{link},
            logged.fault_rule,
            ROW_NUMBER() OVER (
              PARTITION BY logged.{column} ORDER BY logged.commit_lsn DESC, logged.commit_seq DESC
            ) AS age
          FROM {table} AS logged
          WHERE logged.loaded_at <= {until}
            AND logged.{column} IN (SELECT faulty.{column} FROM {table} AS faulty WHERE NOT faulty.fault_rule IS NULL)
        ) AS last
        WHERE last.age = 1 AND last.fault_rule IS NOT NULL
        """
    )
