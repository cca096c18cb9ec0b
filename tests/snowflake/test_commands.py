"""`northstar status` and `sources` of a little company that lives on both engines, in the same trouble on each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from companies import Company, opened, settled
from emulator import Snowflake, emulated
from engines import create_stage, throw_away_key
from grammar import shapes, unparsable
from little import HALF_HOUR, MIDNIGHT
from projects import PROJECT
from sqlmesh import Context
from typer.testing import CliRunner

from northstar.cli import app
from northstar.settings import Settings
from northstar.status import Status, status_of

pytestmark = pytest.mark.slow

NOW = MIDNIGHT + 2 * HALF_HOUR + timedelta(minutes=5)
CONFIGURED = {"NORTHSTAR_APP_DSN": "x", "NORTHSTAR_STRIPE_API_KEY": "x"}
MADE_BY_MODELS = (
    "CREATE VIEW ops.audit_result AS "
    + (PROJECT / "models" / "ops" / "audit_result.sql").read_text().partition(");\n")[2],
    "CREATE TABLE ops.quarantine (source VARCHAR, batch VARCHAR, fault_rule VARCHAR, loaded_on DATE, held_count INT, "
    "readmitted_count INT)",
    "INSERT INTO ops.quarantine VALUES ('partner', 'b', 'a rule', '2026-03-02', 2, 1), "
    "('partner', 'b', 'a rule', '2026-03-03', 1, 0), ('app', 'c', 'another', '2026-03-02', 0, 4)",
)
"""What of schema ops the little company has no models for: audits as they are, and some of a quarantine."""


class Both:
    """The company on each gateway, and the account of the second."""

    def __init__(self, home: Path, account: Snowflake) -> None:
        key = throw_away_key(home)
        self.account = account
        self.companies = [Company(home / name, name, key).create() for name in ("duckdb", "snowflake")]
        create_stage(home / "snowflake" / "landing")

    def __iter__(self) -> Iterator[Company]:
        return iter(self.companies)


@contextmanager
def both_in(home: Path) -> Iterator[Both]:
    with emulated() as account:
        yield Both(home, account)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """After two ticks: in the second a source was down and a model's audit failed."""
    with both_in(tmp_path_factory.mktemp("both")) as made:
        for company in made:
            with opened(company) as warehouse:
                assert company.live_and_tick(warehouse, 0).status == "ok"
                for statement in MADE_BY_MODELS:
                    warehouse.statements.execute(statement)
                company.down("stripe")
                company.change("app", ("I", 777, None, "2026-03-02", 5))
                assert company.live_and_tick(warehouse, 1).status == "models_failed"
        yield made


def looked(company: Company) -> Status:
    with settled(company):
        return status_of(Settings.from_environment({**company.environment, **CONFIGURED}), NOW)


def told(company: Company, *command: str) -> list[dict[str, Any]]:
    """The lines of JSON that a command prints."""
    with settled(company):
        done = CliRunner().invoke(app, [*command, "--json"], env=CONFIGURED)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_before_the_first_tick(tmp_path: Path) -> None:
    with both_in(tmp_path) as made:
        on_duckdb, on_snowflake = (looked(company) for company in made)
    assert on_snowflake.last_tick is None and on_snowflake.busy is None
    assert on_snowflake == on_duckdb


def test_status_is_the_same(both: Both) -> None:
    on_duckdb, on_snowflake = (without_times(looked(company).as_line()) for company in both)
    assert on_snowflake == on_duckdb
    assert [audit["model"] for audit in on_snowflake["audits_failing"]] == ["little.visit_change"]
    assert [(one["held"], one["readmitted"]) for one in on_snowflake["quarantine"]] == [(3, 1)]
    advice = " ".join(one["what"] for one in on_snowflake["next"])
    assert "stripe is down" in advice and "little.visit_change" in advice


def without_times(line: dict[str, Any]) -> dict[str, Any]:
    """Without what is of the machine's clock; that it is there is seen by the keys."""
    last = {name: value for name, value in line["last_tick"].items() if name not in ("seconds", "started_at")}
    audits = [{**one, "passed_at": one["passed_at"] is not None} for one in line["audits_failing"]]
    return {**line, "last_tick": last, "audits_failing": audits}


@pytest.mark.parametrize("command", ["status", "sources"])
def test_the_commands_do_not_load_the_project(both: Both, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("the project was loaded")

    monkeypatch.setattr(Context, "__init__", refuse)
    on_duckdb, on_snowflake = (told(company, command) for company in both)
    assert [line.keys() for line in on_snowflake] == [line.keys() for line in on_duckdb]
    if command == "sources":
        sealed = {line["source"]: (line["sealed_through"], line["cursor"], line["last_error"]) for line in on_snowflake}
        assert sealed == {l["source"]: (l["sealed_through"], l["cursor"], l["last_error"]) for l in on_duckdb}
        assert "down" in sealed["stripe"][2]


def test_what_was_sent_is_snowflakes(both: Both) -> None:
    both.account.sent.clear()
    for command in ("status", "sources"):
        told(both.companies[1], command)
    assert len(both.account.sent) > 10
    assert unparsable(shapes(both.account.sent).values()) == []
