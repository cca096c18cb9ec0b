"""The lint rule for what the two engines take differently: each construct is found, and what is like it is not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlglot
from projects import PROJECT
from sqlmesh.core.config import Config
from sqlmesh.core.config.loader import load_config_from_paths
from sqlmesh.core.dialect import parse
from sqlmesh.core.model import load_sql_based_model

from linter.snowflake import CHECKS, MeansTheSameOnBothEngines

FOUND = {
    "SELECT x:a.b::STRING AS y FROM t": "JSON_EXTRACT_PATH_TEXT",
    "SELECT x::VARIANT AS y FROM t": "flatten it when it is loaded",
    "SELECT f.value AS y FROM t, LATERAL FLATTEN(input => t.x) AS f": "FLATTEN",
    "SELECT TO_CHAR(x, 'YYYY-MM') AS y FROM t": "TO_CHAR",
    "SELECT t.x FROM t ASOF JOIN u MATCH_CONDITION (t.at >= u.at) ON t.id = u.id": "ASOF",
    "SELECT CONVERT_TIMEZONE('UTC', x) AS y FROM t": "CONVERT_TIMEZONE",
    "SELECT DATEADD(DAY, 1, x) AS y FROM t": "DATEADD",
    "SELECT a / b AS y FROM t": "a / b",
    "SELECT ROUND(a / b, 2) AS y FROM t": "a / b",
    "SELECT (a / b)::DECIMAL(9, 4) AS y FROM t": "a / b",
    "SELECT a FROM t WHERE AVG(a) > ROUND(b, 2)::DECIMAL(9, 2)": "AVG",
}
ALLOWED = (
    "SELECT JSON_EXTRACT_PATH_TEXT(x, 'a.b') AS y FROM t",
    "SELECT x::VARCHAR AS y FROM t",
    "SELECT TO_CHAR(x) AS y FROM t",
    "SELECT t.x FROM t JOIN u ON t.id = u.id AND u.valid_from <= t.at",
    "SELECT CONVERT_TIMEZONE('UTC', 'America/Denver', x) AS y FROM t",
    "SELECT DATEADD(DAY, 1, x)::DATE AS y FROM t WHERE DATEADD(DAY, 1, x) > z",
    "SELECT DATEADD(MINUTE, 1, x) AS y FROM t",
    "SELECT ROUND(a / NULLIF(b, 0), 4)::DECIMAL(9, 4) AS y, FLOOR(a / b) AS z FROM t",
    "SELECT (100 * a / b)::DOUBLE AS y FROM t",
)


def sentences(query: str) -> list[str]:
    parsed = sqlglot.parse_one(query, dialect="snowflake")
    return [sentence for check in CHECKS for sentence in check(parsed)]


@pytest.mark.parametrize("query", FOUND)
def test_a_construct_is_found(query: str) -> None:
    assert any(FOUND[query] in sentence for sentence in sentences(query))


@pytest.mark.parametrize("query", ALLOWED)
def test_what_both_understand_is_not(query: str) -> None:
    assert sentences(query) == []


MERGED = (
    "MODEL (name core.x, dialect snowflake, kind INCREMENTAL_BY_UNIQUE_KEY (unique_key id{more})); "
    "SELECT t.id FROM core.t AS t"
)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (", when_matched (WHEN MATCHED THEN UPDATE SET target.id = source.id)", "when_matched fails on DuckDB"),
        (", merge_filter source.id > 0", "merge_filter fails on DuckDB"),
        ("", ""),
    ],
)
def test_merges_of_their_own_form_are_refused(more: str, said: str) -> None:
    model = load_sql_based_model(parse(MERGED.format(more=more), default_dialect="snowflake"))
    found: Any = MeansTheSameOnBothEngines(SimpleNamespace()).check_model(model)  # type: ignore[arg-type]
    assert [violation.violation_msg.startswith(said) for violation in found] == ([True] if said else [])


def test_the_rule_is_on() -> None:
    config = load_config_from_paths(Config, project_paths=[Path(PROJECT) / "config.yaml"])
    assert "meansthesameonbothengines" in config.linter.rules
