"""The changes that a slot holds, read without consuming them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql


def peek(
    connection: psycopg.Connection[Any], slot: str, through_lsn: int, limit: int, take: Callable[[bytes], None]
) -> int:
    """Give ``take`` the messages of the transactions that were committed before ``through_lsn``, in their order.

    Ends with the transaction in which ``limit`` messages are reached.  Returns their number: when it is below
    ``limit``, nothing that was committed before ``through_lsn`` is left.
    """
    statement = sql.SQL(
        "COPY (SELECT data FROM pg_logical_slot_peek_binary_changes({}, '0/0'::pg_lsn + {}, {}, "
        "'proto_version', '1', 'publication_names', {})) TO STDOUT (FORMAT binary)"
    ).format(slot, through_lsn, limit, slot)
    count = 0
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(["bytea"])
        for (message,) in copy.rows():
            take(message)
            count += 1
    return count
