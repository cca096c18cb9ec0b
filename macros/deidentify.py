"""The approved ways to make a patient's ZIP code and dates say less (45 CFR 164.514(b)(2), docs/security.md).

The PHI firewall counts these macros themselves as the transform, not expressions that look like them.
"""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

OLDEST_AGE = 90
"""Ages from here on are pooled: 90 stands for 90 and over."""


def _sql(expression: exp.Expression) -> str:
    return expression.sql(dialect="snowflake")


@macro()
def zip3(evaluator: MacroEvaluator, postal_code: exp.Expression, state_code: exp.Expression) -> exp.Expression:
    """The first three digits of a ZIP code where more than 20,000 people live; '000' for any other, NULL for none.

    Other are: areas with fewer people, areas that the census does not know, codes that are no ZIP code, and those that
    do not lie in the state, which is how a foreign code of five digits is told from a ZIP code.
    """
    code, state = f"TRIM({_sql(postal_code)})", _sql(state_code)
    released = "(SELECT LISTAGG('|' || area || '|') FROM reference.zip_area WHERE NOT is_restricted)"
    return evaluator.parse_one(
        f"""
        CASE
          WHEN {code} = '' OR {code} IS NULL THEN NULL
          WHEN REGEXP_REPLACE({code}, '^[0-9]{{5}}(-?[0-9]{{4}})?$', 'ZIP') <> 'ZIP' THEN '000'
          WHEN CONTAINS({released}, '|' || UPPER(TRIM({state})) || SUBSTRING({code}, 1, 3) || '|')
            THEN SUBSTRING({code}, 1, 3)
          ELSE '000'
        END
        """
    )


@macro()
def age_at(evaluator: MacroEvaluator, birth_date: exp.Expression, event_date: exp.Expression) -> exp.Expression:
    """Completed years of age on a day, 90 for 90 and over; NULL when either is unknown or the day is before birth.

    Who was born on 29 February has a birthday on 1 March in other years.
    """
    birth, event = _sql(birth_date), _sql(event_date)
    year, day = "DATE_PART('year', {0})", "(DATE_PART('month', {0}) * 100 + DATE_PART('day', {0}))"
    years = f"{year.format(event)} - {year.format(birth)} - IFF({day.format(event)} < {day.format(birth)}, 1, 0)"
    return evaluator.parse_one(f"IFF({event} < {birth}, NULL, LEAST({years}, {OLDEST_AGE}))")


@macro()
def pooled_birth_year(evaluator: MacroEvaluator, birth_date: exp.Expression, as_of: exp.Expression) -> exp.Expression:
    """The year of birth; NULL for those who are 90 or over in the year of the day, which the year would show."""
    birth, moment = (f"DATE_PART('year', {_sql(date)})" for date in (birth_date, as_of))
    return evaluator.parse_one(f"IFF({moment} - {birth} >= {OLDEST_AGE}, NULL, {birth})")


@macro()
def age_band(evaluator: MacroEvaluator, age: exp.Expression) -> exp.Expression:
    """The band of an age in completed years, of those that public health reports use; 'unknown' for NULL."""
    bands = ((18, "0-17"), (35, "18-34"), (50, "35-49"), (65, "50-64"), (80, "65-79"), (OLDEST_AGE, "80-89"))
    cases = " ".join(f"WHEN {_sql(age)} < {limit} THEN '{name}'" for limit, name in bands)
    return evaluator.parse_one(f"CASE WHEN {_sql(age)} IS NULL THEN 'unknown' {cases} ELSE '{OLDEST_AGE}+' END")
