"""Each correction of the emulator is needed: what it is for goes wrong when it is switched off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import emulator
import fakesnow.arrow
import pandas as pd
import pyarrow as pa
import pytest
import snowflake.connector
import snowflake.connector.pandas_tools
from emulator import CORRECTIONS, RESULTS_KEPT, emulated
from sqlmesh.core.engine_adapter import SnowflakeEngineAdapter


class Session:
    """One connection, as SQLMesh opens it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.connection = snowflake.connector.connect(database="NORTHSTAR", autocommit=True)

    def ask(self, *statements: str) -> list[Any]:
        cursor = self.connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())

    def adapter(self) -> SnowflakeEngineAdapter:
        return SnowflakeEngineAdapter(lambda: self.connection, default_catalog="NORTHSTAR")


def temporary(session: Session) -> None:
    session.ask(
        "CREATE SCHEMA IF NOT EXISTS s",
        "CREATE TEMPORARY TABLE NORTHSTAR.S.T AS SELECT 1 AS a",
    )
    assert session.ask("SELECT a FROM NORTHSTAR.S.T") == [(1,)]


def of_session(session: Session) -> None:
    session.ask("USE WAREHOUSE TRANSFORM", "USE ROLE TRANSFORMER", "ALTER SESSION SET QUERY_TAG = 'tick-1'")


def explain(session: Session) -> None:
    session.ask("EXPLAIN USING TEXT SELECT 1 AS x")
    with pytest.raises(snowflake.connector.errors.ProgrammingError, match=r"(?i)no_such_table"):
        session.ask("EXPLAIN USING TEXT SELECT x FROM NORTHSTAR.PUBLIC.no_such_table")


def stage(session: Session) -> None:
    for _ in range(2):
        session.ask("CREATE SCHEMA IF NOT EXISTS ops")
        session.ask(f"CREATE STAGE IF NOT EXISTS OPS.LANDING URL = 'file://{session.home}'")


def comments(session: Session) -> None:
    session.ask(
        "CREATE SCHEMA IF NOT EXISTS s", "CREATE VIEW s.v AS SELECT 1 AS a, 2 AS b",
        "ALTER VIEW NORTHSTAR.s.v ALTER COLUMN a COMMENT 'one', COLUMN b COMMENT 'two'",
    )  # fmt: skip


def quotes(session: Session) -> None:
    session.ask("CREATE SCHEMA IF NOT EXISTS s", "CREATE TABLE NORTHSTAR.s.t (x INT) COMMENT='a clinic''s visits'")
    assert session.ask("SELECT x FROM s.t") == []


def hexadecimal(session: Session) -> None:
    assert session.ask("SELECT TO_NUMBER('FFFFFFFFFFFFFFF', 'XXXXXXXXXXXXXXX')") == [(2**60 - 1,)]


def copy(session: Session) -> None:
    (session.home / "app").mkdir()
    pd.DataFrame({"id": [1, 2]}).to_parquet(session.home / "app" / "a.parquet")
    stage(session)
    session.ask('CREATE TABLE OPS.T ("ID" NUMBER(38, 0))')
    load = (
        'COPY INTO OPS.T ("ID") FROM (SELECT $1:"id"::NUMBER(38, 0) FROM \'@OPS.LANDING/app/\') '
        "FILES = ('a.parquet') FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE BINARY_AS_TEXT = FALSE) "
        "ON_ERROR = ABORT_STATEMENT FORCE = TRUE"
    )
    session.ask(load, load)
    assert session.ask("SELECT COUNT(*) FROM OPS.T") == [(4,)]


def scale(session: Session) -> None:
    session.ask("CREATE SCHEMA IF NOT EXISTS s", "CREATE TABLE s.t (x NUMBER(10, 2))", "INSERT INTO s.t VALUES (1.25)")
    session.ask("ALTER TABLE s.t ALTER COLUMN x SET DATA TYPE NUMBER(12, 2)")
    with pytest.raises(snowflake.connector.errors.ProgrammingError, match="cannot change column"):
        session.ask("ALTER TABLE s.t ALTER COLUMN x SET DATA TYPE NUMBER(12, 4)")


def transaction(session: Session) -> None:
    session.ask("CREATE SCHEMA IF NOT EXISTS s", "CREATE TABLE s.t (x INT)")
    cursor = session.connection.cursor()
    for statement in ("BEGIN TRANSACTION", "INSERT INTO s.t VALUES (1)", "ROLLBACK", "COMMIT"):
        cursor.execute(statement)
        assert cursor.description
    assert session.ask("SELECT COUNT(*) FROM s.t") == [(0,)]


def columns(session: Session) -> None:
    session.ask("CREATE SCHEMA IF NOT EXISTS s", "CREATE TABLE s.t (x BIGINT) AS SELECT CAST(1 AS BIGINT) AS x")
    assert session.ask("SELECT x FROM s.t") == [(1,)]


def public(session: Session) -> None:
    session.ask("CREATE SCHEMA IF NOT EXISTS s", "CREATE TABLE NORTHSTAR.s.t AS SELECT 1 AS id, 'a' AS v")
    session.ask(
        "MERGE INTO NORTHSTAR.s.t AS t USING (SELECT 1 AS id, 'b' AS v) AS n ON t.id = n.id "
        "WHEN MATCHED THEN UPDATE SET v = n.v WHEN NOT MATCHED THEN INSERT (id, v) VALUES (n.id, n.v)"
    )
    assert session.ask("SELECT * FROM NORTHSTAR.s.t") == [(1, "b")]


def results(session: Session) -> None:
    """Held, each would take megabytes of addresses."""
    session.ask(*("SELECT 1" for _ in range(RESULTS_KEPT + 50)))
    assert len(session.connection.results_cache) <= RESULTS_KEPT + 1


def merge(session: Session) -> None:
    session.ask("CREATE SCHEMA IF NOT EXISTS s", "CREATE TABLE NORTHSTAR.s.t (id INT, starts_at TIMESTAMP)")
    session.ask(
        "MERGE INTO NORTHSTAR.s.t AS t USING (SELECT 1 AS id, TIMESTAMP_FROM_PARTS(d, h) AS starts_at "
        "FROM (SELECT '2026-03-29'::DATE AS d, '09:30:00'::TIME AS h)) AS n ON t.id = n.id "
        "WHEN MATCHED THEN UPDATE SET starts_at = n.starts_at "
        "WHEN NOT MATCHED THEN INSERT (id, starts_at) VALUES (n.id, n.starts_at)"
    )
    assert session.ask("SELECT starts_at FROM NORTHSTAR.s.t") == [(datetime(2026, 3, 29, 9, 30),)]


def twice(session: Session) -> None:
    session.ask("CREATE SCHEMA IF NOT EXISTS s", "CREATE TABLE NORTHSTAR.s.t AS SELECT 1 AS id, 'a' AS v")
    merge = (
        "MERGE INTO NORTHSTAR.s.t AS t USING (SELECT id, v FROM (VALUES (1, 'b'), ({second}, 'c')) AS n (id, v)) AS n "
        "ON t.id = n.id WHEN MATCHED THEN UPDATE SET v = n.v WHEN NOT MATCHED THEN INSERT (id, v) VALUES (n.id, n.v)"
    )
    with pytest.raises(snowflake.connector.errors.ProgrammingError, match="Duplicate row detected"):
        session.ask(merge.format(second=1))
    assert session.ask("SELECT v FROM s.t") == [("a",)]
    session.ask(merge.format(second=2))
    assert session.ask("SELECT v FROM s.t ORDER BY id") == [("b",), ("c",)]


def overwrite(session: Session) -> None:
    session.ask("CREATE SCHEMA IF NOT EXISTS s", 'CREATE TABLE s."T" ("A" BIGINT)')
    for _ in range(2):
        snowflake.connector.pandas_tools.write_pandas(
            session.connection, pd.DataFrame({"A": [1, 2]}), "T", schema="S", database="NORTHSTAR", overwrite=True
        )
    assert session.ask("SELECT COUNT(*) FROM s.t") == [(2,)]


def views(session: Session) -> None:
    session.ask("CREATE SCHEMA IF NOT EXISTS s", "CREATE VIEW s.v AS SELECT 1 AS a")
    (found,) = session.adapter().get_data_objects("NORTHSTAR.S", {"V"})
    assert found.type.is_view


def nulls(_: Session) -> None:
    sent = fakesnow.arrow.timestamp_to_sf_struct(pa.array([None, datetime(2026, 11, 4)], pa.timestamp("us")))
    assert sent.is_null().to_pylist() == [True, False]


def sums(session: Session) -> None:
    """More cents than a DOUBLE tells apart."""
    session.ask("CREATE SCHEMA IF NOT EXISTS s", "CREATE TABLE s.t (x NUMBER(38, 2))")
    session.ask("INSERT INTO s.t VALUES (90071992547409.93), (0.01)")
    assert session.ask("SELECT SUM(x) FROM s.t") == [(Decimal("90071992547409.94"),)]


CHECKS: dict[str, Callable[[Session], None]] = {
    "temporary": temporary, "session": of_session, "explain": explain, "stage": stage, "copy": copy, "scale": scale,
    "transaction": transaction, "columns": columns, "public": public, "overwrite": overwrite, "views": views,
    "nulls": nulls, "sums": sums, "comments": comments, "quotes": quotes, "hexadecimal": hexadecimal,
    "merge": merge, "results": results, "twice": twice,
}  # fmt: skip


def test_each_correction_has_a_check() -> None:
    assert CHECKS.keys() == CORRECTIONS.keys()


@pytest.mark.parametrize("name", CHECKS)
def test_with_its_correction_the_emulator_does_it(name: str, tmp_path: Path) -> None:
    with emulated():
        CHECKS[name](Session(tmp_path))


@pytest.mark.parametrize("name", CHECKS)
def test_without_its_correction_the_emulator_does_not(name: str, tmp_path: Path) -> None:
    with (
        emulated(without=[name]),
        pytest.raises((Exception, pytest.fail.Exception)),
    ):
        CHECKS[name](Session(tmp_path))


def test_what_the_emulator_ignores_is_listed(tmp_path: Path) -> None:
    """Each of these runs and leaves no trace; were it carried out one day, it could be tested after all."""
    with emulated() as account:
        session = Session(tmp_path)
        session.ask("CREATE SCHEMA IF NOT EXISTS s")
        said = {
            "CLUSTER BY": "CREATE TABLE s.a (x INT) CLUSTER BY (x)",
            "COPY GRANTS": "CREATE OR REPLACE VIEW s.b COPY GRANTS AS SELECT 1 AS x",
            "SECURE": "CREATE OR REPLACE SECURE VIEW s.c AS SELECT 1 AS x",
            "TRANSIENT": "CREATE TRANSIENT TABLE s.d (x INT)",
            "QUERY_TAG": "ALTER SESSION SET QUERY_TAG = 'tick'",
            "USE WAREHOUSE": "USE WAREHOUSE TRANSFORM",
            "USE ROLE": "USE ROLE TRANSFORMER",
            "COMMENT": "ALTER VIEW s.b ALTER COLUMN x COMMENT 'a number'",
        }
        for statement in said.values():
            session.ask(statement)
        beneath = account.duckdb.execute(
            "SELECT sql FROM duckdb_tables() WHERE database_name = 'NORTHSTAR' "
            "UNION ALL SELECT sql FROM duckdb_views() WHERE database_name = 'NORTHSTAR' AND schema_name = 'S'"
        ).fetchall()
    assert said.keys() == emulator.IGNORED.keys()
    assert [sql for (sql,) in beneath for clause in said if clause in sql] == []
