"""The reckoning of a month: held to the budget, and growing with what arrives, not with history."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from northstar.commands.cost import reckoning
from northstar.cost.model import Reckoning
from northstar.cost.page import PAGE, table, written
from northstar.cost.scans import SCAN, undeclared

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def now() -> Reckoning:
    return reckoning(ROOT)


def _assuming(found: Reckoning, part: str, **changes: Any) -> Reckoning:
    assumed = copy.deepcopy(dict(found.assumed))
    assumed[part] |= changes
    return replace(found, assumed=assumed)


def _only_lookups(found: Reckoning) -> Reckoning:
    whole = {model: {one for one in parents if not one.endswith(SCAN)} for model, parents in found.whole.items()}
    return replace(found, whole={model: frozenset(parents) for model, parents in whole.items()})


def test_the_page_shows_the_figures_of_now(now: Reckoning) -> None:
    """Mended by `northstar cost page`."""
    assert written((ROOT / PAGE).read_text()) == table(now)


def test_the_month_is_within_the_budget(now: Reckoning) -> None:
    assert now.over_budget() == []
    assert set(now.this_design().credits) == set(now.account.warehouses)


def test_more_history_costs_the_nightly_rebuild_alone(now: Reckoning) -> None:
    days = now.assumed["production"]["history_days"]
    later = _assuming(now, "production", history_days=2 * days)

    assert _only_lookups(later).this_design() == _only_lookups(now).this_design()
    assert later.this_design().total < 1.5 * now.this_design().total  # the declared scans, which have to stay small
    assert later.nightly_rebuild().gigabytes == pytest.approx(2 * now.nightly_rebuild().gigabytes)
    assert later.dynamic_tables().gigabytes > 1.5 * now.dynamic_tables().gigabytes


def test_facts_that_read_all_of_a_large_table_at_every_tick_break_the_budget(now: Reckoning) -> None:
    large = max(now.measured.models, key=lambda name: now.measured.models[name].rows_a_run)
    scans = {name: frozenset({f"{large}{SCAN}"}) for name in now.measured.models if name.startswith("core.fct_")}
    scanning = replace(now, whole={**now.whole, **scans})

    (sentence,) = scanning.over_budget()

    assert sentence.startswith("warehouse TRANSFORM would use")


def test_a_larger_warehouse_that_idles_costs_more(now: Reckoning) -> None:
    transform = replace(now.account.warehouses["TRANSFORM"], size="XLARGE", suspend_seconds=600)
    account = replace(now.account, warehouses={**now.account.warehouses, "TRANSFORM": transform})

    assert len(replace(now, account=account).over_budget()) == 1


def test_what_is_read_whole_has_to_be_declared_and_declarations_to_be_true() -> None:
    known = {"core.a": frozenset({"core.log"}), "core.gone": frozenset({"core.log"})}
    found = {"core.a": frozenset({"core.log", "core.other"})}

    assert undeclared(known, known) == []
    added, outlived = undeclared(found, known)
    assert added.startswith("core.a reads all of core.other: bound it by the interval, or declare it under whole_reads")
    assert outlived.endswith("core.gone does not read all of core.log any more")
