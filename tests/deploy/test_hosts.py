"""What runs ticks on a host or in a container: files that say what exists, and an entrypoint that does what it says."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from northstar.cli import app

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "schedulers" / "systemd"
COMMANDS = set(get_command(app).commands)  # type: ignore[attr-defined]


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNITS / name)
    return parser


@pytest.mark.parametrize("name", ["northstar.service", "northstar-tick.service"])
def test_services_run_a_command_that_exists_and_let_it_stop_in_order(name: str) -> None:
    service = unit(name)["Service"]
    program, command = shlex.split(service["ExecStart"])
    assert program.endswith("/bin/northstar") and command in COMMANDS
    assert service["KillSignal"] == "SIGTERM" and int(service["TimeoutStopSec"]) >= 300
    assert service["User"] != "root"


def test_a_tick_that_found_the_lock_taken_or_was_stopped_is_no_failure() -> None:
    assert set(unit("northstar-tick.service")["Service"]["SuccessExitStatus"].split()) == {"4", "5"}
    assert unit("northstar.service")["Service"]["Restart"] == "always"


def test_the_timer_is_the_half_hour() -> None:
    timer = unit("northstar-tick.timer")["Timer"]
    assert timer["OnCalendar"] == "*-*-* *:00,30:00 UTC" and timer["Persistent"] == "true"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_takes_the_units() -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, UNITS.iterdir())], capture_output=True, text=True, timeout=60
    )
    complaints = [line for line in done.stderr.splitlines() if "northstar" in line and "not executable" not in line]
    assert complaints == []


def test_cron_runs_the_tick_at_each_half_hour() -> None:
    lines = [line for line in (ROOT / "schedulers" / "crontab").read_text().splitlines() if line.startswith("*")]
    (line,) = lines
    *when, user, command = line.split(maxsplit=6)
    assert (when, user) == (["*/30", "*", "*", "*", "*"], "northstar")
    assert re.search(r"northstar (\w+) ", command.split("&&")[-1])[1] == "tick"  # type: ignore[index]


def test_stripe_is_compared_once_a_week_wherever_ticks_run() -> None:
    units = [UNITS / name for name in ("northstar.service", "northstar-tick.service")]
    for file in [ROOT / "schedulers" / "crontab", *units]:
        lines = [line.removeprefix("Environment=") for line in file.read_text().splitlines()]
        assert "NORTHSTAR_STRIPE_HEAL=weekly" in lines, file.name
    template = (ROOT / "schedulers" / "aws" / "northstar.yaml").read_text()
    assert "{Name: NORTHSTAR_STRIPE_HEAL, Value: weekly}" in template


def test_the_image_holds_what_sqlmesh_loads_and_the_command() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    copied = {path for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.M) for path in line.split()[:-1]}
    loaded = {"config.yaml", "external_models", "models", "macros", "audits", "signals", "linter", "seeds", "contracts"}
    assert loaded <= copied
    assert all((ROOT / path).exists() for path in copied)
    shipped = (ROOT / ".dockerignore").read_text().splitlines()
    assert all(f"!{path}" in shipped for path in copied)
    assert re.search(r"^USER (?!root)", dockerfile, re.M)
    assert "--no-deps -r requirements.lock" in dockerfile
