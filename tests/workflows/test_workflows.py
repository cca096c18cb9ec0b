"""The workflows are sound, and what their steps run does what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from steps import FOLDER, ROOT, jobs, steps

BIN = Path(sys.executable).parent
HERE = Path(__file__).parent
RUN_HERE = set(re.findall(r'checkout\.job\("(.+?)"\)', (HERE / "test_on_a_demo.py").read_text()))
"""Jobs whose steps are run one after the other on one checkout."""
SUITES = {"pull-request.test": "make test", "nightly.test": "make test-full"}
"""Jobs that run these tests themselves."""
BOT = set(re.findall(r'jobs\(\)\["(.+?)"\]', (HERE / "test_bot.py").read_text()))
"""Jobs whose commands are run against a local GitHub."""


def _checked(*command: str, cwd: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_follow_githubs_schema() -> None:
    tool = str(BIN / "check-jsonschema")
    _checked(tool, "--builtin-schema", "vendor.github-workflows", *map(str, FOLDER.glob("*.yml")))
    _checked(tool, "--builtin-schema", "vendor.github-actions", *map(str, ROOT.glob(".github/actions/*/action.yml")))


def test_workflows_are_safe() -> None:
    """No pinned-by-name action, no text of a stranger in a command, no more rights than needed."""
    _checked(str(BIN / "zizmor"), "--offline", "--min-severity", "medium", str(ROOT / ".github"))


def test_every_job_is_run_by_a_test() -> None:
    assert set(jobs()) == RUN_HERE | set(SUITES) | BOT


@pytest.mark.parametrize(("job", "command"), SUITES.items())
def test_suites_are_run_by_the_makefile(job: str, command: str) -> None:
    assert [step.run for step in steps(jobs()[job], {})] == [command]
    _checked(*command.split(), "--dry-run")
