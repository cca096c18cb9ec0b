"""Rotation of the key of pseudonyms: every table that holds one gets the new ones, all in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from northstar import failpoints
from northstar.clock import to_naive_utc, utc_now
from northstar.contracts import Contracts
from northstar.ingest.duckdb_sink import quoted
from northstar.phi.tables import held_tables, patient_queries
from northstar.pseudonyms import LARGEST_PSEUDONYM, pseudonym_sql, write_key
from northstar.statements import transaction
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


def rotate(connection: duckdb.DuckDBPyConnection, contracts: Contracts) -> Rotation:
    """Replace the key, and every pseudonym made with it, in all tables of all environments.

    Killed at any point it leaves the warehouse as it was.  The caller holds the writer lock.  Raises WarehouseError
    when there is no key yet, or two patients would share a pseudonym under the new one.
    """
    with transaction(connection):
        rotation = _rotate(connection, contracts)
        failpoints.reach("rotate_before_commit")
    connection.execute("DROP TABLE IF EXISTS temp.pseudonym_map")
    connection.execute("CHECKPOINT")
    return rotation


def _rotate(connection: duckdb.DuckDBPyConnection, contracts: Contracts) -> Rotation:
    if _number(connection, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'pseudonym_key'") == 0:
        raise WarehouseError("there is no key to rotate: the first northstar tick makes one")
    queries = [query for _, query in patient_queries(connection, contracts)]
    numbers = " UNION ".join(queries) or "SELECT NULL::BIGINT AS patient_id WHERE false"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE pseudonym_map AS SELECT patient_id, {pseudonym_sql('patient_id')} AS old_key "
        f"FROM ({numbers})"
    )
    write_key(connection)
    connection.execute("ALTER TABLE temp.pseudonym_map ADD COLUMN new_key BIGINT")
    connection.execute(f"UPDATE temp.pseudonym_map SET new_key = {pseudonym_sql('patient_id')}")
    tables = held_tables(connection)
    unlinked = 0
    for table in tables:
        for column in table.pseudonyms:
            # Whom raw does not know any more has no number to make a pseudonym of; a random one unlinks for good.
            unlinked += _changed(
                connection,
                "INSERT INTO temp.pseudonym_map "
                f"SELECT NULL, held, CAST(floor(random() * {LARGEST_PSEUDONYM}) AS BIGINT) "
                f"FROM (SELECT DISTINCT {quoted(column)} AS held FROM {table.sql}) "
                "WHERE held > 0 AND held NOT IN (SELECT old_key FROM temp.pseudonym_map)",
            )
    pseudonyms = _number(connection, "SELECT count(*) FROM temp.pseudonym_map")
    if _number(connection, "SELECT count(DISTINCT new_key) FROM temp.pseudonym_map") != pseudonyms:
        raise WarehouseError("two patients would share a pseudonym under the new key; nothing was changed, try again")
    rows = 0
    for number, table in enumerate(tables):
        for column in table.pseudonyms:
            rows += _changed(
                connection,
                f"UPDATE {table.sql} AS held SET {quoted(column)} = known.new_key FROM temp.pseudonym_map AS known "
                f"WHERE held.{quoted(column)} = known.old_key",
            )
        if number == len(tables) // 2:
            failpoints.reach("rotate_between_tables")
    connection.execute(_LOG)
    connection.execute(
        "INSERT INTO ops.key_rotation VALUES (?, ?, ?, ?, ?)",
        [to_naive_utc(utc_now()), pseudonyms, unlinked, len(tables), rows],
    )
    return Rotation(pseudonyms, unlinked, len(tables), rows)


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _changed(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    return _number(connection, statement)
