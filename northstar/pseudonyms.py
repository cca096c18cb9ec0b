"""The key of patients' pseudonyms: made here, kept in a locked table, never in SQL text, settings, logs or state.

HMAC-SHA-256 (RFC 2104) hashes twice, each time behind the key padded to the hash's block; staging does so in SQL
(macro ``patient_key``) with the two padded keys kept ready.
"""

from __future__ import annotations

import secrets

from northstar.statements import Engine, Statements

_BLOCK = 64
"""Bytes in a block of SHA-256."""
LARGEST_PSEUDONYM = 2**60 - 1
"""Pseudonyms are 60 bits of the hash."""


def padded(key: bytes) -> tuple[bytes, bytes]:
    """The key as inner and outer pad.  The key is at most a block long."""
    block = key.ljust(_BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


def ensure_key(connection: Statements) -> bool:
    """Make a random key if the warehouse has none.  Returns whether one was made."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS restricted")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS restricted.pseudonym_key (inner_pad BINARY NOT NULL, outer_pad BINARY NOT NULL)"
    )
    if tuple(connection.execute("SELECT count(*) FROM restricted.pseudonym_key").fetchone()) != (0,):
        return False
    write_key(connection)
    return True


def write_key(connection: Statements) -> None:
    """Put a new random key in the place of the one that there may be."""
    connection.execute("DELETE FROM restricted.pseudonym_key")
    connection.execute("INSERT INTO restricted.pseudonym_key VALUES (?, ?)", list(padded(secrets.token_bytes(32))))


def pseudonym_sql(patient_id: str, engine: Engine = "duckdb") -> str:
    """An engine's expression for the pseudonym of a positive number, under the key that the warehouse has now."""
    if engine == "snowflake":
        binary = f"TO_BINARY('patient:' || CAST({patient_id} AS VARCHAR), 'UTF-8')"
        hashed = f"SHA2_BINARY((SELECT inner_pad FROM restricted.pseudonym_key) || {binary}, 256)"
        head = f"SUBSTRING(SHA2((SELECT outer_pad FROM restricted.pseudonym_key) || {hashed}, 256), 1, 15)"
        return f"CAST(TO_NUMBER({head}, '{'X' * 15}') AS BIGINT)"
    message = f"encode('patient:' || CAST({patient_id} AS VARCHAR))"
    inner = f"unhex(sha256((SELECT inner_pad FROM restricted.pseudonym_key) || {message}))"
    digest = f"sha256((SELECT outer_pad FROM restricted.pseudonym_key) || {inner})"
    return f"CAST('0x' || substring({digest}, 1, 15) AS BIGINT)"
