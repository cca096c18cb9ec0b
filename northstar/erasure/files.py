"""The landing zone's files: rewritten without a patient, each whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from northstar import failpoints
from northstar.contracts import ObjectContract
from northstar.erasure.rows import Traces, scrub
from northstar.ingest.duckdb_sink import quoted
from northstar.ingest.landing import LandingZone


def rewrite(
    connection: duckdb.DuckDBPyConnection, landing: LandingZone, contract: ObjectContract, path: str, traces: Traces
) -> int | None:
    """Take a patient out of one file.  Returns how many rows it has now, None when nothing had to be done."""
    schema = _schema(landing, path)
    if schema is None:
        return None
    wanted = scrub(contract, {name.lower(): name for name in schema.names}, traces)
    if wanted is None:
        return None
    touched = " OR ".join(condition for condition in (wanted.deleted, wanted.wiped) if condition)
    with _opened(connection, landing, path) as source:
        if connection.execute(f"SELECT count(*) FROM {source} WHERE {touched}").fetchone() == (0,):
            return None
        columns = ", ".join(
            f"CASE WHEN {wanted.wiped} THEN {value} ELSE {quoted(name)} END AS {quoted(name)}"
            if wanted.wiped and (value := wanted.assignments.get(name.lower()))
            else quoted(name)
            for name in schema.names
        )
        keep = f"NOT {wanted.deleted}" if wanted.deleted else "true"
        table = connection.execute(f"SELECT {columns} FROM {source} WHERE {keep}").to_arrow_table().cast(schema)
    _write(landing, path, table)
    return len(table)


def numbers_in(
    connection: duckdb.DuckDBPyConnection, landing: LandingZone, contract: ObjectContract, path: str
) -> set[int]:
    """The patients' numbers that a file holds."""
    schema = _schema(landing, path)
    names = {name.lower(): name for name in schema.names} if schema is not None else {}
    found: set[int] = set()
    where = f" AND ({contract.patient_where})" if contract.patient_where else ""
    for column in contract.patient_columns:
        if column in names:
            with _opened(connection, landing, path) as source:
                name = quoted(names[column])
                query = f"SELECT DISTINCT {name} FROM {source} WHERE {name} > 0{where}"
                found |= {number for (number,) in connection.execute(query).fetchall()}
    return found


def _schema(landing: LandingZone, path: str) -> pa.Schema | None:
    """None when the file is not there any more: landing files may be cleaned up."""
    try:
        return pq.read_schema(path, filesystem=landing.filesystem)
    except FileNotFoundError:
        return None


@contextmanager
def _opened(connection: duckdb.DuckDBPyConnection, landing: LandingZone, path: str) -> Iterator[str]:
    """The file as a table for SQL, in the order in which it was written."""
    connection.register("erasure_file", pads.dataset(path, format="parquet", filesystem=landing.filesystem))
    try:
        yield "erasure_file"
    finally:
        connection.unregister("erasure_file")


def _write(landing: LandingZone, path: str, table: pa.Table) -> None:
    temporary = f"{path}.tmp" if landing.local else path
    with landing.filesystem.open_output_stream(temporary) as stream:
        pq.write_table(table, stream, compression="zstd")
    failpoints.reach("erasure_file_written")
    if landing.local:
        with Path(temporary).open("rb") as written:
            os.fsync(written.fileno())
        Path(temporary).rename(path)
