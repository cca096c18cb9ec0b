"""make verify-snowflake: where there is no account, and how it compares marts where there is one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from companies import Company, opened
from emulator import emulated
from engines import throw_away_key
from little import MIDNIGHT

from northstar.verify_snowflake import Verification, main


def test_without_an_account_it_says_so_and_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORTHSTAR_GATEWAY", "duckdb")
    told: list[str] = []
    assert main({"NORTHSTAR_SNOWFLAKE_ACCOUNT": "org-account"}, told.append) == 2
    assert told[0] == "Nothing was verified, as there is no account to verify it on:"
    assert any("NORTHSTAR_SNOWFLAKE_USER is not set" in sentence for sentence in told)
    assert not any("NORTHSTAR_SNOWFLAKE_ACCOUNT" in sentence for sentence in told)


class _Account:
    """An account's adapter, over tables of DuckDB."""

    def __init__(self, *statements: str) -> None:
        self.cursor = duckdb.connect()
        for statement in statements:
            self.cursor.execute(statement)

    def execute(self, statement: str) -> None:
        self.cursor.execute(statement)


def test_marts_are_compared_row_by_row_and_no_other_models() -> None:
    there = _Account(
        "CREATE SCHEMA marts_x__verify",
        "CREATE TABLE marts_x__verify.alike AS SELECT * FROM (VALUES (1.5000, 'a'), (1.5000, 'a'), (NULL, 'b')) AS t",
        "CREATE TABLE marts_x__verify.twice AS SELECT * FROM (VALUES (1), (1), (2)) AS t",
    )
    here = _Account(
        "CREATE SCHEMA marts_x",
        "CREATE TABLE marts_x.alike AS SELECT * FROM (VALUES (NULL, 'b'), (1.5, 'a'), (1.5, 'a')) AS t",
        "CREATE TABLE marts_x.twice AS SELECT * FROM (VALUES (1), (2)) AS t",
    )
    names = ("marts_x.alike", "marts_x.twice", "core.other")
    models = {
        name: SimpleNamespace(name=name, schema_name=name.partition(".")[0], view_name=name.partition(".")[2])
        for name in names
    }
    warehouse: Any = SimpleNamespace(context=SimpleNamespace(models=models, engine_adapter=there))

    found = list(Verification(warehouse, print)._unlike("verify", here.cursor))

    assert found == ["marts_x.twice: 1 rows are on Snowflake only, 0 on DuckDB only"]


@pytest.mark.slow
def test_an_empty_account_can_be_verified(tmp_path: Path) -> None:
    """Before the first tick: nothing is in raw, and nothing of prod is there."""
    told: list[str] = []
    with emulated():
        company = Company(tmp_path / "snowflake", "snowflake", throw_away_key(tmp_path)).create()
        with opened(company) as warehouse, Verification(warehouse, told.append)._environment(MIDNIGHT) as environment:
            assert environment is not None, told
            assert list(Verification(warehouse, told.append)._uncompiled(environment, MIDNIGHT)) == []
