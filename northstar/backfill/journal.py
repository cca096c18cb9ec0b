"""The journal of backfills, beside SQLMesh's state: what was asked for, and which batches are done.

SQLMesh believes a restated range complete while it is being restated, so a backfill that was killed in a batch leaves
models that do not fit together, and nothing else knows.  Whoever starts next finds the batch here, and does it again.
"""

from __future__ import annotations

import getpass
import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlglot import exp
from sqlmesh.core.engine_adapter.base import EngineAdapter

from northstar.clock import from_naive_utc, to_naive_utc, utc_now
from northstar.state_postgres import SCHEMA

_TABLES = (
    f"""CREATE TABLE IF NOT EXISTS {SCHEMA}.backfill (
        backfill_id BIGINT NOT NULL, models TEXT NOT NULL, start_at TIMESTAMP NOT NULL, end_at TIMESTAMP NOT NULL,
        status TEXT NOT NULL, error TEXT, requested_by TEXT NOT NULL, requested_at TIMESTAMP NOT NULL)""",
    f"""CREATE TABLE IF NOT EXISTS {SCHEMA}.backfill_batch (
        backfill_id BIGINT NOT NULL, batch_no BIGINT NOT NULL, start_at TIMESTAMP NOT NULL, end_at TIMESTAMP NOT NULL,
        status TEXT NOT NULL, row_count BIGINT, seconds DOUBLE PRECISION, finished_at TIMESTAMP)""",
)


class Status(StrEnum):
    """Where a backfill or a batch stands."""

    WAITING = "waiting"
    """Not begun; of a backfill: begun, and to be gone on with."""
    RUNNING = "running"
    """Models are being restated: what was killed here must be done again before anything else."""
    DONE = "done"
    FAILED = "failed"
    """A model or an audit failed; it is not repeated by itself."""
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Entry:
    """One backfill as it was asked for."""

    backfill_id: int
    models: Sequence[str]
    start: datetime
    end: datetime
    status: Status
    error: str | None
    requested_by: str
    requested_at: datetime


@dataclass(frozen=True)
class Batch:
    """One batch of a backfill; the last one has no length: it is for what is done at the end."""

    backfill_id: int
    batch_no: int
    start: datetime
    end: datetime
    status: Status
    row_count: int | None
    seconds: float | None

    @property
    def is_last(self) -> bool:
        """Whether it is the one for what is done once, at the end."""
        return self.start == self.end


class Journal:
    """Reads and writes the journal.  Whoever writes holds the writer lock."""

    def __init__(self, state: EngineAdapter) -> None:
        self._state = state
        state.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        for statement in _TABLES:
            state.execute(statement)

    def ask(
        self, models: Sequence[str], start: datetime, end: datetime, batches: Sequence[tuple[datetime, datetime]]
    ) -> Entry:
        """Write down a backfill and its batches; the entry is written last, so that there is none without batches."""
        newest = self._state.fetchone(f"SELECT COALESCE(MAX(backfill_id), 0) FROM {SCHEMA}.backfill")
        number = int(newest[0]) + 1 if newest else 1
        self._state.execute(f"DELETE FROM {SCHEMA}.backfill_batch WHERE backfill_id = {number}")
        for batch_no, (low, high) in enumerate([*batches, (end, end)], 1):
            self._insert("backfill_batch", number, batch_no, low, high, Status.WAITING, None, None, None)
        who = f"{getpass.getuser()}@{socket.gethostname()}"
        self._insert("backfill", number, json.dumps(list(models)), start, end, Status.WAITING, None, who, utc_now())
        return self.entry(number)

    def entry(self, backfill_id: int) -> Entry:
        """One backfill.  Raises ValueError when there is none of that number."""
        found = self._entries(f"WHERE backfill_id = {int(backfill_id)}")
        if not found:
            raise ValueError(f"there is no backfill {backfill_id}; northstar status lists them")
        return found[0]

    def unfinished(self) -> list[Entry]:
        """Backfills that were neither completed nor cancelled, oldest first."""
        return self._entries(f"WHERE status IN ('{Status.WAITING}', '{Status.FAILED}')")

    def batches(self, backfill_id: int) -> list[Batch]:
        """All batches of a backfill, in order."""
        return self._batches(f"WHERE backfill_id = {int(backfill_id)}")

    def broken(self) -> list[Batch]:
        """Batches in which a process died."""
        return self._batches(f"WHERE status = '{Status.RUNNING}'")

    def begin(self, batch: Batch) -> None:
        """From here on the batch must be done again if the process dies."""
        self._mark(batch, Status.RUNNING)

    def finish(self, batch: Batch, row_count: int, seconds: float) -> None:
        """The batch is done, and with the last one the backfill."""
        self._mark(batch, Status.DONE, row_count, seconds)
        if all(other.status is Status.DONE for other in self.batches(batch.backfill_id)):
            self._set(batch.backfill_id, Status.DONE, None)

    def fail(self, batch: Batch, error: str) -> None:
        """The batch and the backfill wait for a person."""
        self._set(batch.backfill_id, Status.FAILED, error)
        self._mark(batch, Status.FAILED)

    def resume(self, backfill_id: int) -> None:
        """What failed may be tried again."""
        self._state.execute(
            f"UPDATE {SCHEMA}.backfill_batch SET status = '{Status.WAITING}' "
            f"WHERE backfill_id = {int(backfill_id)} AND status = '{Status.FAILED}'"
        )
        self._set(backfill_id, Status.WAITING, None)

    def cancel(self, backfill_id: int) -> None:
        """The backfill is not gone on with."""
        self._set(backfill_id, Status.CANCELLED, None)

    def _set(self, backfill_id: int, status: Status, error: str | None) -> None:
        self._state.execute(
            f"UPDATE {SCHEMA}.backfill SET status = '{status}', error = {_literal(error)} "
            f"WHERE backfill_id = {int(backfill_id)}"
        )

    def _mark(self, batch: Batch, status: Status, row_count: int | None = None, seconds: float | None = None) -> None:
        self._state.execute(
            f"UPDATE {SCHEMA}.backfill_batch SET status = '{status}', row_count = {_literal(row_count)}, "
            f"seconds = {_literal(seconds)}, finished_at = {_literal(utc_now())} "
            f"WHERE backfill_id = {batch.backfill_id} AND batch_no = {batch.batch_no}"
        )

    def _insert(self, table: str, *values: object) -> None:
        self._state.execute(f"INSERT INTO {SCHEMA}.{table} VALUES ({', '.join(map(_literal, values))})")

    def _entries(self, where: str) -> list[Entry]:
        rows = self._state.fetchall(
            "SELECT backfill_id, models, start_at, end_at, status, error, requested_by, requested_at "
            f"FROM {SCHEMA}.backfill {where} ORDER BY backfill_id"
        )
        return [
            Entry(number, json.loads(models), from_naive_utc(start), from_naive_utc(end), Status(status), error, who,
                  from_naive_utc(when))
            for number, models, start, end, status, error, who, when in rows
        ]  # fmt: skip

    def _batches(self, where: str) -> list[Batch]:
        rows = self._state.fetchall(
            f"SELECT backfill_id, batch_no, start_at, end_at, status, row_count, seconds FROM {SCHEMA}.backfill_batch "
            f"{where} ORDER BY backfill_id, batch_no"
        )
        return [
            Batch(number, batch_no, from_naive_utc(start), from_naive_utc(end), Status(status), row_count, seconds)
            for number, batch_no, start, end, status, row_count, seconds in rows
        ]


def _literal(value: object) -> str:
    if isinstance(value, datetime):
        return f"TIMESTAMP '{to_naive_utc(value.astimezone(UTC))}'"
    return exp.convert(value).sql(dialect="postgres")
