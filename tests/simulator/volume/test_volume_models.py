"""The project's models accept what the generator makes: every audit passes, and nothing goes to quarantine."""

from __future__ import annotations

from pathlib import Path

import pytest
from slices import copy_slice

from northstar.settings import Settings
from northstar.simulator.volume import Generator, VolumeCompany
from northstar.warehouse import Warehouse

COMPANY = VolumeCompany(20, patients_per_clinic=40, mean_lead_days=1.0)
TICKS = 12 * 48
MODELS = {
    "core.fct_appointment": ("scheduling__appointments", "appointment_id"),
    "core.fct_appointment_event": ("scheduling__appointment_events", "event_id"),
    "core.fct_patient_invoice": ("billing__invoices", "invoice_id"),
    "core.fct_patient_invoice_line": ("billing__invoice_lines", "invoice_line_id"),
    "core.fct_patient_payment": ("billing__payments", "payment_id"),
    "core.fct_patient_refund": ("billing__refunds", "refund_id"),
    "core.fct_patient_credit_note": ("billing__credit_notes", "credit_note_id"),
}


@pytest.mark.slow
def test_the_models_accept_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    copy_slice(project, *MODELS, "marts_operations.mart_provider_utilization")
    environment = {
        "NORTHSTAR_PROJECT": str(project),
        "NORTHSTAR_DUCKDB": str(tmp_path / "northstar.duckdb"),
        "NORTHSTAR_STATE": str(tmp_path / "state.duckdb"),
        "NORTHSTAR_LANDING": str(tmp_path / "landing"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with Warehouse(Settings.from_environment(environment)) as warehouse:
        generator = Generator(warehouse.connection, COMPANY)
        generator.fill_raw(0, TICKS - 40)
        warehouse.initialise(COMPANY.boundary(TICKS - 41))
        for last in (TICKS - 40, TICKS):
            if last == TICKS:
                generator.fill_raw(TICKS - 40, TICKS)
            report = warehouse.run(COMPANY.boundary(last - 1))
            assert report.succeeded, report.failures
            assert not any(model.audits_failed for model in report.models.values())
        for model, (table, key) in MODELS.items():
            expected = warehouse.connection.execute(f"SELECT count(DISTINCT {key}) FROM raw_app.{table}").fetchone()
            assert warehouse.connection.execute(f"SELECT count(*) FROM {model}").fetchone() == expected, model
        audited = warehouse.connection.execute("""
            SELECT schema_name || '.' || table_name FROM duckdb_columns()
            WHERE schema_name = 'INTERMEDIATE' AND upper(column_name) = 'FAULT_COUNT'""").fetchall()
        assert len(audited) > 10
        for (name,) in audited:
            faults = warehouse.connection.execute(f"SELECT sum(fault_count) FROM {name}").fetchone()
            assert faults in ((0,), (None,)), name
