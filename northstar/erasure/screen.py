"""What arrives of patients who were forgotten is unlinked before it is loaded: late changes, and whole snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import duckdb

from northstar.contracts import Contracts, ObjectContract
from northstar.erasure.files import numbers_in, rewrite
from northstar.erasure.rows import ERASED, Traces
from northstar.erasure.suppression import Suppression
from northstar.ingest.contract import Batch, LandedFile
from northstar.ingest.duckdb_sink import CATALOG, quoted
from northstar.ingest.landing import LandingZone


class Screen:
    """Looks through the files of a batch.  Costs one look at a table while nobody was forgotten."""

    def __init__(self, contracts: Contracts) -> None:
        self._contracts = contracts

    def __call__(self, connection: duckdb.DuckDBPyConnection, landing: LandingZone, source: str, batch: Batch) -> Batch:
        """The batch without what is forgotten; its files are rewritten where they must be."""
        suppression = Suppression(connection)
        if not suppression.exists:
            return batch
        keys: dict[str, list[str]] = {}
        files = []
        for file in batch.files:
            contract = self._contracts.find(f"raw_{source}.{file.object}")
            files.append(file if contract is None else self._screened(connection, landing, contract, file, keys))
        return replace(batch, files=tuple(files))

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
    known = _columns(connection, parent)
    held = [column for column in parent.patient_columns if column in known]
    if not held or key not in known:
        return []
    erased = " OR ".join(f"{quoted(column)} = {ERASED}" for column in held)
    query = f"SELECT DISTINCT CAST({quoted(key)} AS VARCHAR) FROM {parent.schema}.{quoted(parent.name)} WHERE {erased}"
    return [text for (text,) in connection.execute(query).fetchall() if text is not None]


def _columns(connection: duckdb.DuckDBPyConnection, contract: ObjectContract) -> Mapping[str, str]:
    rows = connection.execute(
        "SELECT lower(column_name), data_type FROM duckdb_columns() "
        "WHERE database_name = ? AND schema_name = ? AND table_name = ?",
        [CATALOG, contract.schema, contract.name],
    ).fetchall()
    return dict(rows)
