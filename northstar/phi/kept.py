"""Lineages that were read before, kept in SQLMesh's cache: reading all takes longer than loading the project."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from sqlmesh.core.model import Model
from sqlmesh.utils.cache import FileCache

from northstar.phi import labels, lineage
from northstar.phi.lineage import ModelLineage, lineage_of

Find = Callable[[str], Model | None]

_READ_BY = [Path(inspect.getfile(module)).read_text() for module in (labels, lineage)]
"""The code that reads lineages: what other code has read is not taken."""

_OWN = re.compile(r"(from|import) (macros|northstar)\b")


class KeptLineages:
    """Lineages in files, each under a digest of everything that it was read from."""

    def __init__(self, cache: Path) -> None:
        self._files: FileCache[ModelLineage] = FileCache(cache, prefix="phi_lineage")

    def lineage_of(self, model: Model, models: Find, sqlmesh_columns: frozenset[str]) -> ModelLineage:
        """What ``lineage.lineage_of`` gives, read again only when something that it is read from has changed."""
        if _runs_code_of_elsewhere(model):
            return lineage_of(model, models, sqlmesh_columns)
        return self._files.get_or_load(
            model.name,
            _digest(model, models, sqlmesh_columns),
            loader=lambda: lineage_of(model, models, sqlmesh_columns),
        )


def _runs_code_of_elsewhere(model: Model) -> bool:
    """Whether a macro is this project's and the model holds its name only, not its text, so that no digest tells."""
    return any(code.is_import and _OWN.match(code.payload) for code in model.python_env.values())


def _digest(model: Model, models: Find, sqlmesh_columns: frozenset[str]) -> str:
    read_from = [*_READ_BY, version("sqlglot"), version("sqlmesh"), *sorted(sqlmesh_columns), *_parts(model, models)]
    return hashlib.sha256(json.dumps(read_from).encode()).hexdigest()


def _parts(model: Model, models: Find) -> Iterator[object]:
    """The model, its macros and variables, and what its parents are like."""
    yield from (type(model).__name__, model.fqn, model.default_catalog, model.data_hash, model.metadata_hash)
    yield str(model.sorted_python_env)
    yield _columns(model)
    for parent in sorted(model.depends_on or ()):
        found = models(parent)
        yield [parent, found and _columns(found)]


def _columns(model: Model) -> list[tuple[str, str]]:
    return [(name, str(kind)) for name, kind in (model.columns_to_types or {}).items()]
