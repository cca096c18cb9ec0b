"""Who may change prod."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


@macro()
def guard_promotion(evaluator: MacroEvaluator) -> exp.Expression:
    """Stop a plan or a run of prod with models that were not promoted (config.yaml, before_all)."""
    from northstar.promotion.guard import check

    check(evaluator)
    return evaluator.parse_one("SELECT 1 AS guarded")
