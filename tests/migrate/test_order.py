"""docs/migration.md: every reader has its place in the cut-over."""

from __future__ import annotations

import re
from pathlib import Path

from typer.main import get_command

from northstar.cli import app
from northstar.exposures import load_exposures
from northstar.migrate.order import PAGE, WAVES, table, wave, written

ROOT = Path(__file__).parents[2]


def test_the_page_shows_the_order_of_the_exposures() -> None:
    """Mended by `northstar migrate order`."""
    assert written((ROOT / PAGE).read_text()) == table(load_exposures(ROOT).all)


def test_each_reader_moves_once_and_money_last() -> None:
    exposures = load_exposures(ROOT).all
    shown = written((ROOT / PAGE).read_text())

    assert len(re.findall(r"^\| [^|]+ \| (?:dashboard|data product) \|", shown, re.MULTILINE)) == len(exposures) == 40
    assert {wave(one) for one in exposures} == set(range(1, len(WAVES) + 1))
    for one in exposures:
        finance = any(mart.startswith("marts_finance.") for mart in one.reads)
        assert (wave(one) == len(WAVES)) == finance, one.name


def test_the_pages_commands_exist() -> None:
    """The commands themselves are run in the tests beside this one."""
    groups = get_command(app)
    for command in re.findall(r"northstar migrate (\w+)", (ROOT / PAGE).read_text()):
        assert command in groups.commands["migrate"].commands  # type: ignore[attr-defined]
