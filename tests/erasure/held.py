"""Where a warehouse still tells of a patient: looked for by number, by value and by pseudonym, in tables and files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from northstar.contracts import Contracts
from northstar.ingest.duckdb_sink import quoted
from northstar.phi.tables import held_tables, patient_queries, raw_tables
from northstar.pseudonyms import pseudonym_sql


def telling(connection: duckdb.DuckDBPyConnection, patient: int) -> set[str]:
    """What only this patient has, of what the app says."""
    row = connection.execute(
        "SELECT email, phone, medical_record_number, social_security_number, member_id FROM raw_app.patients__patients "
        "WHERE patient_id = ? LIMIT 1",
        [patient],
    ).fetchone()
    return {str(value) for value in row or () if value is not None}


def pseudonym(connection: duckdb.DuckDBPyConnection, patient: int) -> int:
    """The patient's, under the present key."""
    row = connection.execute(f"SELECT {pseudonym_sql(str(patient))}").fetchone()
    assert row is not None
    return int(row[0])


def holding(
    connection: duckdb.DuckDBPyConnection, landing: Path, contracts: Contracts, patient: int, values: Iterable[str]
) -> list[str]:
    """Every place in raw, files and models' tables that still tells of the patient."""
    found = [
        contract.relation
        for contract, query in patient_queries(connection, contracts)
        if _any(connection, f"({query}) WHERE patient_id = {patient}")
    ]
    for relation, table in raw_tables(connection).items():
        text = " || '|' || ".join(f"coalesce(CAST({quoted(column)} AS VARCHAR), '')" for column in table.columns)
        for value in values:
            if _any(connection, f"{table.sql} WHERE contains({text}, ?)", value):
                found.append(f"{relation}: {len(value)} characters")
    for file in landing.rglob("*.parquet"):
        rows = pq.read_table(file)
        for name in rows.column_names:
            content = rows[name].to_pylist()
            if name.endswith("patient_id") and patient in content:
                found.append(f"{file.name}.{name}")
            if set(values) & {value for value in content if isinstance(value, str)}:
                found.append(f"{file.name}.{name}")
    key = pseudonym(connection, patient)
    for held in held_tables(connection):
        found += [
            held.name for column in held.pseudonyms if _any(connection, f"{held.sql} WHERE {quoted(column)} = {key}")
        ]
    return found


def _any(connection: duckdb.DuckDBPyConnection, source: str, *parameters: str) -> bool:
    return connection.execute(f"SELECT count(*) FROM {source}", list(parameters)).fetchone() != (0,)
