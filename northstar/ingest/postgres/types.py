"""PostgreSQL's types as columns of raw, and the conversion of their text form.

Snapshot and stream both bring values as text, and both are converted here, so that a value looks the same whichever
way it came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from northstar.ingest.postgres.names import raw_column

META_FIELDS = (
    pa.field("_op", pa.string()),
    pa.field("_commit_lsn", pa.int64()),
    pa.field("_seq", pa.int64()),
    pa.field("_commit_ts", pa.timestamp("us")),
    pa.field("_xid", pa.int64()),
    pa.field("_unchanged", pa.string()),
)
"""What every raw table of this source begins with.  (_commit_lsn, _seq) is the total order of its changes."""

_NUMERIC = 1700
_TYPES: Mapping[int, pa.DataType] = {
    16: pa.bool_(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    26: pa.int64(),  # oid, unsigned 32 bits
    700: pa.float32(),
    701: pa.float64(),
    1082: pa.date32(),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us"),
}


@dataclass(frozen=True)
class SourceColumn:
    """A column as the source declares it: domains are resolved to their base type."""

    name: str
    type_oid: int
    type_modifier: int

    @property
    def arrow_type(self) -> pa.DataType:
        """The type of the column in raw; text for whatever has no exact counterpart."""
        if self.type_oid == _NUMERIC and self.type_modifier >= 4:
            precision, scale = (self.type_modifier - 4) >> 16 & 0xFFFF, (self.type_modifier - 4) & 0x7FF
            # A scale of 1024 and more is a negative one in 11 bits.
            return pa.decimal128(precision, scale) if scale <= precision <= 38 else pa.string()
        return _TYPES.get(self.type_oid, pa.string())

    @property
    def family(self) -> str:
        """What may change without old values being converted: the width of a number, the length of a text."""
        return str(self.arrow_type).rstrip("0123456789(), ") if self.arrow_type != pa.string() else "string"


def raw_columns(columns: Sequence[SourceColumn], values: Sequence[pa.Array]) -> tuple[list[pa.Field], list[pa.Array]]:
    """Convert columns of text to the types of raw.

    A value that its column's type cannot hold in raw (``infinity``, a year BC, ``NaN`` in a decimal) is NULL there and
    kept as text in a further column ``<column>__varchar``, which exists only where it is needed.
    """
    fields, arrays, extra_fields, extra_arrays = [], [], [], []
    for column, text in zip(columns, values, strict=True):
        name = raw_column(column.name)
        typed, refused = _convert(column, text)
        fields.append(pa.field(name, typed.type))
        arrays.append(typed)
        if refused is not None:
            extra_fields.append(pa.field(_free_name(f"{name}__varchar", columns), pa.string()))
            extra_arrays.append(refused)
    return fields + extra_fields, arrays + extra_arrays


def _free_name(wanted: str, columns: Sequence[SourceColumn]) -> str:
    taken = {raw_column(column.name).lower() for column in columns}
    while wanted.lower() in taken:
        wanted += "_"
    return wanted


def _convert(column: SourceColumn, text: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """The typed values, and the texts of those that were refused, or None when there are none."""
    if column.arrow_type == pa.string():
        return text, None
    try:
        return _cast(column, text), None
    except pa.ArrowInvalid:
        chunks = _cast_castable(column, text)
    typed = pa.concat_arrays(chunks)
    refused = pc.if_else(pc.is_null(typed), text, pa.scalar(None, pa.string()))
    return typed, refused


def _cast(column: SourceColumn, text: pa.Array) -> pa.Array:
    wanted = column.arrow_type
    if pa.types.is_boolean(wanted):
        return pc.equal(text, "t")
    if column.type_oid == 1184:
        return pc.cast(pc.cast(text, pa.timestamp("us", "UTC")), wanted)
    return pc.cast(text, wanted)


def _cast_castable(column: SourceColumn, text: pa.Array) -> list[pa.Array]:
    """Cast what can be cast, by halving: refused values are few, so most of a column is cast in large pieces."""
    try:
        return [_cast(column, text)]
    except pa.ArrowInvalid:
        if len(text) == 1:
            return [pa.nulls(1, column.arrow_type)]
    middle = len(text) // 2
    return _cast_castable(column, text.slice(0, middle)) + _cast_castable(column, text.slice(middle))
