"""The simulated company's warehouse on both engines: every table of core and marts is the same, types included.

Both are DuckDB underneath, so that this shows what the translation and SQLMesh's two adapters do, and not what
Snowflake does (docs/snowflake.md lists what remains unverified).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from company_lab import SOURCES, CompanyLab, open_company
from emulator import Snowflake, emulated
from engines import PARAMETERS, create_stage, throw_away_key, typed_rows
from grammar import CLAUSES, clauses, shapes, unparsable
from lab import HALF_HOUR, LabWarehouse, open_warehouse
from projects import PROJECT
from slices import copy_slice
from sqlmesh.utils import CompletionStatus

from northstar.pseudonyms import ensure_key
from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer

pytestmark = [pytest.mark.timeout(3600), pytest.mark.slow]

ANCHOR = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)
TICKS = 4
STATE = "state_of_snowflake"
COMPARED = re.compile(r"core|marts_\w+|reference")
SLICE = (
    "marts_operations.mart_third_next_available", "marts_operations.mart_provider_performance",
    "marts_operations.mart_appointment_outcome", "marts_growth.mart_bookings_by_owner",
    "marts_finance.mart_mrr_movement", "marts_finance.mart_revenue_day",
)  # fmt: skip


@pytest.fixture(scope="module", params=["slice", "whole"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "whole":
        return PROJECT
    project = tmp_path_factory.mktemp("slice")
    copy_slice(project, *SLICE)
    return project


@contextmanager
def on_snowflake(lab: CompanyLab, server: PostgresServer, home: Path, project: Path) -> Iterator[LabWarehouse]:
    """A warehouse on gateway snowflake as config.yaml has it, with its state in PostgreSQL."""
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{STATE}" WITH (FORCE)'.encode())
        admin.execute(f'CREATE DATABASE "{STATE}"'.encode())
    where = psycopg.conninfo.conninfo_to_dict(server.dsn(STATE))
    state = {
        "NORTHSTAR_STATE_HOST": str(where["host"]), "NORTHSTAR_STATE_PORT": str(where.get("port", 5432)),
        "NORTHSTAR_STATE_USER": str(where["user"]), "NORTHSTAR_STATE_DATABASE": STATE,
        "NORTHSTAR_SNOWFLAKE_KEY_PATH": str(throw_away_key(home)), "NORTHSTAR_CACHE": str(home / "cache"),
    }  # fmt: skip
    create_stage(home / "landing")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**PARAMETERS, **state}.items():
            patch.setenv(name, value)
        lab_environment = lab.environment
        patch.setattr(lab, "environment", lambda: {**lab_environment(), **PARAMETERS, **state})
        with open_warehouse(lab, home, "on_snowflake", SOURCES, project) as warehouse:
            yield warehouse


@pytest.fixture(scope="module")
def both(
    postgres_server: PostgresServer, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LabWarehouse, LabWarehouse, Snowflake]]:
    """Both after some ticks of the same life, with the same key of pseudonyms; every run a success."""
    with (
        emulated() as account,
        open_company(postgres_server, Company(seed=27, scale=0.05, anchor=ANCHOR)) as lab,
        open_warehouse(lab, tmp_path_factory.mktemp("duckdb"), "on_duckdb", SOURCES, project) as duck,
        on_snowflake(lab, postgres_server, tmp_path_factory.mktemp("snowflake"), project) as snow,
    ):
        share_key(duck, snow)
        for number in range(TICKS):
            if number:
                lab.live(ANCHOR + number * HALF_HOUR)
            for warehouse in (duck, snow):
                report = warehouse.tick()
                assert report.run is not None
                assert report.run.status == CompletionStatus.SUCCESS.value
        yield duck, snow, account


def share_key(duck: LabWarehouse, snow: LabWarehouse) -> None:
    """Pseudonyms are the same only under the same key."""
    for warehouse in (duck, snow):
        ensure_key(warehouse.warehouse.statements)
    pads = duck.warehouse.statements.execute("SELECT * FROM restricted.pseudonym_key").fetchone()
    snow.warehouse.statements.execute("DELETE FROM restricted.pseudonym_key")
    snow.warehouse.statements.execute("INSERT INTO restricted.pseudonym_key VALUES (?, ?)", list(pads))


Both = tuple[LabWarehouse, LabWarehouse, Snowflake]


def test_every_table_of_core_and_marts_is_the_same(both: Both) -> None:
    duck, snow, _ = both
    compared, differ, filled = 0, {}, 0
    for model in duck.warehouse.context.models.values():
        if not COMPARED.fullmatch(model.schema_name.lower()) or model.kind.is_embedded:
            continue
        table = f"{model.schema_name}.{model.view_name}"
        wanted, found = typed_rows(duck.warehouse.context, table), typed_rows(snow.warehouse.context, table)
        compared += 1
        filled += len(wanted) > 1
        if wanted != found:
            only = [row for row in wanted if row not in found][:2], [row for row in found if row not in wanted][:2]
            differ[table] = (len(wanted), len(found), only)
    assert compared > 10
    assert filled > compared // 2
    assert differ == {}


def test_raw_and_the_ledger_are_the_same(both: Both) -> None:
    loads = "SELECT source, object, COUNT(*), SUM(row_count) FROM ops.load_ledger GROUP BY source, object ORDER BY 1, 2"
    duck, snow = (
        [tuple(row) for row in warehouse.warehouse.statements.execute(loads).fetchall()] for warehouse in both[:2]
    )
    assert duck == snow
    assert len({source for source, *_ in duck}) == len(SOURCES)


def test_what_was_sent_is_snowflakes(both: Both) -> None:
    found = shapes(both[2].sent)
    assert len(found) > 100
    assert unparsable(found.values()) == []


def test_clauses_are_reviewed(both: Both) -> None:
    """Nobody is to take for shown what the emulator drops."""
    found = clauses(shapes(both[2].sent).values())
    assert "CopyGrantsProperty" in found
    assert found <= CLAUSES.keys()
