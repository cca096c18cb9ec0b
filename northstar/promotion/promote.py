"""``northstar promote``: what the gate has passed becomes prod."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmesh import Context
from sqlmesh.utils.errors import SQLMeshError

from northstar.deployment import create_undue_tables, is_first
from northstar.gate.run import commit_of
from northstar.promotion.guard import PROD
from northstar.promotion.ledger import Ledger, Receipt, digest, digest_of_environment
from northstar.warehouse import WarehouseError


@dataclass(frozen=True)
class Promotion:
    """What a promotion did."""

    digest: str
    was: str | None
    """Digest that prod held before."""
    changed: bool


def promote(context: Context) -> Promotion:
    """Put the project as it stands into prod.  The caller holds the writer lock.

    Raises WarehouseError, and changes nothing, unless the newest receipt of exactly these models passed, from this
    commit, against what prod holds now.
    """
    ledger, this, was = Ledger(context.engine_adapter), digest(context.snapshots), digest_of_environment(context, PROD)
    commit_id = commit_of(context.path)
    if this == was:
        ledger.allow(this, commit_id, "prod as it was")
        _apply(context)
        return Promotion(this, was, False)
    _check(ledger.newest_receipt(this), commit_id, was)
    ledger.begin(this, commit_id)
    try:
        _apply(context)
    except WarehouseError:
        if was is not None and digest_of_environment(context, PROD) == was:
            ledger.allow(was, None, "promotion failed, prod as it was")
        raise
    ledger.allow(this, commit_id, "gate passed")
    return Promotion(this, was, True)


def _check(receipt: Receipt | None, commit_id: str | None, was: str | None) -> None:
    if receipt is None:
        raise WarehouseError("the gate has not seen this project: run `northstar gate` first")
    if not receipt.passed:
        raise WarehouseError(f"the gate is closed for this project since {receipt.made_at:%Y-%m-%d %H:%M} UTC")
    if commit_id is None:
        raise WarehouseError("files differ from their commit: commit first, then run `northstar gate` again")
    if receipt.commit_id != commit_id:
        raise WarehouseError("the gate's receipt is of another commit: run `northstar gate` again")
    if receipt.base_digest != was:
        raise WarehouseError("prod has changed since the gate compared with it: run `northstar gate` again")


def _apply(context: Context) -> None:
    """Plan prod; its very first plan only makes tables and views, which ticks fill."""
    first = is_first(context.state_reader.get_environment(PROD))
    try:
        plan = context.plan_builder(PROD, skip_tests=True, skip_linter=True, skip_backfill=first).build()
        create_undue_tables(context, plan)
        context.apply(plan)
    except SQLMeshError as error:
        raise WarehouseError(
            f"the plan failed: {str(error).splitlines()[0]}; run `northstar promote` again once mended"
        ) from error
