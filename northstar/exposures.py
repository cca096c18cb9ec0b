"""Exposures: the dashboards and data products that read marts, and who owns them (``contracts/exposures.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlmesh.utils import yaml

FILE = Path("contracts/exposures.yaml")
"""The declarations, relative to the project's root."""

KINDS = frozenset({"dashboard", "data_product"})

REFRESHES = {
    "half_hourly": timedelta(minutes=30),
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=28),
}
"""How often a reader expects new data; a mart that it reads must run at least as often."""


@dataclass(frozen=True)
class Exposure:
    """One thing outside the warehouse that reads marts."""

    name: str
    kind: str
    title: str
    owner: str
    audience: str
    """Who looks at it, in words."""
    refresh: str
    """How often it expects new data, one of REFRESHES."""
    reads: Mapping[str, tuple[str, ...]]
    """Columns that it reads, by mart."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"exposure {self.name}: kind must be one of {', '.join(sorted(KINDS))}")
        if self.refresh not in REFRESHES:
            raise ValueError(f"exposure {self.name}: refresh must be one of {', '.join(REFRESHES)}")
        if not self.reads or not all(self.reads.values()):
            raise ValueError(f"exposure {self.name}: it must name the marts and columns that it reads")


@dataclass(frozen=True)
class Exposures:
    """All exposures, and what of the marts that they read may end when."""

    all: tuple[Exposure, ...]
    retirements: Mapping[str, date]
    """First day on which a mart (``marts_x.mart_y``) or a column of one (``marts_x.mart_y.column``) may be gone."""

    def readers(self, mart: str, columns: set[str]) -> list[Exposure]:
        """The exposures that read any of the columns of a mart."""
        return [exposure for exposure in self.all if columns.intersection(exposure.reads.get(mart, ()))]

    def is_published(self, mart: str) -> bool:
        """Whether anything outside the warehouse reads a mart."""
        return any(mart in exposure.reads for exposure in self.all)

    def may_be_gone(self, mart: str, column: str, today: date) -> bool:
        """Whether the end of a column, or of its whole mart, was announced and has come."""
        ends = [self.retirements.get(mart), self.retirements.get(f"{mart}.{column}")]
        return any(end is not None and end <= today for end in ends)


def load_exposures(project: Path) -> Exposures:
    """Read the declarations.  Raises ValueError with the exposure's name for a wrong one."""
    content: dict[str, Any] = yaml.load(project / FILE, render_jinja=False)
    found: dict[str, Exposure] = {}
    for entry in content.get("exposures", []):
        reads = {mart: tuple(columns) for mart, columns in entry.get("reads", {}).items()}
        try:
            exposure = Exposure(**{**entry, "reads": reads})
        except TypeError as error:
            raise ValueError(f"exposure {entry.get('name', '(without a name)')}: {error}") from error
        if exposure.name in found:
            raise ValueError(f"exposure {exposure.name} is declared twice")
        found[exposure.name] = exposure
    return Exposures(tuple(found.values()), dict(content.get("retirements") or {}))
