"""A shell in which `northstar` and `sqlmesh` are this project's, at a moment that the test sets.

They read a little company's sources in the place of the real ones.  What documents tell people to type is run in it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from little import ROOT, Little

_NORTHSTAR = """#!{python}
import sys, time
from datetime import datetime, timedelta
from pathlib import Path
sys.path[:0] = ["{root}", "{root}/tests/tick"]
from northstar import clock
now = Path("{home}/now")
clock.utc_now = lambda: datetime.fromisoformat(now.read_text()) + timedelta(seconds=time.time() - now.stat().st_mtime)
from little import Little
from northstar.ingest import together
together.open_source = Little(Path("{home}")).open_source
from northstar.cli import app
app()
"""
_SQLMESH = """#!{python}
import sys
sys.path[:0] = ["{root}"]
from sqlmesh.cli.main import cli
cli()
"""
CONFIGURED = {"NORTHSTAR_APP_DSN": "little", "NORTHSTAR_STRIPE_API_KEY": "little"}
"""Settings by which commands take the little company's two sources for configured."""


class Shell:
    """Commands of one little company, run where its project is."""

    def __init__(self, little: Little) -> None:
        self.little = little
        self.programs = little.home / "bin"
        self.programs.mkdir(exist_ok=True)
        self.program("northstar", _NORTHSTAR.format(python=sys.executable, root=ROOT, home=little.home))
        self.program("sqlmesh", _SQLMESH.format(python=sys.executable, root=ROOT))
        self.program("python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        self.environment = {
            **os.environ,
            **little.environment,
            **CONFIGURED,
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "200",
        }

    def program(self, name: str, text: str) -> None:
        """Put a program where the shell finds it first."""
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def at(self, moment: datetime) -> None:
        """Set the time that commands believe it is; it goes on from there."""
        (self.little.home / "now").write_text(moment.isoformat())

    def run(self, commands: str, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run commands with bash, which stops at the first that fails."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands], cwd=cwd or self.little.home / "project", text=True,
            env={**self.environment, **variables}, capture_output=True, timeout=300,
        )  # fmt: skip


def blocks(page: Path, heading: str) -> list[str]:
    """The shell blocks under a heading of a page, without their indentation."""
    text = page.read_text()
    start = re.search(rf"^#+ {re.escape(heading)}$", text, re.M)
    assert start, f"{page.name} has no heading {heading!r}"
    level = len(start[0].split()[0])
    rest = text[start.end() :]
    end = re.search(rf"^#{{1,{level}}} ", re.sub(r"```sh\n.*?```", lambda m: " " * len(m[0]), rest, flags=re.S), re.M)
    section = rest[: end.start()] if end else rest
    found = re.findall(r"^( *)```sh\n(.*?)^ *```$", section, re.M | re.S)
    return [re.sub(rf"^{indent}", "", block, flags=re.M) for indent, block in found]
