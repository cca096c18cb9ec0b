"""What is done to a batch before it is loaded: forgotten patients are unlinked, and what has no class is noticed.

The forgotten come back in late changes and in whole snapshots.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import duckdb

from northstar.contracts import Contracts, ObjectContract
from northstar.erasure.files import numbers_in, rewrite
from northstar.erasure.rows import ERASED, Traces
from northstar.erasure.suppression import Suppression
from northstar.ingest.contract import Batch, LandedFile, Notice
from northstar.ingest.duckdb_sink import CATALOG, quoted
from northstar.ingest.landing import LandingZone


class Screen:
    """Looks through the files of a batch.  Reads them only once somebody was forgotten."""

    def __init__(self, contracts: Contracts) -> None:
        self._contracts = contracts

    def __call__(self, connection: duckdb.DuckDBPyConnection, landing: LandingZone, source: str, batch: Batch) -> Batch:
        """The batch without what is forgotten; its files are rewritten where they must be."""
        unclassed = [notice for file in batch.files for notice in self._unclassed(connection, source, file)]
        batch = replace(batch, notices=(*batch.notices, *unclassed))
        suppression = Suppression(connection)
        if not suppression.exists:
            return batch
        keys: dict[str, list[str]] = {}
        files = []
        for file in batch.files:
            contract = self._contracts.find(f"raw_{source}.{file.object}")
            files.append(file if contract is None else self._screened(connection, landing, contract, file, keys))
        return replace(batch, files=tuple(files))

    def _unclassed(self, connection: duckdb.DuckDBPyConnection, source: str, file: LandedFile) -> Iterator[Notice]:
        """A notice of each object or column that arrives for the first time and that no contract classes."""
        contract = self._contracts.find(f"raw_{source}.{file.object}")
        if contract is None:
            if not _columns(connection, f"raw_{source}", file.object):
                yield Notice(file.object, "object_without_contract", "has no contract, so no model can read it")
            return
        new = [name.lower() for name in file.schema.names if name.lower() not in contract.columns]
        known = _columns(connection, contract.schema, contract.name) if new else {}
        for name in new:
            if name not in known:
                yield Notice(file.object, "column_without_class", f"{name} has no class, so no model can read it")

    def _screened(
        self,
        connection: duckdb.DuckDBPyConnection,
        landing: LandingZone,
        contract: ObjectContract,
        file: LandedFile,
        keys: dict[str, list[str]],
    ) -> LandedFile:
        listed = Suppression(connection).listed(numbers_in(connection, landing, contract, file.path))
        self._erased_keys(connection, contract, keys)
        rows = rewrite(connection, landing, contract, file.path, Traces(listed, keys))
        return file if rows is None else replace(file, rows=rows)

    def _erased_keys(
        self, connection: duckdb.DuckDBPyConnection, contract: ObjectContract, keys: dict[str, list[str]]
    ) -> None:
        """The keys of what belongs to the forgotten, of the parent through which this table's rows are a patient's."""
        via = contract.patient_via
        name = f"raw_{via.object}.{via.key}" if via else ""
        if via is None or name in keys:
            return
        parent = self._contracts.objects[f"raw_{via.object}"]
        keys[name] = erased_keys(connection, parent, via.key)


def erased_keys(connection: duckdb.DuckDBPyConnection, parent: ObjectContract, key: str) -> list[str]:
    """Keys, as text, of rows that are unlinked already."""
    known = _columns(connection, parent.schema, parent.name)
    held = [column for column in parent.patient_columns if column in known]
    if not held or key not in known:
        return []
    erased = " OR ".join(f"{quoted(column)} = {ERASED}" for column in held)
    query = f"SELECT DISTINCT CAST({quoted(key)} AS VARCHAR) FROM {parent.schema}.{quoted(parent.name)} WHERE {erased}"
    return [text for (text,) in connection.execute(query).fetchall() if text is not None]


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> Mapping[str, str]:
    rows = connection.execute(
        "SELECT lower(column_name), data_type FROM duckdb_columns() "
        "WHERE database_name = ? AND schema_name = ? AND table_name = ?",
        [CATALOG, schema, table],
    ).fetchall()
    return dict(rows)
