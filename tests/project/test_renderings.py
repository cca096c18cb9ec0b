"""What a process keeps of each model's renderings gives, for any times, what SQLMesh renders for them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from sqlmesh import Context
from sqlmesh.core.macros import RuntimeStage
from sqlmesh.core.model import SqlModel

from northstar.rendering import Render, kept, texts_of

pytestmark = pytest.mark.slow

TICKS: list[dict[str, Any]] = [
    {"start": start, "end": end, "execution_time": end}
    for start, end in (
        (datetime(2026, 2, 28, 23, 30, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(2027, 12, 31, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)),
    )
]


def test_every_query(context: Context) -> None:
    models = [model for model in context.models.values() if isinstance(model, SqlModel)]
    rendered_anew = [model.name for model in models if not _is_kept(partial(_query, model), model.dialect)]
    assert len(rendered_anew) < 10, rendered_anew


def test_every_audit(context: Context) -> None:
    rendered_anew = [
        (model.name, audit.name)
        for model in context.models.values()
        for audit, arguments in model.audits_with_args
        if not _is_kept(partial(_audit, model, audit, arguments), model.dialect)
    ]
    assert not rendered_anew


def _is_kept(render: Render, dialect: str) -> bool:
    """Whether it can be filled in, as SQLMesh simplifies what is worked out from a time; then it is right for any."""
    found = kept(render, dialect)
    for times in TICKS if found else ():
        assert found and found.filled(texts_of(times, dialect)) == render(times), render
    return found is not None


def _query(model: SqlModel, times: Any) -> Any:
    return model.render_query_or_raise(**times, runtime_stage=RuntimeStage.EVALUATING)


def _audit(model: Any, audit: Any, arguments: Any, times: Any) -> Any:
    told = {name: value for name, value in arguments.items() if name != "blocking"}
    return model.render_audit_query(audit, **times, runtime_stage=RuntimeStage.AUDITING, **told)
