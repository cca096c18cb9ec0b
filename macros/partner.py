"""Partners' files: values that are text until they can be read, and rows that a later file may withdraw.

Each kind of value has one form (ISO 8601, plain decimal numbers), checked before the cast: a cast alone takes more, and
different things on DuckDB and Snowflake (``4.7`` as a whole number, ``20261008`` as a day of 1970).
"""

from collections.abc import Mapping
from typing import Any

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

from macros.app_log import watermark

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OFFSET = "[+-][0-9]{2}:[0-9]{2}"
_FORMS = {
    "whole": "-?[0-9]{1,18}",
    "amount": "-?[0-9]{1,14}([.][0-9]{1,4})?",
    "day": _DAY,
    "instant": f"{_DAY}[T ][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}([.][0-9]{{1,6}})?(Z|{_OFFSET})",
}
_TYPES = {"whole": "BIGINT", "amount": "DECIMAL(18, 4)", "day": "DATE"}


def _instant(text: str) -> str:
    """SQL of the UTC instant of a time with an offset: casts of such text drop the offset on Snowflake."""
    zoned = f"REGEXP_REPLACE({text}, 'Z$', '+00:00')"
    hours, minutes = (f"TRY_CAST(SUBSTRING({zoned}, LENGTH({zoned}) - {back}, 2) AS INT)" for back in (4, 1))
    ahead = f"SUBSTRING({zoned}, LENGTH({zoned}) - 5, 1) = '+'"
    wall_clock = f"TRY_CAST(REGEXP_REPLACE({zoned}, '{_OFFSET}$', '') AS TIMESTAMP)"
    return f"DATEADD(MINUTE, IFF({ahead}, -1, 1) * (60 * {hours} + {minutes}), {wall_clock})"


def typed(text: str, kind: str) -> str:
    """SQL of a value that stands in a file as text; NULL where nothing stands, or nothing of its kind."""
    bare = f"TRIM({text})"
    value = _instant(bare) if kind == "instant" else f"TRY_CAST({bare} AS {_TYPES[kind]})"
    return f"IFF(REGEXP_LIKE({bare}, '{_FORMS[kind]}'), {value}, NULL)"


def _columns(columns: exp.Expression) -> list[str]:
    return [column.sql(dialect="snowflake") for column in columns.flatten()]


@macro()
def read_as(evaluator: MacroEvaluator, kind: exp.Expression, text: exp.Expression) -> exp.Expression:
    """The value of a kind (whole, amount, day, instant) that stands in a file as text; NULL when it cannot be read."""
    return evaluator.parse_one(typed(text.sql(dialect="snowflake"), kind.name))


@macro()
def unreadable(evaluator: MacroEvaluator, **columns: Any) -> exp.Expression:
    """The first column that holds something else than its kind of value: ``@unreadable(whole := (a, b), day := c)``."""
    kinds: Mapping[str, exp.Expression] = columns
    cases = [
        f"WHEN TRIM({column}) <> '' AND {typed(column, kind)} IS NULL THEN '{column.lower()}'"
        for kind, named in kinds.items()
        for column in _columns(named)
    ]
    return evaluator.parse_one(f"CASE {' '.join(cases)} END")


@macro()
def latest_statement(
    evaluator: MacroEvaluator, batch: exp.Expression, key: exp.Expression, touched: exp.Expression | None = None
) -> exp.Expression:
    """What is last stated of each key in files that stand, ``is_deleted`` where every file that stated it is withdrawn.

    A row of a file is its content's hash and its number.  Two files may state the same key; withdrawing one of them
    leaves what the other says.  ``touched`` names a CTE that limits the look-up to its keys.
    """
    table, names = batch.sql(dialect="snowflake"), _columns(key)
    only_touched = f"JOIN {touched.sql(dialect='snowflake')} USING ({', '.join(names)})" if touched else ""
    return evaluator.parse_one(
        f"""
        SELECT stated.*, NOT stands AS is_deleted FROM (
          SELECT
            logged.*,
            FIRST_VALUE(logged.operation) OVER (
              PARTITION BY logged.file_sha256, logged.record_number ORDER BY logged.commit_lsn DESC
            ) <> 'D' AS stands
          FROM {table} AS logged {only_touched}
          WHERE logged.loaded_at <= {watermark(table)}
        ) AS stated
        WHERE operation <> 'D' AND fault_rule IS NULL
        QUALIFY ROW_NUMBER() OVER (
          PARTITION BY {", ".join(names)} ORDER BY IFF(stands, 1, 0) DESC, commit_lsn DESC
        ) = 1
        """
    )
