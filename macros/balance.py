"""Documents and what hangs on them: what the rows of one log add up to for a document of another."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

from macros.app_log import watermark


def _images(table: str, key: str, document: str, owner: str) -> str:
    """SQL of all changes of the rows that belong, or once belonged, to some documents.

    ``is_live`` marks the last faultless image of a row that is not deleted; ``is_quarantined`` every change of a row
    whose last change of all is faulty, so that what is known of it is not the latest.
    """
    newest_first = "ORDER BY logged.commit_lsn DESC, logged.commit_seq DESC"
    faultless = "logged.fault_rule IS NULL"
    return f"""
        SELECT
          logged.*,
          {faultless}
          AND logged.operation <> 'D'
          AND ROW_NUMBER() OVER (PARTITION BY logged.{key}, {faultless} {newest_first}) = 1 AS is_live,
          FIRST_VALUE({faultless}) OVER (PARTITION BY logged.{key} {newest_first}) = FALSE AS is_quarantined
        FROM {table} AS logged
        JOIN (
          SELECT DISTINCT member.{key} FROM {table} AS member JOIN {owner} USING ({document})
        ) AS touched USING ({key})
        WHERE logged.loaded_at <= {watermark(table)}
        """


@macro()
def totals(
    evaluator: MacroEvaluator,
    batch: exp.Expression,
    key: exp.Expression,
    document: exp.Expression,
    owner: exp.Expression,
    measures: exp.Expression,
    currency: exp.Expression | None = None,
) -> exp.Expression:
    """What the rows of an audited log add up to for each document of the CTE ``owner``, deleted and faulty ones apart.

    ``has_quarantined_row`` tells that the last change of a row is faulty, so that the sums may be too old.
    ``foreign_count`` counts the rows whose ``currency`` is not the document's, which cannot be added up with it.
    """
    table, column, link = (one.sql(dialect="snowflake") for one in (batch, key, document))
    names = [measure.sql(dialect="snowflake") for measure in measures.flatten()]
    sums = ", ".join(f"SUM(IFF(image.is_live, image.{name}, 0)) AS {name}" for name in names)
    other = f"image.{currency.sql(dialect='snowflake')} <> owner.currency" if currency else "FALSE"
    return evaluator.parse_one(
        f"""
        SELECT
          image.{link},
          {sums},
          COUNT_IF(image.is_live AND {other}) AS foreign_count,
          BOOLOR_AGG(image.is_quarantined) AS has_quarantined_row
        FROM ({_images(table, column, link, owner.name)}) AS image
        JOIN {owner.name} AS owner ON owner.{link} = image.{link}
        GROUP BY image.{link}
        """
    )
