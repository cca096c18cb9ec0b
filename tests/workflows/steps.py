"""Jobs of ``.github/workflows`` as shell scripts: each step's command with its variables, expressions resolved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github/workflows"

_EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")


@dataclass(frozen=True)
class Step:
    """One command of a job."""

    name: str
    run: str
    env: dict[str, str]


def jobs() -> dict[str, dict[str, Any]]:
    """Every job, as ``workflow.job``."""
    return {
        f"{path.stem}.{name}": job
        for path in sorted(FOLDER.glob("*.yml"))
        for name, job in yaml.safe_load(path.read_text())["jobs"].items()
    }


def steps(job: Mapping[str, Any], values: Mapping[str, str]) -> list[Step]:
    """The commands of a job, for these values of expressions.  Raises KeyError for an expression without a value."""

    def resolved(text: object) -> str:
        return _EXPRESSION.sub(lambda match: values[match.group(1)], str(text))

    found = []
    for step in job["steps"]:
        if "run" in step:
            env = {**job.get("env", {}), **step.get("env", {})}
            found.append(Step(step["name"], step["run"], {name: resolved(value) for name, value in env.items()}))
    return found
