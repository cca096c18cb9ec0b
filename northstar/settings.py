"""Where things are: read from the environment once, with defaults that suit a laptop."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What every command needs to know; each source reads its own variables (docs/settings.md lists all)."""

    project: Path
    """Root of the SQLMesh project."""
    duckdb: Path
    """The warehouse, when DuckDB is the engine; config.yaml reads the same variable."""
    state: Path
    """SQLMesh's state, unless PostgreSQL keeps it; config.yaml reads the same variable."""
    landing: str
    """The landing zone: a directory or an ``s3://`` URL."""
    lock: Path
    """Held by whoever writes to the warehouse."""
    environment: Mapping[str, str]
    """The environment as read, for the sources."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read ``NORTHSTAR_PROJECT``, ``_DUCKDB``, ``_STATE``, ``_LANDING`` and ``_LOCK``."""
        project = Path(environment.get("NORTHSTAR_PROJECT", "."))
        return cls(
            project=project,
            duckdb=Path(environment.get("NORTHSTAR_DUCKDB", "var/northstar.duckdb")),
            state=Path(environment.get("NORTHSTAR_STATE", "var/state.duckdb")),
            landing=environment.get("NORTHSTAR_LANDING", "var/landing"),
            lock=Path(environment.get("NORTHSTAR_LOCK", "var/writer.lock")),
            environment=environment,
        )
