"""Framing and conversion on their own: what any server may send is taken apart as it was put together."""

from __future__ import annotations

import struct
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar.ingest.postgres import messages
from northstar.ingest.postgres.messages import UNCHANGED, Row, Value
from northstar.ingest.postgres.types import SourceColumn, raw_columns

values = st.one_of(st.none(), st.just(UNCHANGED), st.binary(max_size=40))
rows = st.lists(values, max_size=6)


def framed(row: Row) -> bytes:
    def value(item: Value) -> bytes:
        if item is None:
            return b"n"
        return b"t" + struct.pack(">I", len(item)) + item if isinstance(item, bytes) else b"u"

    return struct.pack(">H", len(row)) + b"".join(value(item) for item in row)


@given(rows, rows, st.sampled_from([b"K", b"O"]), st.integers(1, 2**32 - 1))
def test_rows(old: Row, new: Row, kind: bytes, oid: int) -> None:
    head = struct.pack(">I", oid)
    insert = b"I" + head + b"N" + framed(new)
    assert messages.relation_oid(insert) == oid
    assert messages.rows(insert) == (None, new)
    assert messages.rows(b"U" + head + kind + framed(old) + b"N" + framed(new)) == (old, new)
    assert messages.rows(b"U" + head + b"N" + framed(new)) == (None, new)
    assert messages.rows(b"D" + head + kind + framed(old)) == (old, None)


def test_unknown_kinds_are_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="kind of value 'b'"):
        messages.rows(b"I" + struct.pack(">I", 1) + b"N" + struct.pack(">H", 1) + b"b" + struct.pack(">I", 0))
    with pytest.raises(ValueError, match="kind of row 'X'"):
        messages.rows(b"I" + struct.pack(">I", 1) + b"X")


NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(NAMES, NAMES, st.lists(st.tuples(st.booleans(), NAMES), max_size=5))
def test_relations(schema: str, name: str, columns: list[tuple[bool, str]]) -> None:
    parts = [b"R", struct.pack(">I", 7), schema.encode(), b"\0", name.encode(), b"\0d", struct.pack(">H", len(columns))]
    for in_key, column in columns:
        parts += [bytes([in_key]), column.encode(), b"\0", struct.pack(">Ii", 99, 5)]
    relation = messages.relation(b"".join(parts), {99: (1700, 20)})
    assert (relation.oid, relation.schema, relation.name, relation.identity) == (7, schema, name, "d")
    assert relation.columns == tuple(SourceColumn(column, 1700, 20) for _, column in columns)
    assert relation.key == tuple(number for number, (in_key, _) in enumerate(columns) if in_key)


DECIMAL_10_2 = SourceColumn("n", 1700, (10 << 16 | 2) + 4)


@given(st.lists(st.one_of(st.none(), st.sampled_from(["NaN", "Infinity", "1.50", "-0.05", "99999999.99"]))))
def test_no_value_is_lost_by_its_type(texts: list[str | None]) -> None:
    fields, arrays = raw_columns([DECIMAL_10_2], [pa.array(texts, pa.string())])
    strange = [text if text in ("NaN", "Infinity") else None for text in texts]
    columns = {field.name: array.to_pylist() for field, array in zip(fields, arrays, strict=True)}
    assert columns.get("n__varchar", [None] * len(texts)) == strange
    plain = [text if text not in ("NaN", "Infinity") else None for text in texts]
    assert columns["n"] == [Decimal(text) if text else None for text in plain]


@pytest.mark.parametrize(
    ("modifier", "expected"),
    [
        (-1, pa.string()),
        ((10 << 16 | 2) + 4, pa.decimal128(10, 2)),
        ((38 << 16 | 0) + 4, pa.decimal128(38, 0)),
        ((40 << 16 | 2) + 4, pa.string()),
        ((2 << 16 | 4) + 4, pa.string()),  # numeric(2, 4)
        ((5 << 16 | (2048 - 2)) + 4, pa.string()),  # numeric(5, -2)
    ],
)
def test_decimals(modifier: int, expected: pa.DataType) -> None:
    assert SourceColumn("n", 1700, modifier).arrow_type == expected


def test_a_column_that_has_the_name_of_another_s_text() -> None:
    columns = [DECIMAL_10_2, SourceColumn("n__varchar", 25, -1)]
    fields, arrays = raw_columns(columns, [pa.array(["NaN"]), pa.array(["theirs"])])
    assert {field.name: array.to_pylist() for field, array in zip(fields, arrays, strict=True)} == {
        "n": [None], "n__varchar": ["theirs"], "n__varchar_": ["NaN"],
    }  # fmt: skip
