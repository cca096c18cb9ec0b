"""How column types may drift: widened where both fit, else kept apart."""

from __future__ import annotations

import pyarrow as pa
import pytest

from northstar.ingest.contract import IngestError
from northstar.ingest.types import Drift, drift, duckdb_type


@pytest.mark.parametrize(
    ("arrow", "sql"),
    [
        (pa.bool_(), "BOOLEAN"),
        (pa.int16(), "SMALLINT"),
        (pa.int32(), "INTEGER"),
        (pa.int64(), "BIGINT"),
        (pa.float32(), "FLOAT"),
        (pa.float64(), "DOUBLE"),
        (pa.date32(), "DATE"),
        (pa.time64("us"), "TIME"),
        (pa.timestamp("us"), "TIMESTAMP"),
        (pa.string(), "VARCHAR"),
        (pa.decimal128(18, 3), "DECIMAL(18,3)"),
    ],
)
def test_the_types_of_raw(arrow: pa.DataType, sql: str) -> None:
    assert duckdb_type(arrow) == sql


@pytest.mark.parametrize("arrow", [pa.timestamp("us", tz="UTC"), pa.timestamp("ns"), pa.list_(pa.int64()), pa.binary()])
def test_other_types_are_refused(arrow: pa.DataType) -> None:
    with pytest.raises(IngestError, match="land it as text"):
        duckdb_type(arrow)


@pytest.mark.parametrize(
    ("have", "want", "expected"),
    [
        ("BIGINT", "BIGINT", Drift()),
        ("BIGINT", "INTEGER", Drift()),
        ("DOUBLE", "FLOAT", Drift()),
        ("DECIMAL(18,3)", "DECIMAL(10,2)", Drift()),
        ("SMALLINT", "BIGINT", Drift(widen={"x": "BIGINT"})),
        ("FLOAT", "DOUBLE", Drift(widen={"x": "DOUBLE"})),
        ("DECIMAL(10,2)", "DECIMAL(10,4)", Drift(widen={"x": "DECIMAL(12,4)"})),
        ("DECIMAL(10,4)", "DECIMAL(10,2)", Drift(widen={"x": "DECIMAL(12,4)"})),
        ("DECIMAL(38,0)", "DECIMAL(38,10)", Drift(add={"x__decimal": "DECIMAL(38,10)"}, park={"x": "x__decimal"})),
        ("INTEGER", "VARCHAR", Drift(add={"x__varchar": "VARCHAR"}, park={"x": "x__varchar"})),
        ("VARCHAR", "INTEGER", Drift(add={"x__integer": "INTEGER"}, park={"x": "x__integer"})),
        ("BIGINT", "DOUBLE", Drift(add={"x__double": "DOUBLE"}, park={"x": "x__double"})),
        ("DATE", "TIMESTAMP", Drift(add={"x__timestamp": "TIMESTAMP"}, park={"x": "x__timestamp"})),
    ],
)
def test_one_column_drifts(have: str, want: str, expected: Drift) -> None:
    assert drift({"x": have}, {"x": want}) == expected


def test_new_columns_are_added_and_vanished_ones_stay() -> None:
    assert drift({"a": "DATE", "b": "DATE"}, {"b": "DATE", "c": "VARCHAR"}) == Drift(add={"c": "VARCHAR"})


def test_a_parked_column_is_used_again_and_widened() -> None:
    assert drift({"x": "DATE", "x__varchar": "VARCHAR"}, {"x": "VARCHAR"}) == Drift(park={"x": "x__varchar"})
    again = drift({"x": "DATE", "x__decimal": "DECIMAL(10,2)"}, {"x": "DECIMAL(12,4)"})
    assert again == Drift(widen={"x__decimal": "DECIMAL(12,4)"}, park={"x": "x__decimal"})
    beyond = drift({"x": "DATE", "x__decimal": "DECIMAL(38,0)"}, {"x": "DECIMAL(38,10)"})
    assert beyond == Drift(widen={"x__decimal": "VARCHAR"}, park={"x": "x__decimal"})
    after = drift({"x": "DATE", "x__decimal": "VARCHAR"}, {"x": "DECIMAL(38,10)"})
    assert after.park == {"x": "x__decimal"}


def test_a_source_column_may_have_the_name_of_a_parked_one() -> None:
    """Two columns of a file never go to one column of the table."""
    changes = drift({"x": "DATE"}, {"x": "VARCHAR", "x__varchar": "VARCHAR"})
    targets = [changes.park.get(name, name) for name in ("x", "x__varchar")]
    assert len(set(targets)) == 2
    for target in targets:
        assert changes.add[target] == "VARCHAR"
