"""The little company with the real models of schema ops over a batch whose faulty rows are marked, and a mart of it."""

from __future__ import annotations

import re
import shutil

from little import ROOT, Little

BATCH = """
MODEL (name intermediate.int_visits__visit_change, kind INCREMENTAL_BY_TIME_RANGE (time_column loaded_at),
  signals (source_sealed(source := 'app')),
  audits (not_null(columns := (visit_id)), fault_share(max_share := 0.5, min_faults := 3),
    accepted_range(column := minutes, max_v := 1440, blocking := FALSE)));
SELECT visit_id::BIGINT AS visit_id, _op::VARCHAR AS operation, _seq::BIGINT AS commit_lsn, 0::BIGINT AS commit_seq,
  DATEADD(MINUTE, -9, _loaded_at)::TIMESTAMP AS committed_at, clinic_id::BIGINT AS clinic_id,
  minutes::BIGINT AS minutes,
  CASE WHEN _op <> 'D' AND minutes > 1440 THEN 'endless_visit' END::VARCHAR AS fault_rule,
  _loaded_at::TIMESTAMP AS loaded_at
FROM raw_app.visit WHERE _loaded_at BETWEEN @start_ts AND @end_ts
"""
FACT = """
MODEL (name core.fct_visit, kind INCREMENTAL_BY_UNIQUE_KEY (unique_key visit_id), cron '@hourly',
  signals (parents_due()));
SELECT visit_id::BIGINT AS visit_id, minutes::BIGINT AS minutes FROM intermediate.int_visits__visit_change
WHERE fault_rule IS NULL AND operation <> 'D' AND visit_id IN (
  SELECT visit_id FROM intermediate.int_visits__visit_change WHERE loaded_at BETWEEN @start_ts AND @end_ts)
QUALIFY ROW_NUMBER() OVER (PARTITION BY visit_id ORDER BY commit_lsn DESC) = 1
"""
MART = """
MODEL (name marts_visits.mart_visit, kind VIEW, cron '@hourly');
SELECT COUNT(*)::BIGINT AS visits FROM core.fct_visit
"""
BATCHES = 'BATCHES = {"app": {"intermediate.int_visits__visit_change": "visit_id"}}\n'
SCHEMAS = ("ops", "intermediate", "core", "marts_visits")


def observe(company: Little) -> Little:
    """Add it to the company's project, which has been created."""
    project = company.home / "project"
    models = project / "models"
    for name, text in {"batch": BATCH, "fact": FACT, "mart": MART}.items():
        (models / f"{name}.sql").write_text(text)
    for folder in ("ops", "intermediate/quality"):
        shutil.copytree(ROOT / "models" / folder, models / folder)
    shutil.copy(ROOT / "models/intermediate/audited.sql", models)
    (project / "macros").mkdir()
    (project / "macros/__init__.py").touch()
    macros = (ROOT / "macros/quality.py").read_text()
    found = re.compile(r"^BATCHES = \{.*?^\}\n", re.DOTALL | re.MULTILINE)
    (project / "macros/quality.py").write_text(found.sub(BATCHES, macros, count=1))
    shutil.copytree(ROOT / "audits", project / "audits")
    shutil.copy(ROOT / "external_models/ops.yaml", project / "external_models/ops.yaml")
    return company
