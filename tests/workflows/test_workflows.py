"""The workflows are sound, and what their steps run does what they say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from steps import FOLDER, ROOT, Step, jobs, steps

BIN = Path(sys.executable).parent
RUN_HERE = {"pull-request.gate", "merge.promote", "nightly.clean", "nightly.docs"}
"""Jobs whose steps these tests run, one after the other, on one checkout."""
SUITES = {"pull-request.test": "make test", "nightly.test": "make test-full"}
"""Jobs that run these tests themselves."""
BOT = {"pull-request.snowflake"}

PULL_REQUEST = "7"
CLOSURE = "models/intermediate/directory/int_directory__clinic_closure.sql"
FROM = "FROM (\n  @latest_image(intermediate.int_directory__clinic_closure_change, closure_id)\n)"


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


@dataclass
class Checkout:
    """A checkout as a runner has it: a merge of a change into the base, whose files are here."""

    home: Path
    project: Path

    def run(self, step: Step) -> str:
        """Run a step as a runner does.  Returns what it printed; fails when it fails."""
        environment = {
            **os.environ,
            **step.env,
            "NORTHSTAR_GATEWAY": "duckdb",  # prod of these tests is the demo's
            "PYTHONPATH": str(self.project),
            "PATH": f"{self.home / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "GITHUB_WORKSPACE": str(self.project),
            "GITHUB_SHA": self.git("rev-parse", "HEAD").strip(),
            "GITHUB_STEP_SUMMARY": str(self.home / "summary.md"),
            "RUNNER_TEMP": str(self.home / "temp"),
        }
        environment.pop("NORTHSTAR_CACHE", None)
        if step.name.startswith("A simulated company"):
            environment.pop("PYTHONPATH")
        done = subprocess.run(
            ["bash", "-e", "-c", step.run],
            cwd=self.project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{step.name}: {done.stdout}{done.stderr}"
        return done.stdout

    def job(self, name: str) -> None:
        """Run all steps of a job."""
        values = {
            "github.event.number": PULL_REQUEST,
            "github.token": "of-this-run",
            "runner.temp": str(self.home / "temp"),
            "secrets.NORTHSTAR_SNOWFLAKE_KEY": "a key",
            "secrets.NORTHSTAR_STATE_PASSWORD": "",
            **{
                f"vars.NORTHSTAR_{part}": ""
                for part in ("SNOWFLAKE_ACCOUNT", "SNOWFLAKE_USER", "STATE_HOST", "STATE_USER")
            },
        }
        for step in steps(jobs()[name], values):
            self.run(step)

    def git(self, *arguments: str) -> str:
        """Run git in the checkout."""
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
        command = ["git", "-C", str(self.project), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Rows of a query on the warehouse."""
        with duckdb.connect(str(self.project / "var/northstar.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    """The files as they are here, committed as the base, and a change of a model on top."""
    home = Path(tempfile.mkdtemp(prefix="northstar-workflows-"))
    home.chmod(0o755)  # the simulator's PostgreSQL does not run as root
    project = home / "project"
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, project / name)
    (project / ".venv").symlink_to(BIN.parent)
    (home / "temp").mkdir()
    (home / "bin").mkdir()
    (home / "bin/gh").write_text(
        f'#!/bin/sh\necho "$@" >> {home}/gh.log\nwhile [ "$1" != --body-file ]; do shift; done\n'
    )
    (home / "bin/gh").write_text((home / "bin/gh").read_text() + f'cp "$2" {home}/comment.md\n')
    (home / "bin/gh").chmod(0o755)
    found = Checkout(home, project)
    found.git("init", "-q")
    found.git("add", "-A")
    found.git("commit", "-qm", "base")
    text = (project / CLOSURE).read_text()
    assert text.count(FROM) == 1
    (project / CLOSURE).write_text(text.replace(FROM, f"{FROM}\nWHERE\n  reason_code <> 'holiday'"))
    found.git("commit", "-qam", "Holidays no longer close clinics")
    yield found
    shutil.rmtree(home)


@pytest.mark.slow
def test_a_pull_request_is_gated_commented_merged_and_promoted(checkout: Checkout) -> None:
    checkout.job("pull-request.gate")

    assert (checkout.home / "gh.log").read_text().startswith(f"pr comment {PULL_REQUEST} --edit-last --create-if-none")
    comment = (checkout.home / "comment.md").read_text()
    assert comment.startswith("### The gate is open")
    assert "in environment pr_7" in comment and "int_directory__clinic_closure" in comment
    assert (checkout.home / "summary.md").read_text() == comment
    closures = "SELECT COUNT(*), COUNT_IF(reason_code = 'holiday') FROM intermediate{}.int_directory__clinic_closure"
    [(before, holidays)] = checkout.rows(closures.format(""))
    assert checkout.rows(closures.format("__pr_7")) == [(before - holidays, 0)]  # type: ignore[operator]

    checkout.job("merge.promote")

    assert checkout.rows(closures.format("")) == [(before - holidays, 0)]  # type: ignore[operator]
    schemas = "SELECT COUNT(*) FROM duckdb_schemas() WHERE schema_name LIKE '%\\_\\_merge\\_%' ESCAPE '\\'"
    assert checkout.rows(schemas) == [(0,)]

    checkout.job("nightly.clean")


@pytest.mark.slow
def test_the_documentation_is_as_the_models_are(checkout: Checkout) -> None:
    checkout.job("nightly.docs")
