"""How the warehouse has been doing, from the models of schema ops: ticks, audits, quarantine, latency, freshness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp, parse_one
from sqlmesh.core.engine_adapter.base import EngineAdapter

QUERIES: Mapping[str, tuple[str, str]] = {
    "ticks": (
        "ops.tick_log",
        "SELECT tick_at, status, seconds, rows_landed, models_run FROM ops.tick_log ORDER BY tick_at DESC LIMIT 500",
    ),
    "audits": (
        "ops.audit_result",
        "SELECT model, audit, arguments, COUNT(*) AS results, COUNT_IF(NOT is_passed) AS failed, "
        "MAX(audited_at) AS audited_at, MAX(IFF(is_latest, fault_count, NULL)) AS fault_count, "
        "MAX(IFF(NOT is_passed, audited_at, NULL)) AS failed_at FROM ops.audit_result GROUP BY 1, 2, 3",
    ),
    "audit_history": (
        "ops.audit_result",
        "WITH span AS (SELECT COUNT(DISTINCT tick_at) AS ticks, DATEADD(DAY, -90, MAX(tick_at)) AS since "
        "FROM ops.audit_result) "
        "SELECT model, audit, arguments, IFF(ticks <= 96, tick_at, DATE_TRUNC('DAY', tick_at)) AS period, "
        "COUNT(*) AS results, COUNT_IF(NOT is_passed) AS failed, MAX(fault_count) AS fault_count "
        "FROM ops.audit_result CROSS JOIN span WHERE tick_at > since GROUP BY 1, 2, 3, 4 ORDER BY 4",
    ),
    "quarantine": (
        "ops.quarantine",
        "SELECT source, batch, fault_rule, loaded_on AS day, record_count AS records, held_count AS held "
        "FROM ops.quarantine ORDER BY 4, 2, 3",
    ),
    "latency": (
        "ops.latency",
        "SELECT tick_at, source, MEDIAN(median_minutes) AS median_minutes, MAX(longest_minutes) AS longest_minutes, "
        "MAX(change_count) AS changes FROM ops.latency GROUP BY 1, 2 ORDER BY 1",
    ),
    "freshness": (
        "ops.mart_freshness",
        "SELECT mart, source, complete_through, refreshed_at, lag_minutes FROM ops.mart_freshness ORDER BY 1, 2",
    ),
    "runs": (
        "ops.model_run",
        "SELECT model, MAX(interval_end) AS complete_through, MAX(started_at) AS started_at, "
        "MAX_BY(seconds, started_at) AS seconds FROM ops.model_run WHERE NOT is_failed GROUP BY 1",
    ),
    "last_run": (
        "ops.model_run",
        "SELECT started_at, model, interval_start, interval_end, row_count, seconds, is_failed, ended_at "
        "FROM ops.model_run QUALIFY started_at = MAX(started_at) OVER () ORDER BY is_failed DESC, seconds DESC",
    ),
    "scores": (
        "ops.quality_score",
        "SELECT model, score, audit_count, passed_count, failing_count FROM ops.quality_score",
    ),
}
"""By what they show: the table that a query needs, and the query in Snowflake's SQL."""


def health(adapter: EngineAdapter) -> dict[str, list[dict[str, Any]]]:
    """What there is of each; a part whose table does not exist yet is missing."""
    return {part: rows(adapter, query) for part, (table, query) in QUERIES.items() if adapter.table_exists(table)}


def audit_history(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Results of audits by period, a tick or a day, small enough for hundreds of models.

    ``totals`` has of each period how many results there were and how many of them failed.  Of each audit ``marks`` has
    a character a period, ``.`` for passed, ``x`` for failed, a space where it did not run; and ``faults`` has of each
    failed period how many results failed, of how many, and the most rows that one found.
    """
    periods = sorted({result["period"] for result in results})
    place = {period: number for number, period in enumerate(periods)}
    totals = [[0, 0] for _ in periods]
    audits: dict[str, dict[str, Any]] = {}
    for result in results:
        key, number = "|".join(result[name] for name in ("model", "audit", "arguments")), place[result["period"]]
        audit = audits.setdefault(key, {"marks": " " * len(periods), "faults": {}})
        audit["marks"] = f"{audit['marks'][:number]}{'x' if result['failed'] else '.'}{audit['marks'][number + 1 :]}"
        if result["failed"]:
            audit["faults"][number] = [result["failed"], result["results"], result["fault_count"]]
        totals[number][0] += result["results"]
        totals[number][1] += result["failed"]
    return {"periods": periods, "totals": totals, "audits": audits}


def rows(adapter: EngineAdapter, query: str) -> list[dict[str, Any]]:
    """The rows of a query in Snowflake's SQL, by column in lower case, as JSON can hold them."""
    parsed = parse_one(query, dialect="snowflake")
    assert isinstance(parsed, exp.Query)
    names = [name.lower() for name in parsed.named_selects]
    return [dict(zip(names, map(_plain, row), strict=True)) for row in adapter.fetchall(parsed)]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
