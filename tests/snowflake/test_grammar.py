"""The checker of grammar itself: what it refuses, and what it takes for alike."""

from __future__ import annotations

import pytest
from emulator import IGNORED
from grammar import KINDS, functions, kinds, shapes, unparsable, unreviewed


@pytest.mark.parametrize(
    "wrong",
    [
        "SELECT [y * 2 for y in x] FROM t",
        "FROM t",
        "SELECT COUNT(*) FILTER (WHERE a) FROM t",
        "INSERT INTO t BY NAME SELECT 1 AS a",
        "COPY INTO t FROM @s FILES = a",
    ],
)
def test_what_duckdb_takes_and_snowflake_does_not_is_refused(wrong: str) -> None:
    assert unparsable([wrong]) == [wrong]


def test_statements_that_differ_in_values_are_alike() -> None:
    alike = ["SELECT 1 FROM t WHERE a = 'x'", "/* run */ SELECT 22 FROM t WHERE a = 'y''z'"]
    assert len(shapes(alike)) == 1
    assert len(shapes([*alike, "SELECT b FROM t"])) == 2


def test_kinds_are_told_apart_by_what_they_are_about() -> None:
    statements = [
        "CREATE OR REPLACE TRANSIENT TABLE a AS SELECT 1 AS x",
        "BEGIN TRANSACTION",
        "SELECT 1",
        "ALTER TAG t SET x",
    ]
    assert kinds(statements) == {"CREATE TABLE", "BEGIN", "SELECT", "ALTER TAG"}
    assert kinds(["ALTER TAG t SET x", "GRANT ROLE a TO ROLE b", "CREATE TASK t"]).isdisjoint(KINDS)


def test_functions_are_found_in_every_statement() -> None:
    statements = ["INSERT INTO t SELECT HASH(x), SUM(y)::INT FROM u", "SELECT STRTOK(x) FROM t"]
    assert functions(statements) == {"HASH", "SUM", "STRTOK"}
    assert unreviewed(statements) == {"HASH", "STRTOK"}


def test_what_is_called_ignored_is_in_the_emulators_list() -> None:
    assert {what for what in KINDS.values() if not what.startswith("done")} <= IGNORED.keys()
