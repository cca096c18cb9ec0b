"""How names of organisations are compared across systems."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


@macro()
def comparable_name(evaluator: MacroEvaluator, name: exp.Expression) -> exp.Expression:
    """A name without case, punctuation and legal form; NULL when nothing is left to compare."""
    bare = f"REGEXP_REPLACE(LOWER({name.sql(dialect='snowflake')}), '[^a-z0-9]+', ' ')"
    without_form = f"REGEXP_REPLACE(' ' || TRIM({bare}) || ' ', ' (inc|llc|ltd|limited|corp|gmbh|plc|co) ', ' ')"
    return evaluator.parse_one(f"NULLIF(TRIM({without_form}), '')")
