"""Where the columns of one model come from: read off its query through CTEs, stars, set operations and subqueries.

Approved macros are not expanded but left standing as a marker function, so that only the macro itself counts as the
transform and not an expression that looks like it.  Whatever cannot be followed is kept as unresolved, never dropped.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlmesh.core.dialect import MacroFunc, normalize_mapping_schema, normalize_model_name
from sqlmesh.core.model import Model, PythonModel, SeedModel, SqlModel
from sqlmesh.core.renderer import QueryRenderer
from sqlmesh.utils.errors import SQLMeshError

from northstar.phi.labels import APPROVED, DIFFERENCE, DIFFERENCES, MARKER, Step, step_of

_TEXT_WIDTH = 70


class Node(NamedTuple):
    """A column of a model's output, of a scope in its query, or a place where rows are chosen by a value."""

    model: str
    part: int
    column: str

    @property
    def is_output(self) -> bool:
        """Whether others can read it."""
        return self.part == OUTPUT


OUTPUT, FILTER = 0, -1


class Way(NamedTuple):
    """From where a value comes, and the steps that it takes from there, first to last."""

    source: Node
    steps: tuple[Step, ...]
    others: tuple[Node, ...] = ()
    """For a difference: the columns of its other side."""


class Edge(NamedTuple):
    """A value of ``way.source`` reaches ``target``."""

    way: Way
    target: Node
    text: str
    """The expression, for people."""


@dataclass
class ModelLineage:
    """All that is known of one model."""

    edges: list[Edge] = field(default_factory=list)
    unresolved: list[str] = field(default_factory=list)
    """What could not be followed, each a sentence."""


def lineage_of(model: Model, models: Callable[[str], Model | None], sqlmesh_columns: frozenset[str]) -> ModelLineage:
    """The lineage of a model.  ``sqlmesh_columns`` are those that SQLMesh adds by itself."""
    found = ModelLineage()
    found.unresolved += [f"{sentence}; put it into the query" for sentence in _statements(model)]
    if isinstance(model, SqlModel):
        _of_query(model, models, sqlmesh_columns, found)
    elif isinstance(model, PythonModel):
        _of_python(model, models, found)
    elif not isinstance(model, SeedModel) and not model.kind.is_external:
        found.unresolved.append(f"a model of type {type(model).__name__} cannot be followed")
    return found


def _statements(model: Model) -> Iterator[str]:
    """Statements beside the query that could carry data past it."""
    for kind in ("pre_statements", "post_statements", "on_virtual_update"):
        for statement in getattr(model, kind, ()):
            if not isinstance(statement, (exp.Set, exp.Grant, exp.Semicolon)):
                yield f"{kind}: {_short(statement)} cannot be followed"


def _of_python(model: PythonModel, models: Callable[[str], Model | None], found: ModelLineage) -> None:
    """Nothing inside a Python model can be followed: each of its columns may hold any column of its parents."""
    for parent in sorted(model.depends_on or ()):
        columns = (models(parent).columns_to_types or {}) if models(parent) else {}  # type: ignore[union-attr]
        if not columns:
            found.unresolved.append(f"Python model reads {_plain(parent)}, whose columns are not known")
        for column in model.columns_to_types or {}:
            target = Node(model.fqn, OUTPUT, column.upper())
            found.edges += [
                Edge(Way(Node(parent, OUTPUT, name.upper()), ()), target, "Python model") for name in columns
            ]
    for name, executable in model.python_env.items():
        for text in _texts(str(executable.payload)):
            if behind := re.search(r"\b(raw_\w+|restricted)\.\w+", text, re.IGNORECASE):
                found.unresolved.append(f"Python function {name} names {behind[0]} in a text, which cannot be followed")


def _texts(payload: str) -> Iterator[str]:
    try:
        tree = ast.parse(payload)
    except SyntaxError:
        yield payload
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _of_query(
    model: SqlModel, models: Callable[[str], Model | None], sqlmesh_columns: frozenset[str], found: ModelLineage
) -> None:
    try:
        query = _rendered(model)
        if query is None:
            found.unresolved.append("the query cannot be rendered without a warehouse, so it cannot be followed")
            return
        schema = normalize_mapping_schema(model.mapping_schema, dialect=model.dialect)
        query = qualify(
            query, dialect=model.dialect, schema=schema, infer_schema=True, validate_qualify_columns=False,
            allow_partial_qualification=True, identify=False,
        )  # fmt: skip
        _Reader(model, models, found).read(query)
    except (SqlglotError, SQLMeshError) as error:
        found.unresolved.append(f"the query cannot be read ({str(error).splitlines()[0][:160]})")
        return
    reached = {edge.target.column for edge in found.edges if edge.target.is_output}
    constant = {column.upper() for column in query.named_selects}
    for column in model.columns_to_types or {}:
        name = column.upper()
        if name not in reached | constant | sqlmesh_columns:
            found.unresolved.append(f"column {name.lower()} is in the model but not in its query")


def _rendered(model: SqlModel) -> exp.Query | None:
    """The query with every macro expanded but the approved ones."""
    query: exp.Expr = model.query.copy()
    for node in list(query.find_all(MacroFunc)):
        name = node.name.lower()
        if name in APPROVED:
            marker = exp.Anonymous(this=f"{MARKER}{name.upper()}", expressions=_arguments(name, node.this.expressions))
            if node is query:
                query = marker
            else:
                node.replace(marker)
    renderer = QueryRenderer(
        query, model.dialect, model.macro_definitions, schema=model.mapping_schema, path=model._path,
        jinja_macro_registry=model.jinja_macros, python_env=model.python_env,
        only_execution_time=model.kind.only_execution_time, default_catalog=model.default_catalog,
        optimize_query=False, model=model,
    )  # fmt: skip
    return renderer.render(needs_optimization=False)


def _arguments(name: str, given: Sequence[exp.Expr]) -> list[exp.Expr]:
    """The arguments of an approved macro in the order of its parameters."""
    names = [parameter for parameter, _ in APPROVED[name]]
    placed: list[exp.Expr] = [exp.null() for _ in names]
    for place, argument in enumerate(given):
        if isinstance(argument, exp.PropertyEQ) and argument.name.lower() in names:
            placed[names.index(argument.name.lower())] = argument.expression.copy()
        elif place < len(placed):
            placed[place] = argument.copy()
        else:
            placed.append(argument.copy())
    return placed


class _Reader:
    """Reads one qualified query, scope by scope."""

    def __init__(self, model: SqlModel, models: Callable[[str], Model | None], found: ModelLineage) -> None:
        self._model, self._models, self._found = model, models, found
        self._parts: dict[int, int] = {}
        """The number of a scope's node, by the identity of its expression."""
        self._scopes: dict[int, Scope] = {}
        self._filters = 0

    def read(self, query: exp.Query) -> None:
        scopes = traverse_scope(query)
        for number, scope in enumerate(scopes, start=1):
            self._parts[id(scope.expression)] = number
            self._scopes[id(scope.expression)] = scope
        for scope in scopes:
            self._read_scope(scope)
        for index, name in enumerate(query.named_selects):
            self._edge(Way(self._node(query, index), ()), Node(self._model.fqn, OUTPUT, name.upper()), "")

    def _node(self, expression: exp.Expr, index: int) -> Node:
        return Node(self._model.fqn, self._parts[id(_unwrapped(expression))], str(index))

    def _edge(self, way: Way, target: Node, text: str) -> None:
        self._found.edges.append(Edge(way, target, text))

    def _read_scope(self, scope: Scope) -> None:
        expression = scope.expression
        if isinstance(expression, exp.SetOperation):
            self._read_set(expression)
        elif isinstance(expression, exp.Select):
            for index, select in enumerate(expression.selects):
                if isinstance(select, exp.Star) or (
                    isinstance(select, exp.Column) and isinstance(select.this, exp.Star)
                ):
                    self._found.unresolved.append(f"{_short(select)} stands for columns that are not known")
                    continue
                for way in self._ways(scope, select, ()):
                    self._edge(way, self._node(expression, index), _short(select.unalias()))
            self._read_filters(scope, expression)
        elif isinstance(expression, (exp.Subquery, exp.Table)) or scope.is_udtf:
            self._read_other(scope)

    def _read_set(self, expression: exp.SetOperation) -> None:
        """By position, or by name; the branches of a recursive one also read the whole."""
        left, right = _unwrapped(expression.left), _unwrapped(expression.right)
        names = expression.named_selects
        by_name = bool(expression.args.get("by_name"))
        for side in (left, right):
            for index, name in enumerate(cast(exp.Query, side).named_selects):
                place = names.index(name) if by_name and name in names else index
                if id(side) in self._parts:
                    self._edge(Way(self._node(side, index), ()), self._node(expression, place), "")
        cte = expression.parent
        if isinstance(cte, exp.CTE) and isinstance(cte.parent, exp.With) and cte.parent.recursive:
            for index in range(len(names)):
                self._edge(Way(self._node(expression, index), ()), self._node(left, index), "recursion")

    def _read_other(self, scope: Scope) -> None:
        """A table function or the like: whatever columns go in may come out of any column."""
        for column in scope.expression.find_all(exp.Column):
            for way in self._ways(scope, column, ()):
                self._edge(way, self._node(scope.expression, 0), _short(scope.expression))

    def _read_filters(self, scope: Scope, select: exp.Select) -> None:
        """The values by which rows are chosen, joined, grouped and ordered."""
        clauses: list[tuple[str, exp.Expr]] = []
        for kind in ("where", "group", "having", "qualify", "order", "distinct"):
            clause = select.args.get(kind)
            if clause is not None:
                clauses.append((kind.upper(), clause))
        clauses += [("JOIN", join.args["on"]) for join in select.args.get("joins") or () if join.args.get("on")]
        for window in select.find_all(exp.Window):
            if window.find_ancestor(exp.Select) is select:
                clauses += [("OVER", part) for part in window.args.get("partition_by") or ()]
                if window.args.get("order"):
                    clauses.append(("OVER", window.args["order"]))
        for kind, clause in clauses:
            self._filters += 1
            target = Node(self._model.fqn, FILTER, f"{self._filters}:{kind}")
            for way in self._ways(scope, clause, ()):
                self._edge(way, target, _short(clause))

    def _ways(self, scope: Scope, node: exp.Expr, steps: tuple[Step, ...]) -> Iterator[Way]:
        """The ways of every value in an expression; ``steps`` are those that follow, first to last."""
        if isinstance(node, exp.Column):
            if isinstance(node.this, exp.Star):
                yield from self._everything(scope, node.table or None, steps)
            else:
                yield from (Way(source, steps) for source in self._sources(scope, node))
            return
        if isinstance(node, exp.Star):
            if not isinstance(node.parent, exp.Count):
                yield from self._everything(scope, None, steps)
            return
        if isinstance(node, exp.Query):
            inner = _unwrapped(node)
            if id(inner) in self._parts:
                yield from (
                    Way(self._node(inner, index), steps) for index in range(len(cast(exp.Query, inner).selects))
                )
                return
            self._found.unresolved.append(f"subquery {_short(node)} cannot be followed")
            return
        if isinstance(node, exp.Window):
            yield from self._ways(scope, node.this, steps)
            return
        if isinstance(node, exp.Anonymous) and node.name.upper().startswith(MARKER):
            name = node.name[len(MARKER) :].lower()
            for place, argument in enumerate(node.expressions):
                yield from self._ways(scope, argument, (Step(name, place), *steps))
            return
        if isinstance(node, DIFFERENCES):
            yield from self._difference(scope, node, steps)
            return
        step = step_of(node)
        following = (step, *steps) if step else steps
        for child in node.iter_expressions():
            yield from self._ways(scope, child, following)

    def _difference(self, scope: Scope, node: exp.Expr, steps: tuple[Step, ...]) -> Iterator[Way]:
        sides = {side: list(self._ways(scope, node.args[side], ())) for side in ("this", "expression")}
        for side, other in (("this", "expression"), ("expression", "this")):
            others = tuple(way.source for way in sides[other])
            for way in sides[side]:
                yield Way(way.source, (*way.steps, Step(DIFFERENCE), *steps), (*way.others, *others))

    def _everything(self, scope: Scope, table: str | None, steps: tuple[Step, ...]) -> Iterator[Way]:
        """Every column of every table in sight, as in OBJECT_CONSTRUCT(*)."""
        for alias, source in scope.selected_sources.items():
            if table is None or alias == table:
                for node in self._all_columns(source[1]):
                    yield Way(node, steps)

    def _all_columns(self, source: Any) -> Iterator[Node]:
        if isinstance(source, Scope):
            inner = _unwrapped(source.expression)
            if isinstance(inner, exp.Query):
                yield from (self._node(inner, index) for index in range(len(inner.selects)))
            elif id(inner) in self._parts:
                yield self._node(inner, 0)
            return
        parent = self._parent(source)
        columns = parent and (parent.columns_to_types or {})
        if not columns:
            self._found.unresolved.append(f"the columns of {_short(source)} are not known")
            return
        assert parent is not None
        yield from (Node(parent.fqn, OUTPUT, name.upper()) for name in columns)

    def _sources(self, scope: Scope, column: exp.Column) -> Iterator[Node]:
        """The columns that a column stands for."""
        source, home = None, scope
        while source is None:
            source = home.sources.get(column.table) if column.table else None
            if source is not None or home.parent is None:
                break
            home = home.parent
        if source is None:
            if not column.table and (alias := _alias_index(scope.expression, column.name)) is not None:
                yield self._node(scope.expression, alias)
                return
            self._found.unresolved.append(f"column {_short(column)} cannot be told from which table it comes")
            return
        if _pivoted(source):
            yield from self._all_columns(source)
        elif isinstance(source, Scope):
            yield from self._column_of(source, column)
        elif isinstance(source, exp.Table) and isinstance(source.this, exp.Func):
            yield from ()  # a table function such as GENERATOR makes rows of its own
        elif isinstance(source, exp.Table):
            yield from self._column_of_table(source, column)
        else:
            self._found.unresolved.append(
                f"{_short(column)} comes from {type(source).__name__}, which cannot be followed"
            )

    def _column_of(self, source: Scope, column: exp.Column) -> Iterator[Node]:
        inner = _unwrapped(source.expression)
        if not isinstance(inner, exp.Query):
            if id(inner) in self._parts:
                yield self._node(inner, 0)
            elif inner.find(exp.Column):
                self._found.unresolved.append(f"{_short(column)} comes from {_short(inner)}, which cannot be followed")
            return
        names = source.outer_columns or inner.named_selects
        if column.name in names:
            yield self._node(inner, list(names).index(column.name))
        elif column.name in inner.named_selects:
            yield self._node(inner, inner.named_selects.index(column.name))
        else:
            self._found.unresolved.append(f"{_short(column)} is not among the columns of {column.table}")

    def _column_of_table(self, source: exp.Table, column: exp.Column) -> Iterator[Node]:
        parent = self._parent(source)
        if parent is None:
            self._found.unresolved.append(f"{_short(source)} is neither a model nor declared under external_models/")
            return
        known = {name.upper() for name in parent.columns_to_types or {}}
        if known and column.name.upper() not in known:
            self._found.unresolved.append(f"{_plain(parent.fqn)} has no column {column.name.lower()}")
            return
        yield Node(parent.fqn, OUTPUT, column.name.upper())

    def _parent(self, source: Any) -> Model | None:
        if not isinstance(source, exp.Table):
            return None
        name = normalize_model_name(
            exp.table_(source.this, db=source.args.get("db"), catalog=source.args.get("catalog")),
            default_catalog=self._model.default_catalog, dialect=self._model.dialect,
        )  # fmt: skip
        return self._models(name)


def _unwrapped(expression: exp.Expr) -> exp.Expr:
    while isinstance(expression, exp.Subquery) and isinstance(expression.this, exp.Query):
        expression = expression.this
    return expression


def _pivoted(source: Any) -> bool:
    expression = source.expression if isinstance(source, Scope) else source
    holder = expression.parent if isinstance(expression.parent, exp.Subquery) else expression
    return bool(holder.args.get("pivots"))


def _alias_index(expression: exp.Expr, name: str) -> int | None:
    names = expression.named_selects if isinstance(expression, exp.Query) else []
    return names.index(name) if name in names else None


def _plain(fqn: str) -> str:
    """``core.dim_x`` for ``"NORTHSTAR"."CORE"."DIM_X"``."""
    return ".".join(fqn.replace('"', "").lower().split(".")[-2:])


def _short(node: exp.Expr) -> str:
    text = " ".join(node.sql(dialect="snowflake", comments=False).replace(MARKER, "@").replace('"', "").split())
    return text if len(text) <= _TEXT_WIDTH else f"{text[: _TEXT_WIDTH - 3]}..."
