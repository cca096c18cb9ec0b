"""The macros of money, executed on DuckDB and compared with amounts worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from sqlglot import exp, parse_one
from sqlmesh.core.macros import MacroEvaluator

from macros import money


def _value(call: exp.Expression) -> Decimal | None:
    row = duckdb.sql(f"SELECT {call.sql(dialect='duckdb')}").fetchone()
    assert row is not None
    value = row[0]
    assert value is None or isinstance(value, Decimal)
    return value


def _literals(*values: str) -> list[exp.Expression]:
    return [parse_one(value, dialect="snowflake") for value in values]


@pytest.mark.parametrize(
    ("minor", "exponent", "amount"),
    [
        ("1234", "2", "12.340"),
        ("-1", "2", "-0.010"),
        ("1234", "0", "1234.000"),
        ("1234", "3", "1.234"),
        ("0", "2", "0.000"),
        ("9007199254740993", "2", "90071992547409.930"),
        ("999999999999999999", "3", "999999999999999.999"),
    ],
)
def test_major(minor: str, exponent: str, amount: str) -> None:
    """Also above 2^53, where a floating-point division would lose the last unit."""
    assert _value(money.major(MacroEvaluator(dialect="snowflake"), *_literals(minor, exponent))) == Decimal(amount)


def test_major_of_an_unknown_exponent_is_unknown() -> None:
    for exponent in ("NULL", "4", "-1"):
        assert _value(money.major(MacroEvaluator(dialect="snowflake"), *_literals("100", exponent))) is None


@pytest.mark.parametrize(
    ("amount", "exponent", "minor"),
    [
        ("12.34", "2", 1234),
        ("12.345", "2", 1235),  # half goes away from zero
        ("-12.345", "2", -1235),
        ("12.3449", "2", 1234),
        ("50287.75", "0", 50288),
        ("1.2345", "3", 1235),  # 1234.5
        ("99999999999999.9999", "3", 100000000000000000),
        ("0", "2", 0),
        ("12.34", "NULL", None),
        ("NULL", "2", None),
    ],
)
def test_minor(amount: str, exponent: str, minor: int | None) -> None:
    literals = _literals(f"CAST({amount} AS DECIMAL(18, 4))", exponent)
    call = money.minor(MacroEvaluator(dialect="snowflake"), *literals)

    assert duckdb.sql(f"SELECT {call.sql(dialect='duckdb')}").fetchone() == (minor,)


@pytest.mark.parametrize(
    ("minor", "exponent", "rate", "amount"),
    [
        ("1234", "2", "CAST(1 AS DECIMAL(18, 8))", "12.34"),
        ("1001", "2", "CAST(0.5 AS DECIMAL(18, 8))", "5.01"),  # 5.005: half goes away from zero
        ("-1001", "2", "CAST(0.5 AS DECIMAL(18, 8))", "-5.01"),
        ("1005", "3", "CAST(1 AS DECIMAL(18, 8))", "1.01"),  # 1.005 has no exact binary form
        ("1234", "0", "CAST(0.00768 AS DECIMAL(18, 8))", "9.48"),  # 9.47712
        ("1234", "3", "CAST(3.2670 AS DECIMAL(18, 8))", "4.03"),  # 4.031478
        ("987654321098765", "2", "CAST(1.5 AS DECIMAL(18, 8))", "14814814816481.48"),  # 14814814816481.475
    ],
)
def test_reporting(minor: str, exponent: str, rate: str, amount: str) -> None:
    call = money.reporting(MacroEvaluator(dialect="snowflake"), *_literals(minor, exponent, rate))

    assert _value(call) == Decimal(amount)


def test_a_currency_without_a_rate_has_no_amount_in_dollars() -> None:
    call = money.reporting(MacroEvaluator(dialect="snowflake"), *_literals("100", "2", "CAST(NULL AS DECIMAL(18, 8))"))

    assert _value(call) is None


@pytest.mark.parametrize(
    ("minor", "part", "whole", "share"),
    [
        ("1000", "1", "3", 333),
        ("1000", "2", "3", 667),
        ("1000", "3", "3", 1000),
        ("1", "1", "2", 1),  # half goes away from zero
        ("-1", "1", "2", -1),
        ("-1000", "2", "3", -667),
        ("0", "1", "3", 0),
        ("1", "0", "365", 0),
        ("19999999", "1", "4", 5000000),  # 4999999.75
        ("9999999", "1", "20000000", 0),  # 0.49999995: at six decimals a half
        ("4503599627370495", "1", "1", 4503599627370495),
        ("90071992547409", "9007199254740", "9007199254740", 90071992547409),
    ],
)
def test_share_of(minor: str, part: str, whole: str, share: int) -> None:
    call = money.share_of(MacroEvaluator(dialect="snowflake"), *_literals(minor, part, whole))

    assert duckdb.sql(f"SELECT {call.sql(dialect='duckdb')}").fetchone() == (share,)


def test_a_share_of_nothing_is_unknown() -> None:
    call = money.share_of(MacroEvaluator(dialect="snowflake"), *_literals("100", "0", "0"))

    assert duckdb.sql(f"SELECT {call.sql(dialect='duckdb')}").fetchone() == (None,)


@pytest.mark.parametrize(
    ("minor", "exponent", "target", "rate", "amount"),
    [
        ("1500", "2", "2", "NULL", 1500),
        ("1500", "2", "3", "3.2", 4688),  # 15.00 dollars at 3.2 dollars a dinar: 4.6875 dinar
        ("1500", "2", "0", "0.0067", 2239),  # 2238.8 yen
        ("1001", "2", "2", "2.0", 501),  # 5.005
        ("-1001", "2", "2", "2.0", -501),
        ("40", "0", "2", "150", 27),  # 0.2667 dollars
        ("922337203685477", "2", "3", "3.187806", 2893329153924288),
    ],
)
def test_converted(minor: str, exponent: str, target: str, rate: str, amount: int) -> None:
    call = money.converted(
        MacroEvaluator(dialect="snowflake"), *_literals(minor, exponent, target, f"CAST({rate} AS DOUBLE)")
    )

    assert duckdb.sql(f"SELECT {call.sql(dialect='duckdb')}").fetchone() == (amount,)


def test_every_rate_is_of_a_known_currency_and_every_month_has_one() -> None:
    seeds = Path(__file__).parents[2] / "seeds"
    rates = duckdb.read_csv(str(seeds / "exchange_rate.csv"), all_varchar=True)
    currencies = duckdb.read_csv(str(seeds / "currency.csv"))
    unknown = duckdb.sql("SELECT DISTINCT currency FROM rates ANTI JOIN currencies USING (currency)").fetchall()
    months = duckdb.sql(
        """
        SELECT currency, COUNT(DISTINCT valid_from), MIN(valid_from), MAX(valid_from),
          MIN(usd_per_unit::DECIMAL(18, 8)) > 0
        FROM rates WHERE valid_from LIKE '____-__-01' GROUP BY ALL
        """
    ).fetchall()

    assert (rates.shape, currencies.shape) == ((300, 3), (59, 4))
    assert unknown == []
    assert sorted(months) == [
        (name, 60, "2023-01-01", "2027-12-01", True) for name in ("CAD", "EUR", "GBP", "JPY", "KWD")
    ]
