"""Column lineage as people follow it: from columns of models to columns of other models, past what lies in a query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from northstar.phi.firewall import plain
from northstar.phi.lineage import FILTER, Edge, ModelLineage, Node


class Column(NamedTuple):
    """A column of a model or of a raw table, in lower case."""

    model: str
    """``core.fct_appointment``"""
    name: str


@dataclass
class ColumnLineage:
    """What each column is computed from, and what chooses the rows of each model."""

    sources: dict[Column, set[Column]] = field(default_factory=lambda: defaultdict(set))
    """Columns of other models whose values are in a column."""
    choosing: dict[str, set[Column]] = field(default_factory=lambda: defaultdict(set))
    """Columns that a model joins, filters, groups or orders by."""
    expressions: dict[Column, str] = field(default_factory=dict)
    """How a column is computed, where it is more than another column's name."""

    def ends(self, column: Column) -> set[Column]:
        """The columns without sources of their own that a column comes from; itself when it has none."""
        seen: set[Column] = set()
        found: set[Column] = set()
        waiting = [column]
        while waiting:
            current = waiting.pop()
            if current in seen:
                continue
            seen.add(current)
            sources = self.sources.get(current)
            if sources:
                waiting += sources
            else:
                found.add(current)
        return found


def column_lineage(lineages: Mapping[str, ModelLineage]) -> ColumnLineage:
    """Contract the lineage of each model to what others see of it."""
    found = ColumnLineage()
    for fqn, lineage in lineages.items():
        entering: dict[Node, list[Edge]] = defaultdict(list)
        for edge in lineage.edges:
            entering[edge.target].append(edge)
        for target, edges in entering.items():
            if target.is_output:
                column = _column(target)
                found.sources[column] |= {_column(node) for node in _outside(target, fqn, entering)}
                if len(texts := {edge.text for edge in edges if edge.text}) == 1:
                    found.expressions[column] = texts.pop()
            elif target.part == FILTER:
                found.choosing[plain(fqn)] |= {_column(node) for node in _outside(target, fqn, entering)}
    return found


def _column(node: Node) -> Column:
    return Column(plain(node.model), node.column.lower())


def _outside(target: Node, fqn: str, entering: Mapping[Node, Iterable[Edge]]) -> set[Node]:
    """Columns of other models that reach a node through the scopes of one query."""
    found: set[Node] = set()
    seen: set[Node] = set()
    waiting = [target]
    while waiting:
        for edge in entering.get(waiting.pop(), ()):
            source = edge.way.source
            if source in seen:
                continue
            seen.add(source)
            if source.is_output and source.model != fqn:
                found.add(source)
            else:
                waiting.append(source)
    return found
