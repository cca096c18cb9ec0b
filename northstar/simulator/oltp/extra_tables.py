"""The many lesser tables of the app: about 1,160, named and typed from word lists, the same for every company."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from northstar.simulator.oltp.chance import Chance
from northstar.simulator.oltp.extra_words import ASPECTS, COLUMNS, MODULES

AWKWARD_TABLES = 17
"""Tables in awkward.sql, partitions included."""
_STRUCTURE = Chance(0, "extra tables")
_POPULATED_SHARE = 0.26


@dataclass(frozen=True)
class ExtraTable:
    """One generated table: a key, some of the known columns, and when the row was made and changed."""

    number: int
    schema: str
    name: str
    key: str
    columns: tuple[tuple[str, str, str], ...]
    """Name, SQL type, and how values are made."""
    rows: int
    """Rows after the seed; most tables have none."""

    @property
    def full_name(self) -> str:
        """Schema and name; neither needs quotes."""
        return f"{self.schema}.{self.name}"

    @property
    def ddl(self) -> str:
        """The statement that creates it."""
        columns = [f"{self.key} bigint PRIMARY KEY", *(f"{name} {kind}" for name, kind, _ in self.columns)]
        columns += ["created_at timestamptz NOT NULL", "updated_at timestamptz NOT NULL"]
        return f"CREATE TABLE {self.full_name} ({', '.join(columns)});"


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "ch", "sh")):
        return word if word.endswith("series") else f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2] not in "aeiou" else f"{word}s"


@lru_cache
def definitions() -> tuple[ExtraTable, ...]:
    """All tables that can be generated, the most important ones first."""
    names = [
        (schema, f"{thing}_{aspect}" if aspect else thing)
        for aspect in ASPECTS
        for schema, things in MODULES.items()
        for thing in things
    ]
    return tuple(_definition(number, schema, name) for number, (schema, name) in enumerate(names))


def _definition(number: int, schema: str, name: str) -> ExtraTable:
    key = np.array([number], dtype=np.int64)
    width = int(_STRUCTURE.between("width", key, 5, 18)[0])
    order = np.argsort(_STRUCTURE.uniform("columns", number * 100 + np.arange(len(COLUMNS))), kind="stable")
    chosen = sorted(order[:width])
    populated = _STRUCTURE.happens("populated", key, _POPULATED_SHARE)[0]
    rows = int(_STRUCTURE.between("rows", key, 3, 40)[0]) if populated else 0
    return ExtraTable(number, schema, _plural(name), f"{name}_id", tuple(COLUMNS[n] for n in chosen), rows)


def statements(count: int) -> list[str]:
    """SQL that creates ``count`` tables: the awkward ones and then generated ones.  None when ``count`` is 0."""
    if not count:
        return []
    limit = AWKWARD_TABLES + len(definitions())
    if not AWKWARD_TABLES <= count <= limit:
        raise ValueError(f"extra_tables must be 0, or between {AWKWARD_TABLES} and {limit}")
    wanted = definitions()[: count - AWKWARD_TABLES]
    schemas = [f"CREATE SCHEMA {schema};" for schema in MODULES if any(table.schema == schema for table in wanted)]
    awkward = Path(__file__).with_name("awkward.sql").read_text(encoding="utf-8")
    return [awkward, *schemas, *(table.ddl for table in wanted)]
