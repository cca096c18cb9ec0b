"""The README, done by a test: the demo twice, then every command that it names, on what the demo left."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml
from browser import watched_page

from northstar.simulator.postgres_server import free_port
from northstar.simulator.services import settings_under

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SMALL = ("--scale", "0.05", "--extra-tables", "30", "--ticks", "1")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder that the simulator's PostgreSQL can reach: it does not run as root, and pytest's folders are closed."""
    folder = Path(tempfile.mkdtemp(prefix="northstar-demo-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def first_run(home: Path) -> str:
    return _demo(home)


@pytest.fixture(scope="module")
def environment(home: Path, first_run: str) -> dict[str, str]:
    return {**os.environ, **settings_under(home), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


def _demo(home: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "northstar.simulator", "demo", *SMALL, "--home", str(home)],
        cwd=ROOT, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _run(command: str, environment: dict[str, str], cwd: Path = ROOT) -> str:
    done = subprocess.run(
        command, shell=True, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600, input=""
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def _query(home: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home / "northstar.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_the_demo_shows_what_the_readme_promises(first_run: str, home: Path) -> None:
    for source in ("app", "stripe", "salesforce", "partner"):
        assert re.search(rf"landed from {source}: [\d,]+ rows", first_run)
    assert re.search(r"\d+ models ran, \d+ audits passed", first_run)
    assert "utilization of the last days" in first_run
    assert "all passed" in first_run
    assert "sqlmesh plan dev" in first_run
    assert _query(home, "SELECT count(*) > 1000 FROM marts_operations.mart_provider_utilization") == [(True,)]
    assert _query(home, "SELECT bool_or(booked_minutes > 0) FROM marts_operations.mart_provider_utilization") == [
        (True,)
    ]


def test_every_column_that_models_read_from_raw_is_landed_in_its_type(first_run: str, home: Path) -> None:
    landed = {
        (schema, table, column): kind
        for schema, table, column, kind in _query(
            home, "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()"
        )
    }
    same = {"TEXT": "VARCHAR", "INT": "INTEGER", "BINARY": "BLOB"}
    declared = {
        (*model["name"].split("."), column): same.get(kind, kind).replace(", ", ",")
        for file in (ROOT / "external_models").iterdir()
        for model in yaml.safe_load(file.read_text())
        for column, kind in model["columns"].items()
    }
    assert {column: landed.get(column) for column in declared} == declared


def test_the_commands_of_the_readme_work_on_what_the_demo_left(environment: dict[str, str]) -> None:
    block = (ROOT / "README.md").read_text().split("```sh")[2].split("```")[0]
    commands = [line.split(" #")[0].strip() for line in block.strip().splitlines()]
    assert commands[0] == "source .venv/bin/activate"
    assert len(commands) >= 7
    for command in commands[1:]:
        if command not in (
            "sqlmesh --gateway catalog ui",
            "northstar docs build",
            "sqlmesh plan dev",
        ):  # they stay up, or ask: tests of their own
            _run(command, environment)


@pytest.mark.slow  # builds the site of the whole company and opens it in a browser
def test_the_commands_for_analysts_work_on_what_the_demo_left(environment: dict[str, str]) -> None:
    page = (ROOT / "docs/for-analysts.md").read_text()
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", page, re.DOTALL | re.MULTILINE)
    commands = [line.split(" #")[0].strip() for block in blocks for line in block.strip().splitlines()]
    assert len(commands) >= 7
    for command in commands:
        if command != "sqlmesh --gateway catalog ui":  # stays up: a test of its own
            _run(command, environment)
    assert "northstar docs build" in commands

    with watched_page() as watched:
        column = "marts_finance.mart_mrr_movement/closing_amount_usd"
        watched.page.goto(f"{(ROOT / 'var/site/index.html').as_uri()}#/column/{column}")
        watched.page.wait_for_selector(".lineage path", state="attached")
        assert "raw_stripe." in watched.page.inner_text("#ends")
        assert watched.page.locator("#reached a").count() > 0
    assert watched.errors == []


def test_sqlmesh_plan_dev_builds_the_changed_mart_only(environment: dict[str, str], tmp_path: Path) -> None:
    shutil.copy(ROOT / "config.yaml", tmp_path)
    for name in ("external_models", "models", "audits", "macros", "signals", "linter", "seeds", "contracts"):
        shutil.copytree(ROOT / name, tmp_path / name)
    mart = tmp_path / "models/marts/operations/mart_provider_utilization.sql"
    mart.write_text(mart.read_text().replace("NOT day.available_seconds IS NULL OR", "day.available_seconds > 0 OR"))
    printed = _run("sqlmesh plan dev --auto-apply --no-prompts", environment, cwd=tmp_path)
    built = re.findall(r"^\[\d+/\d+\] (\S+)", printed, re.M)
    assert built == ["MARTS_OPERATIONS__DEV.MART_PROVIDER_UTILIZATION"]


@contextlib.contextmanager
def _ui(environment: dict[str, str]) -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen(
        [str(BIN / "sqlmesh"), "--gateway", "catalog", "ui", "--port", str(port)], cwd=ROOT, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


def test_sqlmesh_ui_knows_the_models(environment: dict[str, str]) -> None:
    with _ui(environment) as url:
        deadline = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(f"{url}/api/models", timeout=60) as answer:
                    names = {model["name"] for model in json.load(answer)}
                break
            except OSError:
                assert time.monotonic() < deadline, "the UI did not come up"
                time.sleep(1)
    assert any("MART_PROVIDER_UTILIZATION" in name.upper() for name in names)


def test_the_second_run_goes_on_where_the_first_ended(home: Path, environment: dict[str, str]) -> None:
    ticks = _query(home, "SELECT max(tick_at) FROM ops.tick_log")
    before = _query(home, "SELECT count(*) FROM core.fct_appointment_event")[0][0]
    printed = _demo(home)
    assert "going on from" in printed
    assert "event_cursor_expired" not in printed, "Stripe's account must come back with the same events"
    assert _query(home, "SELECT max(tick_at) FROM ops.tick_log") > ticks
    after = _query(home, "SELECT count(*), count(DISTINCT event_id) FROM core.fct_appointment_event")[0]
    assert after[0] == after[1]
    assert isinstance(before, int) and isinstance(after[0], int) and after[0] >= before


def test_sources_tell_how_far_they_were_read(environment: dict[str, str]) -> None:
    states = [json.loads(line) for line in _run("northstar sources --json", environment).splitlines()]
    assert [state["source"] for state in states] == ["app", "stripe", "salesforce", "partner"]
    assert all(state["sealed_through"] and state["cursor"] and state["last_error"] is None for state in states)


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("northstar tick --at tomorrow", 2, "is not a time"),
        ("northstar ingest --source strip", 2, "there is no source 'strip'"),
        ("northstar ingest", 2, "no source is configured"),
        ("northstar ingest --source app", 3, "NORTHSTAR_APP_DSN"),
    ],
)
def test_wrong_use_is_answered_with_what_to_do(
    environment: dict[str, str], command: str, code: int, message: str
) -> None:
    bare = {name: value for name, value in environment.items() if "NORTHSTAR_" not in name or "DUCKDB" in name}
    done = subprocess.run(
        command, shell=True, cwd=ROOT, env={**bare, "NORTHSTAR_LOCK": environment["NORTHSTAR_LOCK"], "COLUMNS": "200"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert message in done.stderr
