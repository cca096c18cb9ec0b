"""The guard of prod: whoever plans it, only what ``northstar promote`` has let through may become it."""

from __future__ import annotations

from sqlmesh.core.macros import MacroEvaluator
from sqlmesh.utils.errors import SQLMeshError

from northstar import discretion
from northstar.promotion.ledger import Ledger, digest

PROD = "prod"


def check(evaluator: MacroEvaluator) -> None:
    """Raise SQLMeshError when an environment that is being planned or run is prod and holds what was not promoted.

    A warehouse in which nothing was ever promoted takes its first deployment from whoever makes it.
    """
    discretion.install()  # `sqlmesh run` reads its models from state and never loads the project that does it
    if evaluator.this_env != PROD:
        return
    ledger, asked = Ledger(evaluator.engine_adapter), digest(evaluator.snapshots)
    allowed = ledger.allowed()
    if not allowed:
        ledger.allow(asked, None, "first deployment")
    elif asked not in allowed:
        raise SQLMeshError(
            "prod may only become what the gate has passed: run `northstar gate`, then `northstar promote`. "
            f"This project is {asked}, which was not promoted; nothing was changed."
        )
