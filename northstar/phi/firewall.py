"""Follows every label from raw through all models, and says what it breaks and along which path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sqlglot import exp
from sqlmesh.core.model import Model, SeedModel

from northstar.contracts import CONTRACTS, Contracts, load_contracts
from northstar.phi.kept import KeptLineages
from northstar.phi.labels import (
    DENIED,
    DIFFERENCE,
    PSEUDONYM,
    SERVICE_DATE,
    SERVICE_TIME,
    Label,
    after,
    allowed_in,
    label_of,
    never_filtered_in,
    zone_of,
)
from northstar.phi.lineage import FILTER, OUTPUT, Edge, ModelLineage, Node, Way, lineage_of

RULES = ("columnsareclassed", "lineageisresolved", "nophileak", "nofilterbyidentifier")
"""The lint rules that are made of what this module finds (linter/phi.py)."""

PSEUDONYM_NAME = "patient_key"
"""Columns with a pseudonym have this name or end with it, so that keys can be rotated and patients forgotten."""

SQLMESH_COLUMNS = frozenset({"VALID_FROM", "VALID_TO"})
"""Columns that SQLMesh adds to models of its SCD type 2 kinds: they are in the model and in no query."""


class Carried(NamedTuple):
    """A label at a node, and the raw column that it began at."""

    origin: Node
    label: Label


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a model."""

    rule: str
    message: str


class Firewall:
    """What flows where in a project of models under contracts."""

    def __init__(self, models: Mapping[str, Model], contracts: Contracts, lineages: Mapping[str, ModelLineage]) -> None:
        self._models = models
        self._contracts = contracts
        self._lineages = lineages
        self._leaving: dict[Node, list[Edge]] = defaultdict(list)
        for lineage in lineages.values():
            for edge in lineage.edges:
                self._leaving[edge.way.source].append(edge)
        self._reached: dict[Node, dict[Carried, tuple[Edge, Carried] | None]] = defaultdict(dict)
        self._flow()
        self._places = self._by_model()

    def labels(self, fqn: str, column: str) -> set[Label]:
        """The labels that a column of a model carries."""
        return {carried.label for carried in self._reached.get(Node(fqn, OUTPUT, column.upper()), ())}

    def descendants(self, nodes: Iterable[Node]) -> set[Node]:
        """Every column that a value of ``nodes`` has a part in, whatever steps it takes."""
        seen: set[Node] = set()
        waiting = list(nodes)
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting += [edge.target for edge in self._leaving.get(node, ())]
        return {node for node in seen if node.is_output}

    def problems(self, model: Model) -> list[Problem]:
        """What is wrong with a model."""
        if model.kind.is_external:
            return []
        lineage = self._lineages[model.fqn]
        found = [Problem("lineageisresolved", f"{sentence}.") for sentence in dict.fromkeys(lineage.unresolved)]
        found += [
            Problem("lineageisresolved", f"{other} ignores rules of the firewall; nobody may.")
            for other in self._ignoring()
        ]
        found += self._unclassed(lineage)
        for node in self._places.get(model.fqn, ()):
            found += self._leaks(model, node) if node.is_output else self._filters(model, node)
        return found

    def _ignoring(self) -> list[str]:
        names = {"all", *RULES}
        return sorted(
            plain(fqn)
            for fqn, model in self._models.items()
            if {rule.lower() for rule in model.ignored_rules or ()} & names
        )

    def _flow(self) -> None:
        """Carry labels along edges until nothing changes.

        A difference of two times tells a duration and ends both labels, but only where both sides are a patient's
        times: from a difference to a known day the time can be had back.  Which sides those are is known once labels
        have been carried, so the differences that turn out to be none are opened then.
        """
        waiting: list[tuple[Node, Carried]] = []
        for node in self._leaves():
            label = self._leaf_label(node)
            if label is not None:
                carried = Carried(node, label)
                self._reached[node][carried] = None
                waiting.append((node, carried))
        opened: set[int] = set()
        self._carry(waiting, opened)
        while True:
            newly = [
                edge
                for edges in self._leaving.values()
                for edge in edges
                if edge.way.others is not None
                and id(edge) not in opened
                and any(step.name == DIFFERENCE for step in edge.way.steps)
                and not self._has_time(edge.way.others)
            ]
            if not newly:
                return
            opened.update(id(edge) for edge in newly)
            sources = {edge.way.source for edge in newly}
            self._carry([(node, carried) for node in sources for carried in self._reached.get(node, {})], opened)

    def _has_time(self, nodes: Iterable[Node]) -> bool:
        return any(
            carried.label in (SERVICE_TIME, SERVICE_DATE) for node in nodes for carried in self._reached.get(node, ())
        )

    def _carry(self, waiting: list[tuple[Node, Carried]], opened: set[int]) -> None:
        while waiting:
            node, carried = waiting.pop()
            for edge in self._leaving.get(node, ()):
                label = _left(edge.way, carried.label, id(edge) in opened)
                if label is None:
                    continue
                next_one = Carried(carried.origin, label)
                if next_one not in self._reached[edge.target]:
                    self._reached[edge.target][next_one] = (edge, carried)
                    waiting.append((edge.target, next_one))

    def _leaves(self) -> list[Node]:
        produced = {edge.target for lineage in self._lineages.values() for edge in lineage.edges}
        return [node for node in self._leaving if node.is_output and node not in produced]

    def _leaf_label(self, node: Node) -> Label | None:
        """The label of a column that no model makes: raw ones by contract, seeds and constants none, others denied."""
        model = self._models.get(node.model)
        if model is not None and not model.kind.is_external:
            return None
        contract = self._contracts.find(plain(node.model))
        return DENIED if contract is None else label_of(contract.classification(node.column))

    def _by_model(self) -> dict[str, list[Node]]:
        places: dict[str, list[Node]] = defaultdict(list)
        for node in self._reached:
            if node.part in (OUTPUT, FILTER):
                places[node.model].append(node)
        return places

    def _unclassed(self, lineage: ModelLineage) -> list[Problem]:
        """Columns that nobody has classed, or that are denied by name, read in whatever way."""
        found = {}
        for edge in lineage.edges:
            source = edge.way.source
            if source.is_output and Carried(source, DENIED) in self._reached.get(source, ()):
                contract = self._contracts.find(plain(source.model))
                column = f"{plain(source.model)}.{source.column.lower()}"
                if contract is None:
                    what = f"{plain(source.model)} has no contract; write one with northstar scaffold"
                elif source.column.lower() in contract.columns:
                    what = f"{column} is denied by {_place(contract.path)}"
                else:
                    what = f"{column} has no class; give it one in {_place(contract.path)}"
                found[column] = Problem("columnsareclassed", f"reads {what}.")
        return list(found.values())

    def _leaks(self, model: Model, node: Node) -> list[Problem]:
        schema = exp.to_table(model.fqn).db
        allowed = allowed_in(schema)
        found = []
        for carried in sorted(self._reached[node]):
            if carried.label not in allowed and carried.label != DENIED:
                found.append(
                    Problem(
                        "nophileak",
                        f"{_name(node)} shows {carried.label}, which zone {zone_of(schema)} may not: "
                        f"{self._path(node, carried)}.",
                    )
                )
            elif carried.label == PSEUDONYM and not node.column.lower().endswith(PSEUDONYM_NAME):
                found.append(
                    Problem(
                        "nophileak",
                        f"{_name(node)} holds a pseudonym; its name must end with {PSEUDONYM_NAME}, so that it is "
                        f"found when keys are rotated: {self._path(node, carried)}.",
                    )
                )
        return found

    def _filters(self, model: Model, node: Node) -> list[Problem]:
        forbidden = never_filtered_in(exp.to_table(model.fqn).db)
        clause = node.column.partition(":")[2]
        return [
            Problem(
                "nofilterbyidentifier",
                f"{clause} chooses or groups rows by {carried.label}: {self._path(node, carried)}.",
            )
            for carried in sorted(self._reached[node])
            if carried.label in forbidden and carried.label != DENIED
        ]

    def _path(self, node: Node, carried: Carried) -> str:
        """From the column back to raw, with the expressions on the way."""
        parts: list[str] = []
        texts: list[str] = []
        current: Node = node
        while True:
            if current.is_output or current.part == FILTER:
                parts.append(_name(current) + (f" [{'; '.join(texts)}]" if texts else ""))
                texts = []
            step = self._reached[current][carried]
            if step is None:
                return " <- ".join(parts)
            edge, carried = step
            if edge.text and not _is_plain(edge.text) and edge.text not in texts:
                texts.append(edge.text)
            if texts and (edge.way.source.is_output) and parts:
                parts[-1] += f" [{'; '.join(texts)}]"
                texts = []
            current = edge.way.source


def _left(way: Way, label: Label, opened: bool) -> Label | None:
    for step in way.steps:
        if opened and step.name == DIFFERENCE:
            continue
        left = after(label, step)
        if left is None:
            return None
        label = left
    return label


def _is_plain(text: str) -> bool:
    """Whether an expression is a bare column: nothing to tell."""
    return all(part.strip('"').replace("_", "a").isalnum() for part in text.split("."))


def plain(fqn: str) -> str:
    """``core.dim_x`` for ``"NORTHSTAR"."CORE"."DIM_X"``."""
    return ".".join(fqn.replace('"', "").lower().split(".")[-2:])


def _name(node: Node) -> str:
    if node.part == FILTER:
        return f"{plain(node.model)} {node.column.partition(':')[2]}"
    return f"{plain(node.model)}.{node.column.lower()}"


def _place(path: Path) -> str:
    return "/".join(path.parts[path.parts.index("contracts") :]) if "contracts" in path.parts else path.name


_built: dict[Path, tuple[object, Firewall]] = {}


def firewall_of(models: Mapping[str, Model], project: Path, cache: Path | None = None) -> Firewall:
    """The firewall of a project as it is now: built anew when a model or a contract has changed, not before.

    ``cache`` is the directory of SQLMesh's cache: lineages are kept in it for the next process.
    """
    contracts = load_contracts(project / CONTRACTS)
    version = (contracts.fingerprint, tuple((fqn, id(model)) for fqn, model in models.items()))
    known = _built.get(project)
    if known is None or known[0] != version:
        known = _built[project] = (version, Firewall(models, contracts, lineages(models, cache)))
    return known[1]


def lineages(models: Mapping[str, Model], cache: Path | None = None) -> dict[str, ModelLineage]:
    """The lineage of every model."""
    read = KeptLineages(cache).lineage_of if cache else lineage_of
    return {
        fqn: read(model, models.get, SQLMESH_COLUMNS if model.kind.is_scd_type_2 else frozenset())
        for fqn, model in models.items()
        if not model.kind.is_external and not isinstance(model, SeedModel)
    } | {fqn: ModelLineage() for fqn, model in models.items() if isinstance(model, SeedModel)}
