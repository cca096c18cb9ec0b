"""What became of a visit: the one place where statuses of appointments are given a meaning."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

HOLDING_TIME = "('booked', 'arrived', 'checked-in', 'fulfilled', 'noshow')"
"""FHIR statuses of appointments that take, or took, the provider's time."""


@macro()
def visit_outcome(evaluator: MacroEvaluator, visit: exp.Expression) -> exp.Expression:
    """What became of an appointment: fulfilled, no_show, cancelled, rescheduled, attended or booked; else NULL.

    An appointment that was replaced by another is rescheduled, not cancelled.  What was only asked for, waits or was
    entered in error has no outcome.
    """
    alias = visit.sql(dialect="snowflake")
    return evaluator.parse_one(
        f"""
        CASE
          WHEN {alias}.status = 'fulfilled' THEN 'fulfilled'
          WHEN {alias}.status = 'noshow' THEN 'no_show'
          WHEN {alias}.status = 'cancelled' AND {alias}.cancellation_reason_code = 'rescheduled' THEN 'rescheduled'
          WHEN {alias}.status = 'cancelled' THEN 'cancelled'
          WHEN {alias}.status IN ('arrived', 'checked-in') THEN 'attended'
          WHEN {alias}.status = 'booked' THEN 'booked'
        END
        """
    )


@macro()
def cancellation_notice(evaluator: MacroEvaluator, visit: exp.Expression) -> exp.Expression:
    """How long before the scheduled start an appointment was cancelled, as a bucket; after_start is a data error.

    Late, by definition, is what comes before 24_to_72_hours: to cancel exactly 24 hours ahead is not late.
    """
    alias = visit.sql(dialect="snowflake")

    def ahead(hours: int) -> str:
        return f"DATEADD('HOUR', -{hours}, {alias}.starts_at)"

    return evaluator.parse_one(
        f"""
        CASE
          WHEN {alias}.cancelled_at > {alias}.starts_at THEN 'after_start'
          WHEN {alias}.cancelled_at > {ahead(2)} THEN 'under_2_hours'
          WHEN {alias}.cancelled_at > {ahead(24)} THEN '2_to_24_hours'
          WHEN {alias}.cancelled_at >= {ahead(72)} THEN '24_to_72_hours'
          WHEN {alias}.cancelled_at < {ahead(72)} THEN 'over_72_hours'
        END
        """
    )
