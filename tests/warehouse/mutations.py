"""Data broken on purpose, and which audits see it: under one model of core at a time, undone afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.model import Model
from sqlmesh.core.snapshot import Snapshot

BROKEN = "NORTHSTAR.mutations.broken"
"""A copy of a model's rows, some of them broken."""
DROP = "drop rows"
_SOME = "(SELECT rowid AS row_id, ROW_NUMBER() OVER (ORDER BY {key}) % 3 = 1 AS is_chosen FROM {broken})"
_BOOKKEEPING = {"changed_at", "loaded_at", "settled_at"}
"""Instants that say when a row was told or made, not when something happened."""
_MEASURES = ("_minor", "_count", "_seconds", "_slots", "_patients", "_days", "_rating", "_score", "_per_unit")
_ABSENT = {"BIGINT": "-987654", "INT": "-987654", "VARCHAR": "'nobody'", "TEXT": "'nobody'"}


@dataclass(frozen=True)
class Mutation:
    """One way to break a third of a model's rows."""

    kind: str
    column: str
    statement: str


def mutations(model: Model) -> Iterator[Mutation]:
    """Every mutation that makes sense for the columns that the model has."""
    types = {name.lower(): kind for name, kind in model.columns_to_types_or_raise.items()}
    grain = _columns(model.grains[0])
    chosen = f"rowid IN (SELECT row_id FROM {_SOME.format(key=', '.join(grain), broken=BROKEN)} WHERE is_chosen)"
    yield Mutation(DROP, "", f"DELETE FROM {BROKEN} WHERE {chosen}")
    yield Mutation("duplicate rows", "", f"INSERT INTO {BROKEN} SELECT * FROM {BROKEN} WHERE {chosen}")
    referred = _columns(*model.references)
    for name in dict.fromkeys([*grain, *referred]):
        yield _set("null", name, "NULL", chosen)
    for name in referred:
        absent = _ABSENT.get(types[name].sql("snowflake").partition("(")[0])
        if absent:
            yield _set("orphan", name, absent, chosen)
    for name, kind in types.items():
        if kind.is_type(*exp.DataType.TEMPORAL_TYPES) and name not in _BOOKKEEPING:
            yield _set("shift by 400 days", name, f"{name} + INTERVAL 400 DAY", f"{chosen} AND {name} < '9000-01-01'")
        elif kind.is_type(*exp.DataType.NUMERIC_TYPES) and name.endswith(_MEASURES):
            yield _set("flip sign", name, f"-{name}", f"{chosen} AND {name} <> 0")


def _columns(*given: exp.Expr) -> list[str]:
    return [column.name.lower() for one in given for column in one.find_all(exp.Column)]


def _set(kind: str, column: str, value: str, where: str) -> Mutation:
    return Mutation(kind, column, f"UPDATE {BROKEN} SET {column} = {value} WHERE {where}")


@dataclass
class Audits:
    """The audits of a project over a warehouse that stands still."""

    context: Context
    connection: duckdb.DuckDBPyConnection
    tables: Mapping[str, Snapshot]
    now: datetime
    _sound: dict[str, dict[str, tuple[str, int]]] = field(default_factory=dict)

    def sound(self, model: Model) -> dict[str, tuple[str, int]]:
        """The audits of a model whose rows are as they should be: each query, and what it finds."""
        if model.fqn not in self._sound:
            queries = self.queries(model, self.tables[model.fqn].table_name())
            self._sound[model.fqn] = {name: (query, self._count(query)) for name, query in queries.items()}
        return self._sound[model.fqn]

    def queries(self, model: Model, table: str) -> dict[str, str]:
        """The audits of a model by name, over all of history and a table, as queries that count what they find.

        Several of one name are told apart by a number.
        """
        found: dict[str, str] = {}
        for number, (audit, arguments) in enumerate(model.audits_with_args):
            arguments.pop("blocking", None)
            query = model.render_audit_query(
                audit,
                start="2020-01-01",
                end=self.now,
                execution_time=self.now,
                snapshots=dict(self.tables),
                this_model=table,
                **{str(name): value for name, value in arguments.items()},
            )
            sql = query.sql(dialect="duckdb", identify=True)
            found[f"{audit.name}#{number}"] = f"SELECT COUNT(*) FROM ({sql}) AS found"
        return found

    def _count(self, query: str) -> int:
        row = self.connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])

    def readers(self, model: Model) -> list[Model]:
        """The models that read the model, or look at it in an audit."""
        found = [fqn for fqn, other in self.context.models.items() if model.fqn in other.depends_on]
        return [self.context.models[fqn] for fqn in sorted(found) if fqn in self.tables]

    def caught(self, model: Model) -> Iterator[tuple[Mutation, list[str]]]:
        """Each mutation of a model with the audits that see it: its own, or, of dropped rows, its readers'.

        What is missing shows from outside only: in a view that reads the model, in a table that refers to it.
        """
        physical = self.tables[model.fqn].table_name()
        own = self.queries(model, BROKEN)
        others = {other.name: self.sound(other) for other in self.readers(model)}
        with self._undone():
            self.connection.execute(f"CREATE OR REPLACE TABLE {BROKEN} AS SELECT * FROM {physical}")
            audits = {name: (query, self._count(query)) for name, query in own.items()}
        for mutation in mutations(model):
            with self._undone():
                self.connection.execute(f"CREATE OR REPLACE TABLE {BROKEN} AS SELECT * FROM {physical}")
                changed = self.connection.execute(mutation.statement).fetchone()
                if changed is None or not changed[0]:
                    continue
                seen = self._more(audits)
                if mutation.kind == DROP and not seen:
                    self._put(model, physical)
                    seen = [f"{name} of {other}" for other, sound in others.items() for name in self._more(sound)]
                yield mutation, seen

    def _more(self, audits: Mapping[str, tuple[str, int]]) -> list[str]:
        """The audits that find more now than they did."""
        more = {name for name, (query, sound) in audits.items() if self._count(query) > sound}
        return sorted({name.partition("#")[0] for name in more})

    def matrix(self, why: Callable[[str, str, str], str]) -> list[tuple[str, str, str, str, str]]:
        """Model, mutation, column, audits that see it, and else ``why`` none does; for every model of core."""
        found = []
        for fqn, model in sorted(self.context.models.items()):
            if exp.to_table(fqn).db.lower() == "core" and fqn in self.tables:
                for mutation, seen in self.caught(model):
                    reason = "" if seen else why(model.name, mutation.kind, mutation.column)
                    found.append((model.name, mutation.kind, mutation.column, "; ".join(seen), reason))
        return found

    def _put(self, model: Model, physical: str) -> None:
        """Make the broken rows the model's."""
        if model.kind.is_view:
            self.connection.execute(f"CREATE OR REPLACE VIEW {physical} AS SELECT * FROM {BROKEN}")
        else:
            self.connection.execute(f"DELETE FROM {physical}")
            self.connection.execute(f"INSERT INTO {physical} SELECT * FROM {BROKEN}")

    @contextmanager
    def _undone(self) -> Iterator[None]:
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK")


def audits_of(context: Context, connection: duckdb.DuckDBPyConnection, now: datetime) -> Audits:
    """The audits over the tables that prod shows."""
    environment = context.state_reader.get_environment("prod")
    assert environment is not None
    snapshots: Iterable[Any] = context.state_reader.get_snapshots(environment.snapshots).values()
    connection.execute("CREATE SCHEMA IF NOT EXISTS NORTHSTAR.mutations")
    return Audits(context, connection, {snapshot.name: snapshot for snapshot in snapshots if snapshot.is_model}, now)
