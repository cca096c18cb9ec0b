"""The runbook's page on drifting schemas, on the app's PostgreSQL and the real project."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from little import ROOT
from shell import blocks

from northstar.simulator.oltp.schema import create_schema

pytestmark = pytest.mark.slow

PARTS = ("external_models", "models", "macros", "audits", "signals", "linter", "seeds", "contracts")


def project(home: Path) -> Path:
    """A copy of the real one, for which files are written."""
    for part in PARTS:
        shutil.copytree(ROOT / part, home / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "config.yaml", home)
    return home


def test_a_new_column_and_a_new_table_are_told_classed_and_read(database: str, tmp_path: Path) -> None:
    look, write, check = blocks(ROOT / "docs" / "runbook.md", "The schema drifts")
    home = project(tmp_path / "project")
    environment = {
        "NORTHSTAR_APP_DSN": database, "NORTHSTAR_APP_SLOT": "drift", "NORTHSTAR_DUCKDB": str(tmp_path / "w.duckdb"),
        "NORTHSTAR_STATE": str(tmp_path / "state.duckdb"), "NORTHSTAR_LANDING": str(tmp_path / "landing"),
        "NORTHSTAR_LOCK": str(tmp_path / "lock"), "NORTHSTAR_CACHE": str(tmp_path / "cache"), "COLUMNS": "200",
        "PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "TABLE": "app.directory__wings",
    }  # fmt: skip

    def types(commands: str, fails: bool | None = None) -> str:
        done = subprocess.run(
            ["bash", "-uo", "pipefail", "-c", commands], cwd=home, env=environment, capture_output=True, text=True
        )
        assert fails is None or fails == (done.returncode != 0), done.stdout + done.stderr
        return done.stdout + done.stderr

    create_schema(database, extra_tables=0)
    assert "ok" in types("northstar ingest --source app")
    with psycopg.connect(database, autocommit=True) as app:
        app.execute("ALTER TABLE directory.rooms ADD COLUMN floor int")
        app.execute("CREATE TABLE directory.wings (wing_id bigint PRIMARY KEY, name text)")
        app.execute("INSERT INTO directory.wings VALUES (1, 'north')")
    assert "ok" in types("northstar ingest --source app")
    told = types(look)
    assert "directory__rooms.floor" in told and "directory__wings" in told

    directory = home / "contracts" / "sources" / "app" / "directory.yaml"
    rooms = re.search(r"directory__rooms:\s*\n(?:.*\n)*?\s+columns:.*\n(\s+)(\w+: )", directory.read_text())
    assert rooms, "the contract of rooms lists its columns"
    text = directory.read_text()
    directory.write_text(f"{text[: rooms.start(2)]}floor: internal\n{rooms[1]}{text[rooms.start(2) :]}")
    said = types(write, fails=False)
    assert "wrote models/staging/app/stg_app__wing.sql" in said
    assert "directory__wings.wing_id is denied" in types("sqlmesh lint", fails=True)

    text = directory.read_text()
    wings = text.index("directory__wings:")
    directory.write_text(text[:wings] + text[wings:].replace(": denied", ": internal", 2))
    model = home / "models/staging/app/stg_app__wing.sql"
    assert model.exists()
    left = types(check)
    assert "directory__rooms.floor" not in left
    assert not re.search(r"directory__wings\b", left), left
