"""What SQLMesh renders of a model for an interval, kept by a process that renders it again and again.

From one tick to the next the query of a model and those of its audits differ in the literals of their times, and in
nothing else: macros, references and qualified columns come out the same.  SQLMesh works all that out anew each time,
a third of an idle tick.  Here it does so twice more, for two intervals that have nothing in common; what both have
alike is kept, and the literals that differ are filled in.  A query that differs in anything but a time as SQLMesh
writes it, such as a date worked out from one, is rendered each time as before.

So no macro may decide by a time what to write; ``tests/project/test_renderings.py`` compares every model.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlglot import exp
from sqlmesh.core.audit import Audit
from sqlmesh.core.engine_adapter.base import EngineAdapter
from sqlmesh.core.macros import RuntimeStage
from sqlmesh.core.model import SqlModel
from sqlmesh.core.model.definition import AuditResult
from sqlmesh.core.snapshot import DeployabilityIndex, Snapshot, SnapshotEvaluator
from sqlmesh.utils.date import date_dict, make_inclusive, to_datetime

Times = Mapping[str, Any]
"""``start``, ``end`` and ``execution_time``, as SQLMesh passes them on."""
Render = Callable[[Times], exp.Query]

_TIMES = ("start", "end", "execution_time")
_IGNORED = {*_TIMES, "snapshot", "snapshots", "deployability_index", "engine_adapter", "selected_models"}
_MARKERS: tuple[Times, Times] = (
    {
        "start": datetime(1971, 2, 3, 4, 5, 6, tzinfo=UTC),
        "end": datetime(1972, 3, 4, 5, 6, 7, tzinfo=UTC),
        "execution_time": datetime(1973, 4, 5, 6, 7, 8, tzinfo=UTC),
    },
    {
        "start": datetime(1981, 12, 13, 14, 15, 16, 17, tzinfo=UTC),
        "end": datetime(1982, 11, 14, 15, 16, 17, 18, tzinfo=UTC),
        "execution_time": datetime(1983, 10, 15, 16, 17, 18, 19, tzinfo=UTC),
    },
)
_evaluator_render = SnapshotEvaluator._render_snapshot_for_evaluation
_evaluator_audit = SnapshotEvaluator._audit


@dataclass(frozen=True)
class Kept:
    """A query with places for times: of each node that is one, by its number in the order of ``walk``, which time."""

    query: exp.Query
    places: tuple[tuple[int, str], ...]

    def filled(self, texts: Mapping[str, str]) -> exp.Query:
        """A copy of the query with these texts in its places."""
        query = self.query.copy()
        if self.places:
            nodes = list(query.walk())
            for place, name in self.places:
                nodes[place].set("this", texts[name])
        return query


def texts_of(times: Times, dialect: str) -> dict[str, str]:
    """Each variable of time that SQLMesh has for macros, as a literal of it is written."""
    start, end = make_inclusive(times["start"], times["end"], dialect)
    return {name: str(value) for name, value in date_dict(to_datetime(times["execution_time"]), start, end).items()}


def kept(render: Render, dialect: str) -> Kept | None:
    """What renderings for all times have in common; None when they differ in more than the times themselves."""
    one, other = (render(times) for times in _MARKERS)
    texts, other_texts = (texts_of(times, dialect) for times in _MARKERS)
    names = {(text, other_texts[name]): name for name, text in texts.items()}
    places = [
        (number, names[node.this, counterpart.this])
        for number, (node, counterpart) in enumerate(zip(one.walk(), other.walk(), strict=False))
        if isinstance(node, exp.Literal) and isinstance(counterpart, exp.Literal)
        if (node.this, counterpart.this) in names
    ]
    found = Kept(one, tuple(places))
    return found if found.filled(other_texts) == other else None


class Renderings:
    """What is kept, by what it was rendered from.  The first time it only notes that there was one."""

    def __init__(self) -> None:
        self._seen: set[Hashable] = set()
        self._kept: dict[Hashable, Kept | None] = {}
        self._texts: dict[Hashable, str] = {}

    def query(self, key: Hashable, render: Render, times: Times, dialect: str) -> exp.Query:
        """The query for these times."""
        known = self._known(key, render, dialect)
        return known.filled(texts_of(times, dialect)) if known else render(times)

    def text(
        self, key: Hashable, render: Render, times: Times, dialect: str, write: Callable[[exp.Query], str]
    ) -> str | None:
        """The query for these times as it is written for the engine; None when nothing is kept of it."""
        known = self._known(key, render, dialect)
        if known is None:
            return None
        if key not in self._texts:
            self._texts[key] = write(known.filled({name: _placeholder(name) for _, name in known.places}))
        text, texts = self._texts[key], texts_of(times, dialect)
        for _, name in known.places:
            text = text.replace(_placeholder(name), texts[name])
        return text

    def _known(self, key: Hashable, render: Render, dialect: str) -> Kept | None:
        if key not in self._seen:
            self._seen.add(key)
            return None
        if key not in self._kept:
            self._kept[key] = kept(render, dialect)
        return self._kept[key]


def _placeholder(name: str) -> str:
    return f"<<{name}>>"


_renderings = Renderings()


def _key(
    snapshot: Snapshot, snapshots: Mapping[str, Snapshot], index: DeployabilityIndex, adapter: EngineAdapter,
    others: Mapping[str, Any],
) -> Hashable | None:  # fmt: skip
    """What a rendering depends on apart from its times; None when something is passed that cannot be told apart."""
    told = {name: value for name, value in others.items() if name not in _IGNORED}
    if not all(value is None or isinstance(value, (str, int, Enum)) for value in told.values()):
        return None
    tables = (
        (
            name,
            parent.fingerprint.to_identifier(),
            parent.version and parent.table_name(index.is_representative(parent)),
        )
        for name, parent in snapshots.items()
    )
    itself = (snapshot.snapshot_id, index.is_deployable(snapshot))
    return (
        adapter.dialect,
        itself,
        tuple(sorted(tables)),
        tuple(sorted((name, str(value)) for name, value in told.items())),
    )


def render(
    self: SnapshotEvaluator,
    snapshot: Snapshot,
    snapshots: dict[str, Snapshot],
    deployability_index: DeployabilityIndex,
    render_kwargs: dict[str, Any],
) -> Iterator[Any]:
    """Yield what ``SnapshotEvaluator._render_snapshot_for_evaluation`` does."""

    def rendered(times: Times) -> Iterator[Any]:
        return _evaluator_render(self, snapshot, snapshots, deployability_index, {**render_kwargs, **times})

    adapter = self.get_adapter(snapshot.model_gateway)
    times = {name: render_kwargs.get(name) for name in _TIMES}
    key = _key(snapshot, snapshots, deployability_index, adapter, render_kwargs)
    if key is None or None in times.values() or type(snapshot.model) is not SqlModel:
        yield from rendered(times)
    else:
        yield _renderings.query(key, lambda times: next(iter(rendered(times))), times, snapshot.model.dialect)


def audit(
    self: SnapshotEvaluator, audit: Audit, audit_args: dict[Any, Any], snapshot: Snapshot, **kwargs: Any
) -> AuditResult:
    """Run an audit as ``SnapshotEvaluator._audit`` does, which is left to tell about one that finds something."""
    if result := _silent_audit(self, audit, audit_args, snapshot, kwargs):
        return result
    return _evaluator_audit(self, audit=audit, audit_args=audit_args, snapshot=snapshot, **kwargs)


def _silent_audit(
    evaluator: SnapshotEvaluator, audit: Audit, audit_args: dict[Any, Any], snapshot: Snapshot, kwargs: dict[str, Any]
) -> AuditResult | None:
    """The result of an audit whose query is known and finds nothing."""
    times = {name: kwargs.get(name) for name in _TIMES}
    if audit.skip or not snapshot.is_model or None in times.values():
        return None
    adapter = evaluator.get_adapter(snapshot.model_gateway)
    told = {name: value for name, value in audit_args.items() if name != "blocking"}
    described = {"audit": audit.name, "told": str({name: value.sql() for name, value in told.items()})}
    index = kwargs.get("deployability_index") or DeployabilityIndex.all_deployable()
    key = _key(snapshot, kwargs["snapshots"], index, adapter, {**kwargs, **described})

    def render(times: Times) -> exp.Query:
        stage = {"engine_adapter": adapter, "runtime_stage": RuntimeStage.AUDITING}
        query = snapshot.model.render_audit_query(audit, **{**kwargs, **times, **stage, **told})
        return exp.select("COUNT(*)").from_(query.subquery("audit"))

    if key is None:
        return None
    dialect = snapshot.model.dialect
    text = _renderings.text(key, render, times, dialect, lambda query: adapter._to_sql(query, quote=True))
    row = adapter.fetchone(text) if text else None
    if not row or row[0]:
        return None
    blocking = audit_args["blocking"] == exp.true() if audit_args.get("blocking") else audit.blocking
    return AuditResult(audit=audit, audit_args=told, model=snapshot.model_or_none, count=0, blocking=blocking)
