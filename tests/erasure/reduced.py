"""The real project, reduced to the models through which patients go."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from projects import PROJECT
from slices import copy_slice

ANCHOR = datetime(2026, 11, 4, 14, 0, tzinfo=UTC)


def reduced_project(home: Path) -> Path:
    """A copy with patients and their visits only: a tick of all models would take minutes here."""
    copy_slice(home, "core.dim_patient", "core.fct_visit_demographic")
    shutil.copytree(PROJECT / "infra", home / "infra")
    return home
