"""Every command of the page on changes, as a newcomer types them, on a slice of the project with real data."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from lab import open_lab, open_warehouse
from slices import copy_slice
from steps import ROOT

from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs/workflow.md").read_text()
CLOSURE = "models/intermediate/directory/int_directory__clinic_closure.sql"
ANCHOR = datetime(2026, 10, 28, 14, 0, tzinfo=UTC)
SLICE = ("marts_operations.mart_provider_utilization", "marts_operations.mart_third_next_available")
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
FIGURE = re.compile(r"[-+]?\d[\d,.:]*( ?[kMG]?B\b|%)?")
TEN_MINUTES = 600.0


@dataclass
class Desk:
    """Where a newcomer sits: a checkout beside a warehouse, and a shell."""

    project: Path
    environment: dict[str, str]

    def type(self, command: str) -> str:
        """Run a command.  Returns what it printed; fails when it fails."""
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.project, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def desk(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[Desk]:
    """A slice under git, and a warehouse that a tick has filled."""
    project = tmp_path / "project"
    copy_slice(project, *SLICE)
    (project / ".gitignore").write_text("logs/\n.cache/\n__pycache__/\n")
    with (
        open_lab(postgres_server, Company(7, 0.02, ANCHOR), extra_tables=0) as lab,
        open_warehouse(lab, tmp_path, project=project) as opened,
    ):
        opened.tick()
        opened.warehouse.release()
        person = {f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environment = {
            **os.environ,
            **opened.environment,
            **person,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "250",
            "SQLMESH_RUNTIME_ENVIRONMENT": "terminal",
        }
        found = Desk(project, environment)
        found.type("git init -q && git add -A && git commit -qm 'As it is'")
        yield found


def test_the_page_is_done_in_ten_minutes_and_prints_what_it_says(desk: Desk) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    printed, compared = "", 0
    for kind, text in BLOCK.findall(PAGE):
        match kind:
            case "sql":
                with (desk.project / CLOSURE).open("a") as file:
                    file.write(f"\n{text}")
            case "sh":
                printed = "".join(desk.type(line) for line in text.splitlines())
            case _:
                assert [line for line in text.splitlines() if not _is_printed(line, printed)] == [], printed
                compared += 1
    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert compared == 2
    # The processors' seconds: on a machine of its own they are about as many as the clock's.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < TEN_MINUTES
    with duckdb.connect(desk.environment["NORTHSTAR_DUCKDB"], read_only=True) as connection:
        reasons = connection.execute("SELECT DISTINCT reason_code FROM intermediate.int_directory__clinic_closure")
        assert {reason for (reason,) in reasons.fetchall()} == {"weather", "maintenance"}


def _is_printed(line: str, printed: str) -> bool:
    """Whether a line of the page was printed, with whatever figures; of a table its first columns are enough."""
    *first, last = _cells(line) or [""]
    return last in ("", "...") or any(
        shown[: len(first)] == first and shown[len(first)].startswith(last)
        for shown in map(_cells, printed.splitlines())
        if len(shown) > len(first)
    )


def _cells(line: str) -> list[str]:
    cells = re.split("[│┃]", line.strip().strip("│┃"))
    return [" ".join(FIGURE.sub("0", cell).lower().split()) for cell in cells if cell.strip() or len(cells) > 1]
