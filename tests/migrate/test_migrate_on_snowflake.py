"""Moving over from the old warehouse ends the same on both engines."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import snowflake.connector
from companies import GATEWAY
from emulator import Snowflake, emulated
from engines import create_stage, throw_away_key
from little import CONFIG, ROOT
from old_warehouse import MART, create_mart, create_providers
from typer.testing import CliRunner

from northstar.cli import app
from northstar.console import ExitCode
from northstar.contracts import CONTRACTS
from northstar.ingest.duckdb_sink import connect
from northstar.migrate.mapping import FILE
from northstar.simulator.legacy.history import unload_history
from northstar.simulator.legacy.reports import unload_reports

GATEWAYS = ("duckdb", "snowflake")
TABLES = ("raw_app.directory__providers", "raw_app.scheduling__appointments")


@pytest.fixture
def account() -> Iterator[Snowflake]:
    with emulated() as account:
        yield account


def northstar(home: Path, gateway: str, *command: str) -> str:
    """What a command says, on a gateway of the project in ``home``."""
    given = {
        "NORTHSTAR_PROJECT": str(home / "project"), "NORTHSTAR_GATEWAY": gateway,
        "NORTHSTAR_DUCKDB": str(home / "northstar.duckdb"), "NORTHSTAR_STATE": str(home / "state.duckdb"),
        "NORTHSTAR_LANDING": str(home / gateway), "NORTHSTAR_LOCK": str(home / "lock"),
        "NORTHSTAR_LEGACY": str(home / "old"), "NORTHSTAR_SNOWFLAKE_KEY_PATH": str(home / "throw_away.p8"),
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("northstar.gateway.missing", lambda environment: [])  # the state is in a file here
        result = CliRunner().invoke(app, command, env=given)
    assert result.exit_code == ExitCode.OK, result.output
    return " ".join(result.output.split())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A project that maps the old warehouse, on either gateway."""
    for part in (CONTRACTS, Path("external_models")):
        shutil.copytree(ROOT / part, tmp_path / "project" / part)
    shutil.copy(ROOT / FILE, tmp_path / "project" / FILE)
    (tmp_path / "project/config.yaml").write_text(CONFIG.replace("\nmodel_defaults", f"{GATEWAY}\nmodel_defaults"))
    throw_away_key(tmp_path)
    return tmp_path


def test_history_is_the_same_in_raw(account: Snowflake, home: Path) -> None:
    with duckdb.connect() as old:
        create_providers(old)
        unload_history(old, "provider", home / "old", datetime(2024, 1, 1, tzinfo=UTC), days=40)
    create_stage(home / "snowflake")
    said = [northstar(home, gateway, "migrate", "history", "--at", "2026-03-02T09:30") for gateway in GATEWAYS]
    assert said[0] == said[1]
    again = northstar(home, "snowflake", "migrate", "history", "--at", "2026-03-02T10:00")
    assert again.count("was there already") == len(TABLES)

    connection = connect(home / "northstar.duckdb")
    with snowflake.connector.connect(database="NORTHSTAR") as session:
        for table in TABLES:
            expected = connection.execute(f"SELECT * FROM {table} ORDER BY ALL").to_arrow_table()
            found = session.cursor().execute(f"SELECT * FROM {table}")
            assert found is not None
            names = [column.name.lower() for column in found.description]
            rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
            assert _sorted(rows) == _sorted(expected.to_pylist())
            assert rows
    connection.close()


def test_a_report_finds_the_same_differences(account: Snowflake, home: Path) -> None:
    connection = connect(home / "northstar.duckdb")
    create_mart(connection)
    unload_reports(connection, MART, home / "old")
    connection.close()
    snowflake.connector.connect(database="NORTHSTAR").close()
    create_mart(account.duckdb)

    on_duckdb, on_snowflake = (northstar(home, gateway, "migrate", "report", "--json") for gateway in GATEWAYS)
    assert '"figure": "no_show_count"' in on_snowflake
    assert on_snowflake == on_duckdb


def _sorted(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(repr({name: row[name] for name in sorted(row)}) for row in rows)
