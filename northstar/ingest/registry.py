"""The sources there are, by name.  A fifth one is a line here, and one package with ``from_environment``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from northstar.ingest.contract import IngestError, Source


@dataclass(frozen=True)
class _Entry:
    package: str
    """Imported only when the source is opened: a client library costs time and memory."""
    setting: str
    """The variable without which the source is not configured."""


_ENTRIES = {
    "app": _Entry("northstar.ingest.postgres", "NORTHSTAR_APP_DSN"),
    "stripe": _Entry("northstar.ingest.stripe", "NORTHSTAR_STRIPE_API_KEY"),
    "salesforce": _Entry("northstar.ingest.salesforce", "NORTHSTAR_SALESFORCE_LOGIN_URL"),
    "partner": _Entry("northstar.ingest.partner", "NORTHSTAR_PARTNER_S3_URL"),
}

SOURCES = tuple(_ENTRIES)
"""Names of all sources, in the order in which they are shown."""


def configured(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The sources whose main setting is in the environment."""
    return tuple(name for name, entry in _ENTRIES.items() if environment.get(entry.setting))


def chosen(wanted: list[str] | None, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The sources that a person named, or all that are configured.

    Raises ValueError for an unknown name, and when there is nothing to read.
    """
    unknown = [name for name in wanted or () if name not in _ENTRIES]
    if unknown:
        raise ValueError(f"there is no source {unknown[0]!r}; the sources are {', '.join(SOURCES)}")
    names = tuple(wanted) if wanted else configured(environment)
    if not names:
        settings = ", ".join(entry.setting for entry in _ENTRIES.values())
        raise ValueError(f"no source is configured; set at least one of {settings} (docs/deploy.md)")
    return names


def open_source(name: str, environment: Mapping[str, str]) -> Source:
    """Open a source.  Raises IngestError when a setting is missing, naming it."""
    try:
        entry = _ENTRIES[name]
    except KeyError:
        raise IngestError(f"there is no source {name!r}; the sources are {', '.join(SOURCES)}") from None
    from_environment = cast(Callable[[Mapping[str, str]], Source], import_module(entry.package).from_environment)
    return from_environment(environment)
