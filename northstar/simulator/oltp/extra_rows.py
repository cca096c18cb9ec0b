"""Rows of the generated tables, and the few changes that they see."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import numpy as np

from northstar.simulator.oltp import words
from northstar.simulator.oltp.chance import Chance, Ints
from northstar.simulator.oltp.extra_tables import ExtraTable, definitions
from northstar.simulator.oltp.localtime import naive
from northstar.simulator.oltp.seed_directory import phone
from northstar.simulator.oltp.tables import Columns
from northstar.simulator.oltp.tick import Statement, Tick, keys

TABLES_PER_HALF_HOUR = 40
_STATUSES = ("new", "open", "waiting", "done", "closed")
_CODES = ("A-10", "B-20", "C-30", "D-40", "E-50")
_WORDS = ("standard", "north wing", "second shift", "imported", "reviewed", "seasonal")
_MINUTE = np.timedelta64(1, "m")

Maker = Callable[[Chance, Ints, np.datetime64], Any]


def _strings(make: Callable[[int], str]) -> Maker:
    def maker(chance: Chance, key: Ints, now: np.datetime64) -> Any:
        numbers = chance.between("string", key, 0, 70_000)
        return np.array([make(int(number)) for number in numbers], dtype=object)

    return maker


def _pick(options: tuple[Any, ...]) -> Maker:
    return lambda chance, key, now: chance.choice("pick", key, options)


def _moment(chance: Chance, key: Ints, now: np.datetime64) -> Any:
    return now - chance.between("moment", key, 1, 400_000) * _MINUTE


_MAKERS: dict[str, Maker] = {
    "small": lambda chance, key, now: chance.between("small", key, 0, 5000),
    "large": lambda chance, key, now: chance.between("large", key, 0, 5_000_000),
    "patient": lambda chance, key, now: chance.between("patient", key, 100_001, 120_001),
    "decimal": _strings(lambda n: f"{n / 10_000:.4f}"),
    "ratio": lambda chance, key, now: np.round(chance.uniform("ratio", key), 6),
    "flag": lambda chance, key, now: chance.happens("flag", key, 0.6),
    "date": lambda chance, key, now: _moment(chance, key, now).astype("datetime64[D]"),
    "moment": _moment,
    "wall": _moment,
    "time": _strings(lambda n: f"{n % 24:02d}:{n % 60:02d}"),
    "uuid": _strings(lambda n: str(uuid.uuid5(uuid.NAMESPACE_OID, str(n)))),
    "currency": _pick(("USD", "EUR", "JPY", "KWD")),
    "code": _pick(_CODES),
    "word": _pick(_WORDS),
    "status": _pick(_STATUSES),
    "free": _pick(words.NOTES),
    "person": _strings(lambda n: f"{words.FIRST_NAMES[n % 60]} {words.LAST_NAMES[n % 48]}"),
    "email": _strings(lambda n: f"person{n}@example.com"),
    "phone": _strings(phone),
    "address": _strings(lambda n: f"192.0.2.{n % 256}"),
    "json": _strings(lambda n: json.dumps({"n": n, "tags": ["a", "b"][: n % 3], "note": words.NOTES[n % 10]})),
}


def _values(table: ExtraTable, chance: Chance, key: Ints, now: np.datetime64) -> Columns:
    """Values of a table's own columns; about one in eight is NULL."""
    found: Columns = {}
    for name, _, maker in table.columns:
        own = Chance(table.number, chance.label, name)
        values = np.asarray(_MAKERS[maker](own, key, now)).astype(object)
        values[own.happens("null", key, 0.12)] = None
        found[name] = values
    return found


def seed_tables(chance: Chance, now: np.datetime64, existing: set[str]) -> Iterator[tuple[str, Columns]]:
    """A few rows in some of the generated tables that exist."""
    for table in definitions():
        if table.rows and table.full_name in existing:
            key = np.arange(1, table.rows + 1, dtype=np.int64)
            created = now - chance.between("extra created", key + table.number * 1000, 2, 200_000) * _MINUTE
            yield table.full_name, {
                table.key: key, **_values(table, chance, key, now), "created_at": created, "updated_at": created,
            }  # fmt: skip


def plan(tick: Tick) -> None:
    """A few changes in many of the tables that have rows."""
    existing = {row[0] for row in tick.rows("SELECT schemaname || '.' || tablename FROM pg_tables")}
    used = [table for table in definitions() if table.rows and table.full_name in existing]
    numbers = keys([table.number for table in used])
    chosen = tick.chance.happens(
        "extra", numbers, min(1.0, TABLES_PER_HALF_HOUR * tick.company.scale / len(used or [1]))
    )
    for table in (used[n] for n in np.flatnonzero(chosen)):
        _change(tick, table)


def _change(tick: Tick, table: ExtraTable) -> None:
    """Update one row, and sometimes add one or delete one."""
    number = keys([table.number])
    at = tick.moment("extra", table.number)
    row = 1 + int(tick.chance.between("extra row", number, 0, table.rows)[0])
    column, value = _new_value(tick, table)
    setting = f"{column} = %s, " if column else ""
    statements: list[Statement] = [
        (f"UPDATE {table.full_name} SET {setting}updated_at = %s WHERE {table.key} = %s",
         [*([value] if column else []), at, row]),
    ]  # fmt: skip
    if tick.chance.happens("extra insert", number, 0.4)[0]:
        # Minutes since 1970: greater than all seeded keys, and new in each half hour.
        key = int(tick.end.timestamp()) // 60
        made = _values(table, tick.chance, keys([key]), naive(tick.start))
        values = [v[0].item() if isinstance(v[0], np.generic) else v[0] for v in made.values()]
        names = ", ".join([table.key, *made, "created_at", "updated_at"])
        marks = ", ".join(["%s"] * (len(values) + 3))
        statements.append((f"INSERT INTO {table.full_name} ({names}) VALUES ({marks})", [key, *values, at, at]))
    if tick.chance.happens("extra delete", number, 0.1)[0]:
        gone = 1 + int(tick.chance.between("extra gone", number, 0, table.rows)[0])
        statements.append((f"DELETE FROM {table.full_name} WHERE {table.key} = %s", [gone]))
    tick.add(at + timedelta(seconds=1), *statements)


def _new_value(tick: Tick, table: ExtraTable) -> tuple[str | None, Any]:
    """A column that people change, and its new value."""
    number = keys([table.number])
    choices = {"status": _STATUSES, "free": words.NOTES, "word": _WORDS, "code": _CODES}
    for name, _, maker in table.columns:
        if maker in choices:
            return name, tick.chance.choice(f"extra {name}", number, choices[maker])[0]
    return None, None
