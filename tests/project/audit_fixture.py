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
    kind: str = "VIEW"
    """A table's kind where the audit asks for the interval, which views do not have."""


def columns(row: Row) -> str:
    """Columns of a table that holds such flags and numbers, and days, instants and codes by the ends of their names."""
    types = {"_at": "TIMESTAMP", "_date": "DATE", "_start": "DATE", "_code": "TEXT"}
    return ", ".join(
        f"{name} {'BOOLEAN' if isinstance(value, bool) else types.get(name[name.rindex('_') :], 'BIGINT')}"
        for name, value in row.items()
    )
