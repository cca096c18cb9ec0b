"""The steps that models of a provider's day share: which days to recompute, and what lies on them."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

from macros.local_time import to_utc

HOLDING_TIME = "('booked', 'arrived', 'checked-in', 'fulfilled', 'noshow')"
"""FHIR statuses of appointments that take, or took, the provider's time."""


@macro()
def touched_days(evaluator: MacroEvaluator, start: exp.Expression, end: exp.Expression) -> exp.Expression:
    """The provider days that the interval touched, with their bounds in UTC: 23 to 25 hours apart."""
    return evaluator.parse_one(
        f"""
        SELECT DISTINCT
          touched.provider_id,
          touched.clinic_id,
          touched.local_date,
          {to_utc("touched.local_date", "clinic.time_zone")} AS day_starts_at,
          {to_utc("DATEADD('DAY', 1, touched.local_date)", "clinic.time_zone")} AS day_ends_at
        FROM intermediate.int_scheduling__touched_day AS touched
        JOIN intermediate.int_directory__clinic AS clinic USING (clinic_id)
        WHERE touched.touched_at
          BETWEEN {start.sql(dialect="snowflake")} AND {end.sql(dialect="snowflake")}
        """
    )


@macro()
def sessions_of(evaluator: MacroEvaluator, day: exp.Expression) -> exp.Expression:
    """The sessions of the given days."""
    return evaluator.parse_one(
        f"""
        SELECT day.*, session.starts_at, session.ends_at, session.slot_minutes
        FROM {day.name} AS day
        JOIN intermediate.int_scheduling__session AS session
          ON session.provider_id = day.provider_id
          AND session.clinic_id = day.clinic_id
          AND session.local_date = day.local_date
        WHERE NOT session.is_deleted
        """
    )


@macro()
def blocks_of(evaluator: MacroEvaluator, day: exp.Expression) -> exp.Expression:
    """The blocks that overlap the given days."""
    return evaluator.parse_one(
        f"""
        SELECT day.*, block.starts_at, block.ends_at
        FROM {day.name} AS day
        JOIN intermediate.int_scheduling__block AS block
          ON block.provider_id = day.provider_id
          AND COALESCE(block.clinic_id, day.clinic_id) = day.clinic_id
          AND block.starts_at < day.day_ends_at
          AND day.day_starts_at < block.ends_at
        UNION ALL
        SELECT day.*, block.starts_at, block.ends_at
        FROM {day.name} AS day
        JOIN intermediate.int_scheduling__block AS block
          ON block.clinic_id = day.clinic_id
          AND block.starts_at < day.day_ends_at
          AND day.day_starts_at < block.ends_at
        WHERE block.provider_id IS NULL
        """
    )


@macro()
def visits_of(evaluator: MacroEvaluator, day: exp.Expression) -> exp.Expression:
    """The appointments that take time on the given days."""
    return evaluator.parse_one(
        f"""
        SELECT day.*, visit.starts_at, visit.ends_at, visit.status
        FROM {day.name} AS day
        JOIN intermediate.int_scheduling__appointment AS visit
          ON visit.provider_id = day.provider_id
          AND visit.clinic_id = day.clinic_id
          AND visit.starts_at < day.day_ends_at
          AND day.day_starts_at < visit.ends_at
        WHERE visit.status IN {HOLDING_TIME} AND NOT visit.is_deleted
        """
    )
