"""The checker of grammar itself: what it refuses, and what it takes for alike."""

from __future__ import annotations

import pytest
from grammar import shapes, unparsable


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
