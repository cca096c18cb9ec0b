"""Which tables a model's query reads by its interval, and which whole: the part of the cost that grows with history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import yaml
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlmesh.core.model import Model, SqlModel

FILE = Path("infra/snowflake/cost.yaml")
START, END = datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 9, 30)
_MARK = START.strftime("%Y-%m-%d %H:%M:%S")
SCAN = " (scan)"
"""Behind the name of a parent that is read whole and joined by nothing."""
Parts = Mapping[str, frozenset[str]]
"""Parents read whole, by model."""


def whole_reads(models: Mapping[str, Model]) -> dict[str, frozenset[str]]:
    """Parents that each incremental model reads without a bound on its interval, by their short names."""
    found = {}
    for model in models.values():
        if isinstance(model, SqlModel) and model.kind.is_incremental:
            query = model.render_query_or_raise(start=START, end=END, execution_time=END)
            if whole := frozenset(_whole(query)):
                found[short(model.fqn)] = whole
    return found


def _whole(query: exp.Query) -> Iterator[str]:
    for scope in traverse_scope(query):
        for alias, source in scope.sources.items():
            if isinstance(source, exp.Table) and source.db and not _bounded(scope, alias):
                name = short(source.sql(dialect="snowflake"))
                yield name if _joined(scope, alias) else f"{name}{SCAN}"


def _bounded(scope: Scope, alias: str) -> bool:
    """Whether a condition of the scope compares a column of the source with the interval's start."""
    for literal in scope.find_all(exp.Literal):
        if not literal.is_string or not literal.name.startswith(_MARK):
            continue
        condition = literal.find_ancestor(exp.Between, exp.GTE, exp.GT, exp.EQ)
        if condition and any(column.table in (alias, "") for column in condition.find_all(exp.Column)):
            return True
    return False


def _joined(scope: Scope, alias: str) -> bool:
    """Whether rows are found by equality with something else, by a set of keys, or only where others exist."""
    where = scope.expression.args.get("where")
    if where and any(isinstance(condition, exp.Exists) for condition in where.this.flatten()):
        return True
    for equal in scope.find_all(exp.EQ, exp.NullSafeEQ):
        left, right = ({one.table for one in side.find_all(exp.Column)} for side in (equal.left, equal.right))
        if (alias in left and right - {alias}) or (alias in right and left - {alias}):
            return True
    return any(
        within.args.get("query") and any(one.table == alias for one in within.this.find_all(exp.Column))
        for within in scope.find_all(exp.In)
    )


def short(name: str) -> str:
    """``core.dim_provider`` for any way to write it."""
    return ".".join(name.replace('"', "").split(" ")[0].lower().split(".")[-2:])


def declared(project: Path) -> dict[str, frozenset[str]]:
    """What may be read whole: by keys that an interval touched, or at a cost that somebody has accepted."""
    found = yaml.safe_load((project / FILE).read_text(encoding="utf-8"))
    return {model: frozenset(parents) for model, parents in (found.get("whole_reads") or {}).items()}


def undeclared(now: Parts, known: Parts) -> list[str]:
    """Sentences about reads of whole tables that nobody has declared, and of declarations that are outlived."""
    sentences = [
        f"{model} reads all of {parent}: bound it by the interval, or declare it under whole_reads in {FILE}"
        for model, parents in sorted(now.items())
        for parent in sorted(parents - known.get(model, frozenset()))
    ]
    return sentences + [
        f"{FILE}: {model} does not read all of {parent} any more"
        for model, parents in sorted(known.items())
        for parent in sorted(parents - now.get(model, frozenset()))
    ]
