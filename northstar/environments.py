"""The virtual environments of a warehouse: whose they are, what they hold of their own, when they end."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.environment import Environment
from sqlmesh.core.snapshot import SnapshotTableInfo

from northstar.promotion.guard import PROD
from northstar.warehouse import model_name


@dataclass(frozen=True)
class EnvironmentState:
    """One environment as it stands."""

    name: str
    owners: list[str]
    """Owners of the models that it does not share with prod, the most frequent first."""
    planned_at: datetime | None
    """When it was last planned, UTC."""
    expires_at: datetime | None
    """When the janitor may remove it, UTC; None for never."""
    models: int
    own_models: list[str]
    """Models whose tables prod does not use."""
    own_rows: int
    finished: bool
    """False: a plan died on its way; planning again heals it."""

    def as_line(self) -> dict[str, Any]:
        """For JSON."""
        line = asdict(self)
        return line | {key: line[key] and line[key].isoformat() for key in ("planned_at", "expires_at")}


def environment_states(context: Context) -> list[EnvironmentState]:
    """All environments, prod first."""
    environments = context.state_reader.get_environments()
    prod = {snapshot.version for held in environments if held.name == PROD for snapshot in held.snapshots}
    states = [_state(context, environment, prod) for environment in environments]
    return sorted(states, key=lambda state: (state.name != PROD, state.name))


def remove_expired(context: Context) -> None:
    """Remove environments past their end, and the tables that no environment has shown for a week.

    Ticks leave this to a call of its own (the nightly workflow's), so that a half hour is never spent on tidying.
    """
    context.run_janitor(ignore_ttl=False)


def _state(context: Context, environment: Environment, prod: set[str]) -> EnvironmentState:
    own = [snapshot for snapshot in environment.snapshots if snapshot.is_model and not snapshot.is_external]
    if environment.name != PROD:
        own = [snapshot for snapshot in own if snapshot.version not in prod]
    snapshots = context.state_reader.get_snapshots(own).values()
    owners = Counter(snapshot.node.owner for snapshot in snapshots if snapshot.node.owner)
    return EnvironmentState(
        environment.name,
        [owner for owner, _ in owners.most_common()],
        max((datetime.fromtimestamp(s.updated_ts / 1000, UTC) for s in snapshots), default=None),
        datetime.fromtimestamp(environment.expiration_ts / 1000, UTC) if environment.expiration_ts else None,
        len(environment.snapshots),
        sorted(model_name(snapshot.name) for snapshot in own),
        sum(_rows(context, snapshot) for snapshot in own),
        environment.finalized_ts is not None,
    )


def _rows(context: Context, snapshot: SnapshotTableInfo) -> int:
    if snapshot.is_view or snapshot.is_symbolic:
        return 0
    table = snapshot.table_name()
    if not context.engine_adapter.table_exists(table):
        return 0
    row = context.engine_adapter.fetchone(exp.select("COUNT(*)").from_(table))
    return int(row[0]) if row else 0
