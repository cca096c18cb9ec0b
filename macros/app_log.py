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
    since, until = start.sql(dialect="snowflake"), end.sql(dialect="snowflake")
    # Hardly ever is anything truncated: then nothing of the log but the interval is looked at.
    return evaluator.parse_one(
        f"""
        WITH truncated AS (
          SELECT * FROM {table} WHERE loaded_at BETWEEN {since} AND {until} AND operation = 'T'
        ), earlier AS (
          SELECT {column}, commit_lsn, commit_seq, loaded_at
          FROM {table}
          WHERE operation <> 'T' AND EXISTS (SELECT 1 FROM truncated)
        ), returned AS (
          SELECT {column}, commit_lsn, commit_seq FROM {table} WHERE loaded_at >= {since}
        )
        SELECT arrived.* FROM {table} AS arrived
        WHERE arrived.loaded_at BETWEEN {since} AND {until} AND arrived.operation <> 'T'
        UNION ALL
        SELECT DISTINCT truncated.* REPLACE (earlier.{column} AS {column}, 'D' AS operation)
        FROM truncated
        JOIN earlier
          ON earlier.loaded_at <= truncated.loaded_at
          AND (
            earlier.commit_lsn < truncated.commit_lsn
            OR (earlier.commit_lsn = truncated.commit_lsn AND earlier.commit_seq < truncated.commit_seq)
          )
        LEFT JOIN returned
          ON returned.{column} = earlier.{column}
          AND returned.commit_lsn = truncated.commit_lsn
          AND returned.commit_seq > truncated.commit_seq
        WHERE returned.{column} IS NULL
        """
    )


def watermark(batch: str) -> str:
    """SQL of the time through which an audited batch has passed its audits."""
    return f"(SELECT MAX(audited_through) FROM {batch}_audited)"


@macro()
def audited_through(evaluator: MacroEvaluator, batch: exp.Expression) -> exp.Expression:
    """The time through which an audited batch has passed its audits: where a look at its whole log must stop."""
    return evaluator.parse_one(watermark(batch.sql(dialect="snowflake")))


def last_image(table: str, column: str, known: str) -> str:
    """SQL of the last faultless image of each key among the changes that meet the condition ``known``.

    A delete carries nothing but the key, so the image is the last change that was none.
    """
    return f"""
        SELECT image.* FROM (
          SELECT
            logged.*,
            {_is_deleted(column)}
          FROM {table} AS logged
          WHERE logged.fault_rule IS NULL AND {known}
        ) AS image
        {_last_change("image", column)}
        """


def last_image_of(table: str, column: str, known: str, keys: str, touched: str) -> str:
    """The same of some keys only: first where in the log their images stand, then those rows with all their columns.

    ``keys`` are the keys, and none if the CTE ``touched`` has no row; then nothing is looked up.
    """
    return f"""
        SELECT logged.*, place.is_deleted
        FROM (
          SELECT place.* FROM (
            SELECT
              logged.{column},
              logged.operation,
              logged.commit_lsn,
              logged.commit_seq,
              {_is_deleted(column)}
            FROM {table} AS logged
            JOIN {keys} AS wanted
              ON wanted.{column} = logged.{column}
            WHERE logged.fault_rule IS NULL AND {known} AND EXISTS (SELECT 1 FROM {touched})
          ) AS place
          {_last_change("place", column)}
        ) AS place
        JOIN {table} AS logged
          ON logged.{column} = place.{column}
          AND logged.commit_lsn = place.commit_lsn
          AND logged.commit_seq = place.commit_seq
        """


def _is_deleted(column: str) -> str:
    return f"""FIRST_VALUE(logged.operation) OVER (
      PARTITION BY logged.{column} ORDER BY logged.commit_lsn DESC, logged.commit_seq DESC
    ) = 'D' AS is_deleted"""


def _last_change(alias: str, column: str) -> str:
    return f"""WHERE {alias}.operation <> 'D'
        QUALIFY ROW_NUMBER() OVER (
          PARTITION BY {alias}.{column} ORDER BY {alias}.commit_lsn DESC, {alias}.commit_seq DESC
        ) = 1"""


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
    known = f"logged.loaded_at <= {gate}"
    if touched is None:
        return evaluator.parse_one(last_image(table, column, known))
    keys = touched.sql(dialect="snowflake")
    return evaluator.parse_one(last_image_of(table, column, known, keys, keys))


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
