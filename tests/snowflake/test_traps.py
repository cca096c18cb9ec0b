"""Traps of translation: what Snowflake means, and what DuckDB makes of the same query after sqlglot.

Each is refused by the lint rule.  One that comes out right one day fails here: then its check may go from the rule.
What Snowflake gives is from its reference; nobody has asked an account.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import sqlglot

from linter.snowflake import CHECKS

FAILS = "fails"
TRAPS: dict[str, tuple[str, Any, Any]] = {
    "a path keeps quotes": (
        """SELECT PARSE_JSON('{"a": {"b": "x"}}'):a.b::STRING AS y""", "x", '"x"',
    ),
    "an element keeps quotes": (
        """SELECT PARSE_JSON('["x"]')[0]::STRING AS y""", "x", '"x"',
    ),
    "FLATTEN is not known": (
        "SELECT f.value::INT AS y FROM (SELECT PARSE_JSON('[7]') AS x) AS t, LATERAL FLATTEN(input => t.x) AS f",
        7, FAILS,
    ),
    "TO_CHAR loses its format": (
        "SELECT TO_CHAR(x, 'YYYY-MM') AS y FROM (SELECT '2026-03-02'::DATE AS x)", "2026-03", "2026-03-02",
    ),
    "an ASOF join is written otherwise": (
        "SELECT t.x AS y FROM (SELECT 1 AS x, 5 AS at) AS t "
        "ASOF JOIN (SELECT 4 AS at) AS u MATCH_CONDITION (t.at >= u.at)",
        1, FAILS,
    ),
    "a day later is an instant": (
        "SELECT DATEADD(DAY, 1, '2026-03-02'::DATE) AS y", date(2026, 3, 3), datetime(2026, 3, 3),
    ),
    "a quotient is binary": (
        "SELECT 2 / 3 AS y", Decimal("0.666667"), 2 / 3,
    ),
    "an average is binary": (
        "SELECT AVG(x) AS y FROM (SELECT 1::NUMBER(9, 2) AS x UNION ALL SELECT 1::NUMBER(9, 2) UNION ALL SELECT 0)",
        Decimal("0.66666667"), 2 / 3,
    ),
    "an object becomes other text": (
        "SELECT OBJECT_CONSTRUCT('a', 1)::VARIANT::STRING AS y", '{"a":1}', "{'a': 1}",
    ),
}  # fmt: skip


def _on_duckdb(query: str) -> Any:
    (translated,) = sqlglot.transpile(query, read="snowflake", write="duckdb")
    try:
        row = duckdb.sql(translated).fetchone()
    except duckdb.Error:
        return FAILS
    assert row is not None
    return row[0]


@pytest.mark.parametrize("title", TRAPS)
def test_a_trap_is_one_and_is_refused(title: str) -> None:
    query, on_snowflake, on_duckdb = TRAPS[title]
    found = _on_duckdb(query)
    assert (type(found), found) == (type(on_duckdb), on_duckdb)
    assert (type(found), found) != (type(on_snowflake), on_snowflake)

    parsed = sqlglot.parse_one(query, dialect="snowflake")
    assert [sentence for check in CHECKS for sentence in check(parsed)]
