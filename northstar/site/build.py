"""Writes the site: the page and its libraries from this package, its data, and the same for other tools."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from sqlmesh import Context

from northstar.bus_matrix import core_models, natural_key, referred_keys
from northstar.exposures import load_exposures
from northstar.metrics import load_metrics
from northstar.site.catalogue import Catalogue
from northstar.site.health import audit_history, health
from northstar.site.manifest import manifest
from northstar.site.openlineage import events, run_events
from northstar.site.pictures import PAGES, draw
from northstar.site.profile import completeness, profile
from northstar.site.semantic import dataset_of, semantic_model

_MARK = "northstar-site"
"""File by which a folder is known to be a site, so that nothing else is ever replaced."""


def site_data(context: Context, project: Path, built_at: datetime) -> dict[str, Any]:
    """Everything that the site shows."""
    catalogue = Catalogue(context, project)
    models = catalogue.models()
    adapter = context.engine_adapter
    profile(adapter, models)
    metrics = load_metrics(project)
    as_of = completeness(adapter)
    found = health(adapter)
    results = found.pop("audit_history", [])
    threshold = int(context.config.variables["small_cell_threshold"])
    return {
        "built_at": built_at.isoformat(timespec="minutes"),
        "as_of": as_of,
        "models": models,
        "metrics": [_metric(metric) for metric in metrics.values()],
        "exposures": [_exposure(exposure) for exposure in load_exposures(project).all],
        "matrix": _matrix(context),
        "health": found,
        "audit_history": audit_history(results),
        "pages": PAGES,
        "pictures": draw(adapter, metrics, as_of, threshold),
    }


def write_site(data: dict[str, Any], target: Path) -> None:
    """Write the site into a folder, replacing an earlier site as a whole.

    Raises ValueError when the folder holds something else.
    """
    if target.exists() and any(target.iterdir()) and not (target / _MARK).exists():
        raise ValueError(f"{target} is not empty and holds no site: name another folder with --to")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as folder:
        fresh = Path(folder) / "site"
        with as_file(files("northstar.site") / "assets") as assets:
            shutil.copytree(assets, fresh)
        (fresh / "data.js").write_text(f"window.NORTHSTAR={json.dumps(data, separators=(',', ':'))};\n")
        (fresh / "manifest.json").write_text(json.dumps(manifest(data), indent=1))
        (fresh / "semantic_model.json").write_text(json.dumps(semantic_model(data), indent=1))
        told = [*events(data), *run_events(data)]
        (fresh / "openlineage.ndjson").write_text("".join(f"{json.dumps(event)}\n" for event in told))
        (fresh / _MARK).write_text(f"{data['built_at']}\n")
        if target.exists():
            target.replace(Path(folder) / "old")
        fresh.replace(target)


def _metric(metric: Any) -> dict[str, Any]:
    return {
        "name": metric.name, "title": metric.title, "words": metric.description, "mart": metric.mart,
        "formula": metric.formula, "filter": metric.filter, "unit": metric.unit, "grain": list(metric.grain),
        "always_by": list(metric.always_by), "owner": metric.owner, "synonyms": list(metric.synonyms),
        "columns": sorted(metric.columns), "query": metric.query(),
        "expression": metric.expression(dataset_of(metric.mart)),
    }  # fmt: skip


def _exposure(exposure: Any) -> dict[str, Any]:
    return {
        "name": exposure.name, "kind": exposure.kind, "title": exposure.title, "owner": exposure.owner,
        "audience": exposure.audience, "refresh": exposure.refresh,
        "reads": {mart: list(columns) for mart, columns in exposure.reads.items()},
    }  # fmt: skip


def _matrix(context: Context) -> dict[str, Any]:
    """The bus matrix: the dimensions that facts share, and which of them each fact has."""
    keys = {name: natural_key(model) for name, model in core_models(context.models.values(), "dim_").items()}
    facts = {name: referred_keys(model) for name, model in core_models(context.models.values(), "fct_").items()}
    shared = [name for name, key in keys.items() if any(key in held for held in facts.values())]
    return {
        "dimensions": shared,
        "facts": {fact: [name for name in shared if keys[name] in held] for fact, held in facts.items()},
    }
