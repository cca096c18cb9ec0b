"""A checkout of the project as a runner or an engineer has it, in which commands are run for real."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from steps import ROOT, Step, jobs, steps

BIN = Path(sys.executable).parent
PULL_REQUEST = "7"


@dataclass
class Checkout:
    """A checkout as a runner has it: a merge of a change into the base, whose files are here."""

    home: Path
    project: Path

    def run(self, step: Step) -> str:
        """Run a step as a runner does.  Returns what it printed; fails when it fails."""
        environment = {
            **self.environment,
            **step.env,
            "NORTHSTAR_GATEWAY": "duckdb",  # prod of these tests is the demo's
            "GITHUB_WORKSPACE": str(self.project),
            "GITHUB_SHA": self.git("rev-parse", "HEAD").strip(),
            "GITHUB_STEP_SUMMARY": str(self.home / "summary.md"),
            "RUNNER_TEMP": str(self.home / "temp"),
        }
        if step.name.startswith("A simulated company"):
            environment.pop("PYTHONPATH")
        return self.shell(step.run, environment)

    @property
    def environment(self) -> dict[str, str]:
        """A shell's variables in the checkout, with its commands on the path."""
        path = os.pathsep.join([str(self.home / "bin"), str(self.project / ".venv/bin"), os.environ["PATH"]])
        found = {**os.environ, "PATH": path, "PYTHONPATH": str(self.project)}
        found.pop("NORTHSTAR_CACHE", None)
        return found

    def shell(self, command: str, environment: dict[str, str]) -> str:
        """Run a command in the checkout.  Returns what it printed; fails when it fails."""
        done = subprocess.run(
            ["bash", "-e", "-c", command],
            cwd=self.project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
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


@contextmanager
def open_checkout(file: str, old: str, new: str) -> Iterator[Checkout]:
    """The files as they are here, committed as the base, and a change of one of them on top."""
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
    text = (project / file).read_text()
    assert text.count(old) == 1
    (project / file).write_text(text.replace(old, new))
    found.git("commit", "-qam", "A change")
    yield found
    shutil.rmtree(home)
