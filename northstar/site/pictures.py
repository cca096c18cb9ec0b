"""Pictures of the business: what each is drawn from, and its rows, without cells that count few people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmesh.core.engine_adapter.base import EngineAdapter

from northstar.metrics import Metric
from northstar.site.health import rows


@dataclass(frozen=True)
class Picture:
    """One chart.  In its query ``{mart}`` stands for the mart, and a metric's name in braces for its formula."""

    name: str
    page: str
    title: str
    says: str
    """What one sees, and where it misleads."""
    mart: str
    metrics: tuple[str, ...]
    subjects: tuple[str, ...]
    """Subjects of core.watermark by which its as-of time is told."""
    query: str
    counts: tuple[str, ...] = ()
    """Columns that count people or their visits."""
    rates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Ratios, with the counts that could be had back from them."""


PAGES = {
    "revenue": "Revenue and recurring revenue",
    "utilization": "Utilization",
    "providers": "Provider scorecard",
    "retention": "Cohort retention",
    "receivables": "Receivables",
}

PICTURES: Sequence[Picture] = (
    Picture(
        name="revenue_by_week",
        page="revenue",
        title="Billed, recognised and collected, by week",
        says="US dollars at the rate of each day. Patient revenue is what clinics bill their patients, platform "
        "revenue what Northstar bills the clinics: never add the two. The running week is left out.",
        mart="marts_finance.mart_revenue_day",
        metrics=("billed_revenue_usd", "recognised_revenue_usd", "collected_cash_usd"),
        subjects=("patient_finance", "platform_finance"),
        query="WITH span AS (SELECT revenue_stream, MIN(revenue_date) AS first_day, MAX(revenue_date) AS last_day "
        "FROM {mart} WHERE is_complete GROUP BY 1) "
        "SELECT DATE_TRUNC('WEEK', revenue_date) AS week_start, revenue_stream, {billed_revenue_usd} AS billed, "
        "{recognised_revenue_usd} AS recognised, {collected_cash_usd} AS collected "
        "FROM {mart} JOIN span USING (revenue_stream) WHERE is_complete "
        "AND DATE_TRUNC('WEEK', revenue_date) >= GREATEST(first_day, DATEADD(WEEK, -26, last_day)) "
        "AND DATEADD(DAY, 6, DATE_TRUNC('WEEK', revenue_date)) <= last_day GROUP BY 1, 2 ORDER BY 1, 2",
    ),
    Picture(
        name="mrr_bridge",
        page="revenue",
        title="Monthly recurring revenue: what moved it",
        says="From the end of one month to the end of the next, in US dollars, contracted and before discounts. "
        "Each account's move is in exactly one class. The running month is left out.",
        mart="marts_finance.mart_mrr_movement",
        metrics=("mrr", "net_new_mrr", "churned_mrr"),
        subjects=("platform_billing",),
        query="SELECT month_start, SUM(opening_amount_usd) AS opening, SUM(new_amount_usd) AS new, "
        "SUM(reactivation_amount_usd) AS reactivation, SUM(expansion_amount_usd) AS expansion, "
        "-SUM(contraction_amount_usd) AS contraction, -{churned_mrr} AS churn, SUM(fx_amount_usd) AS fx, "
        "{mrr} AS closing, {net_new_mrr} AS net_new FROM {mart} WHERE is_complete GROUP BY 1 ORDER BY 1",
    ),
    Picture(
        name="utilization_by_clinic",
        page="utilization",
        title="Booked utilization of each clinic, the last four weeks",
        says="Booked by available minutes; above 100 % where appointments lie outside sessions. Days in the "
        "clinic's time zone, complete ones only.",
        mart="marts_operations.mart_provider_utilization",
        metrics=("booked_utilization",),
        subjects=("appointment",),
        query="WITH last AS (SELECT MAX(local_date) AS day FROM {mart} WHERE is_period_complete) SELECT "
        "clinic_name, region_code, local_date, SUM(booked_slots) AS booked_slots, {booked_utilization} AS "
        "utilization FROM {mart} CROSS JOIN last WHERE is_period_complete AND available_minutes > 0 AND "
        "local_date > DATEADD(DAY, -28, last.day) GROUP BY 1, 2, 3 ORDER BY 2, 1, 3",
        counts=("booked_slots",),
        rates={"utilization": ("booked_slots",)},
    ),
    Picture(
        name="provider_scorecard",
        page="providers",
        title="Providers in the last complete month",
        says="Compare providers of one specialty. On time: checked in by the scheduled start. Rates whose counts "
        "are small are left out, as chance rules them and as they could name patients.",
        mart="marts_operations.mart_provider_performance",
        metrics=("visits_per_day", "on_time_rate"),
        subjects=("appointment",),
        query="WITH last AS (SELECT MAX(month_start) AS month FROM {mart} WHERE is_period_complete) SELECT "
        "provider_name, specialty_name, month_start, SUM(available_hours) AS available_hours, "
        "SUM(fulfilled_hours) / NULLIF(SUM(available_hours), 0) AS realised_utilization, SUM(visit_count) "
        "AS visit_count, {visits_per_day} AS visits_per_day, SUM(no_show_count) AS no_show_count, "
        "SUM(no_show_count) / NULLIF(SUM(visit_count + no_show_count + attended_unfinished_count), 0) AS "
        "no_show_rate, SUM(checked_in_count) AS checked_in_count, SUM(on_time_count) AS on_time_count, "
        "{on_time_rate} AS on_time_rate, SUM(checked_in_count - on_time_count) AS late_count FROM {mart} "
        "CROSS JOIN last WHERE is_period_complete AND month_start = last.month GROUP BY 1, 2, 3 ORDER BY "
        "2, 1",
        counts=("visit_count", "no_show_count", "checked_in_count", "on_time_count", "late_count"),
        rates={
            "realised_utilization": ("visit_count",),
            "visits_per_day": ("visit_count",),
            "no_show_rate": ("visit_count", "no_show_count"),
            "on_time_rate": ("checked_in_count", "on_time_count", "late_count"),
        },
    ),
    Picture(
        name="cohort_triangle",
        page="retention",
        title="Accounts that still pay, by the month in which they began",
        says="Accounts are companies, so that small cohorts are shown: read their rates as anecdotes. An account "
        "that left and returned counts again. Months that are not over are missing.",
        mart="marts_growth.mart_cohort_retention",
        metrics=("cohort_retention",),
        subjects=("platform_billing",),
        query="SELECT cohort_month, months_since, SUM(account_count) AS accounts, SUM(retained_count) AS "
        "retained, {cohort_retention} AS retention FROM {mart} WHERE segment = 'all' GROUP BY 1, 2 ORDER BY "
        "1, 2",
    ),
    Picture(
        name="receivable_ageing",
        page="receivables",
        title="What is owed, by days past due",
        says="US dollars at the rate of each day, tax included. A negative bucket is a credit. The two streams "
        "are owed to different companies: never add them.",
        mart="marts_finance.mart_receivable_ageing",
        metrics=("receivables_usd",),
        subjects=("patient_finance", "platform_finance"),
        query="SELECT as_of_date, revenue_stream, SUM(not_due_amount_usd) AS not_due, SUM(d1_30_amount_usd) AS "
        "d1_30, SUM(d31_60_amount_usd) AS d31_60, SUM(d61_90_amount_usd) AS d61_90, "
        "SUM(d90_plus_amount_usd) AS d90_plus, {receivables_usd} AS receivable FROM {mart} WHERE "
        "is_complete GROUP BY 1, 2 ORDER BY 1, 2",
    ),
)


def query_of(picture: Picture, metrics: Mapping[str, Metric]) -> str:
    """The query of a picture in Snowflake's SQL, with the formulas of its metrics."""
    formulas = {name: f"({metrics[name].formula})" for name in picture.metrics}
    return picture.query.format(mart=picture.mart, **formulas)


def suppressed(row: Mapping[str, Any], picture: Picture, threshold: int) -> dict[str, Any]:
    """A row without counts of people from 1 up to below the threshold, and without rates that would give them away."""
    small = {name for name in picture.counts if row[name] is not None and 0 < row[name] < threshold}
    hidden = small | {rate for rate, counts in picture.rates.items() if small.intersection(counts)}
    shown = {name: None if name in hidden else value for name, value in row.items()}
    return shown | ({"small": sorted(hidden)} if hidden else {})


def draw(
    adapter: EngineAdapter, metrics: Mapping[str, Metric], as_of: Mapping[str, str], threshold: int
) -> list[dict[str, Any]]:
    """Every picture whose mart exists, with its rows."""
    return [
        {
            "name": picture.name, "page": picture.page, "title": picture.title, "says": picture.says,
            "mart": picture.mart, "metrics": list(picture.metrics), "query": query_of(picture, metrics),
            "as_of": min((as_of[subject] for subject in picture.subjects if subject in as_of), default=None),
            "suppresses": bool(picture.counts), "threshold": threshold,
            "rows": [suppressed(row, picture, threshold) for row in rows(adapter, query_of(picture, metrics))],
        }
        for picture in PICTURES
        if adapter.table_exists(picture.mart)
    ]  # fmt: skip
