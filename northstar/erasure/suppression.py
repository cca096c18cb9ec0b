"""Whom the warehouse was told to forget: a list of digests that names nobody.

The digests are made with a key of their own, which stays in a locked table and is not rotated: they cannot be made
anew, as the numbers behind them are gone.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable

import duckdb

_TABLES = """
CREATE SCHEMA IF NOT EXISTS restricted;
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS restricted.erasure_key (key BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS restricted.erased_patient (digest BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS ops.erasure_log (
    erasure_id VARCHAR NOT NULL, started_at TIMESTAMP NOT NULL, finished_at TIMESTAMP, raw_rows_deleted BIGINT,
    raw_rows_unlinked BIGINT, table_rows_deleted BIGINT, table_rows_unlinked BIGINT, files_rewritten BIGINT);
"""


class Suppression:
    """The list, as one warehouse keeps it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def prepare(self) -> None:
        """Make the tables and the key, unless they are there."""
        self._connection.execute(_TABLES)
        if self._connection.execute("SELECT count(*) FROM restricted.erasure_key").fetchone() == (0,):
            self._connection.execute("INSERT INTO restricted.erasure_key VALUES (?)", [secrets.token_bytes(32)])

    @property
    def exists(self) -> bool:
        """Whether anybody was ever forgotten."""
        found = self._connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'restricted' AND table_name = 'erased_patient'"
        ).fetchone()
        return found != (0,)

    def add(self, patient_id: int) -> None:
        """Put a patient on the list, once."""
        digest = self._digest(patient_id)
        self._connection.execute("DELETE FROM restricted.erased_patient WHERE digest = ?", [digest])
        self._connection.execute("INSERT INTO restricted.erased_patient VALUES (?)", [digest])

    def listed(self, patient_ids: Iterable[int]) -> set[int]:
        """Those of the given numbers that are on the list."""
        known = {digest for (digest,) in self._connection.execute("FROM restricted.erased_patient").fetchall()}
        return {number for number in patient_ids if self._digest(number) in known} if known else set()

    def _digest(self, patient_id: int) -> bytes:
        row = self._connection.execute("SELECT key FROM restricted.erasure_key").fetchone()
        assert row is not None
        return hmac.digest(row[0], b"erased:%d" % patient_id, hashlib.sha256)
