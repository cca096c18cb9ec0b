"""Slowly changing dimensions of type 2, built from a log that shows every change (design 4.3)."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

from macros.app_log import watermark


def _names(columns: exp.Expression) -> list[str]:
    return [column.sql(dialect="snowflake") for column in columns.flatten()]


@macro()
def versions(
    evaluator: MacroEvaluator, batch: exp.Expression, key: exp.Expression, attributes: exp.Expression
) -> exp.Expression:
    """The versions of each key, half-open ``[valid_from, valid_to)``, from an audited log of changes.

    Ordered by the source's own time of change, then by the log, so that a late change takes the place in history that
    belongs to it.  Changes that leave every attribute as it was are dropped; of several at the same instant the last
    in the log counts.  A delete opens a version of its own that keeps the last attributes, so that facts always find
    one.  The first version known of a key is open to the past.

    A delete ends a life: nothing told before it holds beyond it, nothing told after it holds before the key came back.
    Else a row deleted and written again in one transaction, whose time of change is older than the commit, would stay
    deleted for good.
    """
    table, name, columns = batch.sql(dialect="snowflake"), key.sql(dialect="snowflake"), _names(attributes)
    logged, ordered = "commit_lsn, commit_seq", "holds_from, commit_lsn, commit_seq"
    so_far = f"PARTITION BY {name} ORDER BY {logged} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    filled = ",\n".join(
        f"FIRST_VALUE({column}) OVER (PARTITION BY {name}, image_no ORDER BY {ordered}) AS {column}"
        for column in columns
    )
    differs = " OR ".join(
        f"NOT EQUAL_NULL({column}, LAG({column}) OVER (PARTITION BY {name} ORDER BY holds_from))"
        for column in [*columns, "is_deleted"]
    )
    selected = ", ".join(columns)
    return evaluator.parse_one(
        f"""
        SELECT
          {name}, {selected}, is_deleted,
          IFF(version_no = 1, CAST('1900-01-01' AS TIMESTAMP), holds_from) AS valid_from,
          COALESCE(LEAD(holds_from) OVER (PARTITION BY {name} ORDER BY holds_from), CAST('9999-12-31' AS TIMESTAMP))
            AS valid_to,
          version_no,
          commit_lsn
        FROM (
          SELECT told.*, ROW_NUMBER() OVER (PARTITION BY {name} ORDER BY holds_from) AS version_no
          FROM (
            SELECT
              settled.*,
              ROW_NUMBER() OVER (PARTITION BY {name} ORDER BY holds_from) = 1 OR {differs} AS is_new
            FROM (
              SELECT {name}, holds_from, commit_lsn, commit_seq, operation = 'D' AS is_deleted, {filled}
              FROM (
                SELECT
                  dated.*,
                  COUNT_IF(operation <> 'D') OVER (
                    PARTITION BY {name} ORDER BY {ordered} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                  ) AS image_no
                FROM (
                  SELECT
                    lived.*,
                    CASE
                      WHEN operation = 'D' THEN latest_at
                      WHEN life_no = 0 THEN changed_at
                      ELSE GREATEST(
                        changed_at, FIRST_VALUE(latest_at) OVER (PARTITION BY {name}, life_no ORDER BY {logged})
                      )
                    END AS holds_from
                  FROM (
                    SELECT
                      logged.*,
                      COUNT_IF(operation = 'D') OVER ({so_far}) - IFF(operation = 'D', 1, 0) AS life_no,
                      MAX(changed_at) OVER ({so_far}) AS latest_at
                    FROM {table} AS logged
                    WHERE fault_rule IS NULL AND loaded_at <= {watermark(table)}
                  ) AS lived
                ) AS dated
              ) AS numbered
              QUALIFY ROW_NUMBER() OVER (
                PARTITION BY {name}, holds_from ORDER BY commit_lsn DESC, commit_seq DESC
              ) = 1
            ) AS settled
          ) AS told
          WHERE is_new
        ) AS kept
        """
    )


@macro()
def as_of(evaluator: MacroEvaluator, version: exp.Expression, moment: exp.Expression) -> exp.Expression:
    """The condition that a version of a dimension held at a moment: the one place where facts meet history."""
    alias, instant = version.sql(dialect="snowflake"), moment.sql(dialect="snowflake")
    return evaluator.parse_one(f"({alias}.valid_from <= {instant} AND {instant} < {alias}.valid_to)")
