"""The gate and promotion on both engines: the same change, the same findings, the same prod."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from emulator import emulated
from engines import throw_away_key
from grammar import KINDS, kinds, shapes, unparsable, unreviewed
from shop import DUCKDB, MART, Shop, open_shop

from northstar.gate.run import run_gate
from northstar.promotion.ledger import digest_of_environment
from northstar.promotion.promote import promote
from northstar.warehouse import WarehouseError

pytestmark = pytest.mark.slow

SNOWFLAKE = (
    "{{type: snowflake, account: nowhere, user: nobody, private_key_path: %s, database: NORTHSTAR, "
    "concurrent_tasks: 1}}"
)
SHOWN = (MART, "intermediate.int_shop__owed", "intermediate.int_shop__shop")


def _changed(shop: Shop) -> list[Any]:
    """A view, a merged table and a dimension with history are changed, previewed and promoted: what was found."""
    shop.edit("models/mart_sale_day.sql", "SUM(amount)::", "(SUM(amount) * 2)::")
    shop.edit("models/int_shop__owed.sql", "SUM(amount)", "SUM(amount + 1)")
    shop.edit("models/int_shop__shop.sql", "city::VARCHAR", "UPPER(city)::VARCHAR")
    shop.commit()
    with pytest.raises(WarehouseError, match="the gate has not seen this project"):
        promote(shop.context)
    report = run_gate(shop.context, environment="pr_7")
    assert report.passed, report.checks
    promotion = promote(shop.context)
    assert promotion.changed and digest_of_environment(shop.context, "prod") == promotion.digest
    costs = [(cost.model, cost.rows, cost.prod_intervals) for cost in report.costs]
    rows = [sorted(shop.rows(f"SELECT * FROM {name}"), key=repr) for name in SHOWN]
    window = report.window.partition(";")[0]  # DuckDB adds that it cannot clone
    return [window, costs, report.changed_columns, report.readers, report.diffs, report.metrics, rows]


def test_a_change_is_previewed_compared_and_promoted(tmp_path: Path) -> None:
    (tmp_path / "duckdb").mkdir()
    (tmp_path / "snowflake").mkdir()
    with open_shop(tmp_path / "duckdb", connection=DUCKDB) as shop:
        on_duckdb = _changed(shop)
    with emulated() as account:
        key = throw_away_key(tmp_path)
        with open_shop(tmp_path / "snowflake", connection=SNOWFLAKE % key) as shop:
            on_snowflake = _changed(shop)
        assert unparsable(shapes(account.sent).values()) == []
        assert kinds(shapes(account.sent).values()) <= KINDS.keys()
        assert unreviewed(shapes(account.sent).values()) == set()
    assert on_snowflake == on_duckdb
    assert on_duckdb[4] and on_duckdb[5]


def test_an_audit_that_fails_closes_it(tmp_path: Path) -> None:
    with emulated(), open_shop(tmp_path, connection=SNOWFLAKE % throw_away_key(tmp_path)) as shop:
        shop.edit("models/mart_sale_day.sql", "SUM(amount)::", "NULLIF(SUM(amount), 2760)::")
        shop.commit()
        report = run_gate(shop.context)
        assert [check.name for check in report.checks if not check.passed] == ["preview"]
        with pytest.raises(WarehouseError, match="the gate is closed"):
            promote(shop.context)
