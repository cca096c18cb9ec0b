"""The publication: an explicit list of tables, kept up to date.

``FOR ALL TABLES`` would make the source refuse updates and deletes on any new table without a key.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from northstar.ingest.contract import IngestError, Notice
from northstar.ingest.postgres.catalog import Catalog, Table
from northstar.ingest.postgres.names import raw_object

_MOVED = (psycopg.errors.LockNotAvailable, psycopg.errors.UndefinedTable, psycopg.errors.UndefinedObject)
"""What is raised when a table is locked, or was changed since the catalog was read."""
_WITH = "(publish = 'insert, update, delete, truncate', publish_via_partition_root = true)"


def exists(connection: psycopg.Connection[Any], name: str) -> bool:
    """Whether there is a publication of that name.

    Raises IngestError when it is one that cannot be worked with.
    """
    row = connection.execute(
        "SELECT p.puballtables OR EXISTS (SELECT FROM pg_publication_namespace n WHERE n.pnpubid = p.oid), "
        "EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid "
        "AND (r.prqual IS NOT NULL OR r.prattrs IS NOT NULL)), "
        "p.pubviaroot AND p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate "
        "FROM pg_publication p WHERE p.pubname = %s",
        [name],
    ).fetchone()
    if row is None:
        return False
    everything, filtered, complete = row
    if everything or filtered or not complete:
        what = (
            "publishes all tables of the database or of a schema, which breaks tables without a key"
            if everything
            else "has row filters or column lists, so changes would be missing"
            if filtered
            else f"lacks settings; it needs {_WITH}"
        )
        raise IngestError(f"publication {name} {what}: drop it, and the next run creates it as it should be")
    return True


def create(connection: psycopg.Connection[Any], name: str) -> None:
    """Create an empty publication.  Raises IngestError when the role may not."""
    try:
        connection.execute(sql.SQL(f"CREATE PUBLICATION {{}} WITH {_WITH}").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege as error:
        raise IngestError(
            f"the role may not create publication {name}: grant it CREATE on the database, or let an administrator "
            f"run CREATE PUBLICATION {name} WITH {_WITH} and make the role its owner"
        ) from error


def update(connection: psycopg.Connection[Any], name: str, catalog: Catalog) -> list[Notice]:
    """Add tables that can be followed and are not in the publication, and remove those that no longer can be.

    Returns what stood in the way.
    """
    notices: list[Notice] = []
    followable = [table.oid for table in catalog.tables.values()]
    unwanted = connection.execute(
        "SELECT n.nspname, c.relname FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid "
        "JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE p.pubname = %s AND r.prrelid::int8 <> ALL (%s)",
        [name, followable],
    ).fetchall()
    for schema, table in unwanted:
        notices += _remove(connection, name, schema, table)
    missing = [table for table in catalog.tables.values() if table.membership is None]
    notices += [
        Notice(
            table.object,
            "table_not_owned",
            f"is not in publication {name}, and only its owner may add it: run ALTER PUBLICATION {name} "
            f"ADD TABLE {table.schema}.{table.name} as the owner; left out until then",
        )
        for table in missing
        if not table.owned
    ]
    return notices + _add(connection, name, [table for table in missing if table.owned])


def _add(connection: psycopg.Connection[Any], name: str, tables: list[Table]) -> list[Notice]:
    """Add tables with one statement, or in ever smaller groups when some are locked or gone."""
    if not tables:
        return []
    # ONLY: children by inheritance are tables of their own.
    list_of_tables = sql.SQL(", ").join(
        sql.SQL("{}{}").format(sql.SQL("" if table.partitioned else "ONLY "), sql.Identifier(table.schema, table.name))
        for table in tables
    )
    try:
        connection.execute(sql.SQL("ALTER PUBLICATION {} ADD TABLE {}").format(sql.Identifier(name), list_of_tables))
        return []
    except _MOVED as error:
        if len(tables) == 1:
            return [Notice(tables[0].object, "table_busy", f"could not be added yet ({type(error).__name__})")]
    middle = len(tables) // 2
    return _add(connection, name, tables[:middle]) + _add(connection, name, tables[middle:])


def _remove(connection: psycopg.Connection[Any], name: str, schema: str, table: str) -> list[Notice]:
    """Take a table out that can no longer be followed; without a key the source refuses its updates meanwhile."""
    object = raw_object(schema, table)
    try:
        connection.execute(
            sql.SQL("ALTER PUBLICATION {} DROP TABLE {}").format(sql.Identifier(name), sql.Identifier(schema, table))
        )
    except _MOVED as error:
        return [Notice(object, "table_busy", f"could not be taken out of the publication yet ({type(error).__name__})")]
    except psycopg.errors.InsufficientPrivilege:
        return [
            Notice(
                object,
                "table_not_owned",
                f"must be taken out of publication {name} by the publication's owner: it can no longer be followed, "
                "and without a key the source refuses its updates and deletes",
            )
        ]
    return []
