"""The page on changes names commands and options that there are, and shows the tables that the gate prints."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from steps import ROOT

from northstar.gate.findings import Change, Check, GateReport, MetricDiff, Reader
from northstar.gate.report import grids, verdict

PAGE = (ROOT / "docs/workflow.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
BIN = Path(sys.executable).parent


@pytest.mark.parametrize("command", [line for line in COMMANDS if not line.startswith("git ")])
def test_commands_and_their_options_exist(command: str) -> None:
    program, subcommand, *rest = shlex.split(command)
    done = subprocess.run(
        [BIN / program, subcommand, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={"COLUMNS": "200"},
        check=False,
    )

    assert done.returncode == 0, done.stderr
    for option in (word for word in rest if word.startswith("--")):
        assert option in done.stdout


def test_the_tables_shown_have_the_columns_that_the_gate_prints() -> None:
    report = GateReport("pr_42", "prod", "c", "a", "b", "all of history")
    report.checks = [Check("lint", True, "373 models")]
    report.changes = [Change("m", "breaking", 10)]
    report.metrics = [MetricDiff("fill_rate", "", 1.0, 2.0)]
    report.readers = [Reader("x", "dashboard", "X", "o", ["a.b.c"])]
    printed = {tuple(header) for _, header, _ in grids(report)}

    shown = [
        tuple(cell.strip() for cell in line.strip("┃").split("┃")) for line in PAGE.splitlines() if line[:1] == "┃"
    ]

    assert len(shown) == 4
    for header in shown:
        assert any(header == columns[: len(header)] for columns in printed), header
    assert verdict(report) in PAGE
