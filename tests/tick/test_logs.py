"""What a tick says of itself: every line parses, carries its ids, is documented, and holds no value of the data."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from little import HALF_HOUR, MIDNIGHT, ROOT, Little
from typer.testing import CliRunner, Result

from northstar import logs
from northstar.cli import app
from northstar.commands.tick import EXIT_CODES
from northstar.console import ExitCode

TELLING = 987654321
"""A value planted in every source: as a key, a number and a text."""
SETTINGS_PAGE = (ROOT / "docs" / "settings.md").read_text()
CONFIGURED = {"NORTHSTAR_APP_DSN": "x", "NORTHSTAR_STRIPE_API_KEY": "x", "NORTHSTAR_LOG_FORMAT": "json"}


def ticked(little: Little, number: int) -> Result:
    at = MIDNIGHT + (number + 1) * HALF_HOUR
    return CliRunner().invoke(app, ["tick", "--at", at.strftime("%Y-%m-%dT%H:%M")], env=CONFIGURED)


@pytest.fixture(autouse=True)
def loggers() -> Any:
    """Logging as it was."""
    names = ("northstar", "sqlmesh")
    before = [(logging.getLogger(name).handlers[:], logging.getLogger(name).level) for name in names]
    yield
    for name, (handlers, level) in zip(names, before, strict=True):
        logging.getLogger(name).handlers[:], logging.getLogger(name).propagate = handlers, True
        logging.getLogger(name).setLevel(level)


def plant(little: Little, number: int) -> None:
    """Values that must not be told: in good rows, and in rows on which a type and an audit fail."""
    little.live(number)
    little.change("stripe", ("I", TELLING, 2, TELLING))


def a_bad_row(little: Little) -> None:
    little.change("app", ("I", TELLING, None, "2026-03-02", TELLING))


def a_value_of_another_type(little: Little) -> None:
    little.change("app", ("I", 5, 1, f"{TELLING}", 1))


def a_source_down(little: Little) -> None:
    little.down("stripe")


def nothing(little: Little) -> None:
    pass


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        pytest.param(nothing, ExitCode.OK, marks=pytest.mark.slow),
        pytest.param(a_bad_row, ExitCode.MODELS_FAILED, marks=pytest.mark.slow),
        (a_value_of_another_type, ExitCode.MODELS_FAILED),
        pytest.param(a_source_down, ExitCode.SOURCE_FAILED, marks=pytest.mark.slow),
    ],
)
def test_every_line_parses_has_its_ids_and_no_values(
    little: Little, trouble: Callable[[Little], None], code: ExitCode
) -> None:
    plant(little, 0)
    trouble(little)
    done = ticked(little, 0)
    assert done.exit_code == code, (done.stdout, done.stderr)
    (line,) = [json.loads(text) for text in done.stdout.splitlines()]
    logged = [json.loads(text) for text in done.stderr.splitlines()]

    assert {"at", "level", "logger", "event", "run_id"} <= set.intersection(*(set(entry) for entry in logged))
    assert {entry["run_id"] for entry in logged} == {line["run_id"]}
    events = [entry["event"] for entry in logged]
    assert (events[0], events[-1]) == ("tick_started", "tick_finished")
    assert all(re.fullmatch(r"[a-z_]+", event) for event in events), "an event is a name, not a sentence"
    batches = [(entry["source"], entry["batch_id"]) for entry in logged if entry["event"] == "batch_loaded"]
    assert len(batches) == (1 if code is ExitCode.SOURCE_FAILED else 2)
    with little.warehouse() as warehouse:
        known = warehouse.connection.execute("SELECT DISTINCT source, load_id FROM ops.load_ledger").fetchall()
        kept = warehouse.connection.execute("SELECT to_json(t)::VARCHAR FROM ops.tick_log AS t").fetchall()
        landed = warehouse.connection.execute("SELECT count(*) FROM raw_app.visit").fetchone()
    assert set(batches) == set(known)
    assert landed is not None and landed[0] >= 6
    for text in (done.stdout, done.stderr, str(kept)):
        assert str(TELLING) not in text


def test_each_name_in_the_line_is_documented_and_each_documented_name_is_there(little: Little) -> None:
    little.live(0)
    line = json.loads(ticked(little, 0).stdout)
    section = SETTINGS_PAGE.partition("## The line that a tick prints")[2].partition("\n## ")[0]
    documented = {name for row in re.findall(r"^\| (`.*?) \|", section, re.M) for name in re.findall(r"`(\w+)`", row)}
    assert documented == set(line)
    statuses = set(re.findall(r"`(\w+)`", re.findall(r"^\| `status` \| (.*?); in", section, re.M)[0])) - {"error"}
    assert statuses == set(EXIT_CODES)


def test_each_exit_code_is_documented() -> None:
    section = SETTINGS_PAGE.partition("## Exit codes of `northstar`")[2].partition("\n## ")[0]
    assert {int(code) for code in re.findall(r"^\| (\d) \|", section, re.M)} == {code.value for code in ExitCode}


def test_each_event_is_documented_with_what_it_carries() -> None:
    """From the source: every call of a logger under northstar/, the simulator aside."""
    called: dict[str, set[str]] = {}
    for file in (ROOT / "northstar").rglob("*.py"):
        if "simulator" in file.parts:
            continue
        text = file.read_text()
        calls = re.findall(r"_log\.\w+\(\s*([^,)]+)", text)
        assert all(re.fullmatch(r'"[a-z_]+"', first) for first in calls), f"{file.name}: an event is a literal name"
        for first in calls:
            called.setdefault(first.strip('"'), set()).add(file.name)
    section = SETTINGS_PAGE.partition("## The log")[2].partition("\n## ")[0]
    first_cells = re.findall(r"^\| (`.*?) \|", section, re.M)
    assert {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)} == set(called)


def test_an_exception_is_told_by_its_kind_only(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up({"NORTHSTAR_LOG_FORMAT": "json"})
    with logs.run("test") as run_id:
        try:
            raise ValueError(f"{TELLING} is not a day")
        except ValueError:
            logging.getLogger("northstar.test").exception("test_failed")
    entry = json.loads(capsys.readouterr().err)
    assert entry["exception"] == "ValueError" and entry["run_id"] == run_id
    assert str(TELLING) not in json.dumps(entry)
