"""The statements with which SQLMesh makes a model's table or view on Snowflake, without an account."""

from __future__ import annotations

from typing import Any

from sqlmesh import Context
from sqlmesh.core.engine_adapter.snowflake import SnowflakeEngineAdapter
from sqlmesh.core.snapshot import (
    DeployabilityIndex,
    Snapshot,
    SnapshotChangeCategory,
    SnapshotEvaluator,
    SnapshotFingerprint,
)


class Recorder:
    """A connection and its cursor in one: keeps statements, has nothing."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.description = None

    def cursor(self) -> Recorder:
        """Itself."""
        return self

    def execute(self, sql: str, *_: Any, **__: Any) -> None:
        """Keep it.  Raises for a look at a table: none is there yet."""
        if sql.startswith("DESCRIBE"):
            raise LookupError(sql)
        self.statements.append(sql)

    def fetchone(self) -> tuple[str]:
        """Whatever SQLMesh asks for: the current warehouse."""
        return ("TRANSFORM",)

    def fetchall(self) -> list[Any]:
        """No rows."""
        return []

    def commit(self) -> None:
        """Nothing to do."""

    rollback = close = commit


def creations(context: Context, models: list[str]) -> dict[str, str]:
    """The CREATE statement of each model's physical object."""
    fingerprints: dict[str, SnapshotFingerprint] = {}
    everything = {
        name: Snapshot.from_node(model, nodes=dict(context.models), cache=fingerprints)
        for name, model in context.models.items()
    }
    for snapshot in everything.values():
        snapshot.categorize_as(SnapshotChangeCategory.BREAKING)
    found = {}
    for name in models:
        recorder = Recorder()
        adapter = SnowflakeEngineAdapter(lambda: recorder, default_catalog="NORTHSTAR", register_comments=False)  # noqa: B023
        SnapshotEvaluator(adapter).create_snapshot(
            everything[context.get_model(name, raise_if_missing=True).fqn],
            everything,
            DeployabilityIndex.all_deployable(),
            allow_destructive_snapshots=set(),
            allow_additive_snapshots=set(),
        )
        found[name] = next(sql for sql in recorder.statements if sql.startswith("CREATE"))
    return found
