"""Whom the warehouse was told to forget: a list of digests that names nobody.

The digests are made with a key of their own, which stays in a locked table and is not rotated: they cannot be made
anew, as the numbers behind them are gone.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection

from northstar.ingest.duckdb_sink import CATALOG
from northstar.statements import Statements

_TABLES = (
    "CREATE SCHEMA IF NOT EXISTS restricted",
    "CREATE SCHEMA IF NOT EXISTS ops",
    "CREATE TABLE IF NOT EXISTS restricted.erasure_key (key BINARY NOT NULL)",
    "CREATE TABLE IF NOT EXISTS restricted.erased_patient (digest BINARY NOT NULL)",
    """CREATE TABLE IF NOT EXISTS ops.erasure_log (
    erasure_id VARCHAR NOT NULL, started_at TIMESTAMP NOT NULL, finished_at TIMESTAMP, raw_rows_deleted BIGINT,
    raw_rows_unlinked BIGINT, table_rows_deleted BIGINT, table_rows_unlinked BIGINT, files_rewritten BIGINT)""",
)


class Suppression:
    """The list, as one warehouse keeps it."""

    def __init__(self, connection: Statements) -> None:
        self._connection = connection

    def prepare(self) -> None:
        """Make the tables and the key, unless they are there."""
        for statement in _TABLES:
            self._connection.execute(statement)
        if not self._connection.execute("SELECT 1 FROM restricted.erasure_key").fetchall():
            self._connection.execute("INSERT INTO restricted.erasure_key VALUES (?)", [secrets.token_bytes(32)])

    @property
    def exists(self) -> bool:
        """Whether anybody was ever forgotten."""
        there = self._connection.execute(
            "SELECT 1 FROM information_schema.tables "
            "WHERE table_catalog = ? AND LOWER(table_schema) = 'restricted' AND LOWER(table_name) = 'erased_patient'",
            [CATALOG],
        ).fetchall()
        return bool(there)

    def add(self, patient_id: int) -> None:
        """Put a patient on the list, once."""
        digest = _digest(self._key(), patient_id)
        self._connection.execute("DELETE FROM restricted.erased_patient WHERE digest = ?", [digest])
        self._connection.execute("INSERT INTO restricted.erased_patient VALUES (?)", [digest])

    def listed(self, patient_ids: Collection[int]) -> set[int]:
        """Those of the given numbers that are on the list."""
        if not patient_ids:
            return set()
        rows = self._connection.execute("SELECT digest FROM restricted.erased_patient").fetchall()
        key, known = self._key(), {bytes(digest) for (digest,) in rows}
        return {number for number in patient_ids if _digest(key, number) in known}

    def _key(self) -> bytes:
        ((key,),) = self._connection.execute("SELECT key FROM restricted.erasure_key").fetchall()
        return bytes(key)


def _digest(key: bytes, patient_id: int) -> bytes:
    return hmac.digest(key, b"erased:%d" % patient_id, hashlib.sha256)
