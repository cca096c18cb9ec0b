"""What is done to a batch before it is loaded: forgotten patients are unlinked, and what has no class is noticed.

The forgotten come back in late changes and in whole snapshots.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace

from northstar.contracts import Contracts, ObjectContract
from northstar.erasure.files import Files
from northstar.erasure.rows import ERASED, Traces
from northstar.erasure.suppression import Suppression
from northstar.ingest.contract import Batch, LandedFile, Notice
from northstar.ingest.landing import LandingZone
from northstar.phi.tables import HeldTable, raw_tables
from northstar.statements import Statements


class Screen:
    """Looks through the files of a batch.  Reads them only once somebody was forgotten."""

    def __init__(self, contracts: Contracts) -> None:
        self._contracts = contracts

    def __call__(self, connection: Statements, landing: LandingZone, source: str, batch: Batch) -> Batch:
        """The batch without what is forgotten; its files are rewritten where they must be."""
        batch = replace(batch, notices=(*batch.notices, *self._unclassed(connection, source, batch.files)))
        suppression = Suppression(connection)
        if not suppression.exists:
            return batch
        with closing(Files(landing)) as files:
            contracts = {file.path: self._contracts.find(f"raw_{source}.{file.object}") for file in batch.files}
            numbers = {
                number
                for path, contract in contracts.items()
                if contract is not None
                for number in files.numbers_in(contract, path)
            }
            traces = Traces(suppression.listed(numbers), self._erased_keys(connection, contracts.values()))
            return replace(
                batch, files=tuple(_screened(files, contracts[file.path], file, traces) for file in batch.files)
            )

    def _unclassed(self, connection: Statements, source: str, files: Iterable[LandedFile]) -> Iterator[Notice]:
        """A notice of each object or column that arrives for the first time and that no contract classes."""
        unclassed: list[tuple[str, str | None]] = []
        for file in files:
            contract = self._contracts.find(f"raw_{source}.{file.object}")
            if contract is None:
                unclassed.append((file.object, None))
            else:
                names = (name.lower() for name in file.schema.names)
                unclassed += [(file.object, name) for name in names if name not in contract.columns]
        known = raw_tables(connection, f"raw_{source}") if unclassed else {}
        for object, name in unclassed:
            table = known.get(f"raw_{source}.{object}".lower())
            if name is None and table is None:
                yield Notice(object, "object_without_contract", "has no contract, so no model can read it")
            elif name is not None and (table is None or name not in table.columns):
                yield Notice(object, "column_without_class", f"{name} has no class, so no model can read it")

    def _erased_keys(self, connection: Statements, contracts: Iterable[ObjectContract | None]) -> dict[str, list[str]]:
        """The keys of what belongs to the forgotten, of the parents through which tables' rows are a patient's."""
        vias = {(via.object, via.key) for contract in contracts if contract and (via := contract.patient_via)}
        parents = {name: self._contracts.objects[f"raw_{name}"] for name, _ in vias}
        tables: dict[str, HeldTable] = {}
        for schema in {parent.schema for parent in parents.values()}:
            tables |= raw_tables(connection, schema)
        return {
            f"raw_{name}.{key}": _erased(connection, parents[name], tables.get(f"raw_{name}"), key)
            for name, key in vias
        }


def _screened(files: Files, contract: ObjectContract | None, file: LandedFile, traces: Traces) -> LandedFile:
    rows = files.rewrite(contract, file.path, traces) if contract else None
    return file if rows is None else replace(file, rows=rows)


def _erased(connection: Statements, parent: ObjectContract, table: HeldTable | None, key: str) -> list[str]:
    """Keys, as text, of rows that are unlinked already."""
    held = [column for column in parent.patient_columns if table and column in table.columns]
    if table is None or not held or key not in table.columns:
        return []
    erased = " OR ".join(f"{table.column(column)} = {ERASED}" for column in held)
    query = f"SELECT DISTINCT CAST({table.column(key)} AS VARCHAR) FROM {table.sql} WHERE {erased}"
    return [text for (text,) in connection.execute(query).fetchall() if text is not None]
