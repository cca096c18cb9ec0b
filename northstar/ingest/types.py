"""The column types of raw: Arrow on the way in, SQL types of each engine on the way out, and how they may drift.

Instants are stored as UTC without a zone (``TIMESTAMP``): a PostgreSQL ``timestamptz`` holds nothing but the instant,
and zoned types differ between engines in ways that change values (see docs/decisions.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from northstar.ingest.contract import IngestError

_DUCKDB: dict[pa.DataType, str] = {
    pa.bool_(): "BOOLEAN",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.date32(): "DATE",
    pa.time64("us"): "TIME",
    pa.timestamp("us"): "TIMESTAMP",
    pa.string(): "VARCHAR",
}
_WIDENS: set[tuple[str, str]] = {
    ("SMALLINT", "INTEGER"),
    ("SMALLINT", "BIGINT"),
    ("INTEGER", "BIGINT"),
    ("FLOAT", "DOUBLE"),
}


def duckdb_type(arrow: pa.DataType) -> str:
    """The DuckDB type of an Arrow type.  Raises IngestError for a type that raw does not have."""
    if pa.types.is_decimal(arrow):
        return f"DECIMAL({arrow.precision},{arrow.scale})"
    try:
        return _DUCKDB[arrow]
    except KeyError:
        raise IngestError(f"raw has no column type for Arrow type {arrow}; land it as text") from None


@dataclass
class Drift:
    """How a raw table must change before rows of a given schema fit."""

    add: dict[str, str] = field(default_factory=dict)
    widen: dict[str, str] = field(default_factory=dict)
    park: dict[str, str] = field(default_factory=dict)
    """Columns whose values no longer fit their column, and the column that takes them instead."""


def _decimal(sql_type: str) -> tuple[int, int] | None:
    if not sql_type.startswith("DECIMAL("):
        return None
    precision, scale = sql_type[8:-1].split(",")
    return int(precision), int(scale)


def _fits(have: str, want: str) -> bool:
    """Whether every value of ``want`` is a value of ``have``."""
    if have == want or (want, have) in _WIDENS:
        return True
    a, b = _decimal(have), _decimal(want)
    return a is not None and b is not None and a[1] >= b[1] and a[0] - a[1] >= b[0] - b[1]


def _union(have: str, want: str) -> str | None:
    """The narrowest type that holds both, or None when there is none."""
    if (have, want) in _WIDENS:
        return want
    a, b = _decimal(have), _decimal(want)
    if a is None or b is None:
        return None
    scale = max(a[1], b[1])
    precision = max(a[0] - a[1], b[0] - b[1]) + scale
    return f"DECIMAL({precision},{scale})" if precision <= 38 else None


def drift(existing: Mapping[str, str], incoming: Mapping[str, str]) -> Drift:
    """Compare a table's columns with those of a file.

    New columns are added, narrower ones widened.  Values of a type that cannot be reconciled go to a column of their
    own, ``<column>__<type>``, so that nothing is lost and nothing is converted by guess.  Columns that vanished at
    the source stay, and are NULL from then on.
    """
    result = Drift()
    for name, want in incoming.items():
        have = existing.get(name)
        if have is None:
            result.add[name] = want
        elif not _fits(have, want):
            union = _union(have, want)
            if union is not None:
                result.widen[name] = union
            else:
                parked = f"{name}__{want.split('(')[0].lower()}"
                while parked in incoming:
                    parked += "_"  # the source has a column of that name itself
                result.park[name] = parked
                parked_type = existing.get(parked)
                if parked_type is None:
                    result.add[parked] = want
                elif not _fits(parked_type, want):
                    result.widen[parked] = _union(parked_type, want) or "VARCHAR"
    return result
