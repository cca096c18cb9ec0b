"""docs/quality.md: its commands, typed on a warehouse with a failing audit and rows in quarantine."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from little import HALF_HOUR, MIDNIGHT, ROOT, Little
from observed import observe
from settled import settle
from shell import Shell, blocks

from northstar.tick import tick

pytestmark = pytest.mark.slow  # each command is a process of its own, as for whoever follows the page

PAGE = ROOT / "docs" / "quality.md"
BATCH = "intermediate.int_visits__visit_change"
LONG = """
MODEL (name marts_visits.mart_long_visit, kind VIEW,
  audits (accepted_range(
    column := minutes, max_v := 1440, condition := loaded_at >= DATEADD(DAY, -1, @execution_ts::TIMESTAMP)
  )));
SELECT visit_id, minutes, loaded_at FROM intermediate.int_visits__visit_change
"""


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell after two ticks: two visits took more than a day, and one still had when it was told again."""
    company = observe(Little(tmp_path).create())
    settle(company, monkeypatch)
    with company.warehouse() as warehouse:
        for number in range(2):
            visits = [("I", 902, 1, "2026-03-02", 2001), ("I", 903, 1, "2026-03-02", 2005)]
            company.change("app", *([("U", 902, 1, "2026-03-02", 2009)] if number else visits))
            tick(warehouse, ("app", "stripe"), company.environment, MIDNIGHT + (number + 1) * HALF_HOUR)
    shell = Shell(company)
    shell.at(MIDNIGHT + 2 * HALF_HOUR + timedelta(minutes=5))
    return shell


def test_every_command_shows_what_the_page_says(typed: Shell) -> None:
    begin, *_ = blocks(PAGE, "Quality of the data")
    (failing,) = blocks(PAGE, "An audit fails")
    (held,) = blocks(PAGE, "Rows in quarantine")
    (told,) = blocks(PAGE, "What ticks tell of themselves")
    settings = {**typed.little.environment, "MODEL": BATCH, "COLUMNS": "250"}
    shown = {}
    for name, commands in {"begin": begin, "failing": failing, "held": held, "told": told}.items():
        done = typed.run(commands, **settings)
        assert done.returncode == 0, (commands, done.stdout, done.stderr)
        shown[name] = done.stdout

    assert "accepted_range" in shown["begin"] and "endless_visit" in shown["begin"]
    assert len(re.findall("accepted_range", shown["failing"])) == 1
    assert re.search(r"endless_visit\s+3", shown["held"]) and len(re.findall(r"\b90[23]\b", shown["held"])) == 3
    assert "marts_visits.mart_visit" in shown["told"] and BATCH in shown["told"]
    for heading in ("An audit fails", "Rows in quarantine"):
        assert f"docs/quality.md, {heading}" in shown["begin"]


def test_all_of_history_is_audited_on_demand(typed: Shell) -> None:
    """A view whose audit looks at the last day finds the old fault when that day is counted from before it."""
    (command,) = blocks(PAGE, "All of history is to be audited")
    (typed.little.home / "project/models/long_visit.sql").write_text(LONG)
    with typed.little.warehouse() as warehouse:
        warehouse.context.plan("prod", no_prompts=True, auto_apply=True, execution_time="2026-05-01")
    for start, code in (("2026-03-02", 1), ("2026-04-20", 0)):
        settings = {**typed.little.environment, "MODEL": "marts_visits.mart_long_visit", "COLUMNS": "250"}
        done = typed.run(command, **settings, START=start, END="2026-05-01")
        assert done.returncode == code, (done.stdout, done.stderr)
        assert ("FAIL" in done.stdout) == bool(code), done.stdout
