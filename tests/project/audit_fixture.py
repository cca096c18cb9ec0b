"""Rows made by hand on which an audit passes, and rows on which it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Fixture:
    """Rows on which an audit passes, and rows on which it finds the stated number of bad ones."""

    call: str
    columns: str
    passes: dict[str, list[Row]]
    fails: dict[str, tuple[int, list[Row]]]
    depends_on: str = ""
    audit: str = ""
    """Its name, where that is not the fixture's: for another way of calling it."""
    kind: str = "VIEW"
    """A table's kind where the audit asks for the interval, which views do not have."""


_KINDS = {"at": "TIMESTAMP", "date": "DATE", "start": "DATE", "code": "TEXT", "currency": "TEXT", "status": "TEXT"}
"""Types of columns by the last word of their names."""


def columns(row: Row) -> str:
    """Columns of a table that holds such rows: flags, whole numbers, and what the name tells."""
    kinds = {name: _KINDS.get(name.rpartition("_")[2], "BIGINT") for name in row}
    return ", ".join(f"{name} {'BOOLEAN' if isinstance(row[name], bool) else kind}" for name, kind in kinds.items())
