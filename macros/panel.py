"""When the patients of a provider's month count as returning."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

from macros.local_time import to_utc

RETURN_DAYS = 90
"""A patient who comes again on one of so many days after a visit has returned."""

EARLIEST_ZONE_HOURS = 14
"""Local days begin at most so long before the day of UTC."""


def _days_after(days: int, day: str) -> str:
    return f"CAST(DATEADD('DAY', {days}, {day}) AS DATE)"


def _month_end(day: exp.Expression) -> str:
    return f"LAST_DAY({day.sql(dialect='snowflake')})"


@macro()
def return_by(evaluator: MacroEvaluator, day: exp.Expression) -> exp.Expression:
    """The last local day on which a patient who was seen on a day returns."""
    return evaluator.parse_one(_days_after(RETURN_DAYS, day.sql(dialect="snowflake")))


@macro()
def last_return_on(evaluator: MacroEvaluator, day: exp.Expression) -> exp.Expression:
    """The last local day on which a patient of the day's month returns."""
    return evaluator.parse_one(_days_after(RETURN_DAYS, _month_end(day)))


@macro()
def panel_followed_from(evaluator: MacroEvaluator, day: exp.Expression) -> exp.Expression:
    """The instant from which the returning patients of the day's month are kept up to date: no clinic is past the last
    day on which they can return, anywhere.
    """
    day_after = _days_after(RETURN_DAYS + 1, _month_end(day))
    return evaluator.parse_one(f"DATEADD('HOUR', -{EARLIEST_ZONE_HOURS}, CAST({day_after} AS TIMESTAMP))")


@macro()
def month_bounds(evaluator: MacroEvaluator, rows: exp.Expression) -> exp.Expression:
    """The UTC bounds of each clinic's months in a CTE, and the instant at which the last day ends on which a patient of
    the month returns.

    Each is worked out once, however many rows share it: DuckDB takes 5 microseconds for one.
    """
    month, zone = exp.column("month_start", "month"), "clinic.time_zone"
    return evaluator.parse_one(
        f"""
        SELECT month.clinic_id, month.month_start,
          {to_utc("month.month_start", zone)} AS month_starts_at,
          {to_utc("DATEADD('MONTH', 1, month.month_start)", zone)} AS month_ends_at,
          {to_utc(_days_after(RETURN_DAYS + 1, _month_end(month)), zone)} AS panel_complete_at
        FROM (SELECT DISTINCT clinic_id, month_start FROM {rows.name}) AS month
        JOIN intermediate.int_directory__clinic AS clinic ON clinic.clinic_id = month.clinic_id
        """
    )
