"""Metrics are declared once, on marts that exist, in words and formulas that compute."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from projects import PROJECT
from sqlglot import exp, transpile
from sqlmesh import Context
from typer.testing import CliRunner

from northstar.cli import app
from northstar.metrics import FILE, Metric, load_metrics

FILL_RATE = Metric(
    name="fill_rate",
    title="Fill rate",
    description="Share of slots.",
    mart="marts_operations.mart_provider_utilization",
    formula="SUM(booked_slots) / NULLIF(SUM(available_slots), 0)",
    unit="ratio",
    grain=("provider_id", "local_date", "currency"),
    owner="analytics_engineering",
)


@pytest.fixture(scope="module")
def metrics() -> dict[str, Metric]:
    return load_metrics(PROJECT)


def test_metrics_name_columns_that_their_mart_has(metrics: dict[str, Metric], context: Context) -> None:
    unknown = []
    for metric in metrics.values():
        mart = context.get_model(metric.mart, raise_if_missing=True)
        columns = {column.lower() for column in mart.columns_to_types_or_raise}
        unknown += [f"{metric.name}: {column}" for column in sorted(metric.columns - columns)]

    assert unknown == []


def test_the_list_gives_names_that_can_be_typed(metrics: dict[str, Metric], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("COLUMNS", "80")

    listed = CliRunner().invoke(app, ["metrics"]).output

    assert [name for name in metrics if f" {name} " not in listed] == []


def test_every_mart_has_a_metric(metrics: dict[str, Metric], context: Context) -> None:
    named = {context.get_model(metric.mart, raise_if_missing=True).fqn for metric in metrics.values()}
    marts = {fqn for fqn in context.models if '"MARTS_' in fqn}

    assert marts - named == set()


def test_a_query_breaks_down_and_never_adds_across_currencies() -> None:
    by_currency = replace(FILL_RATE, always_by=("currency",), filter="local_date > '2026-01-01'")

    query = " ".join(by_currency.query(["provider_id"]).split())

    assert query == (
        "SELECT provider_id, currency, SUM(booked_slots) / NULLIF(SUM(available_slots), 0) AS fill_rate "
        "FROM marts_operations.mart_provider_utilization WHERE local_date > '2026-01-01' "
        "GROUP BY provider_id, currency"
    )


def test_an_expression_says_what_the_query_says(metrics: dict[str, Metric], context: Context) -> None:
    """Over rows of which each filter keeps some, with NULLs; the query has its filter in WHERE."""
    with duckdb.connect() as connection:
        for metric in metrics.values():
            mart = context.get_model(metric.mart, raise_if_missing=True)
            columns = {name.lower(): kind for name, kind in mart.columns_to_types_or_raise.items()}
            values = ", ".join(
                f"{_sample(columns[name], number)} AS {name}" for number, name in enumerate(sorted(metric.columns))
            )
            schema, table = metric.mart.split(".")
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            connection.execute(f"CREATE OR REPLACE TABLE {metric.mart} AS SELECT {values} FROM range(60) AS t(i)")
            alone = f"SELECT {metric.expression(table)} FROM {metric.mart}"
            whole = replace(metric, always_by=()).query()
            said, meant = (
                connection.execute(transpile(sql, read="snowflake", write="duckdb")[0]).fetchall()
                for sql in (alone, whole)
            )
            assert said == meant != [(None,)], metric.name


def _sample(kind: exp.DataType, number: int) -> str:
    """SQL for a value that varies with the row ``i``, and is NULL in some."""
    if kind.is_type("boolean"):
        value = f"i % {number + 2} = 0"
    elif kind.is_type(*exp.DataType.NUMERIC_TYPES):
        value = f"CAST((i * 37 + {number}) % 23 + 1 AS {kind.sql('duckdb')})"
    elif kind.is_type(*exp.DataType.TEXT_TYPES):
        value = "['all', 'at_risk', 'other'][i % 3 + 1]"
    else:
        value = f"CAST(DATE '2026-01-01' + CAST(i AS INTEGER) AS {kind.sql('duckdb')})"
    return f"IF(i % 11 = {number % 11}, NULL, {value})"


def test_a_breakdown_that_the_mart_cannot_give_is_refused() -> None:
    with pytest.raises(ValueError, match=r"fill_rate can be broken down by provider_id, .*not by color"):
        FILL_RATE.query(["color"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": "percent"}, "unit must be one of"),
        ({"formula": "booked_slots / available_slots"}, "must aggregate"),
        ({"always_by": ("region",)}, "columns of the grain"),
    ],
)
def test_a_wrong_metric_is_refused_by_name(change: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=f"metric fill_rate: .*{message}"):
        replace(FILL_RATE, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {name: a, titel: b}", "metric a: .*titel"),
        ("- {name: a, unit: count}", "metric a: .*missing"),
    ],
)
def test_a_declaration_that_cannot_be_read_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(text + "\n")

    with pytest.raises(ValueError, match=message):
        load_metrics(tmp_path)


def test_a_word_means_one_metric(tmp_path: Path) -> None:
    (tmp_path / FILE).parent.mkdir()
    entry = (
        "{{name: {name}, title: t, description: d, mart: m, formula: SUM(x), unit: count, grain: [x], owner: o, "
        "synonyms: [{word}]}}"
    )
    (tmp_path / FILE).write_text(f"- {entry.format(name='a', word='size')}\n- {entry.format(name='b', word='size')}\n")

    with pytest.raises(ValueError, match="metric b: 'size' already means a"):
        load_metrics(tmp_path)
