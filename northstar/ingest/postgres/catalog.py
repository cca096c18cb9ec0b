"""The source's tables: which can be followed, which cannot and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import dict_row

from northstar.ingest.postgres import names
from northstar.ingest.postgres.types import SourceColumn

_TABLES = """
WITH tables AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.relreplident, c.relowner, c.relfilenode, c.relnamespace,
        CASE c.relreplident WHEN 'n' THEN NULL ELSE i.indexrelid END AS identity_index
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisvalid AND i.indislive AND i.indimmediate
        AND CASE c.relreplident WHEN 'i' THEN i.indisreplident ELSE i.indisprimary END
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition
        AND NOT starts_with(n.nspname, 'pg_') AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
)
SELECT t.oid::int8, t.nspname::text AS schema, t.relname::text AS name, t.relkind = 'p' AS partitioned,
    t.relreplident::text AS identity, t.relfilenode::int8 AS file,
    ARRAY(SELECT a.attname::text FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k (attnum, place)
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
        WHERE i.indexrelid = t.identity_index AND k.place <= i.indnkeyatts ORDER BY k.place) AS key,
    pg_has_role(t.relowner, 'USAGE') AS owned,
    has_schema_privilege(t.relnamespace, 'USAGE') AND has_table_privilege(t.oid, 'SELECT') AS readable,
    row_security_active(t.oid) AS policed,
    (SELECT r.oid::int8 FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
        WHERE r.prrelid = t.oid AND p.pubname = %s) AS membership
FROM tables t
ORDER BY t.nspname, t.relname
"""

_COLUMNS = """
SELECT a.attrelid::int8, a.attnum, a.attname::text, a.atttypid::int8, a.atttypmod, a.xmin::text, a.atthasmissing
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
    AND NOT starts_with(n.nspname, 'pg_') AND n.nspname <> 'information_schema'
    AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY a.attrelid, a.attnum
"""

# A partition was made in place, hence empty, if one transaction made the table and attached it.  The row of a
# table's system column never changes, so its xmin is that of the table's creation.
_PARTITIONS = """
SELECT root.oid::int8, leaf.oid::int8, leaf.relfilenode::int8,
    h.xmin = (SELECT a.xmin FROM pg_attribute a WHERE a.attrelid = leaf.oid AND a.attnum = -1) AS made_in_place,
    leaf.relreplident = 'd' OR leaf.relreplident = 'f' AS identified
FROM pg_class root
CROSS JOIN LATERAL pg_partition_tree(root.oid) tree
JOIN pg_class leaf ON leaf.oid = tree.relid AND tree.isleaf
JOIN pg_inherits h ON h.inhrelid = leaf.oid
WHERE root.relkind = 'p' AND NOT root.relispartition AND leaf.oid <> root.oid
ORDER BY 1, 2
"""

_DOMAINS = """
WITH RECURSIVE base (domain, type, modifier) AS (
    SELECT oid, typbasetype, typtypmod FROM pg_type WHERE typtype = 'd'
    UNION ALL
    SELECT base.domain, t.typbasetype, CASE WHEN base.modifier = -1 THEN t.typtypmod ELSE base.modifier END
    FROM base JOIN pg_type t ON t.oid = base.type AND t.typtype = 'd'
)
SELECT domain::int8, type::int8, modifier FROM base
WHERE NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = base.type AND t.typtype = 'd')
"""


@dataclass(frozen=True)
class CatalogColumn:
    """A column that is not generated."""

    number: int
    source: SourceColumn
    version: str
    """Changes whenever the column's definition does."""
    has_missing_value: bool
    """Rows from before the column was added hold its default without having been rewritten."""


@dataclass(frozen=True)
class Partition:
    """A partition that holds rows."""

    oid: int
    file: int
    made_in_place: bool
    identified: bool


@dataclass(frozen=True)
class Table:
    """A table, or the root of a partitioned one."""

    oid: int
    schema: str
    name: str
    partitioned: bool
    identity: str
    file: int
    key: tuple[str, ...]
    owned: bool
    readable: bool
    policed: bool
    membership: int | None
    """Identifies the table's entry in the publication; None while it has none."""
    columns: tuple[CatalogColumn, ...] = ()
    partitions: tuple[Partition, ...] = ()

    @property
    def object(self) -> str:
        """The name of the raw table."""
        return names.raw_object(self.schema, self.name)

    @property
    def obstacle(self) -> tuple[str, str] | None:
        """Why the table cannot be followed: kind of notice and sentence; None when it can."""
        if self.partitioned:
            # The partitions' own replica identity counts, and only a primary key is passed on to them.
            identified = self.key and self.identity != "i" and all(p.identified for p in self.partitions)
        else:
            identified = self.key or self.identity == "f"
        if not identified:
            return (
                "table_without_key",
                "has neither a primary key nor a usable replica identity, so publishing it would make the source "
                "refuse updates and deletes; left out until it gets a primary key",
            )
        if not self.readable:
            return "table_not_readable", "the role lacks SELECT on it or USAGE on its schema; left out until granted"
        if self.policed:
            return (
                "table_with_row_security",
                "row security would hide rows from the role; left out until the role may bypass it",
            )
        return names.obstacle(self.object, [column.source.name for column in self.columns])


@dataclass(frozen=True)
class Catalog:
    """All tables of the source at one moment."""

    tables: Mapping[str, Table]
    """Tables that can be followed, by raw name."""
    left_out: Mapping[str, tuple[str, str]]
    """Why others cannot: kind of notice and sentence, by raw name."""
    domains: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def followed(self) -> frozenset[str]:
        """The raw names of the tables that can be followed and are in the publication."""
        return frozenset(object for object, table in self.tables.items() if table.membership is not None)

    @property
    def full_identity_keys(self) -> dict[int, frozenset[str]]:
        """The primary keys of tables with replica identity full, whose changes do not tell the key."""
        return {table.oid: frozenset(table.key) for table in self.tables.values() if table.identity == "f"}


def read_catalog(connection: psycopg.Connection[Any], publication: str) -> Catalog:
    """Read the catalog as the connection's transaction sees it."""
    domains = {domain: (base, modifier) for domain, base, modifier in connection.execute(_DOMAINS)}
    columns: dict[int, list[CatalogColumn]] = defaultdict(list)
    for oid, number, name, type_oid, modifier, version, has_missing in connection.execute(_COLUMNS):
        source = SourceColumn(name, *domains.get(type_oid, (type_oid, modifier)))
        columns[oid].append(CatalogColumn(number, source, version, has_missing))
    partitions: dict[int, list[Partition]] = defaultdict(list)
    for root, oid, file, made_in_place, identified in connection.execute(_PARTITIONS):
        partitions[root].append(Partition(oid, file, made_in_place, identified))

    tables: dict[str, Table] = {}
    left_out: dict[str, tuple[str, str]] = {}
    found = connection.cursor(row_factory=dict_row).execute(_TABLES, [publication])
    for row in found:
        oid, schema, name = row["oid"], row["schema"], row["name"]
        leaves = tuple(partitions[oid])
        known = _with_missing_of_partitions(columns, oid, leaves)
        table = Table(**{**row, "key": tuple(row["key"])}, columns=known, partitions=leaves)
        obstacle = table.obstacle
        if obstacle is None and table.object in tables:
            other = tables[table.object]
            left_out[f"{schema}.{name}"] = (
                "ambiguous_name",
                f"would have the same name in raw as {other.schema}.{other.name}; left out",
            )
        elif obstacle is None:
            tables[table.object] = table
        else:
            left_out[table.object] = obstacle
    return Catalog(tables, left_out, domains)


def _with_missing_of_partitions(
    columns: Mapping[int, list[CatalogColumn]], root: int, partitions: Sequence[Partition]
) -> tuple[CatalogColumn, ...]:
    """The columns of a table; of a partitioned one, with the missing values that only its partitions have."""
    missing = {
        column.source.name for leaf in partitions for column in columns.get(leaf.oid, ()) if column.has_missing_value
    }
    return tuple(
        CatalogColumn(c.number, c.source, c.version, c.has_missing_value or c.source.name in missing)
        for c in columns.get(root, ())
    )
