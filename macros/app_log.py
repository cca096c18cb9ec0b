"""The app's change log on its way from staging to the audited batches (design 4.1, 4.4)."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


@macro()
def arrivals(
    evaluator: MacroEvaluator, log: exp.Expression, key: exp.Expression, start: exp.Expression, end: exp.Expression
) -> exp.Expression:
    """The changes that arrived in the interval, a truncate turned into one delete for each key that it removed.

    Keys that come back in the truncate's own transaction, as in a re-snapshot, were not removed.
    """
    table, column = log.sql(dialect="snowflake"), key.sql(dialect="snowflake")
    interval = f"BETWEEN {start.sql(dialect='snowflake')} AND {end.sql(dialect='snowflake')}"
    return evaluator.parse_one(
        f"""
        SELECT arrived.* FROM {table} AS arrived
        WHERE arrived.loaded_at {interval} AND arrived.operation <> 'T'
        UNION ALL
        SELECT DISTINCT truncated.* REPLACE (earlier.{column} AS {column}, 'D' AS operation)
        FROM {table} AS truncated
        JOIN {table} AS earlier
          ON earlier.operation <> 'T'
          AND earlier.loaded_at <= truncated.loaded_at
          AND (
            earlier.commit_lsn < truncated.commit_lsn
            OR (earlier.commit_lsn = truncated.commit_lsn AND earlier.commit_seq < truncated.commit_seq)
          )
        LEFT JOIN {table} AS returned
          ON returned.{column} = earlier.{column}
          AND returned.commit_lsn = truncated.commit_lsn
          AND returned.commit_seq > truncated.commit_seq
        WHERE truncated.loaded_at {interval}
          AND truncated.operation = 'T'
          AND returned.{column} IS NULL
        """
    )


def watermark(batch: str) -> str:
    """SQL of the time through which an audited batch has passed its audits."""
    return f"(SELECT MAX(audited_through) FROM {batch}_audited)"


@macro()
def audited_through(evaluator: MacroEvaluator, batch: exp.Expression) -> exp.Expression:
    """The time through which an audited batch has passed its audits: where a look at its whole log must stop."""
    return evaluator.parse_one(watermark(batch.sql(dialect="snowflake")))


def last_image(table: str, column: str, known: str, only_touched: str = "") -> str:
    """SQL of the last faultless image of each key among the changes that meet the condition ``known``.

    A delete carries nothing but the key, so the image is the last change that was none.  ``only_touched`` is a join
    that limits the look-up.
    """
    newest_first = f"PARTITION BY logged.{column} ORDER BY logged.commit_lsn DESC, logged.commit_seq DESC"
    return f"""
        SELECT image.* FROM (
          SELECT
            logged.*,
            FIRST_VALUE(logged.operation) OVER ({newest_first}) = 'D' AS is_deleted
          FROM {table} AS logged {only_touched}
          WHERE logged.fault_rule IS NULL AND {known}
        ) AS image
        WHERE image.operation <> 'D'
        QUALIFY ROW_NUMBER() OVER (
          PARTITION BY image.{column} ORDER BY image.commit_lsn DESC, image.commit_seq DESC
        ) = 1
        """


@macro()
def latest_image(
    evaluator: MacroEvaluator,
    batch: exp.Expression,
    key: exp.Expression,
    touched: exp.Expression | None = None,
    passed: exp.Expression | None = None,
) -> exp.Expression:
    """The last audited, faultless image of each key, with ``is_deleted`` telling whether a delete came after it.

    ``touched`` names a CTE that limits the look-up to its keys; ``passed`` a later model whose audits must have passed
    as well.
    """
    table, column = batch.sql(dialect="snowflake"), key.sql(dialect="snowflake")
    gate = watermark(passed.sql(dialect="snowflake") if passed else table)
    only_touched = f"JOIN {touched.sql(dialect='snowflake')} AS touched USING ({column})" if touched else ""
    return evaluator.parse_one(last_image(table, column, f"logged.loaded_at <= {gate}", only_touched))


@macro()
def unknown_members(
    evaluator: MacroEvaluator,
    batch: exp.Expression,
    key: exp.Expression,
    known: exp.Expression,
    also: exp.Expression | None = None,
) -> exp.Expression:
    """The keys of a dimension's members of whom nothing is known: -1, and each whose changes are all in quarantine.

    Facts of the latter would else find no member, fail their audits, and be lost in inner joins.  They become ordinary
    members as soon as one change of them is faultless.  ``also`` is one more that stands for nobody in particular.
    """
    table, column = batch.sql(dialect="snowflake"), key.sql(dialect="snowflake")
    fixed = ["-1", *([also.sql(dialect="snowflake")] if also else [])]
    return evaluator.parse_one(
        f"""
        {" UNION ALL ".join(f"SELECT {member} AS {column}" for member in fixed)}
        UNION ALL
        SELECT DISTINCT faulty.{column}
        FROM {table} AS faulty
        LEFT JOIN {known.sql(dialect="snowflake")} AS known
          ON known.{column} = faulty.{column}
        WHERE NOT faulty.fault_rule IS NULL
          AND faulty.loaded_at <= {watermark(table)}
          AND known.{column} IS NULL
        """
    )


@macro()
def documents_of(
    evaluator: MacroEvaluator,
    batch: exp.Expression,
    key: exp.Expression,
    document: exp.Expression,
    start: exp.Expression,
    end: exp.Expression,
) -> exp.Expression:
    """The documents to which the rows that an interval changed belong, or belonged in an earlier version."""
    table, column, link = (one.sql(dialect="snowflake") for one in (batch, key, document))
    interval = f"BETWEEN {start.sql(dialect='snowflake')} AND {end.sql(dialect='snowflake')}"
    return evaluator.parse_one(
        f"""
        SELECT DISTINCT version.{link}
        FROM {table} AS version
        JOIN {table} AS changed USING ({column})
        WHERE changed.loaded_at {interval} AND version.{link} IS NOT NULL
        """
    )
