"""What a benchmark hands over: a table on the terminal, a JSON file, and a line in the history."""

from __future__ import annotations

import json
import os
import platform
import re
import resource
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from northstar.clock import utc_now
from northstar.warehouse import RunReport

RESULTS = Path(__file__).parent / "results"
_STATUS = Path("/proc/self/status")
_PACKAGES = ("sqlmesh", "duckdb", "sqlglot")


@dataclass
class Result:
    """Figures of one run of one benchmark.  Seconds depend on the machine; ratios are between things run in turn."""

    benchmark: str
    settings: dict[str, Any]
    figures: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path = RESULTS) -> Path:
        """Write ``<benchmark>.json`` and add a line to ``history.jsonl``."""
        folder.mkdir(parents=True, exist_ok=True)
        record = {
            "benchmark": self.benchmark,
            "at": utc_now().isoformat(timespec="seconds"),
            "commit": _commit(),
            "settings": self.settings,
            "machine": machine(),
            "figures": self.figures,
        }
        target = folder / f"{self.benchmark}.json"
        target.write_text(json.dumps(record, indent=2, default=str) + "\n")
        with (folder / "history.jsonl").open("a") as history:
            history.write(json.dumps(record, default=str) + "\n")
        return target


def machine() -> dict[str, Any]:
    """Where it was measured, and how busy the machine was with other things."""
    return {
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "memory_limit": os.environ.get("NORTHSTAR_DUCKDB_MEMORY"),
        "python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES},
    }


def _commit() -> str:
    """The commit that was measured, and whether files of it had been edited, other than earlier results."""
    edited = _git("status", "--porcelain", "--untracked-files=no", ":/", ":(top,exclude)benchmarks/results")
    return (_git("rev-parse", "--short", "HEAD") or "unknown") + (", edited" if edited else "")


def _git(*arguments: str) -> str:
    found = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    return found.stdout.strip()


def peak_memory_gb() -> float:
    """The most memory that this process has held so far, in GB; on Linux, since ``forget_peak_memory``."""
    if _STATUS.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
        assert found
        return round(int(found[1]) / 1e6, 3)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9, 3)


def forget_peak_memory() -> None:
    """Measure the most memory from now on, where the system can."""
    if _STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5")


def processor_seconds() -> float:
    """Processor time of this process so far: what a busy machine does not stretch."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def slowest(run: RunReport | None, most: int = 15) -> dict[str, float]:
    """The models that took the most seconds in a run, and how many."""
    models = sorted(run.models.values(), key=lambda model: -model.seconds)[:most] if run else []
    return {model.model: round(model.seconds, 3) for model in models}


def show(title: str, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; numbers to the right."""
    table = Table(title=title, title_justify="left")
    for number, name in enumerate(heading):
        table.add_column(name, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*(f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int)
                        else str(value) for value in row))  # fmt: skip
    Console().print(table)
