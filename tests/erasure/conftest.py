"""One small company, landed and modelled, of which patients are forgotten and keys rotated."""

from __future__ import annotations

import logging
import re
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer

for _folder in ("warehouse", "project"):  # lab.py, projects.py
    sys.path.insert(0, str(Path(__file__).parents[1] / _folder))

import lab
from lab import open_lab, open_warehouse
from projects import PARTS, PROJECT, copy_project

ANCHOR = datetime(2026, 11, 4, 14, 0, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def quiet_sqlmesh() -> None:
    logging.getLogger("sqlmesh").setLevel(logging.ERROR)


MODELS = (
    "reference/time_zone", "reference/zip_area", "staging/app/stg_app__patient", "staging/app/stg_app__appointment", "staging/app/stg_app__clinic",
    "intermediate/audited", "intermediate/patients/int_patients__patient_change", "intermediate/patients/int_patients__patient",
    "intermediate/scheduling/int_scheduling__appointment_change", "intermediate/scheduling/int_scheduling__appointment",
    "intermediate/directory/int_directory__clinic_change", "intermediate/directory/int_directory__clinic",
    "core/dim_patient", "core/fct_visit_demographic",
)  # fmt: skip
"""The models through which patients go, and what those need: a tick of all models would take minutes here."""


def _project(home: Path) -> Path:
    """The real project, reduced to these models."""
    copy_project(home, tuple(part for part in PARTS if part != "models"))
    for name in MODELS:
        target = home / "models" / f"{name}.sql"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / "models" / f"{name}.sql", target)
    audited = home / "models/intermediate/audited.sql"
    batches = [name.rpartition("/")[2] for name in MODELS if name.endswith("_change")]
    entries = ", ".join(f"(batch := {batch})" for batch in batches)
    text = re.sub(r"blueprints \(.*?\n  \),\n", f"blueprints ({entries}),\n", audited.read_text(), flags=re.DOTALL)
    audited.write_text(text)
    return home


@pytest.fixture(scope="module")
def modelled(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A warehouse after its first tick."""
    project = _project(tmp_path_factory.mktemp("project"))
    with (
        open_lab(postgres_server, Company(seed=5, scale=0.02, anchor=ANCHOR)) as lab_of_company,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(lab, "PROJECT", project)
        with open_warehouse(lab_of_company, tmp_path_factory.mktemp("erasure"), "erasure") as warehouse:
            warehouse.tick()
            yield warehouse
