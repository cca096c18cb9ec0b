"""Values that a database quotes in its errors are withheld, whoever executes the statement."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from snowflake.connector.errors import ProgrammingError
from sqlmesh.core.engine_adapter.base import EngineAdapter
from sqlmesh.core.engine_adapter.duckdb import DuckDBEngineAdapter

from northstar import discretion

ROOT = Path(__file__).parents[2]


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Iterator[DuckDBEngineAdapter]:
    monkeypatch.setattr(EngineAdapter, "_execute", EngineAdapter._execute)  # put back afterwards
    discretion.install()
    connection = duckdb.connect()
    yield DuckDBEngineAdapter(lambda: connection)
    connection.close()


def _said(adapter: DuckDBEngineAdapter, sql: str) -> str:
    """Everything that a traceback of the failure shows, its causes and contexts too."""
    with pytest.raises(Exception) as raised:
        adapter.execute(sql)
    return "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("sql", [
    "SELECT CAST('Ada' || ' Byron' AS INTEGER)",
    "SELECT error('Ada' || ' Byron')",
    "SELECT strptime('Ada' || ' Byron', '%Y')",
])  # fmt: skip
def test_a_value_is_withheld(adapter: DuckDBEngineAdapter, sql: str) -> None:
    said = _said(adapter, sql)

    assert "Ada Byron" not in said
    assert "set NORTHSTAR_SHOW_VALUES=1 to see it" in said


def test_the_value_of_a_key_that_is_there_twice_is_withheld(adapter: DuckDBEngineAdapter) -> None:
    adapter.execute("CREATE TABLE person (name TEXT PRIMARY KEY)")
    adapter.execute("INSERT INTO person SELECT 'Ada' || ' Byron'")

    assert "Ada Byron" not in _said(adapter, "INSERT INTO person SELECT 'Ada' || ' Byron'")


def test_what_speaks_of_columns_and_tables_is_shown(adapter: DuckDBEngineAdapter) -> None:
    assert "gone" in _said(adapter, "SELECT * FROM gone")
    assert "missing" in _said(adapter, "SELECT missing FROM (SELECT 1 AS there)")


def test_who_asks_sees_the_value(adapter: DuckDBEngineAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(discretion.VARIABLE, "1")

    assert "Ada Byron" in _said(adapter, "SELECT CAST('Ada' || ' Byron' AS INTEGER)")


@pytest.mark.parametrize(("errno", "shown"), [(100038, False), (100035, False), (1003, True), (2003, True)])
def test_snowflakes_errors_of_data_are_withheld_and_those_of_compilation_are_not(
    adapter: DuckDBEngineAdapter, monkeypatch: pytest.MonkeyPatch, errno: int, shown: bool
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ProgrammingError(msg="Numeric value 'Ada Byron' is not recognized", errno=errno)

    monkeypatch.setattr(EngineAdapter, "_execute", discretion._discreet(fail))

    assert ("Ada Byron" in _said(adapter, "SELECT 1")) == shown


def test_installing_it_twice_wraps_once(adapter: DuckDBEngineAdapter) -> None:
    before = EngineAdapter._execute
    discretion.install()

    assert EngineAdapter._execute is before


def test_the_project_installs_it() -> None:
    assert "discretion.install()" in (ROOT / "macros/discretion.py").read_text()
