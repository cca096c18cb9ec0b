"""What the site says of each model and column, gathered from the SQLMesh context, the contracts and the firewall."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.model import Model

from northstar.contracts import CONTRACTS, load_contracts
from northstar.engine import arguments_text
from northstar.phi.firewall import firewall_of, lineages, plain
from northstar.phi.labels import zone_of
from northstar.site.badges import badge_of, raw_labels
from northstar.site.lineage import Column, ColumnLineage, column_lineage
from northstar.site.words import cadence_of, words_of

LAYERS = ("raw", "seeds", "staging", "intermediate", "reference", "core", "marts", "ops")
"""Layers in the direction of the data."""


class Catalogue:
    """All models of a project, ready to be written as JSON."""

    def __init__(self, context: Context, project: Path) -> None:
        self._context = context
        self._project = project.resolve()
        self._contracts = load_contracts(project / CONTRACTS)
        self._firewall = firewall_of(context.models, project, context.cache_dir)
        self.lineage: ColumnLineage = column_lineage(lineages(context.models, context.cache_dir))

    def models(self) -> list[dict[str, Any]]:
        """One entry a model, raw tables included, sorted by layer and name."""
        entries = [self._model(model) for model in self._context.models.values()]
        return sorted(entries, key=lambda entry: (LAYERS.index(entry["layer"]), entry["name"]))

    def _model(self, model: Model) -> dict[str, Any]:
        name = plain(model.fqn)
        external = model.kind.is_external
        tags = dict(tag.split("=", 1) for tag in model.tags if "=" in tag)
        entry: dict[str, Any] = {
            "name": name,
            "layer": layer_of(model),
            "kind": model.kind.name.value.replace("_", " ").lower(),
            "owner": model.owner or "",
            "cron": "" if external else model.cron,
            "cadence": "as landed" if external else cadence_of(model.cron),
            "grain": [_names(grain) for grain in model.grains],
            "references": [_names(reference) for reference in model.references],
            "subject": tags.get("subject", ""),
            "words": words_of(model.description or "")._asdict(),
            "path": self._path(model),
            "reads": sorted(plain(parent) for parent in model.depends_on or ()),
            "choosing": sorted(".".join(column) for column in self.lineage.choosing.get(name, ())),
            "audits": [] if external else audits_of(model),
            "columns": [self._column(model, column, kind) for column, kind in (model.columns_to_types or {}).items()],
        }
        if external and (contract := self._contracts.find(name)):
            entry["freshness_minutes"] = contract.freshness_minutes
            entry["grain"] = [list(contract.key)] if contract.key else []
        return entry

    def _column(self, model: Model, column: str, kind: exp.DataType) -> dict[str, Any]:
        name, relation = column.lower(), plain(model.fqn)
        if model.kind.is_external:
            labels = raw_labels(self._contracts.find(relation), name)
        else:
            labels = self._firewall.labels(model.fqn, column)
        here = Column(relation, name)
        return {
            "name": name,
            "type": kind.sql(dialect="snowflake").lower(),
            "words": (model.column_descriptions or {}).get(column, ""),
            "badge": badge_of(labels),
            "classes": sorted(labels),
            "how": self.lineage.expressions.get(here, ""),
            "from": sorted(".".join(source) for source in self.lineage.sources.get(here, ())),
        }

    def _path(self, model: Model) -> str:
        path = model._path
        return str(path.resolve().relative_to(self._project)) if path and path.is_absolute() else str(path or "")


def layer_of(model: Model) -> str:
    """The layer of a model: ``raw_app`` is raw, ``marts_finance`` and ``marts_deid`` are marts."""
    schema = exp.to_table(model.fqn).db.lower()
    zone = "marts" if zone_of(schema) == "deid" else zone_of(schema)
    if model.kind.is_external:
        return "ops" if schema == "ops" else "raw"
    return zone if zone in LAYERS else "seeds" if model.kind.is_seed else "ops"


def audits_of(model: Model) -> list[dict[str, Any]]:
    """The audits of a model, with their arguments as text and whether a failure stops what lies below."""
    found = []
    definitions = model.audit_definitions
    for name, arguments in model.audits:
        blocking = arguments.get("blocking")
        if blocking is None and name in definitions:
            stops = definitions[name].blocking
        else:
            stops = not name.endswith("_non_blocking") and (blocking is None or blocking != exp.false())
        found.append({"name": name, "arguments": arguments_text(arguments), "blocking": stops})
    return found


def _names(expression: exp.Expr) -> list[str]:
    if isinstance(expression, exp.Alias):
        return [f"{expression.this.name.lower()} as {expression.alias.lower()}"]
    return [column.name.lower() for column in expression.find_all(exp.Column)]
