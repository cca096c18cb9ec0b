"""How the source's names become names of raw."""

from __future__ import annotations

import re
from collections.abc import Iterable

RESERVED = frozenset(
    ("_op", "_commit_lsn", "_seq", "_commit_ts", "_xid", "_unchanged", "_load_id", "_loaded_at"),
)
"""Columns that raw adds."""


def raw_object(schema: str, table: str) -> str:
    """The raw table of a source table.  Lower case: warehouses compare names without regard to case."""
    return f"{schema}__{table}".lower()


def raw_column(column: str) -> str:
    """The raw column of a source column: of the same name, unless raw has one of that name for itself."""
    return f"{column}__source" if column.lower() in RESERVED else column


def obstacle(object: str, columns: Iterable[str]) -> tuple[str, str] | None:
    """Why a table of these names cannot be landed: kind of notice and sentence; None when it can."""
    if not re.fullmatch(r"[\w .$-]+", object):
        return "unsupported_name", "its name has characters that a file name cannot carry; left out"
    names = [raw_column(column).lower() for column in columns]
    if not names:
        return "table_without_columns", "has no columns that can be read; left out"
    if len(set(names)) < len(names):
        return "ambiguous_columns", "two of its columns differ only in the case of their names; left out"
    return None
