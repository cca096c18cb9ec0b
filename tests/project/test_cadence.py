"""A model that runs more often than its parent would lose what the parent has not finished: a signal holds it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlmesh import Context
from sqlmesh.core.model import Model
from sqlmesh.core.node import IntervalUnit


def seconds(model: Model) -> int:
    """How long a model's intervals are."""
    assert model.interval_unit is not None
    return model.interval_unit.seconds


def tables_above(models: Mapping[str, Model], model: Model) -> Iterator[Model]:
    """The tables that grow of which a model reads, through views."""
    waiting, seen = list(model.depends_on), set()
    while waiting:
        name = waiting.pop()
        parent = models.get(name)
        if parent is None or name in seen:
            continue
        seen.add(name)
        if parent.kind.is_view or parent.kind.is_embedded:
            waiting.extend(parent.depends_on)
        elif parent.kind.is_incremental or parent.kind.is_scd_type_2:
            yield parent


def unguarded(models: Mapping[str, Model]) -> dict[str, set[str]]:
    """Models without ``parents_due`` that read of a table with longer intervals, and which."""
    found: dict[str, set[str]] = {}
    for model in models.values():
        if not (model.kind.is_incremental or model.kind.is_scd_type_2):
            continue
        slower = {parent.name for parent in tables_above(models, model) if seconds(parent) > seconds(model)}
        if slower and "parents_due" not in {name for name, _ in model.signals}:
            found[model.name] = slower
    return found


def test_a_faster_model_waits_for_its_slower_parents(context: Context) -> None:
    assert unguarded(context.models) == {}


def test_a_missing_signal_is_found(context: Context) -> None:
    models: dict[str, Model] = dict(context.models)
    slower, faster = next(
        (parent, model)
        for model in models.values()
        if model.kind.is_incremental and not model.signals and seconds(model) == 1800
        for parent in tables_above(models, model)
    )
    models[slower.fqn] = slower.copy(update={"cron": "@hourly", "interval_unit_": IntervalUnit.HOUR})
    assert slower.name in unguarded(models)[faster.name]
