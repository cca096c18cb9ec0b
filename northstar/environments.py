"""The virtual environments of a warehouse: whose they are, what they hold of their own, when they end."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.environment import Environment
from sqlmesh.core.snapshot import DeployabilityIndex, SnapshotTableInfo

from northstar.promotion.guard import PROD
from northstar.table_size import size_in_bytes
from northstar.warehouse import model_name


@dataclass(frozen=True)
class EnvironmentState:
    """One environment as it stands."""

    name: str
    owners: list[str]
    """Owners of its models that are not prod's, the most frequent first; of all of them when it is as prod is."""
    planned_at: datetime | None
    """When it was last planned, UTC."""
    expires_at: datetime | None
    """When the janitor may remove it, UTC; None for never."""
    models: int
    own_models: list[str]
    """Models whose tables prod does not use."""
    own_rows: int
    own_bytes: int | None
    """On disk, of the same tables; None when the engine does not tell."""
    finished: bool
    """False: a plan died on its way; planning again heals it."""

    def as_line(self) -> dict[str, Any]:
        """For JSON."""
        line = asdict(self)
        return line | {key: line[key] and line[key].isoformat() for key in ("planned_at", "expires_at")}


def environment_states(context: Context) -> list[EnvironmentState]:
    """All environments, prod first."""
    environments = context.state_reader.get_environments()
    prod = [snapshot for held in environments if held.name == PROD for snapshot in held.snapshots]
    states = [_state(context, environment, prod) for environment in environments]
    return sorted(states, key=lambda state: (state.name != PROD, state.name))


def remove_expired(context: Context) -> None:
    """Remove environments past their end, and the tables that no environment has shown for a week.

    Ticks leave this to a call of its own (the nightly workflow's), so that a half hour is never spent on tidying.
    """
    context.run_janitor(ignore_ttl=False)


def _state(context: Context, environment: Environment, prod: list[SnapshotTableInfo]) -> EnvironmentState:
    held = [snapshot for snapshot in environment.snapshots if snapshot.is_model and not snapshot.is_external]
    snapshots = context.state_reader.get_snapshots(held)
    own, differing, index = held, held, DeployabilityIndex.all_deployable()
    if environment.name != PROD:
        every = context.state_reader.get_snapshots(environment.snapshots)
        index = DeployabilityIndex.create(every, start=environment.start_at)
        shown = {snapshot.table_name() for snapshot in prod if snapshot.is_model and not snapshot.is_external}
        known = {snapshot.snapshot_id for snapshot in prod}
        own = [snapshot for snapshot in held if snapshot.table_name(index.is_representative(snapshot)) not in shown]
        differing = [snapshot for snapshot in held if snapshot.snapshot_id not in known] or held
    owners = Counter(owner for snapshot in differing if (owner := snapshots[snapshot.snapshot_id].node.owner))
    sizes = [size for snapshot in own if (size := _size(context, snapshot, index)) is not None]
    return EnvironmentState(
        environment.name,
        [owner for owner, _ in owners.most_common()],
        max((datetime.fromtimestamp(s.updated_ts / 1000, UTC) for s in snapshots.values()), default=None),
        datetime.fromtimestamp(environment.expiration_ts / 1000, UTC) if environment.expiration_ts else None,
        len(environment.snapshots),
        sorted(model_name(snapshot.name) for snapshot in own),
        sum(rows for rows, _ in sizes),
        None if any(size is None for _, size in sizes) else sum(size or 0 for _, size in sizes),
        environment.finalized_ts is not None,
    )


def _size(context: Context, snapshot: SnapshotTableInfo, index: DeployabilityIndex) -> tuple[int, int | None] | None:
    """Rows and bytes of a model's table; None when it has none."""
    if snapshot.is_view or snapshot.is_symbolic:
        return None
    table = snapshot.table_name(index.is_representative(snapshot))
    if not context.engine_adapter.table_exists(table):
        return None
    row = context.engine_adapter.fetchone(exp.select("COUNT(*)").from_(table))
    return int(row[0]) if row else 0, size_in_bytes(context.engine_adapter, table)
