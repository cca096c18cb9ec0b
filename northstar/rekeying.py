"""Rotation of the key of pseudonyms: every table that holds one gets the new ones, all in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from northstar import failpoints
from northstar.clock import to_naive_utc, utc_now
from northstar.contracts import Contracts
from northstar.phi.tables import HeldTable, held_tables, patient_queries
from northstar.pseudonyms import LARGEST_PSEUDONYM, pseudonym_sql, write_key
from northstar.statements import (
    Sql,
    Statements,
    changed,
    engine_of,
    insert,
    rows_if_there,
    transaction,
    write_out,
)
from northstar.warehouse import WarehouseError

_LOG = """
CREATE TABLE IF NOT EXISTS ops.key_rotation (
    rotated_at TIMESTAMP NOT NULL, pseudonyms BIGINT NOT NULL, unlinked BIGINT NOT NULL, tables BIGINT NOT NULL,
    rows_written BIGINT NOT NULL)
"""


@dataclass(frozen=True)
class Rotation:
    """What a rotation did."""

    pseudonyms: int
    unlinked: int
    """Pseudonyms of nobody whom raw still knows; they got random ones, the same in all tables."""
    tables: int
    rows: int


def rotate(connection: Statements, contracts: Contracts) -> Rotation:
    """Replace the key, and every pseudonym made with it, in all tables of all environments.

    Killed at any point it leaves the warehouse as it was.  The caller holds the writer lock.  Raises WarehouseError
    when there is no key yet, or two patients would share a pseudonym under the new one.
    """
    if not rows_if_there(connection, "SELECT 1 FROM restricted.pseudonym_key"):
        raise WarehouseError("there is no key to rotate: the first northstar tick makes one")
    # DDL commits on Snowflake, so that what has to be made is made before: the log, and a table of the session's.
    connection.execute(_LOG)
    known = _make_map(connection, contracts)
    tables = held_tables(connection)
    with transaction(connection):
        rotation = _rotate(connection, known, tables)
        failpoints.reach("rotate_before_commit")
    connection.execute(f"DROP TABLE {known}")
    write_out(connection)
    return rotation


def _make_map(connection: Statements, contracts: Contracts) -> str:
    """Make the map from the pseudonym of each patient whom raw knows to the new one; returns its name.

    A temporary table, so that it is gone with a process that is killed.
    """
    engine = engine_of(connection)
    name = "temp.pseudonym_map" if engine == "duckdb" else "restricted.pseudonym_map"
    nobody = "SELECT CAST(NULL AS BIGINT) AS patient_id WHERE 1 = 0"
    numbers = " UNION ".join([nobody, *(query for _, query in patient_queries(connection, contracts))])
    connection.execute(
        f"CREATE OR REPLACE TEMPORARY TABLE {name} AS SELECT patient_id, "
        f"{pseudonym_sql('patient_id', engine)} AS old_key, CAST(NULL AS BIGINT) AS new_key FROM ({numbers}) AS known"
    )
    return name


def _rotate(connection: Statements, known: str, tables: Sequence[HeldTable]) -> Rotation:
    write_key(connection)
    connection.execute(f"UPDATE {known} SET new_key = {pseudonym_sql('patient_id', engine_of(connection))}")
    unlinked = sum(_unlink(connection, known, table, column) for table in tables for column in table.pseudonyms)
    pseudonyms, different = _row(connection, f"SELECT COUNT(*), COUNT(DISTINCT new_key) FROM {known}")
    if different != pseudonyms:
        raise WarehouseError("two patients would share a pseudonym under the new key; nothing was changed, try again")
    rows = 0
    for number, table in enumerate(tables):
        for column in table.pseudonyms:
            name = table.column(column)
            update = f"UPDATE {table.sql} SET {name} = known.new_key FROM {known} AS known WHERE {name} = known.old_key"
            rows += changed(connection, Sql(update))
        if number == len(tables) // 2:
            failpoints.reach("rotate_between_tables")
    connection.execute(
        "INSERT INTO ops.key_rotation VALUES (?, ?, ?, ?, ?)",
        [to_naive_utc(utc_now()), pseudonyms, unlinked, len(tables), rows],
    )
    return Rotation(pseudonyms, unlinked, len(tables), rows)


def _unlink(connection: Statements, known: str, table: HeldTable, column: str) -> int:
    """Give new pseudonyms to those of whom raw knows nothing any more; returns to how many.

    There is no number to make one of; a random one unlinks for good.
    """
    name = table.column(column)
    held = connection.execute(
        f"SELECT DISTINCT {name} FROM {table.sql} WHERE {name} > 0 AND {name} NOT IN (SELECT old_key FROM {known})"
    ).fetchall()
    insert(connection, known, [(None, key, 1 + secrets.randbelow(LARGEST_PSEUDONYM)) for (key,) in held])
    return len(held)


def _row(connection: Statements, query: str) -> tuple[int, int]:
    first, second = connection.execute(query).fetchone()
    return int(first), int(second)
