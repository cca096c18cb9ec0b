"""The steps that models of a provider's day share: which days to recompute, and what lies on them."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

from macros.local_time import day_bounds
from macros.visit import HOLDING_TIME


@macro()
def touched_days(
    evaluator: MacroEvaluator, touched: exp.Expression, start: exp.Expression, end: exp.Expression
) -> exp.Expression:
    """The provider days that the interval touched, with their bounds in UTC: 23 to 25 hours apart.

    ``touched`` names the model that logs them: int_scheduling__touched_day, or ..._touched_visit_day where only
    appointments matter.
    """
    days = f"""
        SELECT DISTINCT touched.provider_id, touched.clinic_id, touched.local_date, clinic.time_zone
        FROM {touched.sql(dialect="snowflake")} AS touched
        JOIN intermediate.int_directory__clinic AS clinic ON clinic.clinic_id = touched.clinic_id
        WHERE touched.touched_at
          BETWEEN {start.sql(dialect="snowflake")} AND {end.sql(dialect="snowflake")}
        """
    return evaluator.parse_one(
        f"""
        SELECT touched.provider_id, touched.clinic_id, touched.local_date, bound.day_starts_at, bound.day_ends_at
        FROM ({days}) AS touched
        JOIN ({day_bounds(days)}) AS bound
          ON bound.time_zone = touched.time_zone AND bound.local_date = touched.local_date
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


def _appointments_of(day: str, status: str) -> str:
    """SQL of the appointments in some statuses that overlap the given days."""
    return f"""
        SELECT day.*, visit.starts_at, visit.ends_at, visit.status, visit.created_at, visit.cancelled_at
        FROM {day} AS day
        JOIN intermediate.int_scheduling__appointment AS visit
          ON visit.provider_id = day.provider_id
          AND visit.clinic_id = day.clinic_id
          AND visit.starts_at < day.day_ends_at
          AND day.day_starts_at < visit.ends_at
        WHERE {status} AND NOT visit.is_deleted
        """


@macro()
def visits_of(evaluator: MacroEvaluator, day: exp.Expression) -> exp.Expression:
    """The appointments that take time on the given days."""
    return evaluator.parse_one(_appointments_of(day.name, f"visit.status IN {HOLDING_TIME}"))


@macro()
def cancellations_of(evaluator: MacroEvaluator, day: exp.Expression) -> exp.Expression:
    """The appointments that were cancelled on the given days, without those that were rescheduled."""
    cancelled = "visit.status = 'cancelled' AND NOT EQUAL_NULL(visit.cancellation_reason_code, 'rescheduled')"
    return evaluator.parse_one(_appointments_of(day.name, cancelled))


@macro()
def stretches_of(evaluator: MacroEvaluator, span: exp.Expression, kinds: exp.Expression) -> exp.Expression:
    """The days of spans, cut where anything begins or ends: how long each stretch is, how many spans of each kind lie
    on it.

    A span is on a day, begins before its end and ends after its start; what is beyond the day is cut off.  So the union
    of a kind's spans is the time of the stretches on which there is at least one.
    """
    names = [kind.name for kind in kinds.flatten()]
    key = "provider_id, clinic_id, local_date"
    steps = ", ".join(f"SUM(IFF(kind = '{name}', step, 0)) AS {name}" for name in names)
    depths = ", ".join(
        f"SUM({name}) OVER (PARTITION BY {key} ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS {name}"
        for name in names
    )
    return evaluator.parse_one(
        f"""
        SELECT {key}, DATEDIFF('SECOND', at, LEAD(at) OVER (PARTITION BY {key} ORDER BY at)) AS seconds, {depths}
        FROM (
          SELECT {key}, at, {steps}
          FROM (
            SELECT {key}, GREATEST(starts_at, day_starts_at) AS at, kind, 1 AS step FROM {span.name}
            UNION ALL
            SELECT {key}, LEAST(ends_at, day_ends_at) AS at, kind, -1 AS step FROM {span.name}
          ) AS edge
          GROUP BY {key}, at
        ) AS level
        """
    )
