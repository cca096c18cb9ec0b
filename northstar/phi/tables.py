"""Which tables hold patients: raw's, by number, and those of SQLMesh of every version and so of every environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlmesh.core.model import Model

from northstar.contracts import Contracts, ObjectContract
from northstar.ingest.duckdb_sink import CATALOG, quoted
from northstar.phi.firewall import PSEUDONYM_NAME
from northstar.statements import Statements


@dataclass(frozen=True)
class HeldTable:
    """A table as the warehouse has it."""

    schema: str
    name: str
    columns: Mapping[str, str]
    """All columns in their order: their names in lower case, and as the warehouse spells them."""

    @property
    def sql(self) -> str:
        """The table, quoted."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def pseudonyms(self) -> tuple[str, ...]:
        """The columns that by their names hold pseudonyms, in lower case."""
        return tuple(column for column in self.columns if column.endswith(PSEUDONYM_NAME))

    def column(self, name: str) -> str:
        """A column, quoted, by its name in lower case."""
        return quoted(self.columns[name])

    def model(self, models: Mapping[str, Model]) -> Model | None:
        """The model of the present project that the table is a version of, None when there is none any more."""
        for model in models.values():
            table = exp.to_table(model.fqn)
            if self.name.upper().startswith(f"{table.db}__{table.name}__".upper()):
                return model
        return None


def held_tables(connection: Statements) -> list[HeldTable]:
    """Every table outside of raw, views apart, with a column that by its name holds pseudonyms."""
    return [table for table in _tables(connection) if not _is_raw(table) and table.pseudonyms]


def raw_tables(connection: Statements, schema: str | None = None) -> dict[str, HeldTable]:
    """The raw tables, or those of one schema, by relation: ``raw_app.billing__invoices``."""
    return {f"{table.schema}.{table.name}".lower(): table for table in _tables(connection, schema) if _is_raw(table)}


def patient_queries(connection: Statements, contracts: Contracts) -> Iterator[tuple[ObjectContract, str]]:
    """For every raw table and column that holds patients' numbers: a query of them, named ``patient_id``."""
    present = raw_tables(connection)
    for contract in contracts:
        table = present.get(contract.relation)
        for column in contract.patient_columns:
            if table and column in table.columns:
                where = f" AND ({contract.patient_where})" if contract.patient_where else ""
                number = table.column(column)
                yield contract, f"SELECT {number} AS patient_id FROM {table.sql} WHERE {number} > 0{where}"


def _is_raw(table: HeldTable) -> bool:
    return table.schema.lower().startswith("raw_")


def _tables(connection: Statements, schema: str | None = None) -> list[HeldTable]:
    where, values = "table_catalog = ?", [CATALOG]
    if schema is not None:
        where, values = f"{where} AND LOWER(table_schema) = ?", [CATALOG, schema]
    of_table: dict[tuple[str, str], dict[str, str]] = {
        (schema, name): {}
        for schema, name in connection.execute(
            f"SELECT table_schema, table_name FROM information_schema.tables WHERE {where} "
            "AND table_type = 'BASE TABLE' ORDER BY table_schema, table_name",
            values,
        ).fetchall()
    }
    for schema, name, column in connection.execute(
        f"SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE {where} "
        "ORDER BY ordinal_position",
        values,
    ).fetchall():
        if (schema, name) in of_table:  # else a view's
            of_table[schema, name][column.lower()] = column
    return [HeldTable(schema, name, columns) for (schema, name), columns in of_table.items()]
