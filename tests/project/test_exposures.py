"""Dashboards and data products read marts and columns that exist, as fresh as they expect them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from projects import PROJECT
from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.model.common import ParsableSql

from northstar.exposures import FILE, REFRESHES, Exposures, load_exposures
from northstar.gate.impact import changed_columns, readers

TILL = """
exposures:
  - {name: till, kind: dashboard, title: Till, owner: shop, audience: Sellers, refresh: daily,
     reads: {marts_x.mart_a: [a]}}
"""


@pytest.fixture(scope="module")
def exposures() -> Exposures:
    return load_exposures(PROJECT)


def _load(home: Path, text: str) -> Exposures:
    (home / FILE).parent.mkdir()
    (home / FILE).write_text(text)
    return load_exposures(home)


def test_the_dashboards_and_data_products_are_all_declared(exposures: Exposures) -> None:
    """As many as the design counts; whoever adds one moves the figure."""
    assert Counter(exposure.kind for exposure in exposures.all) == {"dashboard": 25, "data_product": 15}


def test_they_read_columns_that_the_marts_have(exposures: Exposures, context: Context) -> None:
    missing = []
    for exposure in exposures.all:
        for mart, columns in exposure.reads.items():
            model = context.get_model(mart)
            known = {column.lower() for column in model.columns_to_types_or_raise} if model else set()
            missing += [f"{exposure.name}: {mart}.{column}" for column in columns if column not in known]

    assert missing == []


def test_no_column_is_named_twice(exposures: Exposures) -> None:
    twice = {
        (exposure.name, column)
        for exposure in exposures.all
        for columns in exposure.reads.values()
        for column, count in Counter(columns).items()
        if count > 1
    }

    assert twice == set()


def test_every_mart_is_read(exposures: Exposures, context: Context) -> None:
    read = {context.get_model(mart, raise_if_missing=True).fqn for e in exposures.all for mart in e.reads}

    assert {fqn for fqn in context.models if '"MARTS_' in fqn} - read == set()


def test_marts_run_as_often_as_their_readers_expect(exposures: Exposures, context: Context) -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    slower = []
    for exposure in exposures.all:
        for mart in exposure.reads:
            model = context.get_model(mart, raise_if_missing=True)
            period = model.cron_next(noon) - model.cron_prev(noon)
            if period > 2 * REFRESHES[exposure.refresh]:
                slower.append((exposure.name, mart, period))

    assert slower == []


def test_a_column_of_a_fact_reaches_marts_dashboards_and_their_owners(exposures: Exposures, context: Context) -> None:
    """Columns to models to readers: a payout's fees are what treasury looks at."""
    fact = context.get_model("core.fct_payout_balance", raise_if_missing=True)
    query = fact.render_query_or_raise().copy()
    for projection in query.selects:
        if projection.alias_or_name == "FEE_MINOR":
            projection.replace(exp.alias_(exp.Literal.number(0), "FEE_MINOR", quoted=True))
    before = fact.copy(update={"query_": ParsableSql.from_parsed_expression(query, "snowflake")})

    reached = changed_columns(context, dict(context.models) | {fact.fqn: before}, {fact.fqn})
    found = {reader.name: reader for reader in readers(exposures, reached)}

    assert reached[fact.fqn] == {"fee_minor"}
    mart = context.get_model("marts_finance.mart_payout_reconciliation", raise_if_missing=True).fqn
    assert reached[mart] == {"fee_amount", "transaction_amount", "difference_amount"}
    assert {name: reader.owner for name, reader in found.items()} == {
        "cash_and_fees": "treasury",
        "stripe_reconciliation": "treasury",
    }
    assert found["cash_and_fees"].columns == ["marts_finance.mart_payout_reconciliation.fee_amount"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("dashboard", "report", "exposure till: kind must be one of dashboard, data_product"),
        ("daily", "now and then", "exposure till: refresh must be one of half_hourly, hourly"),
        ("[a]", "[]", "exposure till: it must name the marts and columns"),
        (", audience: Sellers", "", "exposure till: .*audience"),
    ],
)
def test_a_wrong_declaration_is_refused_by_name(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        _load(tmp_path, TILL.replace(old, new))
