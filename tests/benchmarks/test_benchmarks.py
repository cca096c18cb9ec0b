"""Every benchmark runs through at a tiny scale, and finds what it compares equal.  Nothing here looks at seconds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import tick
from benchmarks.report import Result

pytestmark = pytest.mark.slow


def test_tick(tmp_path: Path) -> None:
    result = tick.measure(tmp_path, rows=20_000, changes=500, repeats=1, whole=False, days=15)
    assert result.figures["rows that differ"] == {model: 0 for model in tick.COMPARED}
    assert result.figures["changes landed"][0] > 100
    assert result.figures["models run"] > 10
    assert all(result.figures[name] > 0 for name in ("tick seconds", "idle tick seconds", "by hand seconds"))


def test_a_result_is_kept_and_joins_the_history(tmp_path: Path) -> None:
    for seconds in (1.0, 2.0):
        written = Result("tick", {"rows": 1}, {"tick seconds": seconds}).write(tmp_path)
    assert json.loads(written.read_text())["figures"] == {"tick seconds": 2.0}
    history = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [line["figures"]["tick seconds"] for line in history] == [1.0, 2.0]
