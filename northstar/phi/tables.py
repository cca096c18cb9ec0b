"""Which tables of the warehouse hold pseudonyms: physical tables of every version, hence of every environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb
from sqlglot import exp
from sqlmesh.core.model import Model

from northstar.contracts import Contracts, ObjectContract
from northstar.ingest.duckdb_sink import CATALOG, quoted
from northstar.phi.firewall import PSEUDONYM_NAME


@dataclass(frozen=True)
class HeldTable:
    """A table in which columns hold pseudonyms."""

    schema: str
    name: str
    pseudonyms: tuple[str, ...]
    columns: frozenset[str]
    """All columns, in lower case."""

    @property
    def sql(self) -> str:
        """The table, quoted."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    def model(self, models: Mapping[str, Model]) -> Model | None:
        """The model of the present project that the table is a version of, None when there is none any more."""
        for model in models.values():
            table = exp.to_table(model.fqn)
            if self.name.upper().startswith(f"{table.db}__{table.name}__".upper()):
                return model
        return None


def held_tables(connection: duckdb.DuckDBPyConnection) -> list[HeldTable]:
    """Every table, views apart, with a column that by its name holds pseudonyms."""
    rows = connection.execute(
        "SELECT c.schema_name, c.table_name, list(lower(c.column_name) ORDER BY c.column_index) "
        "FROM duckdb_columns() AS c JOIN duckdb_tables() AS t USING (database_name, schema_name, table_name) "
        "WHERE c.database_name = ? AND NOT t.temporary AND NOT starts_with(lower(c.schema_name), 'raw_') "
        "GROUP BY ALL ORDER BY 1, 2",
        [CATALOG],
    ).fetchall()
    found = []
    for schema, name, columns in rows:
        pseudonyms = tuple(column for column in columns if column.endswith(PSEUDONYM_NAME))
        if pseudonyms:
            found.append(HeldTable(schema, name, pseudonyms, frozenset(columns)))
    return found


def patient_queries(
    connection: duckdb.DuckDBPyConnection, contracts: Contracts
) -> Iterator[tuple[ObjectContract, str]]:
    """For every raw table and column that holds patients' numbers: a query of them, named ``patient_id``."""
    present = raw_tables(connection)
    for contract in contracts:
        columns = present.get(contract.relation, frozenset())
        for column in contract.patient_columns:
            if column in columns:
                where = f" AND ({contract.patient_where})" if contract.patient_where else ""
                yield (
                    contract,
                    f"SELECT {quoted(column)} AS patient_id FROM {contract.schema}.{quoted(contract.name)} "
                    f"WHERE {quoted(column)} > 0{where}",
                )


def raw_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, frozenset[str]]:
    """The raw tables that are not empty, with their columns in lower case."""
    rows = connection.execute(
        "SELECT c.schema_name || '.' || c.table_name, list(lower(c.column_name)) FROM duckdb_columns() AS c "
        "JOIN duckdb_tables() AS t USING (database_name, schema_name, table_name) "
        "WHERE c.database_name = ? AND starts_with(c.schema_name, 'raw_') AND t.estimated_size > 0 GROUP BY ALL",
        [CATALOG],
    ).fetchall()
    return {relation: frozenset(columns) for relation, columns in rows}
