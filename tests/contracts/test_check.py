"""``northstar contracts check`` names what is new, gone or changed, at the sources and in raw."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import psycopg
import pytest
from typer.testing import CliRunner

from northstar.cli import app
from northstar.contracts import load_contracts
from northstar.contracts.check import declared_types, differences
from northstar.contracts.live import LiveObject, LiveSource, landed, live_source
from northstar.simulator.company import Company
from northstar.simulator.oltp.schema import create_schema
from northstar.simulator.salesforce import SalesforceServer, SalesforceWorld

ROOT = Path(__file__).parents[2]
CONTRACT = """
source: app
objects:
  thing: {key: [thing_id], columns: {thing_id: internal, name: internal, until: internal, until__varchar: denied}}
  lost: {key: [], columns: {a: internal}}
"""
SAME = LiveObject({"thing_id": "BIGINT", "name": "VARCHAR", "until": "TIMESTAMP"}, ("thing_id",))
LOST = LiveObject({"a": "VARCHAR"}, ())


def _found(
    tmp_path: Path, live: LiveSource, raw: dict[str, LiveObject] | None = None, **types: dict[str, str]
) -> list[tuple[str, str, str]]:
    (tmp_path / "app.yaml").write_text(CONTRACT)
    declared = {f"raw_app.{name}": columns for name, columns in types.items()}
    found = differences(load_contracts(tmp_path), "app", live, raw or {}, declared)
    return [(difference.kind, difference.name, difference.detail) for difference in found]


def test_nothing_is_said_when_all_agree(tmp_path: Path) -> None:
    live = LiveSource({"thing": SAME, "lost": LOST})
    raw = {"raw_app.thing": LiveObject({**SAME.columns, "until__varchar": "VARCHAR"})}

    assert _found(tmp_path, live, raw, thing={"thing_id": "BIGINT", "name": "TEXT"}) == []


def test_new_gone_and_changed_are_told_apart(tmp_path: Path) -> None:
    changed = LiveObject({"thing_id": "VARCHAR", "until": "TIMESTAMP", "extra": "DATE"}, ("thing_id", "until"))
    found = _found(
        tmp_path,
        LiveSource({"thing": changed, "unheard": SAME}),
        {"raw_app.thing": LiveObject({"landed_only": "VARCHAR"})},
        thing={"thing_id": "BIGINT"},
    )

    assert [(kind, name) for kind, name, _ in found] == [
        ("changed", "thing"), ("changed", "thing.thing_id"), ("gone", "lost"), ("gone", "thing.name"),
        ("new", "thing.extra"), ("new", "thing.landed_only"), ("new", "unheard"),
    ]  # fmt: skip
    assert "its key is thing_id, until, not thing_id" in found[0][2]
    assert "is VARCHAR; models read it as BIGINT" in found[1][2]
    assert "denied until it has a class" in found[4][2]


def test_a_source_that_cannot_tell_all_loses_nothing(tmp_path: Path) -> None:
    assert _found(tmp_path, LiveSource({"thing": LiveObject({"name": "VARCHAR"})}, is_complete=False)) == []


@pytest.fixture
def app_dsn(database: str) -> str:
    create_schema(database, extra_tables=60)
    return database


def _of_app(dsn: str) -> list[tuple[str, str]]:
    contracts = load_contracts(ROOT / "contracts" / "sources")
    live = live_source("app", {"NORTHSTAR_APP_DSN": dsn})
    found = differences(contracts, "app", live, {}, declared_types(ROOT))
    generated = {table.name for table in contracts.of("app")} - live.objects.keys()
    return [(one.kind, one.name) for one in found if one.object not in generated]


def test_the_app_as_it_is_simulated_agrees_until_it_changes(app_dsn: str) -> None:
    assert _of_app(app_dsn) == []
    with psycopg.connect(app_dsn, autocommit=True) as admin:
        admin.execute("ALTER TABLE directory.rooms ADD COLUMN floor int")
        admin.execute("ALTER TABLE directory.rooms DROP COLUMN kind")
        admin.execute("ALTER TABLE scheduling.appointment_types ALTER COLUMN default_minutes TYPE bigint")
        admin.execute("CREATE TABLE directory.wings (wing_id bigint PRIMARY KEY)")

    assert _of_app(app_dsn) == [
        ("changed", "scheduling__appointment_types.default_minutes"),
        ("gone", "directory__rooms.kind"),
        ("new", "directory__rooms.floor"),
        ("new", "directory__wings"),
    ]


@pytest.fixture
def salesforce() -> Iterator[dict[str, str]]:
    world = SalesforceWorld(Company(seed=7, scale=0.02, anchor=datetime(2026, 11, 4, 14, tzinfo=UTC)))
    with SalesforceServer(world.org) as server:
        yield server.environment()


def test_the_other_sources_agree(salesforce: dict[str, str]) -> None:
    contracts = load_contracts(ROOT / "contracts" / "sources")
    for name in ("stripe", "salesforce", "partner"):
        assert differences(contracts, name, live_source(name, salesforce), {}, declared_types(ROOT)) == []


def test_the_command_prints_what_it_finds(app_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = tmp_path / "northstar.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{warehouse}' AS northstar")
        connection.execute("CREATE SCHEMA northstar.raw_app")
        connection.execute("CREATE TABLE northstar.raw_app.directory__rooms (room_id BIGINT, shape VARCHAR)")
    settings = {"NORTHSTAR_DUCKDB": str(warehouse), "NORTHSTAR_APP_DSN": app_dsn, "COLUMNS": "200"}
    for name, value in {**settings, "NORTHSTAR_PROJECT": str(ROOT)}.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(app, ["contracts", "check", "--source", "app"])

    assert done.exit_code == 1
    assert "directory__rooms.shape" in done.output and "denied until it has a class" in done.output
    assert set(landed(warehouse)) == {"raw_app.directory__rooms"}
