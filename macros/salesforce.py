"""What Salesforce's free-form columns hold, where it is known to be an Id."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


@macro()
def salesforce_user_id(evaluator: MacroEvaluator, value: exp.Expression) -> exp.Expression:
    """A value that has the form of the Id of a user of Salesforce; NULL when it is anything else.

    The firewall approves it (northstar/phi/labels.py): nothing passes but the number of an employee of Northstar.
    """
    text = value.sql(dialect="snowflake")
    return evaluator.parse_one(f"IFF(REGEXP_LIKE({text}, '005[0-9A-Za-z]{{15}}'), {text}, NULL)")
