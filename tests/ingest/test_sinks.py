"""Both sinks: rows and ledger entry in one transaction, and raw tables that fit what comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import snowflake.connector
from emulator import Snowflake, emulated

from northstar.ingest import ledger
from northstar.ingest.contract import Batch, IngestError, Notice, Sink
from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.landing import LandingZone
from northstar.ingest.snowflake_sink import STAGE, SnowflakeSink

AT = datetime(2026, 11, 4, 9, 59, 59, tzinfo=UTC)


class Warehouse:
    """A sink and its landing zone, with the SQL that tests ask."""

    def __init__(self, home: Path) -> None:
        self.zone = LandingZone(str(home / "landing"))
        self.sink = self.open(home)

    def open(self, home: Path) -> Sink:
        raise NotImplementedError

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def tables(self) -> list[str]:
        """Of raw and ops, as SQL names them."""
        raise NotImplementedError

    def batch(self, load_id: str, *tables: tuple[str, pa.Table], **more: Any) -> Batch:
        with self.zone.begin("app", load_id, AT) as writer:
            for number, (object, table) in enumerate(tables):
                writer.write(object, table, origin=f"{load_id}/{number}")
        return Batch(load_id, writer.files, more.pop("cursor", {"at": load_id}), AT, **more)

    def load(self, load_id: str, *tables: tuple[str, pa.Table], **more: Any) -> None:
        self.sink.load("app", self.batch(load_id, *tables, **more), AT)

    def everything(self) -> dict[str, list[str]]:
        """Every row of raw and ops, without what is NULL: a column that a load added before it failed may stay."""
        found = {}
        for table in self.tables():
            names = [name for (name,) in self.rows(f"SELECT column_name FROM (DESCRIBE TABLE {table})")]
            rows = self.rows(f"SELECT * FROM {table}")
            kept = [sorted((n, repr(v)) for n, v in zip(names, row, strict=True) if v is not None) for row in rows]
            found[table] = sorted(map(str, kept))
        return {table: rows for table, rows in found.items() if rows}


class OnDuckDB(Warehouse):
    sink: DuckDBSink

    def open(self, home: Path) -> DuckDBSink:
        self.connection = connect(home / "warehouse.duckdb")
        return DuckDBSink(self.connection, self.zone)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def tables(self) -> list[str]:
        names = self.rows("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL")
        return [f'{schema}."{table.replace(chr(34), chr(34) * 2)}"' for schema, table in names]


class OnSnowflake(Warehouse):
    """The real sink over the connector's place-holder, and a look at what is underneath it."""

    sink: SnowflakeSink

    def __init__(self, home: Path, account: Snowflake) -> None:
        self.account = account
        super().__init__(home)

    def open(self, home: Path) -> SnowflakeSink:
        connection = snowflake.connector.connect(database="NORTHSTAR", paramstyle="qmark")
        connection.cursor().execute("CREATE SCHEMA IF NOT EXISTS ops")
        connection.cursor().execute(f"CREATE STAGE IF NOT EXISTS {STAGE} URL = 'file://{self.zone.root}'")
        return SnowflakeSink(connection, self.zone)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        beneath = self.account.duckdb
        beneath.execute("USE NORTHSTAR")
        return beneath.execute(sql).fetchall()

    def tables(self) -> list[str]:
        names = self.rows(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'NORTHSTAR' "
            "AND schema_name NOT LIKE '%information_schema' ORDER BY ALL"
        )
        return [f'{schema}."{table.replace(chr(34), chr(34) * 2)}"' for schema, table in names]


@pytest.fixture(params=["duckdb", "snowflake"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Warehouse]:
    with ExitStack() as opened:
        made: Warehouse = (
            OnDuckDB(tmp_path) if request.param == "duckdb" else OnSnowflake(tmp_path, opened.enter_context(emulated()))
        )
        opened.callback(made.sink.close)
        yield made


def changes(*rows: tuple[str, str, int]) -> pa.Table:
    """Change rows: op, key, position."""
    return pa.table({
        "_op": pa.array([row[0] for row in rows], pa.string()),
        "id": pa.array([row[1] for row in rows], pa.string()),
        "_seq": pa.array([row[2] for row in rows], pa.int64()),
    })  # fmt: skip


def one(name: str, value: Any, kind: pa.DataType) -> pa.Table:
    return pa.table({name: pa.array([value], kind)})


def test_rows_and_ledger_come_together(warehouse: Warehouse) -> None:
    warehouse.load("load-1", ("visits", changes(("I", "a", 1))), ("people", changes(("I", "b", 2), ("I", "c", 3))))
    assert warehouse.rows("SELECT id, _load_id, _loaded_at FROM raw_app.visits") == [
        ("a", "load-1", AT.replace(tzinfo=None))
    ]
    assert warehouse.rows("SELECT batch_no, object, row_count, cursor_after FROM ops.load_ledger ORDER BY object") == [
        (1, "*", 3, '{"at": "load-1"}'),
        (1, "people", 2, None),
        (1, "visits", 1, None),
    ]


def test_a_load_that_fails_leaves_no_trace(warehouse: Warehouse) -> None:
    warehouse.load("load-1", ("visits", changes(("I", "a", 1))))
    before = warehouse.everything()
    good = warehouse.batch("load-2", ("visits", one("extra", 1, pa.int64())), ("people", changes(("I", "b", 2))))
    broken = replace(good, files=[*good.files, replace(good.files[0], path="/nowhere.parquet")])
    with pytest.raises(Exception, match="nowhere"):
        warehouse.sink.load("app", broken, AT)
    assert warehouse.everything() == before
    warehouse.sink.load("app", good, AT)
    assert warehouse.rows("SELECT count(*) FROM raw_app.people") == [(1,)]


def test_a_load_is_not_loaded_twice(warehouse: Warehouse) -> None:
    batch = warehouse.batch("load-1", ("visits", changes(("I", "a", 1))))
    warehouse.sink.load("app", batch, AT)
    before = warehouse.everything()
    with pytest.raises(IngestError, match="load load-1 of source app is in the ledger already"):
        warehouse.sink.load("app", batch, AT)
    assert warehouse.everything() == before
    warehouse.sink.load("other", batch, AT)


def test_old_cursors_go_and_the_rest_of_their_entries_stays(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "CURSORS_KEPT", 3)
    warehouse.sink.load("other", warehouse.batch("load-0"), AT)
    for number in range(1, 7):
        warehouse.load(f"load-{number}", ("visits", changes(("I", "a", number))))
    kept = "SELECT source, batch_no FROM ops.load_ledger WHERE cursor_after IS NOT NULL ORDER BY ALL"
    assert warehouse.rows(kept) == [("app", 4), ("app", 5), ("app", 6), ("other", 1)]
    assert warehouse.rows("SELECT count(*) FROM ops.load_ledger WHERE object = '*' AND source = 'app'") == [(6,)]
    assert warehouse.sink.ledger("app").cursor == {"at": "load-6"}


def test_columns_come_widen_and_go(warehouse: Warehouse) -> None:
    warehouse.load("load-1", ("t", pa.table({"n": pa.array([1], pa.int16()), "gone": ["x"]})))
    warehouse.load("load-2", ("t", one("n", 2**40, pa.int64())))
    warehouse.load("load-3", ("t", pa.table({"N": pa.array([3], pa.int32()), "added": ["y"]})))
    assert warehouse.rows("SELECT n, gone, added FROM raw_app.t ORDER BY _load_id") == [
        (1, "x", None),
        (2**40, None, None),
        (3, None, "y"),
    ]


def test_values_that_do_not_fit_are_parked(warehouse: Warehouse) -> None:
    for number, (value, kind) in enumerate(
        [
            (1, pa.int32()),
            ("one", pa.string()),
            (2, pa.int32()),
            (Decimal("1.25"), pa.decimal128(10, 2)),
            (Decimal("1.0625"), pa.decimal128(10, 4)),
            ("two", pa.string()),
        ]
    ):
        warehouse.load(f"load-{number}", ("t", one("x", value, kind)))
    assert warehouse.rows("SELECT x, x__varchar, x__decimal FROM raw_app.t ORDER BY _load_id") == [
        (1, None, None),
        (None, "one", None),
        (2, None, None),
        (None, None, Decimal("1.2500")),
        (None, None, Decimal("1.0625")),
        (None, "two", None),
    ]


def test_a_column_named_as_a_parked_one_keeps_its_own_values(warehouse: Warehouse) -> None:
    warehouse.load("load-1", ("t", one("x", 1, pa.int32())))
    warehouse.load("load-2", ("t", pa.table({"x": ["parked"], "x__varchar": ["own"]})))
    row = warehouse.rows("SELECT * EXCLUDE (_load_id, _loaded_at) FROM raw_app.t WHERE x IS NULL")[0]
    assert sorted(value for value in row if value is not None) == ["own", "parked"]


def test_two_columns_that_differ_in_case_only_are_refused(warehouse: Warehouse) -> None:
    with pytest.raises(IngestError, match="differ only in the case"):
        warehouse.load("load-1", ("t", pa.table({"a": [1], "A": [2]})))


def test_hostile_names_are_quoted(warehouse: Warehouse) -> None:
    name = 'select "x"; drop'
    warehouse.load("load-1", ('we"ird table', one(name, 1, pa.int64())))
    warehouse.load("load-2", ('we"ird table', one(name, "a", pa.string())))
    assert len(warehouse.rows('SELECT * FROM raw_app."we""ird table"')) == 2


def test_a_declared_table_takes_what_comes(warehouse: Warehouse) -> None:
    columns = {"_op": "VARCHAR", "id": "VARCHAR", "_seq": "BIGINT", "note": "VARCHAR"}
    for _ in range(2):
        warehouse.sink.declare("raw_app", "visits", columns)
    assert list(warehouse.sink.ledger("app").live_keys("visits", ["id"], ["_seq"])) == []
    warehouse.load("load-1", ("visits", changes(("I", "a", 1))))
    assert warehouse.rows("SELECT id, note FROM raw_app.visits") == [("a", None)]


def test_notices_are_kept(warehouse: Warehouse) -> None:
    notice = Notice("visits", "file_refused", "because")
    warehouse.load("load-1", ("visits", changes(("I", "a", 1))), notices=[notice])
    assert warehouse.rows("SELECT source, load_id, object, kind, detail FROM ops.source_notice") == [
        ("app", "load-1", "visits", "file_refused", "because")
    ]


def test_sealing_goes_forward_only(warehouse: Warehouse) -> None:
    boundary = AT + timedelta(seconds=1)
    assert warehouse.sink.sealed_through("app") is None
    for through in (boundary, boundary, boundary - timedelta(hours=1)):
        warehouse.sink.seal("app", through)
    assert warehouse.sink.sealed_through("app") == boundary
    assert warehouse.sink.sealed_through("other") is None
    assert warehouse.rows("SELECT count(*) FROM ops.source_seal") == [(1,)]


def test_the_ledger_as_a_source_sees_it(warehouse: Warehouse) -> None:
    ledger = warehouse.sink.ledger("app")
    assert (ledger.cursor, ledger.load_ids(5), list(ledger.origins())) == (None, set(), [])
    for number in range(12):
        warehouse.load(f"load-{number}", ("visits", changes(("I", str(number), number))), cursor={"n": number})
    assert ledger.cursor == {"n": 11}
    assert ledger.load_ids(2) == {"load-10", "load-11"}
    assert list(ledger.origins()) == [f"load-{number}/0" for number in range(12)]
    other = warehouse.sink.ledger("other")
    assert (other.cursor, other.load_ids(5), list(other.origins())) == (None, set(), [])


def test_live_keys_and_rows_follow_the_last_change(warehouse: Warehouse) -> None:
    ledger = warehouse.sink.ledger("app")
    assert list(ledger.live_keys("visits", ["id"], ["_seq"])) == []
    warehouse.load("load-1", ("visits", changes(("I", "a", 1), ("I", "b", 2), ("I", "c", 3), ("D", "b", 5))))
    warehouse.load("load-2", ("visits", changes(("D", "c", 6), ("U", "a", 7), ("I", "c", 9), ("I", "b", 4))))
    assert sorted(ledger.live_keys("visits", ["id"], ["_seq"])) == [("a",), ("c",)]
    rows = ledger.live_rows("visits", ["id"], ["_seq"], ["_seq", "_op"], ("id", {"b", "c", "z"}))
    assert list(rows) == [("c", 9, "I")]
    assert list(ledger.live_rows("visits", ["id"], ["_seq"], [], ("id", set()))) == []


def test_live_keys_are_streamed_while_a_load_runs(warehouse: Warehouse) -> None:
    many = changes(*(("I", f"k{number}", number) for number in range(25_000)))
    warehouse.load("load-1", ("visits", many))
    keys = warehouse.sink.ledger("app").live_keys("visits", ["id"], ["_seq"])
    first = next(keys)
    warehouse.load("load-2", ("visits", changes(("I", "later", 30_000))))
    assert len({first, *keys}) == 25_000


def test_two_forks_load_side_by_side(warehouse: Warehouse) -> None:
    one_sink, other = warehouse.sink.fork(), warehouse.sink.fork()
    one_sink.load("app", warehouse.batch("load-1", ("visits", changes(("I", "a", 1)))), AT)
    other.load("other", warehouse.batch("load-1", ("visits", changes(("I", "b", 1)))), AT)
    assert one_sink.ledger("other").cursor == other.ledger("other").cursor == {"at": "load-1"}
    one_sink.close()
    other.close()


def test_a_load_that_is_put_back_and_fails_half_way_leaves_raw_as_it_was(warehouse: Warehouse) -> None:
    batch = warehouse.batch("load-1", ("visits", changes(("I", "a", 1))), ("visits", changes(("I", "b", 2))))
    warehouse.sink.load("app", batch, AT)
    before = warehouse.everything()
    gone = replace(batch.files[1], path="/nowhere.parquet")
    with pytest.raises(Exception, match="nowhere"):
        warehouse.sink.replace("app", "load-1", [batch.files[0], gone])
    assert warehouse.everything() == before
    warehouse.rows("DELETE FROM raw_app.visits")
    warehouse.sink.replace("app", "load-1", batch.files)
    assert warehouse.everything() == before


def test_a_warehouse_in_use_is_named(tmp_path: Path) -> None:
    path = tmp_path / "not-a-warehouse.duckdb"
    path.write_bytes(b"x" * 5000)
    with pytest.raises(IngestError, match=r"cannot open the warehouse .*not-a-warehouse\.duckdb"):
        connect(path)
