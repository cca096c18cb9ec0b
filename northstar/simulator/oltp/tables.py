"""Columns in memory, and the way they get into PostgreSQL: CSV by COPY."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.csv as pacsv
from psycopg import sql

from northstar.simulator.oltp.chance import Bools, Ints

Columns = dict[str, Any]
"""Column name to values: numpy arrays (NaT and None are NULL), pyarrow arrays, or sequences."""

SEQUENCES = "simulator_ids"
"""Schema of the sequences that hand out new keys: a deleted row's key is never given again."""


def nullable(values: Ints, missing: Bools) -> Any:
    """Whole numbers, NULL where ``missing``."""
    return pa.array(values, mask=missing)


def from_rows(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Columns:
    """Turn rows into columns; timestamps may be aware datetimes, which are written with their offset."""
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in names]
    return dict(zip(names, columns, strict=True))


def _arrow(values: Any) -> pa.Array:
    if isinstance(values, np.ndarray) and values.dtype.kind == "M" and values.dtype != np.dtype("datetime64[D]"):
        return pa.array(values.astype("datetime64[us]"))
    return values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)


def copy_columns(conn: psycopg.Connection[Any], table: str, columns: Mapping[str, Any]) -> int:
    """Append columns to a table by COPY and return the number of rows.  The session's time zone must be UTC."""
    data = pa.table({name: _arrow(values) for name, values in columns.items()})
    if not data.num_rows:
        return 0
    target = sql.Identifier(*table.split("."))
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(target, names)
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for batch in data.to_batches(max_chunksize=50_000):
            sink = pa.BufferOutputStream()
            pacsv.write_csv(batch, sink, pacsv.WriteOptions(include_header=False))
            copy.write(sink.getvalue())
    return int(data.num_rows)


def create_sequences(conn: psycopg.Connection[Any], tables: Iterable[tuple[str, str]]) -> None:
    """Create a sequence for each (table, key column), going on from the greatest key of the table."""
    conn.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SEQUENCES)))
    for table, key in tables:
        name = sql.Identifier(SEQUENCES, table.split(".")[1])
        conn.execute(sql.SQL("CREATE SEQUENCE IF NOT EXISTS {}").format(name))
        conn.execute(
            sql.SQL("SELECT setval({}, (SELECT coalesce(max({}), 0) + 1 FROM {}), false)").format(
                sql.Literal(f"{SEQUENCES}.{table.split('.')[1]}"),
                sql.Identifier(key),
                sql.Identifier(*table.split(".")),
            )
        )


def reserve(conn: psycopg.Connection[Any], table: str, count: int) -> list[int]:
    """Take ``count`` new keys for a table."""
    query = "SELECT nextval(%s) FROM generate_series(1, %s)"
    return [row[0] for row in conn.execute(query, [f"{SEQUENCES}.{table.split('.')[1]}", count])]
