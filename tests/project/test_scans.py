"""Incremental models read by their interval, but for what infra/snowflake/cost.yaml declares."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from projects import PROJECT
from sqlmesh import Context
from sqlmesh.core.dialect import parse
from sqlmesh.core.model import load_sql_based_model

from northstar.cost.scans import declared, undeclared, whole_reads

HEAD = "MODEL (name core.x, dialect snowflake, kind INCREMENTAL_BY_TIME_RANGE (time_column loaded_at));"
QUERIES: dict[str, tuple[str, Sequence[str]]] = {
    "by its interval": (
        "SELECT a.id, a.loaded_at FROM core.log AS a WHERE a.loaded_at BETWEEN @start_ts AND @end_ts",
        (),
    ),
    "the whole log": ("SELECT a.id, a.loaded_at FROM core.log AS a", ["core.log (scan)"]),
    "only bound above": (
        "SELECT a.id, a.loaded_at FROM core.log AS a WHERE a.loaded_at <= @end_ts",
        ["core.log (scan)"],
    ),
    "one bound, one joined whole": (
        "SELECT a.id, a.loaded_at FROM core.log AS a JOIN core.other AS b ON a.id = b.id "
        "WHERE a.loaded_at BETWEEN @start_ts AND @end_ts",
        ["core.other"],
    ),
    "by a set of keys": (
        "SELECT a.id, a.loaded_at FROM core.log AS a WHERE a.id IN "
        "(SELECT b.id FROM core.other AS b WHERE b.loaded_at BETWEEN @start_ts AND @end_ts)",
        ["core.log"],
    ),
    "only where others exist": (
        "WITH t AS (SELECT a.id FROM core.other AS a WHERE a.loaded_at BETWEEN @start_ts AND @end_ts) "
        "SELECT b.id, b.loaded_at FROM core.log AS b WHERE b.id <> 0 AND EXISTS (SELECT 1 FROM t)",
        ["core.log"],
    ),
    "in a CTE": (
        "WITH t AS (SELECT a.id FROM core.log AS a WHERE a.loaded_at BETWEEN @start_ts AND @end_ts) "
        "SELECT t.id, b.loaded_at FROM t JOIN core.other AS b ON t.id = b.id",
        ["core.other"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", QUERIES)
def test_whole_reads_are_seen(name: str) -> None:
    query, whole = QUERIES[name]
    model = load_sql_based_model(parse(f"{HEAD}{query}", default_dialect="snowflake"))

    found = whole_reads({model.fqn: model})

    assert found == ({"core.x": frozenset(whole)} if whole else {})


def test_every_whole_read_is_declared(context: Context) -> None:
    """The same as `northstar cost check`, in CI."""
    assert undeclared(whole_reads(context.models), declared(PROJECT)) == []
