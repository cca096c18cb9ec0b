"""The real project, reduced to the models through which patients go."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from projects import PARTS, PROJECT, copy_project

ANCHOR = datetime(2026, 11, 4, 14, 0, tzinfo=UTC)

MODELS = (
    "reference/time_zone", "reference/zip_area", "staging/app/stg_app__patient", "staging/app/stg_app__appointment", "staging/app/stg_app__clinic",
    "intermediate/audited", "intermediate/patients/int_patients__patient_change", "intermediate/patients/int_patients__patient",
    "intermediate/scheduling/int_scheduling__appointment_change", "intermediate/scheduling/int_scheduling__appointment",
    "intermediate/directory/int_directory__clinic_change", "intermediate/directory/int_directory__clinic",
    "core/dim_patient", "core/fct_visit_demographic",
)  # fmt: skip
"""The models through which patients go, and what those need: a tick of all models would take minutes here."""


def reduced_project(home: Path) -> Path:
    """A copy with these models only."""
    copy_project(home, (*(part for part in PARTS if part != "models"), "infra"))
    for name in MODELS:
        target = home / "models" / f"{name}.sql"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / "models" / f"{name}.sql", target)
    audited = home / "models/intermediate/audited.sql"
    batches = [name.rpartition("/")[2] for name in MODELS if name.endswith("_change")]
    entries = ", ".join(f"(batch := {batch})" for batch in batches)
    audited.write_text(audited.read_text().replace("@each_batch()", f"({entries})"))
    return home
