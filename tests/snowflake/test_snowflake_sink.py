"""What the Snowflake sink does that no other sink has to: the order of its statements, types, widening by steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import snowflake.connector
from emulator import Snowflake, emulated

from northstar.ingest.contract import Batch, IngestError
from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.landing import LandingZone
from northstar.ingest.snowflake_sink import STAGE, SnowflakeSink
from northstar.ingest.snowflake_tables import literal

AT = datetime(2026, 11, 4, 9, 59, 59, tzinfo=UTC)
EVERY_TYPE = pa.table({
    "flag": pa.array([True, None]),
    "small": pa.array([1, None], pa.int16()),
    "plain": pa.array([2, None], pa.int32()),
    "big": pa.array([2**62, None], pa.int64()),
    "real": pa.array([1.5, None], pa.float32()),
    "precise": pa.array([0.1, None], pa.float64()),
    "day": pa.array([date(2026, 11, 4), None]),
    "clock": pa.array([time(9, 30, 0, 5), None], pa.time64("us")),
    "moment": pa.array([datetime(2026, 11, 4, 9, 30, 0, 123456), None], pa.timestamp("us")),
    "text": pa.array(["it's \\ “so”\n", None]),
    "amount": pa.array([Decimal("12345678.90"), None], pa.decimal128(10, 2)),
})  # fmt: skip


class Loaded:
    """A sink on the emulator, and the stage over its landing zone."""

    def __init__(self, home: Path, account: Snowflake) -> None:
        self.account, self.zone = account, LandingZone(str(home / "landing"))
        self.connection = snowflake.connector.connect(database="NORTHSTAR", paramstyle="qmark")
        self.ask("CREATE SCHEMA IF NOT EXISTS ops")
        self.ask(f"CREATE STAGE IF NOT EXISTS {STAGE} URL = 'file://{self.zone.root}'")
        self.sink = SnowflakeSink(self.connection, self.zone)

    def ask(self, statement: str) -> list[Any]:
        cursor = self.connection.cursor()
        cursor.execute(statement)
        return list(cursor.fetchall())

    def batch(self, load_id: str, *tables: pa.Table) -> Batch:
        with self.zone.begin("app", load_id, AT) as writer:
            for number, table in enumerate(tables):
                writer.write("t", table, origin=str(number))
        return Batch(load_id, writer.files, {}, AT)

    def load(self, load_id: str, *tables: pa.Table) -> None:
        self.sink.load("app", self.batch(load_id, *tables), AT)


@pytest.fixture
def loaded(tmp_path: Path) -> Iterator[Loaded]:
    with emulated() as account:
        yield Loaded(tmp_path, account)


def one(name: str, value: Any, kind: pa.DataType) -> pa.Table:
    return pa.table({name: pa.array([value], kind)})


def test_values_of_every_type_are_those_on_duckdb(loaded: Loaded, tmp_path: Path) -> None:
    loaded.load("load-1", EVERY_TYPE)
    on_duckdb = connect(tmp_path / "warehouse.duckdb")
    DuckDBSink(on_duckdb, loaded.zone).load("app", loaded.batch("load-1", EVERY_TYPE), AT)
    wanted = on_duckdb.execute("SELECT * FROM raw_app.t ORDER BY flag").fetchall()
    assert loaded.ask("SELECT * FROM raw_app.t ORDER BY flag") == wanted
    on_duckdb.close()


def test_columns_have_the_declared_types(loaded: Loaded) -> None:
    loaded.load("load-1", EVERY_TYPE)
    (created,) = [statement for statement in loaded.account.sent if 'CREATE TABLE IF NOT EXISTS "RAW_APP"' in statement]
    assert created == (
        'CREATE TABLE IF NOT EXISTS "RAW_APP"."T" ("FLAG" BOOLEAN, "SMALL" NUMBER(38, 0), "PLAIN" NUMBER(38, 0), '
        '"BIG" NUMBER(38, 0), "REAL" FLOAT, "PRECISE" FLOAT, "DAY" DATE, "CLOCK" TIME, "MOMENT" TIMESTAMP_NTZ, '
        '"TEXT" VARCHAR, "AMOUNT" NUMBER(10, 2), "_LOAD_ID" VARCHAR, "_LOADED_AT" TIMESTAMP_NTZ)'
    )


def test_tables_are_altered_before_the_transaction_begins(loaded: Loaded) -> None:
    """DDL would commit what the transaction holds so far."""
    loaded.load("load-1", one("a", 1, pa.int64()))
    loaded.account.sent.clear()
    loaded.load("load-2", one("a", 2, pa.int64()), pa.table({"a": [3], "b": ["new"]}))
    kinds = [statement.split(" ")[0] for statement in loaded.account.sent]
    begin, commit = kinds.index("BEGIN"), kinds.index("COMMIT")
    assert kinds[begin + 1 : commit] == ["COPY", "COPY", "SELECT", "INSERT", "UPDATE"]
    assert "ALTER" in kinds[:begin]


def test_files_of_one_shape_are_copied_together(loaded: Loaded) -> None:
    loaded.load("load-1", *(one("a", number, pa.int64()) for number in range(5)))
    copies = [statement for statement in loaded.account.sent if statement.startswith("COPY")]
    assert len(copies) == 1
    assert loaded.ask("SELECT SUM(a) FROM raw_app.t") == [(10,)]


def test_rows_that_went_missing_stop_the_load(loaded: Loaded) -> None:
    batch = loaded.batch("load-1", one("a", 1, pa.int64()))
    more = replace(batch, files=[replace(batch.files[0], rows=2)])
    with pytest.raises(IngestError, match="loaded 1 rows of 2"):
        loaded.sink.load("app", more, AT)
    assert loaded.ask("SELECT COUNT(*) FROM raw_app.t") == loaded.ask("SELECT COUNT(*) FROM ops.load_ledger") == [(0,)]


@pytest.mark.parametrize("step", ["UPDATE", "DROP COLUMN", "RENAME COLUMN"])
def test_a_widening_that_died_is_finished_by_the_next_load(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def amount(text: str, scale: int) -> pa.Table:
        return one("x", Decimal(text), pa.decimal128(10, scale))

    loaded.load("load-1", amount("1.25", 2))
    execute = loaded.sink._connection.execute

    def dies(statement: str, parameters: Any = ()) -> Any:
        if step in statement:
            raise RuntimeError("killed")
        return execute(statement, parameters)

    with monkeypatch.context() as patch:
        patch.setattr(loaded.sink._connection, "execute", dies)
        with pytest.raises(RuntimeError, match="killed"):
            loaded.load("load-2", amount("1.0625", 4))
    loaded.load("load-2", amount("1.0625", 4))
    assert loaded.ask("SELECT x FROM raw_app.t ORDER BY x") == [(Decimal("1.0625"),), (Decimal("1.2500"),)]
    names = loaded.ask("SELECT column_name FROM information_schema.columns WHERE table_name = 'T'")
    assert sorted(name for (name,) in names) == ["X", "_LOADED_AT", "_LOAD_ID"]


def test_literals_cannot_be_left() -> None:
    assert literal("a'b\\") == "'a\\'b\\\\'"
