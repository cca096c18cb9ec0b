"""Legacy rows as snapshot rows of their time.

Each table is one load of its source, through the ledger like every other: all of it or nothing, and only once.  Its
rows are stamped into the interval that is open now, so that the next tick takes them along.  In the source's log they
stand before everything that was ever read: ``_commit_lsn`` is negative, and grows with the time of the row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from northstar import failpoints
from northstar.clock import load_stamp
from northstar.ingest.contract import Batch, Sink
from northstar.ingest.landing import LandingZone
from northstar.migrate.export import Export, Table
from northstar.migrate.mapping import History

LEGACY_LSN = -(1 << 62)
"""Plus microseconds since 1970: before any position of a real log, in the order of time."""
_BATCH = 100_000


@dataclass(frozen=True)
class Migrated:
    """What became of one legacy table."""

    legacy: str
    raw: str
    rows: int
    already: bool
    """Whether an earlier run had imported it."""


def migrate(
    mappings: Sequence[History],
    export: Export,
    sink: Sink,
    landing: LandingZone,
    boundary: datetime,
    check: Callable[[], None] = lambda: None,
) -> Iterator[Migrated]:
    """Import what is not imported yet, a table at a time; every mapping is tried on its table before the first load.

    The caller holds the writer lock.  Raises ValueError, naming table and column, for a mapping that does not fit its
    table, and for a table that was imported from another export or mapping: raw is only ever added to.
    """
    connection = duckdb.connect()
    planned = []
    try:
        connection.execute("SET TimeZone = 'UTC'")
        for number, mapping in enumerate(mappings):
            table = export.table(mapping.legacy)
            load_id = _load_id(mapping, table)
            known = _known(sink, mapping)
            if known and load_id not in known:
                raise ValueError(
                    f"{mapping.legacy} is in {mapping.raw} already, from another export or mapping ({known[0]}). Raw "
                    "is only added to: put back the former export and contracts/legacy.yaml, or begin with an empty "
                    "warehouse"
                )
            select = _checked(connection, mapping, export, table, f"legacy_{number}")
            planned.append((mapping, load_id, bool(known), select))
        for mapping, load_id, already, select in planned:
            check()
            rows = 0 if already else _load(connection, mapping, load_id, select, sink, landing, boundary)
            yield Migrated(mapping.legacy, mapping.raw, rows, already)
    finally:
        connection.close()


def _load_id(mapping: History, table: Table) -> str:
    """The same for the same files: export, mapping and types decide it."""
    said = repr((mapping.raw, mapping.key, mapping.at, sorted(mapping.columns.items()), sorted(mapping.types.items())))
    return f"{_prefix(mapping)}{hashlib.sha256((said + table.digest).encode()).hexdigest()[:16]}"


def _prefix(mapping: History) -> str:
    return f"legacy-{mapping.legacy}-"


def _known(sink: Sink, mapping: History) -> list[str]:
    """Loads of this table that the ledger has, however long ago."""
    ids = sink.ledger(mapping.source).load_ids(newest=1 << 31)
    return sorted(one for one in ids if one.startswith(_prefix(mapping)))


def _checked(connection: duckdb.DuckDBPyConnection, mapping: History, export: Export, table: Table, view: str) -> str:
    """The SELECT that makes raw rows, after every expression was tried on every row."""
    schema = export.attach(connection, table, view)
    where = f"{mapping.legacy} -> {mapping.raw}"
    plain = {name: expression for name, expression in mapping.columns.items()} | {"_commit_ts": mapping.at}
    for name, expression in plain.items():
        kind = mapping.types[name]
        try:
            connection.execute(f"PREPARE tried AS SELECT CAST(({expression}) AS {kind}) FROM {view}")
            (bad,) = _one(connection, f"SELECT count(*) FROM {view} WHERE ({expression}) IS NOT NULL "
                          f"AND TRY_CAST(({expression}) AS {kind}) IS NULL")  # fmt: skip
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise ValueError(
                f"{where}: column {name}: {reason} (the table has {', '.join(schema.names)}); nothing was loaded"
            ) from error
        if bad:
            raise ValueError(f"{where}: column {name}: {bad:,} values are no {kind}; nothing was loaded")
    rows = _select(mapping, view)
    keys = ", ".join(mapping.key)
    nulls = " OR ".join(f"{name} IS NULL" for name in (*mapping.key, "_commit_ts"))
    (empty,) = _one(connection, f"SELECT count(*) FROM ({rows}) WHERE {nulls}")
    if empty:
        raise ValueError(f"{where}: {empty:,} rows have no {keys} or no time ({mapping.at}); nothing was loaded")
    different = f"count(*) - count(DISTINCT ({keys}, _commit_ts))"
    (twice,) = _one(connection, f"SELECT {different} FROM ({rows})")
    if twice:
        raise ValueError(
            f"{where}: {twice:,} rows differ from another row of the same {keys} at the same time ({mapping.at}); "
            "which one is right cannot be known. Nothing was loaded"
        )
    return rows


def _select(mapping: History, view: str) -> str:
    """Rows of the raw table, the stamps aside; each once, whatever the old jobs repeated."""
    stamp = f"CAST(({mapping.at}) AS TIMESTAMP)"
    given = {
        "_op": "'R'",
        "_commit_ts": stamp,
        "_commit_lsn": f"CAST({LEGACY_LSN} + epoch_us({stamp}) AS BIGINT)",
        "_seq": "CAST(0 AS BIGINT)",
        **{name: f"({expression})" for name, expression in mapping.columns.items()},
    }
    columns = ", ".join(
        f'CAST({given.get(name, "NULL")} AS {kind}) AS "{name}"'
        for name, kind in mapping.types.items()
        if name not in ("_load_id", "_loaded_at")
    )
    return f"SELECT DISTINCT {columns} FROM {view}"


def _load(
    connection: duckdb.DuckDBPyConnection,
    mapping: History,
    load_id: str,
    select: str,
    sink: Sink,
    landing: LandingZone,
    boundary: datetime,
) -> int:
    loaded_at = load_stamp(boundary, sink.sealed_through(mapping.source))
    keys = ", ".join(mapping.key)
    with landing.begin(mapping.source, load_id, loaded_at) as writer:
        reader = connection.execute(f"{select} ORDER BY _commit_lsn, {keys}").to_arrow_reader(_BATCH)
        for rows in reader:
            writer.write(mapping.object, pa.Table.from_batches([rows]), origin=mapping.legacy)
    cursor = sink.ledger(mapping.source).cursor  # the source goes on from where it was, or begins when it has not yet
    batch = Batch(load_id, writer.files, cursor, loaded_at)  # type: ignore[arg-type]
    failpoints.reach("after_read")
    sink.load(mapping.source, batch, loaded_at)
    return sum(file.rows for file in writer.files)


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row
