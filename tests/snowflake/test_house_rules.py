"""The lint rule for what the two engines take differently: each construct is found, and what is like it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
from projects import PROJECT
from sqlmesh.core.config import Config
from sqlmesh.core.config.loader import load_config_from_paths

from linter.snowflake import CHECKS

FOUND = {
    "SELECT x:a.b::STRING AS y FROM t": "JSON_EXTRACT_PATH_TEXT",
    "SELECT x::VARIANT AS y FROM t": "flatten it when it is loaded",
    "SELECT f.value AS y FROM t, LATERAL FLATTEN(input => t.x) AS f": "FLATTEN",
    "SELECT TO_CHAR(x, 'YYYY-MM') AS y FROM t": "TO_CHAR",
    "SELECT t.x FROM t ASOF JOIN u MATCH_CONDITION (t.at >= u.at) ON t.id = u.id": "ASOF",
    "SELECT CONVERT_TIMEZONE('UTC', x) AS y FROM t": "CONVERT_TIMEZONE",
    "SELECT DATEADD(DAY, 1, x) AS y FROM t": "DATEADD",
}
ALLOWED = (
    "SELECT JSON_EXTRACT_PATH_TEXT(x, 'a.b') AS y FROM t",
    "SELECT x::VARCHAR AS y FROM t",
    "SELECT TO_CHAR(x) AS y FROM t",
    "SELECT t.x FROM t JOIN u ON t.id = u.id AND u.valid_from <= t.at",
    "SELECT CONVERT_TIMEZONE('UTC', 'America/Denver', x) AS y FROM t",
    "SELECT DATEADD(DAY, 1, x)::DATE AS y FROM t WHERE DATEADD(DAY, 1, x) > z",
    "SELECT DATEADD(MINUTE, 1, x) AS y FROM t",
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


def test_the_rule_is_on() -> None:
    config = load_config_from_paths(Config, project_paths=[Path(PROJECT) / "config.yaml"])
    assert "meansthesameonbothengines" in config.linter.rules
