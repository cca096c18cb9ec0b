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
from northstar.statements import Sql, joined

_NEVER = Sql("false")


class Files:
    """The files as tables of a DuckDB of their own, whatever engine the warehouse is on.  For one thread."""

    def __init__(self, landing: LandingZone) -> None:
        self._landing = landing
        self._duckdb = duckdb.connect()

    def close(self) -> None:
        """Let go of what they are read with."""
        self._duckdb.close()

    def rewrite(self, contract: ObjectContract, path: str, traces: Traces) -> int | None:
        """Take a patient out of one file.  Returns how many rows it has now, None when nothing had to be done."""
        schema = self._schema(path)
        if schema is None:
            return None
        wanted = scrub(contract, {name.lower(): name for name in schema.names}, traces)
        if wanted is None:
            return None
        columns = joined(", ", [_column(name, wanted.assignments.get(name.lower())) for name in schema.names])
        marks = (wanted.deleted or _NEVER) + " AS _is_deleted, " + (wanted.wiped or _NEVER) + " AS _is_wiped"
        with self._opened(path) as file:
            marked = Sql("(SELECT *, ") + marks + f" FROM {file})"
            touched = Sql("SELECT count(*) FROM ") + marked + " WHERE _is_deleted OR _is_wiped"
            if self._execute(touched).fetchone() == (0,):
                return None
            kept = Sql("SELECT ") + columns + " FROM " + marked + " WHERE NOT _is_deleted"
            table = self._execute(kept).to_arrow_table().cast(schema)
        self._write(path, table)
        return len(table)

    def numbers_in(self, contract: ObjectContract, path: str) -> set[int]:
        """The patients' numbers that a file holds."""
        schema = self._schema(path)
        names = {name.lower(): name for name in schema.names} if schema is not None else {}
        found: set[int] = set()
        where = f" AND ({contract.patient_where})" if contract.patient_where else ""
        for column in contract.patient_columns:
            if column in names:
                with self._opened(path) as file:
                    name = quoted(names[column])
                    query = f"SELECT DISTINCT {name} FROM {file} WHERE {name} > 0{where}"
                    found |= {number for (number,) in self._duckdb.execute(query).fetchall()}
        return found

    def _schema(self, path: str) -> pa.Schema | None:
        """None when the file is not there any more: landing files may be cleaned up."""
        try:
            return pq.read_schema(path, filesystem=self._landing.filesystem)
        except FileNotFoundError:
            return None

    def _execute(self, query: Sql) -> duckdb.DuckDBPyConnection:
        return self._duckdb.execute(query.text, query.values)

    @contextmanager
    def _opened(self, path: str) -> Iterator[str]:
        """The file as a table for SQL, in the order in which it was written."""
        dataset = pads.dataset(path, format="parquet", filesystem=self._landing.filesystem)
        self._duckdb.register("erasure_file", dataset)
        try:
            yield "erasure_file"
        finally:
            self._duckdb.unregister("erasure_file")

    def _write(self, path: str, table: pa.Table) -> None:
        temporary = f"{path}.tmp" if self._landing.local else path
        with self._landing.filesystem.open_output_stream(temporary) as stream:
            pq.write_table(table, stream, compression="zstd")
        failpoints.reach("erasure_file_written")
        if self._landing.local:
            with Path(temporary).open("rb") as written:
                os.fsync(written.fileno())
            Path(temporary).rename(path)


def _column(name: str, value: Sql | None) -> Sql:
    if value is None:
        return Sql(quoted(name))
    return Sql("CASE WHEN _is_wiped THEN ") + value + f" ELSE {quoted(name)} END AS {quoted(name)}"
