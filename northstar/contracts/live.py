"""What the sources have now: objects, columns, types and keys as raw has them, or will at the next read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from northstar.ingest.duckdb_sink import CATALOG
from northstar.ingest.types import duckdb_type


@dataclass(frozen=True)
class LiveObject:
    """One object as a source, or raw, has it."""

    columns: Mapping[str, str]
    """DuckDB's type by column, without the technical ones."""
    key: tuple[str, ...] | None = None
    """None where the source does not tell."""


@dataclass
class LiveSource:
    """The objects of one source."""

    objects: dict[str, LiveObject] = field(default_factory=dict)
    is_complete: bool = True
    """Whether an object that is missing here is gone from the source."""


def live_source(name: str, environment: Mapping[str, str]) -> LiveSource:
    """Ask a source, or read what this project declares of it where it has no way to tell.  Raises IngestError."""
    return _READERS[name](environment)


def _app(environment: Mapping[str, str]) -> LiveSource:
    from northstar.ingest.postgres.catalog import read_catalog
    from northstar.ingest.postgres.names import raw_column
    from northstar.ingest.postgres.settings import PostgresSettings

    settings = PostgresSettings.from_environment(environment)
    with closing(settings.connect()) as connection:
        catalog = read_catalog(connection, settings.slot)
    found = LiveSource()
    for object, table in catalog.tables.items():
        columns = {
            raw_column(column.source.name).lower(): duckdb_type(column.source.arrow_type) for column in table.columns
        }
        found.objects[object] = LiveObject(columns, tuple(raw_column(name).lower() for name in table.key))
    return found


def _salesforce(environment: Mapping[str, str]) -> LiveSource:
    from northstar.ingest.salesforce import from_environment

    found = LiveSource()
    with closing(from_environment(environment)) as source:
        for described in source.describe():
            columns = {field.column: duckdb_type(field.arrow) for field in described.fields}
            found.objects[described.table] = LiveObject(columns, ("id",))
    return found


def _stripe(environment: Mapping[str, str]) -> LiveSource:
    """Stripe has no description of itself; what is read of it is declared for one version of its API."""
    from northstar.ingest.stripe.columns import OBJECTS
    from northstar.ingest.stripe.rows import raw_schema

    return LiveSource(
        {
            name: LiveObject({column.name: duckdb_type(column.type) for column in raw_schema(raw)}, ("id",))
            for name, raw in OBJECTS.items()
        }
    )


def _partner(environment: Mapping[str, str]) -> LiveSource:
    """Files bring what they bring: declared columns by feed, others as raw has landed them."""
    from northstar.ingest.partner.feeds import FEEDS

    return LiveSource(
        {feed.object: LiveObject({column.name: "VARCHAR" for column in feed.columns}, feed.key) for feed in FEEDS},
        is_complete=False,
    )


_READERS: dict[str, Callable[[Mapping[str, str]], LiveSource]] = {
    "app": _app,
    "stripe": _stripe,
    "salesforce": _salesforce,
    "partner": _partner,
}


def landed(warehouse: Path) -> dict[str, LiveObject]:
    """The raw tables of a warehouse file by relation, ``raw_app.billing__invoices``; none when there is no file."""
    if not warehouse.exists():
        return {}
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{str(warehouse).replace(chr(39), chr(39) * 2)}' AS {CATALOG} (READ_ONLY)")
        rows = connection.execute(
            "SELECT lower(schema_name), table_name, lower(column_name), data_type FROM duckdb_columns() "
            "WHERE database_name = ? AND schema_name ILIKE 'raw\\_%' ESCAPE '\\' ORDER BY 1, 2, column_index",
            [CATALOG],
        ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for schema, table, column, kind in rows:
        found.setdefault(f"{schema}.{table}", {})[column] = kind
    return {relation: LiveObject(columns) for relation, columns in found.items()}
