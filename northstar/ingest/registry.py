"""The sources there are, by name.  A fifth one is added here, and is one package with ``from_environment``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import cast

from northstar.ingest.contract import IngestError, Source

_PACKAGES = {
    "app": "northstar.ingest.postgres",
}
_SETTING = {
    "app": "NORTHSTAR_APP_DSN",
}

SOURCES = tuple(_PACKAGES)
"""Names of all sources, in the order in which they are read."""


def configured(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The sources whose main setting is in the environment."""
    return tuple(name for name in SOURCES if environment.get(_SETTING[name]))


def open_source(name: str, environment: Mapping[str, str]) -> Source:
    """Open a source.  Raises IngestError for an unknown name or a setting that is missing, naming it."""
    if name not in _PACKAGES:
        raise IngestError(f"there is no source {name!r}; the sources are {', '.join(SOURCES)}")
    from_environment = cast(Callable[[Mapping[str, str]], Source], import_module(_PACKAGES[name]).from_environment)
    return from_environment(environment)
