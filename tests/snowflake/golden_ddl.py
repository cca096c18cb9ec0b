"""Clauses of DDL that the emulator drops, held by a file: what each object is made as, from the statements sent.

A change of the file shows in review as what it is: a table that lost its clustering, a view that is no longer secure.
Write it anew with ``NORTHSTAR_GOLDEN=write``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

import sqlglot
from sqlglot import exp

FILE = Path(__file__).with_name("golden_ddl.txt")

_FINGERPRINT = re.compile(r"__\d{4,}(?:__dev)?$")
_WORDS = {
    exp.TransientProperty: "TRANSIENT",
    exp.SecureProperty: "SECURE",
    exp.CopyGrantsProperty: "COPY GRANTS",
    exp.TemporaryProperty: "TEMPORARY",
}


def made(statements: Iterable[str]) -> dict[str, str]:
    """What every object of a model is made as, by the model's name and whether it is the table or the view over it."""
    found: dict[str, set[str]] = {}
    for statement in statements:
        if re.match(r"(/\*.*?\*/\s*)?CREATE\b", statement.strip(), re.DOTALL):
            parsed = sqlglot.parse_one(statement, dialect="snowflake")
            if isinstance(parsed, exp.Create) and parsed.kind in ("TABLE", "VIEW") and (name := _name(parsed)):
                found.setdefault(name, set()).add(_clauses(parsed))
    return {name: " | ".join(sorted(clauses)) for name, clauses in sorted(found.items())}


def _name(create: exp.Create) -> str | None:
    """``core.dim_clinic, physical``; None for what no model owns and for what lives for a moment."""
    table = create.find(exp.Table)
    assert table is not None
    schema, name = table.db.lower(), table.name.lower()
    if "__temp" in name:
        return None
    if not schema.startswith("sqlmesh__"):
        return f"{schema}.{name}, virtual" if not schema.startswith(("raw_", "ops", "restricted", "sqlmesh")) else None
    bare = _FINGERPRINT.sub("", name)
    return f"{bare.replace('__', '.', 1)}, physical"


def _clauses(create: exp.Create) -> str:
    properties = list(create.find_all(exp.Property))
    words = [word for kind, word in _WORDS.items() if any(isinstance(one, kind) for one in properties)]
    cluster = create.find(exp.Cluster)
    by = [f"CLUSTER BY ({', '.join(one.sql('snowflake').lower() for one in cluster.expressions)})"] if cluster else []
    return " ".join([str(create.kind), *words, *by])


def held() -> dict[str, str]:
    """The file."""
    lines = (line.partition(": ") for line in FILE.read_text().splitlines())
    return {name: clauses for name, _, clauses in lines}


def compare(found: dict[str, str], whole: bool) -> dict[str, tuple[str | None, str | None]]:
    """Objects that are made otherwise than the file says, and when everything was made also those that were not."""
    if whole and os.environ.get("NORTHSTAR_GOLDEN") == "write":
        FILE.write_text("".join(f"{name}: {clauses}\n" for name, clauses in found.items()))
    wanted = held()
    names = found.keys() | (wanted.keys() if whole else set())
    return {name: (wanted.get(name), found.get(name)) for name in sorted(names) if wanted.get(name) != found.get(name)}
