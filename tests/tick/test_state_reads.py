"""What a process keeps of SQLMesh's state says what the state says, whoever has written there in the meantime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest
from little import HALF_HOUR, MIDNIGHT, Little
from sqlmesh.core.environment import Environment
from sqlmesh.core.snapshot import Snapshot, SnapshotId
from sqlmesh.core.snapshot.cache import SnapshotCache
from sqlmesh.core.state_sync.db.facade import EngineAdapterStateSync

from northstar import state_reads
from northstar.tick import tick
from northstar.warehouse import Warehouse


@pytest.fixture
def ticked(little: Little, warehouse: Warehouse) -> Warehouse:
    """After two half hours."""
    for number in range(2):
        little.live(number)
        report = tick(warehouse, ("app", "stripe"), little.environment, MIDNIGHT + (number + 1) * HALF_HOUR)
        assert report.status == "ok"
    return warehouse


def state_of(warehouse: Warehouse) -> EngineAdapterStateSync:
    """The state behind SQLMesh's own cache, which forgets after two minutes."""
    return cast(EngineAdapterStateSync, cast(Any, warehouse.context.state_sync).state_sync)


def prod(warehouse: Warehouse) -> Environment:
    found = state_of(warehouse).get_environment("prod")
    assert found
    return found


def snapshots_of(warehouse: Warehouse) -> dict[SnapshotId, Snapshot]:
    return state_of(warehouse).get_snapshots(prod(warehouse).snapshots)


def told(snapshots: Mapping[SnapshotId, Snapshot]) -> dict[str, str]:
    """All of each snapshot as SQLMesh writes it, its intervals too."""
    return {snapshot.name: snapshot.json() for snapshot in snapshots.values()}


def test_snapshots_are_as_sqlmesh_reads_them(ticked: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = snapshots_of(ticked), snapshots_of(ticked)
    assert all(second[one].model is snapshot.model for one, snapshot in first.items() if snapshot.is_model), "kept"
    monkeypatch.setattr(SnapshotCache, "get_or_load", state_reads._cache_get_or_load)
    anew = snapshots_of(ticked)
    assert not any(anew[one].model is snapshot.model for one, snapshot in first.items() if snapshot.is_model)
    assert told(first) == told(second) == told(anew)
    assert any(snapshot.intervals for snapshot in anew.values())


def test_what_is_in_the_state_counts(ticked: Warehouse) -> None:
    before = snapshots_of(ticked)
    one, snapshot = next((one, found) for one, found in before.items() if found.name.endswith('"VISIT_CHANGE"'))
    intervals = list(snapshot.intervals)
    ends = int(intervals[-1][1])
    snapshot.intervals.append((0, 1))  # what somebody does to his copy is his own affair
    assert snapshots_of(ticked)[one].intervals == intervals
    ticked.context.state_sync.add_interval(snapshot, ends, ends + 1_800_000)
    assert snapshots_of(ticked)[one].intervals[-1][1] == ends + 1_800_000
    ticked.state.execute("DELETE FROM sqlmesh._snapshots WHERE name LIKE '%RATE_NOW%'")
    (gone,) = before.keys() - snapshots_of(ticked).keys()
    assert "RATE_NOW" in gone.name


def test_an_environment_is_read_anew_when_a_plan_has_changed_it(ticked: Warehouse) -> None:
    first = prod(ticked)
    plan, snapshots = first.plan_id, list(first.snapshots)
    first.plan_id = "mine"
    first.snapshots.clear()
    assert (prod(ticked).plan_id, prod(ticked).snapshots) == (plan, snapshots)
    ticked.state.execute("UPDATE sqlmesh._environments SET plan_id = 'another' WHERE name = 'prod'")
    assert prod(ticked).plan_id == "another"
    ticked.state.execute("UPDATE sqlmesh._environments SET finalized_ts = NULL WHERE name = 'prod'")
    assert prod(ticked).finalized_ts is None
