"""History that was imported while the warehouse lives: a dimension's versions reach back, today's stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from slices import copy_slice

from northstar.ingest.contract import Batch
from northstar.migrate.export import Export
from northstar.migrate.history import migrate
from northstar.migrate.mapping import load_mapping
from northstar.settings import Settings
from northstar.simulator.legacy.history import unload_history
from northstar.tick import tick
from northstar.warehouse import Warehouse

ROOT = Path(__file__).parents[2]
FIRST = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LIVE = """
SELECT 'R' AS _op, CAST(9000 AS BIGINT) AS _commit_lsn, number AS _seq, TIMESTAMP '2026-03-02 09:10:00' AS _commit_ts,
  number AS provider_id, CAST(1 AS BIGINT) AS account_id, CAST(1 AS BIGINT) AS home_clinic_id, '1' AS npi,
  'Ada' AS first_name, 'de la Cruz' AS last_name, '207Q00000X' AS specialty_code, 'MD' AS credential,
  DATE '2020-05-01' AS hired_on, CAST(NULL AS DATE) AS terminated_on, TIMESTAMP '2020-05-01' AS created_at,
  TIMESTAMP '2025-07-01' AS updated_at
FROM range(1, 4) AS numbers(number)
"""


@pytest.mark.slow
def test_versions_reach_back_and_the_open_one_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_slice(tmp_path / "project", "core.dim_provider")
    environment = {
        "NORTHSTAR_PROJECT": str(tmp_path / "project"), "NORTHSTAR_DUCKDB": str(tmp_path / "northstar.duckdb"),
        "NORTHSTAR_STATE": str(tmp_path / "state.duckdb"), "NORTHSTAR_LANDING": str(tmp_path / "landing"),
        "NORTHSTAR_LOCK": str(tmp_path / "lock"),
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    old = duckdb.connect()
    old.execute(f"CREATE TABLE provider AS {LIVE}")
    unload_history(old, "provider", tmp_path / "old", datetime(2024, 1, 1, tzinfo=UTC), days=1)
    live: pa.Table = old.execute(LIVE).to_arrow_table()
    mappings = [one for one in load_mapping(ROOT).history if one.legacy == "dw.provider_history"]

    with Warehouse(Settings.from_environment(environment)) as warehouse:
        stamp = FIRST - timedelta(seconds=1)
        with warehouse.landing.begin("app", "live", stamp) as writer:
            writer.write("directory__providers", live)
        warehouse.sink.load("app", Batch("live", writer.files, {"lsn": 9000}, stamp), stamp)
        warehouse.sink.seal("app", FIRST)
        assert tick(warehouse, [], environment, FIRST).status == "ok"
        versions = (
            "SELECT specialty_code, valid_from, valid_to, is_current FROM core.dim_provider WHERE provider_id = 1 "
            "ORDER BY valid_from"
        )
        beginning, end = datetime(1900, 1, 1), datetime(9999, 12, 31)
        assert warehouse.connection.execute(versions).fetchall() == [("207Q00000X", beginning, end, True)]

        later = FIRST + timedelta(minutes=30)
        for _ in range(2):
            list(migrate(mappings, Export(str(tmp_path / "old")), warehouse.sink, warehouse.landing, later))
        warehouse.sink.seal("app", later)
        assert tick(warehouse, [], environment, later).status == "ok"

        changed = datetime(2024, 1, 1) - timedelta(days=300) + timedelta(days=201)
        found = warehouse.connection.execute(versions).fetchall()
        assert found == [("208D00000X", beginning, changed, False), ("207Q00000X", changed, end, True)]
