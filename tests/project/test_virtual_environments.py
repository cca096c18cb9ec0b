"""What ``plan dev`` builds on the real project and real data: only what a change reaches, never anything of prod."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from slices import copy_slice
from sqlmesh import Context
from sqlmesh.core.plan import Plan

from northstar.settings import Settings
from northstar.simulator.company import Company
from northstar.simulator.oltp.schema import create_schema
from northstar.simulator.oltp.seed import seed
from northstar.simulator.postgres_server import PostgresServer
from northstar.tick import tick
from northstar.warehouse import Warehouse

ANCHOR = datetime(2026, 10, 28, 14, 0, tzinfo=UTC)
MART = "marts_operations.mart_provider_utilization"
CLOSURE = "intermediate.int_directory__clinic_closure"

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def app(postgres_server: PostgresServer) -> Iterator[str]:
    """The DSN of a small company's database."""
    name = f"environments_{next(_numbers)}"
    with psycopg.connect(postgres_server.dsn(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        create_schema(postgres_server.dsn(name), extra_tables=0)
        seed(postgres_server.dsn(name), Company(7, 0.02, ANCHOR))
        yield postgres_server.dsn(name)
    finally:
        with psycopg.connect(postgres_server.dsn(), autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name])
            admin.execute(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = %s", [name]
            )
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def prod(app: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse with the company landed and modelled, on a slice of the project that may be edited."""
    home = tmp_path_factory.mktemp("environments")
    copy_slice(home / "project", MART, "marts_operations.mart_third_next_available")
    environment = {
        "NORTHSTAR_PROJECT": str(home / "project"),
        "NORTHSTAR_DUCKDB": str(home / "northstar.duckdb"),
        "NORTHSTAR_STATE": str(home / "state.duckdb"),
        "NORTHSTAR_LANDING": str(home / "landing"),
        "NORTHSTAR_CACHE": str(home / "cache"),
        "NORTHSTAR_GATEWAY": "duckdb",
        "NORTHSTAR_APP_DSN": app,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with Warehouse(Settings.from_environment(environment)) as warehouse:
            report = tick(warehouse, ["app"], environment, ANCHOR)
            assert report.status == "ok", report.as_line()
            yield warehouse


@pytest.fixture(scope="module")
def prod_tables(prod: Warehouse) -> dict[str, str]:
    """The physical tables that prod shows, by model."""
    return _tables(prod.context, "prod")


@pytest.fixture
def edited(prod: Warehouse) -> Iterator[Path]:
    """The project's models, put back after the test."""
    project = prod.context.path
    shutil.copytree(project / "models", project.parent / "models_before")
    yield project / "models"
    shutil.rmtree(project / "models")
    (project.parent / "models_before").rename(project / "models")


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def _plan(context: Context, environment: str) -> Plan:
    context.load()
    return context.plan(environment, execution_time=ANCHOR, auto_apply=True, no_prompts=True, skip_tests=True)


def _tables(context: Context, environment: str) -> dict[str, str]:
    """The physical table or view of each model in an environment."""
    return {
        name: context.table_name(name, environment)
        for name, snapshot in context.snapshots.items()
        if snapshot.is_model and not snapshot.is_external
    }


def _physical(warehouse: Warehouse) -> dict[str, int]:
    """Every physical table with its number of rows."""
    names = warehouse.connection.execute(
        "SELECT schema_name || '.\"' || table_name || '\"' FROM duckdb_tables() "
        "WHERE database_name = 'NORTHSTAR' AND schema_name LIKE 'sqlmesh\\_\\_%' ESCAPE '\\'"
    ).fetchall()
    counted = {}
    for (name,) in names:
        row = warehouse.connection.execute(f"SELECT COUNT(*) FROM NORTHSTAR.{name}").fetchone()
        assert row is not None
        counted[name] = int(row[0])
    return counted


def _rows(warehouse: Warehouse, view: str) -> list[tuple[object, ...]]:
    return warehouse.connection.execute(f"SELECT * FROM NORTHSTAR.{view} ORDER BY ALL").fetchall()


def _short(context: Context, names: set[str]) -> set[str]:
    return {context.get_model(name, raise_if_missing=True).name for name in names}


def test_a_column_more_in_a_mart_builds_that_mart_only(
    prod: Warehouse, prod_tables: dict[str, str], edited: Path
) -> None:
    context = prod.context
    physical, mart = _physical(prod), _rows(prod, MART)
    assert len(mart) > 100
    _replace(
        edited / "marts/operations/mart_provider_utilization.sql",
        "  day.local_date::DATE AS local_date,",
        "  day.local_date::DATE AS local_date,\n  DATE_TRUNC('MONTH', day.local_date)::DATE AS month_start,",
    )

    plan = _plan(context, "dev_column")

    after = _tables(context, "dev_column")
    assert _short(context, {name for name in after if after[name] != prod_tables[name]}) == {MART}
    assert {snapshot.name for snapshot in plan.new_snapshots} == {context.get_model(MART).fqn}
    assert _physical(prod) == physical, "a view needs no table, and nothing else was to be written"
    developed = _rows(prod, "marts_operations__dev_column.mart_provider_utilization")
    assert len(developed) == len(mart)
    assert len(developed[0]) == len(mart[0]) + 1
    assert _rows(prod, MART) == mart


def test_a_breaking_change_rebuilds_the_model_and_its_descendants(
    prod: Warehouse, prod_tables: dict[str, str], edited: Path
) -> None:
    context = prod.context
    physical, mart = _physical(prod), _rows(prod, MART)
    _replace(
        edited / "intermediate/directory/int_directory__clinic_closure.sql",
        "FROM (\n  @latest_image(intermediate.int_directory__clinic_closure_change, closure_id)\n)",
        "FROM (\n  @latest_image(intermediate.int_directory__clinic_closure_change, closure_id)\n)\n"
        "WHERE\n  reason_code <> 'holiday'",
    )

    _plan(context, "dev_filter")

    after = _tables(context, "dev_filter")
    reached = {name for name in after if after[name] != prod_tables[name]}
    model = context.get_model(CLOSURE, raise_if_missing=True).fqn
    assert reached == {model, *context.dag.downstream(model)} & after.keys()
    assert context.get_model(MART).fqn in reached
    kept = _physical(prod)
    assert {name: kept[name] for name in physical} == physical, "tables of prod were written to"
    assert len(kept) > len(physical)
    assert _rows(prod, MART) == mart
    assert len(_rows(prod, "marts_operations__dev_filter.mart_provider_utilization")) > 0


def test_words_and_owners_build_nothing(prod: Warehouse, prod_tables: dict[str, str], edited: Path) -> None:
    context = prod.context
    physical = _physical(prod)
    _replace(edited / "core/fct_provider_day.sql", "owner analytics_engineering", "owner finance_engineering")

    _plan(context, "dev_owner")

    assert _tables(context, "dev_owner") == prod_tables
    assert _physical(prod) == physical
