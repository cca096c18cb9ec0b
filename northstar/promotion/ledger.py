"""What was proved and what may be prod, kept in the warehouse: gate receipts and promotions.

A project is known by its *digest*: a hash over the fingerprints of all its models and audits.  Whatever changes what
a model computes, checks or is called changes the digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.engine_adapter.base import EngineAdapter
from sqlmesh.core.snapshot import Snapshot, SnapshotTableInfo

from northstar.clock import to_naive_utc, utc_now

_RECEIPT = "ops.gate_receipt"
_PROMOTION = "ops.promotion"
_BEGUN = "begun"
_TABLES = {
    _RECEIPT: {
        "digest": "VARCHAR",
        "base_digest": "VARCHAR",
        "commit_id": "VARCHAR",
        "passed": "BOOLEAN",
        "made_at": "TIMESTAMP",
        "environment": "VARCHAR",
        "report": "VARCHAR",
    },
    _PROMOTION: {
        "digest": "VARCHAR",
        "commit_id": "VARCHAR",
        "reason": "VARCHAR",
        "promoted_at": "TIMESTAMP",
    },
}


@dataclass(frozen=True)
class Receipt:
    """What the gate found of one digest."""

    digest: str
    base_digest: str | None
    """Digest of the environment that the change was compared with, None when there was none."""
    commit_id: str | None
    """Commit of the project, None when files differed from it."""
    passed: bool
    made_at: datetime
    """Naive UTC."""
    environment: str
    report: dict[str, Any]


def digest(snapshots: Mapping[str, Snapshot] | Mapping[str, SnapshotTableInfo]) -> str:
    """The digest of a set of models and audits by name."""
    lines = sorted(f"{name} {snapshot.fingerprint.to_identifier()}" for name, snapshot in snapshots.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def digest_of_environment(context: Context, name: str) -> str | None:
    """The digest of what an environment holds; None when there is no such environment."""
    environment = context.state_reader.get_environment(name)
    return None if environment is None else digest({snapshot.name: snapshot for snapshot in environment.snapshots})


class Ledger:
    """Receipts and promotions of one warehouse."""

    def __init__(self, adapter: EngineAdapter) -> None:
        self._adapter = adapter

    def keep(self, receipt: Receipt) -> None:
        """Remember a receipt."""
        self._insert(
            _RECEIPT,
            receipt.digest,
            receipt.base_digest,
            receipt.commit_id,
            receipt.passed,
            receipt.made_at,
            receipt.environment,
            json.dumps(receipt.report),
        )

    def newest_receipt(self, wanted: str) -> Receipt | None:
        """The last receipt of a digest: a later failure outweighs an earlier success."""
        if not self._adapter.table_exists(_RECEIPT):
            return None
        columns = ", ".join(_TABLES[_RECEIPT])
        row = self._adapter.fetchone(
            f"SELECT {columns} FROM {_RECEIPT} WHERE digest = '{wanted}' ORDER BY made_at DESC LIMIT 1"
        )
        if row is None:
            return None
        digest_, base_digest, commit_id, passed, made_at, environment, report = row
        return Receipt(digest_, base_digest, commit_id, passed, made_at, environment, json.loads(report))

    def begin(self, wanted: str, commit_id: str | None) -> None:
        """Let a digest become prod beside what is prod, whose ticks go on when the promotion dies."""
        self._insert(_PROMOTION, wanted, commit_id, _BEGUN, to_naive_utc(utc_now()))

    def allow(self, allowed: str, commit_id: str | None, reason: str) -> None:
        """Let a digest be prod from now on.  What was prod before is no longer allowed to come back by itself."""
        self._insert(_PROMOTION, allowed, commit_id, reason, to_naive_utc(utc_now()))

    def allowed(self) -> list[str]:
        """The digests that may be prod, the newest first; none when nothing was ever promoted."""
        if not self._adapter.table_exists(_PROMOTION):
            return []
        rows = self._adapter.fetchall(f"SELECT digest, reason FROM {_PROMOTION} ORDER BY promoted_at DESC")
        begun = list(takewhile(lambda row: row[1] == _BEGUN, rows))
        return [str(digest) for digest, _ in rows[: len(begun) + 1]]

    def _insert(self, table: str, *values: object) -> None:
        columns = {name: exp.DataType.build(kind, dialect="snowflake") for name, kind in _TABLES[table].items()}
        if not self._adapter.table_exists(table):
            self._adapter.create_schema("ops")
            self._adapter.create_table(table, columns)
        row = exp.Tuple(
            expressions=[
                exp.cast(exp.convert(value), kind) for value, kind in zip(values, columns.values(), strict=True)
            ]
        )
        self._adapter.execute(exp.insert(exp.Values(expressions=[row]), table, columns=list(columns)))
