"""Between UTC, in which the warehouse keeps instants, and the wall clock of a clinic."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


@macro()
def local_time(evaluator: MacroEvaluator, instant: exp.Expression, time_zone: exp.Expression) -> exp.Expression:
    """The wall-clock time, in an IANA time zone, of a UTC instant."""
    return evaluator.parse_one(
        f"CONVERT_TIMEZONE('UTC', {time_zone.sql(dialect='snowflake')}, {instant.sql(dialect='snowflake')}::TIMESTAMP)"
    )


def to_utc(wall_clock: str, time_zone: str) -> str:
    """SQL of the UTC instant of a wall-clock time; one that a clock change skips is taken with the offset before it."""
    return f"CONVERT_TIMEZONE({time_zone}, 'UTC', {wall_clock}::TIMESTAMP)"


@macro()
def utc_time(evaluator: MacroEvaluator, wall_clock: exp.Expression, time_zone: exp.Expression) -> exp.Expression:
    """The UTC instant of a wall-clock time in an IANA time zone."""
    return evaluator.parse_one(to_utc(wall_clock.sql(dialect="snowflake"), time_zone.sql(dialect="snowflake")))
