"""Published marts don't break unannounced: a column that something reads goes only after its announced end."""

from __future__ import annotations

from datetime import date

from sqlmesh.core.model import Model

from northstar.exposures import Exposures
from northstar.warehouse import model_name


def broken_promises(before: dict[str, Model], after: dict[str, Model], exposures: Exposures, today: date) -> list[str]:
    """Columns of published marts that are gone or of another type, and that nobody was told would end."""
    problems = []
    for fqn, old in before.items():
        mart = model_name(fqn)
        if not exposures.is_published(mart):
            continue
        new = after.get(fqn)
        kept = {} if new is None else new.columns_to_types_or_raise
        for column, kind in old.columns_to_types_or_raise.items():
            if exposures.may_be_gone(mart, column.lower(), today):
                continue
            if column not in kept:
                problems.append(f"{mart}.{column.lower()} is gone")
            elif kept[column] != kind:
                problems.append(f"{mart}.{column.lower()} turns from {kind.sql()} into {kept[column].sql()}")
    if problems:
        problems.append(
            "publish the new shape as a mart of its own beside the old one (mart_x_v2), announce the old one's end in "
            "contracts/exposures.yaml under retirements, and remove it once that day has come"
        )
    return problems
