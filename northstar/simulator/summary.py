"""What the demo shows at its end, read from the warehouse as an analyst would."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import duckdb
from rich.console import Console
from rich.table import Table

from northstar.tick import TickReport

_TABLES = """
SELECT lower(schema_name) || '.' || lower(view_name)
FROM duckdb_views()
WHERE lower(schema_name) = 'core' OR lower(schema_name) IN ('marts_finance', 'marts_operations', 'marts_growth')
ORDER BY schema_name, view_name
"""

_UTILIZATION = """
SELECT
    local_date,
    count(DISTINCT provider_id) AS providers,
    sum(available_minutes) / 60 AS available_hours,
    sum(booked_minutes) FILTER (available_minutes IS NOT NULL) / sum(available_minutes) AS booked,
    sum(fulfilled_minutes) FILTER (available_minutes IS NOT NULL) / sum(available_minutes) AS realised,
    sum(booked_slots) / sum(available_slots) AS fill_rate,
    bool_and(is_period_complete) AS complete
FROM marts_operations.mart_provider_utilization
WHERE local_date BETWEEN ?::DATE - 6 AND ?::DATE + 1
GROUP BY local_date
HAVING sum(available_minutes) > 0
ORDER BY local_date
"""

_CHANGED_PROVIDER = """
SELECT provider_name, specialty_name, valid_from, valid_to, is_current
FROM core.dim_provider
WHERE provider_id = (
    SELECT provider_id FROM (
        SELECT provider_id, valid_from, specialty_code,
            lag(specialty_code) OVER (PARTITION BY provider_id ORDER BY valid_from) AS before
        FROM core.dim_provider)
    WHERE before <> specialty_code ORDER BY valid_from DESC, provider_id LIMIT 1)
ORDER BY valid_from
"""


_IDENTITY = """
SELECT system, match_status, coalesce(match_rule, ''), count(*)
FROM intermediate.int_identity__account
GROUP BY ALL
ORDER BY system, match_status, 3
"""


_REVENUE = """
SELECT revenue_date, revenue_stream, sum(billed_amount_usd), sum(recognised_amount_usd), sum(collected_amount_usd),
    sum(net_of_fees_amount_usd)
FROM marts_finance.mart_revenue_day
WHERE revenue_date BETWEEN ?::DATE - 4 AND ?::DATE
GROUP BY ALL
ORDER BY ALL
"""

_MRR = """
SELECT month_start, sum(opening_amount_usd), sum(new_amount_usd + reactivation_amount_usd), sum(expansion_amount_usd),
    -sum(contraction_amount_usd + churn_amount_usd), sum(fx_amount_usd), sum(closing_amount_usd)
FROM marts_finance.mart_mrr_movement
WHERE month_start >= date_trunc('month', ?::DATE) - INTERVAL 3 MONTH
GROUP BY ALL
ORDER BY ALL
"""

_STAGES = """
SELECT stage, count(*) FROM marts_growth.mart_account_lifecycle WHERE is_current GROUP BY ALL ORDER BY ALL
"""


def print_summary(connection: duckdb.DuckDBPyConnection, reports: Sequence[TickReport], console: Console) -> None:
    """Print rows per table, figures of the last days, a provider's history, audits, and what to try next."""
    console.print()
    _print_counts(connection, console)
    if reports:
        _print_utilization(connection, reports[-1], console)
        _print_figures(connection, reports[-1], console)
    _print_history(connection, console)
    _print_identity(connection, console)
    _print_audits(reports, console)
    console.print("\n[bold]try next[/]")
    for command, purpose in (
        ("source .venv/bin/activate", "puts sqlmesh and northstar on the path"),
        ("sqlmesh plan dev", "previews a change: edit models/marts/operations/mart_provider_utilization.sql first"),
        ('sqlmesh fetchdf "SELECT * FROM core.dim_provider LIMIT 5"', "asks the warehouse"),
        ("sqlmesh --gateway catalog ui", "column lineage in the browser"),
        ("make demo", "lets the clinics work on for some more half hours"),
    ):
        console.print(f"  {command:<58} [dim]{purpose}[/]", highlight=False)


def _print_counts(connection: duckdb.DuckDBPyConnection, console: Console) -> None:
    table = Table("table", "rows", title="rows in core and marts", title_justify="left")
    table.columns[1].justify = "right"
    for (name,) in connection.execute(_TABLES).fetchall():
        (count,) = connection.execute(f"SELECT count(*) FROM {name}").fetchone() or (0,)
        table.add_row(name, f"{count:,}")
    console.print(table)


def _print_utilization(connection: duckdb.DuckDBPyConnection, last: TickReport, console: Console) -> None:
    table = Table(
        "local day", "providers", "available h", "booked", "realised", "fill rate", "",
        title="utilization of the last days, and of the next", title_justify="left",
    )  # fmt: skip
    for column in table.columns[1:6]:
        column.justify = "right"
    today = last.at.date()
    for day, providers, hours, booked, realised, fill, complete in connection.execute(
        _UTILIZATION, [today, today]
    ).fetchall():
        table.add_row(
            f"{day:%a %Y-%m-%d}",
            str(providers),
            f"{hours:,.0f}",
            f"{booked or 0:.1%}",
            f"{realised or 0:.1%}",
            f"{fill or 0:.1%}",
            "" if complete else "not over yet",
        )
    console.print(table)


def _print_figures(connection: duckdb.DuckDBPyConnection, last: TickReport, console: Console) -> None:
    today = last.at.date()
    for title, header, query, parameters in (
        (
            "revenue of the last days, US dollars: what clinics bill their patients, and Northstar its customers",
            ("day", "stream", "billed", "recognised", "collected", "net of fees"),
            _REVENUE,
            [today, today],
        ),
        (
            "monthly recurring revenue, US dollars",
            ("month", "opening", "won and back", "more", "less and gone", "rates", "closing"),
            _MRR,
            [today],
        ),
        ("accounts by stage of their life", ("stage", "accounts"), _STAGES, []),
    ):
        table = Table(title=title, title_justify="left")
        for name in header:
            table.add_column(name, justify="left" if name in ("day", "stream", "month", "stage") else "right")
        for row in connection.execute(query, parameters).fetchall():
            table.add_row(*(f"{cell:,.0f}" if isinstance(cell, Decimal | int) else str(cell) for cell in row))
        console.print(table)


def _print_history(connection: duckdb.DuckDBPyConnection, console: Console) -> None:
    table = Table(
        "provider", "specialty", "from", "to", "", title="a provider whose specialty changed", title_justify="left"
    )
    for name, specialty, valid_from, valid_to, is_current in connection.execute(_CHANGED_PROVIDER).fetchall():
        table.add_row(
            name,
            specialty,
            "the beginning" if valid_from.year == 1900 else f"{valid_from:%Y-%m-%d %H:%M}",
            "open" if is_current else f"{valid_to:%Y-%m-%d %H:%M}",
            "current" if is_current else "",
        )
    if table.row_count:
        console.print(table)


def _print_identity(connection: duckdb.DuckDBPyConnection, console: Console) -> None:
    table = Table("system", "status", "by", "records", title="accounts tied across systems", title_justify="left")
    table.columns[3].justify = "right"
    for system, status, rule, count in connection.execute(_IDENTITY).fetchall():
        table.add_row(system, status, rule, str(count))
    console.print(table)


def _print_audits(reports: Sequence[TickReport], console: Console) -> None:
    runs = [report.run for report in reports if report.run]
    passed = sum(model.audits_passed for run in runs for model in run.models.values())
    failed = sum(len(run.failures) for run in runs)
    verdict = "[green]all passed[/]" if not failed else f"[red]{failed} models failed[/]"
    console.print(f"audits: {passed:,} ran over {len(runs)} ticks, {verdict}", highlight=False)
