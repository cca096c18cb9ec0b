"""The publication: an explicit list of tables, kept up to date.

``FOR ALL TABLES`` would make the source refuse updates and deletes on any new table without a key.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql

from northstar.ingest.contract import IngestError, Notice
from northstar.ingest.postgres.catalog import Catalog, Table

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


def update(connection: psycopg.Connection[Any], name: str, catalog: Catalog) -> tuple[set[str], list[Notice]]:
    """Add tables that can be followed and are not in the publication, and remove those that no longer can.

    Returns the raw names of the tables that are followed now, and what stood in the way of others.
    """
    published = {
        oid: f"{schema}__{table}"
        for oid, schema, table in connection.execute(
            "SELECT r.prrelid::int8, n.nspname, c.relname FROM pg_publication p "
            "JOIN pg_publication_rel r ON r.prpubid = p.oid JOIN pg_class c ON c.oid = r.prrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE p.pubname = %s",
            [name],
        )
    }
    notices: list[Notice] = []
    by_oid = {table.oid: table for table in catalog.tables.values()}
    for oid, object in published.items():
        if oid not in by_oid:
            notices += _remove(connection, name, oid, object)
    missing = [table for table in catalog.tables.values() if table.oid not in published]
    for table in missing:
        if not table.owned:
            notices.append(
                Notice(
                    table.object,
                    "table_not_owned",
                    f"is not in publication {name}, and only its owner may add it: run ALTER PUBLICATION {name} "
                    f"ADD TABLE {table.schema}.{table.name} as the owner; left out until then",
                )
            )
    added, busy = _add(connection, name, [table for table in missing if table.owned])
    return {by_oid[oid].object for oid in published if oid in by_oid} | added, notices + busy


def _add(connection: psycopg.Connection[Any], name: str, tables: list[Table]) -> tuple[set[str], list[Notice]]:
    """Add tables with one statement, or one by one when that fails because some are locked or gone."""
    if not tables:
        return set(), []
    try:
        _alter(connection, name, "ADD", tables)
        return {table.object for table in tables}, []
    except (psycopg.errors.LockNotAvailable, psycopg.errors.UndefinedTable) as error:
        if len(tables) == 1:
            return set(), [Notice(tables[0].object, "table_busy", f"could not be added yet ({type(error).__name__})")]
    middle = len(tables) // 2
    first, first_busy = _add(connection, name, tables[:middle])
    second, second_busy = _add(connection, name, tables[middle:])
    return first | second, first_busy + second_busy


def _alter(connection: psycopg.Connection[Any], name: str, verb: str, tables: Iterable[Table]) -> None:
    # ONLY: children by inheritance are tables of their own.
    names = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.SQL("" if table.partitioned else "ONLY"), sql.Identifier(table.schema, table.name))
        for table in tables
    )
    connection.execute(sql.SQL("ALTER PUBLICATION {} {} TABLE {}").format(sql.Identifier(name), sql.SQL(verb), names))


def _remove(connection: psycopg.Connection[Any], name: str, oid: int, object: str) -> list[Notice]:
    """Take a table out that can no longer be followed; with a lost key the source refuses its updates meanwhile."""
    try:
        connection.execute(
            sql.SQL("ALTER PUBLICATION {} DROP TABLE ONLY {}").format(
                sql.Identifier(name), sql.SQL(_qualified(connection, oid))
            )
        )
    except (psycopg.errors.LockNotAvailable, psycopg.errors.UndefinedTable, psycopg.errors.UndefinedObject):
        return [Notice(object, "table_busy", "could not be taken out of the publication yet")]
    except psycopg.errors.InsufficientPrivilege:
        return [
            Notice(
                object,
                "table_not_owned",
                f"must be taken out of publication {name} by its owner: it can no longer be followed, and without a "
                "key the source refuses its updates and deletes",
            )
        ]
    return []


def _qualified(connection: psycopg.Connection[Any], oid: int) -> str:
    row = connection.execute(
        "SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = %s",
        [oid],
    ).fetchone()
    if row is None:
        raise psycopg.errors.UndefinedTable
    qualified: str = row[0]
    return qualified
