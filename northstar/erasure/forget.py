"""``northstar forget``: one patient, out of everything that the warehouse holds.

Rows of the patient's own tables go.  Where totals must stay true (visits, bills, payments) rows stay under the number
that all forgotten patients share, without anything that identifies.  In the tables of SQLMesh, of every version and
so of every environment, the pseudonym is replaced or its rows go in the same way, so that they hold what a replay of
raw would give.  Files are rewritten first and the warehouse in one transaction last: what is needed to find the
patient is in raw until then, so that a run that was killed is made good by the next.  What identifies is sent as
parameters: Snowflake keeps the texts of statements for a year.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from sqlglot import exp
from sqlmesh.core.model import Model

from northstar import failpoints
from northstar.clock import to_naive_utc, utc_now
from northstar.contracts import Contracts, ObjectContract
from northstar.erasure.files import Files
from northstar.erasure.rows import ERASED, RECORD, REJECTED, Traces, scrub
from northstar.erasure.suppression import Suppression
from northstar.ingest.landing import LandingZone
from northstar.phi.firewall import Firewall
from northstar.phi.lineage import OUTPUT, Node
from northstar.phi.tables import HeldTable, held_tables, patient_queries, raw_tables
from northstar.pseudonyms import pseudonym_sql
from northstar.statements import (
    Sql,
    Statements,
    changed,
    engine_of,
    joined,
    rows_if_there,
    transaction,
    write_out,
)

_TELLING = ("contact", "social_security", "medical_record", "beneficiary")
"""Kinds of identifiers that only one patient has; a name or an address may be another's too."""
_SHORTEST_VALUE = 5


@dataclass
class Forgotten:
    """What was done, in numbers only."""

    erasure_id: str
    raw_rows_deleted: int = 0
    raw_rows_unlinked: int = 0
    table_rows_deleted: int = 0
    table_rows_unlinked: int = 0
    files_rewritten: int = 0
    objects: set[str] = field(default_factory=set)

    @property
    def found_anything(self) -> bool:
        """Whether the warehouse knew the patient."""
        return any(
            (
                self.raw_rows_deleted,
                self.raw_rows_unlinked,
                self.files_rewritten,
                self.table_rows_deleted,
                self.table_rows_unlinked,
            )
        )


def forget(
    connection: Statements,
    landing: LandingZone,
    contracts: Contracts,
    firewall: Firewall,
    models: Mapping[str, Model],
    patient_id: int,
) -> Forgotten:
    """Forget a patient.  The caller holds the writer lock.  Safe to kill, and to repeat."""
    result = Forgotten(str(uuid.uuid4()))
    suppression = Suppression(connection)
    suppression.prepare()
    suppression.add(patient_id)
    connection.execute(
        "INSERT INTO ops.erasure_log (erasure_id, started_at) VALUES (?, ?)",
        [result.erasure_id, to_naive_utc(utc_now())],
    )
    traces = _traces(connection, contracts, patient_id)
    pseudonym = _pseudonym(connection, patient_id)
    failpoints.reach("erasure_listed")
    _files(connection, landing, contracts, traces, result)
    with transaction(connection):
        _raw(connection, contracts, traces, result)
        failpoints.reach("erasure_raw_done")
        if pseudonym is not None:
            _tables(connection, contracts, firewall, models, pseudonym, result)
        connection.execute(
            "UPDATE ops.erasure_log SET finished_at = ?, raw_rows_deleted = ?, raw_rows_unlinked = ?, "
            "table_rows_deleted = ?, table_rows_unlinked = ?, files_rewritten = ? WHERE erasure_id = ?",
            [
                to_naive_utc(utc_now()),
                result.raw_rows_deleted,
                result.raw_rows_unlinked,
                result.table_rows_deleted,
                result.table_rows_unlinked,
                result.files_rewritten,
                result.erasure_id,
            ],
        )
        failpoints.reach("erasure_before_commit")
    write_out(connection)
    return result


def unfinished(connection: Statements, contracts: Contracts) -> list[int]:
    """Patients whom raw still knows although they are on the list: of runs that were killed."""
    suppression = Suppression(connection)
    if not suppression.exists:
        return []
    queries = " UNION ".join(query for _, query in patient_queries(connection, contracts))
    numbers = [number for (number,) in connection.execute(queries).fetchall()] if queries else []
    return sorted(suppression.listed(numbers))


def _pseudonym(connection: Statements, patient_id: int) -> int | None:
    if not rows_if_there(connection, "SELECT 1 FROM restricted.pseudonym_key"):
        return None
    ((key,),) = connection.execute(f"SELECT {pseudonym_sql('?', engine_of(connection))}", [patient_id]).fetchall()
    return int(key)


def _traces(connection: Statements, contracts: Contracts, patient_id: int) -> Traces:
    """All that gives the patient away, gathered before anything is erased."""
    present = raw_tables(connection)
    keys: dict[str, list[str]] = {}
    values: set[str] = set()
    for contract in contracts:
        table = present.get(contract.relation)
        if table is None:
            continue
        for name, parent_key in {(via.object, via.key) for c in contracts if (via := c.patient_via)}:
            if contract.relation == f"raw_{name}" and parent_key in table.columns:
                keys[f"raw_{name}.{parent_key}"] = _texts(connection, contract, table, parent_key, patient_id)
        if contract.patient_columns == contract.key:
            for column, found in contract.columns.items():
                if found.name == "phi_direct" and found.kind in _TELLING and column in table.columns:
                    values.update(_texts(connection, contract, table, column, patient_id))
    telling = sorted(value for value in values if len(value) >= _SHORTEST_VALUE)
    own_keys = [key for found in keys.values() for key in found]
    records = _rejected(connection, own_keys, telling) if REJECTED in present else []
    return Traces({patient_id}, keys, telling, records)


def _texts(
    connection: Statements,
    contract: ObjectContract,
    table: HeldTable,
    column: str,
    patient_id: int,
) -> list[str]:
    """The values of a column in the patient's rows, as text."""
    names = [table.column(name) for name in contract.patient_columns if name in table.columns]
    if not names:
        return []
    held = " OR ".join(f"{name} = ?" for name in names)
    query = f"SELECT DISTINCT CAST({table.column(column)} AS VARCHAR) FROM {table.sql} WHERE {held}"
    rows = connection.execute(query, [patient_id] * len(names)).fetchall()
    return [text for (text,) in rows if text is not None]


def _files(
    connection: Statements,
    landing: LandingZone,
    contracts: Contracts,
    traces: Traces,
    result: Forgotten,
) -> None:
    loads: dict[str, set[str]] = {}
    for source, load_id in connection.execute("SELECT DISTINCT source, load_id FROM ops.load_ledger").fetchall():
        loads.setdefault(source, set()).add(load_id)
    landing.sweep_all(loads)  # what a killed tick landed and nobody loaded is in no ledger
    entries = connection.execute(
        "SELECT DISTINCT source, object, file FROM ops.load_ledger WHERE file IS NOT NULL ORDER BY file"
    ).fetchall()
    with closing(Files(landing)) as files:
        for source, name, path in entries:
            contract = contracts.find(f"raw_{source}.{name}")
            if contract is not None and files.rewrite(contract, path, traces) is not None:
                result.files_rewritten += 1
                failpoints.reach("erasure_file_done")


def _raw(connection: Statements, contracts: Contracts, traces: Traces, result: Forgotten) -> None:
    for relation, table in raw_tables(connection).items():
        contract = contracts.find(relation)
        wanted = scrub(contract, table.columns, traces) if contract else None
        if contract is None or wanted is None:
            continue
        deleted = unlinked = 0
        if wanted.deleted:
            deleted = changed(connection, Sql(f"DELETE FROM {table.sql} WHERE ") + wanted.deleted)
        if wanted.wiped:
            changes = [Sql(f"{table.column(column)} = ") + value for column, value in wanted.assignments.items()]
            update = Sql(f"UPDATE {table.sql} SET ") + joined(", ", changes) + " WHERE " + wanted.wiped
            unlinked = changed(connection, update)
        result.raw_rows_deleted += deleted
        result.raw_rows_unlinked += unlinked
        if deleted or unlinked:
            result.objects.add(relation)


def _rejected(connection: Statements, keys: Iterable[str], values: Iterable[str]) -> list[str]:
    """Records of partners' files that could not be read are kept byte for byte: those that name the patient."""
    needles = {*values, *(key for key in keys if not key.isdigit())}
    rows = connection.execute(
        f"SELECT DISTINCT {RECORD}, encoding FROM {REJECTED} WHERE {RECORD} IS NOT NULL ORDER BY {RECORD}"
    ).fetchall()
    return [
        content
        for content, encoding in rows
        if any(needle in base64.b64decode(content).decode(encoding or "utf-8", errors="replace") for needle in needles)
    ]


def _tables(
    connection: Statements,
    contracts: Contracts,
    firewall: Firewall,
    models: Mapping[str, Model],
    pseudonym: int,
    result: Forgotten,
) -> None:
    """Make the tables of SQLMesh what a replay of the raw that is left would make of them.

    What cannot be told of another version's columns is taken to identify: a dev environment's column goes blank where
    the project has none of that name, and rows go where it has no such model.
    """
    told = firewall.descendants(_wiped_columns(contracts))
    for table in held_tables(connection):
        model = table.model(models)
        names = [table.column(column) for column in table.pseudonyms]
        own = joined(" OR ", [Sql(f"{name} = ?", (pseudonym,)) for name in names])
        if model is None or _is_of_patients(model, table):
            result.table_rows_deleted += changed(connection, Sql(f"DELETE FROM {table.sql} WHERE ") + own)
            continue
        known = {column.lower() for column in model.columns_to_types or {}}
        changes = [
            Sql(f"{name} = CASE WHEN {name} = ? THEN {ERASED} ELSE {name} END", (pseudonym,)) for name in names
        ] + [
            Sql(f"{table.column(column)} = NULL")
            for column in sorted(table.columns.keys() - set(table.pseudonyms))
            if column not in known or Node(model.fqn, OUTPUT, column.upper()) in told
        ]
        update = Sql(f"UPDATE {table.sql} SET ") + joined(", ", changes) + " WHERE " + own
        result.table_rows_unlinked += changed(connection, update)


def _wiped_columns(contracts: Contracts) -> list[Node]:
    """The raw columns that are blank after an erasure: whatever models made of them goes too."""
    found = []
    for contract in contracts:
        for column, classified in contract.columns.items():
            if classified.kind in ("birth_date", "postal_code", "geography"):
                fqn = exp.table_(contract.name.upper(), contract.schema.upper(), "NORTHSTAR", quoted=True)
                found.append(Node(fqn.sql(dialect="snowflake"), OUTPUT, column.upper()))
    return found


def _is_of_patients(model: Model, table: HeldTable) -> bool:
    """Whether the patient is part of what one row is: then the row goes, else two patients' rows would become one."""
    grain = {column.name.lower() for one in model.grains for column in one.find_all(exp.Column)}
    return bool(grain & set(table.pseudonyms))
