"""How the warehouse is doing: its last tick, its sources, failing audits, quarantine, backfills, and what to do next.

Reads the warehouse and the state directly: loading the SQLMesh project would take longer than a person wants to wait.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import duckdb
import psycopg

from northstar import snowflake_connection
from northstar.clock import TICK, floor_boundary, from_naive_utc
from northstar.gateway import is_snowflake
from northstar.ingest.duckdb_sink import CATALOG
from northstar.ingest.registry import SOURCES
from northstar.ingest.state import SourceState, duration, source_state
from northstar.lock import Owner, lock_of
from northstar.settings import Settings
from northstar.state_postgres import SCHEMA, state_conninfo
from northstar.statements import Statements, rows_if_there

OBJECTIVE = timedelta(minutes=45)
"""From a commit at a source to a row in a mart; a source whose lag is larger is late."""


@dataclass(frozen=True)
class LastTick:
    """The newest entry of the tick log."""

    tick_at: datetime
    status: str
    started_at: datetime
    seconds: float
    rows_landed: int
    line: dict[str, Any]


@dataclass(frozen=True)
class BackfillState:
    """A backfill that is not done."""

    backfill_id: int
    models: Sequence[str]
    start: datetime
    end: datetime
    status: str
    error: str | None
    batches_done: int
    batches: int


@dataclass(frozen=True)
class FailingAudit:
    """An audit whose newest result is a failure."""

    model: str
    audit: str
    is_blocking: bool
    fault_count: int
    passed_at: datetime | None
    """When it last passed, None when it never has."""

    @property
    def since(self) -> str:
        """Since when it fails."""
        return f"last passed {self.passed_at:%Y-%m-%d %H:%M}" if self.passed_at else "has not passed yet"


@dataclass(frozen=True)
class Held:
    """Faulty changes of one batch and rule that wait for their source to correct them."""

    source: str
    batch: str
    fault_rule: str
    held: int
    readmitted: int
    """Of the same rule, how many were corrected."""


@dataclass(frozen=True)
class Advice:
    """Something that a person should know, and what to do about it."""

    what: str
    do: str
    is_urgent: bool = True
    """Whether the warehouse is not as it should be, so that ``--check`` says so."""


@dataclass
class Status:
    """Everything that `northstar status` shows."""

    at: datetime
    holder: Owner | None = None
    busy: str | None = None
    """Why the warehouse could not be looked into just now."""
    last_tick: LastTick | None = None
    sources: list[SourceState] = field(default_factory=list)
    audits: list[FailingAudit] = field(default_factory=list)
    quarantine: list[Held] = field(default_factory=list)
    backfills: list[BackfillState] = field(default_factory=list)

    @property
    def advice(self) -> list[Advice]:
        """What to do next, the most pressing first; nothing when all is well."""
        if self.busy:
            return [] if self.holder else [Advice(self.busy, "close that program, or wait for it")]
        return [
            *self._about_ticks(), *self._about_sources(), *self._about_audits(), *self._about_backfills(),
            *self._about_quarantine(),
        ]  # fmt: skip

    def _about_ticks(self) -> list[Advice]:
        last = self.last_tick
        if last is None:
            return [Advice("no tick has run yet", "northstar tick")]
        found = []
        if last.status in ("running", "killed") and self.holder is None:
            found.append(Advice(f"the tick of {last.tick_at:%Y-%m-%d %H:%M} was killed", "northstar tick"))
        overdue = floor_boundary(self.at) - last.tick_at
        if overdue > TICK and self.holder is None:
            found.append(
                Advice(
                    f"no tick for {duration((self.at - last.tick_at).total_seconds())}",
                    "see that northstar schedule or its timer runs; the next tick catches up",
                )
            )
        if last.line.get("error"):
            found.append(Advice(last.line["error"], "docs/runbook.md, A tick fails as a whole"))
        for model, why in last.line.get("models_failed", {}).items():
            found.append(Advice(f"{model}: {why}", "docs/runbook.md, A model or an audit fails"))
        return found

    def _about_sources(self) -> list[Advice]:
        return [
            Advice(
                f"{source.source}: {source.last_error or f'late by {duration(source.lag_seconds or 0)}'}",
                "docs/runbook.md, A source is late",
            )
            for source in self.sources
            if source.is_configured
            and (source.last_error or (source.lag_seconds or 0) > (OBJECTIVE + TICK).total_seconds())
        ]

    def _about_audits(self) -> list[Advice]:
        told = self.last_tick.line.get("models_failed", {}) if self.last_tick else {}
        return [
            Advice(
                f"{audit.model}: audit {audit.audit} finds {audit.fault_count:,} rows, {audit.since}",
                "docs/quality.md, An audit fails",
            )
            for audit in self.audits
            if audit.model not in told
        ]

    def _about_quarantine(self) -> list[Advice]:
        held = {source: sum(one.held for one in self.quarantine if one.source == source) for source in SOURCES}
        return [
            Advice(f"{source}: {count:,} changes wait in quarantine", "docs/quality.md, Rows in quarantine", False)
            for source, count in held.items()
            if count
        ]

    def _about_backfills(self) -> list[Advice]:
        held_by = self.holder.purpose if self.holder else ""
        return [
            Advice(
                f"backfill {one.backfill_id} is {one.status}, {one.batches_done} of {one.batches} batches done"
                + (f": {one.error}" if one.error else ""),
                f"northstar backfill --resume {one.backfill_id}",
            )
            for one in self.backfills
            if f"backfill {one.backfill_id}" not in held_by
        ]

    def as_line(self) -> dict[str, Any]:
        """For machines."""
        last = self.last_tick
        return {
            "at": self.at.isoformat(),
            "holder": json.loads(self.holder.as_json()) if self.holder else None,
            "busy": self.busy,
            "last_tick": last and {
                "tick": last.tick_at.isoformat(), "status": last.status, "started_at": last.started_at.isoformat(),
                "seconds": last.seconds, "rows_landed": last.rows_landed,
            },
            "sources": [source.as_line() for source in self.sources],
            "audits_failing": [
                {**vars(one), "passed_at": one.passed_at and one.passed_at.isoformat()} for one in self.audits
            ],
            "quarantine": [vars(one) for one in self.quarantine],
            "backfills": [
                {**vars(one), "start": one.start.isoformat(), "end": one.end.isoformat()} for one in self.backfills
            ],
            "next": [vars(advice) for advice in self.advice],
        }  # fmt: skip


def status_of(settings: Settings, now: datetime) -> Status:
    """Look at a warehouse.  One that is being written to tells who does so, and no more."""
    found = Status(now, lock_of(settings).owner())
    try:
        with closing(_look_into(settings)) as connection:
            found.last_tick = _last_tick(connection)
            found.sources = [source_state(connection, name, settings.environment, now) for name in SOURCES]
            found.audits = [
                FailingAudit(model, audit, is_blocking, faults, passed and from_naive_utc(passed))
                for model, audit, is_blocking, faults, passed in rows_if_there(connection, _AUDITS)
            ]
            found.quarantine = [Held(*row) for row in rows_if_there(connection, _QUARANTINE)]
        found.backfills = _backfills(settings)
    except duckdb.IOException as error:
        found.busy = str(error).splitlines()[0]
    return found


def _look_into(settings: Settings) -> Statements:
    """A connection for reading; of a DuckDB file that is not there yet, one to nothing."""
    if is_snowflake(settings.environment):
        return snowflake_connection.connect(settings)
    connection = duckdb.connect(":memory:")
    if settings.duckdb.exists():
        connection.execute(f"ATTACH '{str(settings.duckdb).replace(chr(39), chr(39) * 2)}' AS {CATALOG} (READ_ONLY)")
        connection.execute(f"USE {CATALOG}")
    return connection


def _last_tick(connection: Statements) -> LastTick | None:
    rows = rows_if_there(
        connection,
        "SELECT tick_at, status, started_at, seconds, rows_landed, detail FROM ops.tick_log "
        "WHERE status <> 'missed' ORDER BY started_at DESC, tick_at DESC LIMIT 1",
    )
    if not rows:
        return None
    (row,) = rows
    return LastTick(from_naive_utc(row[0]), row[1], from_naive_utc(row[2]), row[3], row[4], json.loads(row[5]))


_AUDITS = """
SELECT model, audit, MAX_BY(is_blocking, audited_at), MAX_BY(fault_count, audited_at),
    MAX(CASE WHEN is_passed THEN audited_at END)
FROM ops.audit_result WHERE backfill_id IS NULL GROUP BY model, audit, arguments
HAVING MAX_BY(fault_count, audited_at) > 0
ORDER BY 3 DESC, model, audit
"""

_QUARANTINE = """
SELECT source, batch, fault_rule, SUM(held_count)::BIGINT, SUM(readmitted_count)::BIGINT
FROM ops.quarantine GROUP BY source, batch, fault_rule
HAVING SUM(held_count) > 0
ORDER BY 4 DESC, 2, 3
"""


_BACKFILLS = f"""
SELECT asked.backfill_id, asked.models, asked.start_at, asked.end_at, asked.status, asked.error,
    SUM(CASE WHEN batch.status = 'done' THEN 1 ELSE 0 END), COUNT(*)
FROM {SCHEMA}.backfill AS asked JOIN {SCHEMA}.backfill_batch AS batch ON batch.backfill_id = asked.backfill_id
WHERE asked.status IN ('waiting', 'failed')
GROUP BY asked.backfill_id, asked.models, asked.start_at, asked.end_at, asked.status, asked.error
ORDER BY asked.backfill_id
"""


def _backfills(settings: Settings) -> list[BackfillState]:
    found = []
    for number, models, start, end, status, error, done, batches in _state_rows(settings):
        span = (from_naive_utc(start), from_naive_utc(end))
        found.append(BackfillState(number, json.loads(models), *span, status, error, int(done), batches))
    return found


def _state_rows(settings: Settings) -> list[tuple[Any, ...]]:
    """The unfinished backfills; none where there is no journal yet."""
    conninfo = state_conninfo(settings.environment)
    try:
        if conninfo:
            with psycopg.connect(conninfo, autocommit=True) as connection:
                return connection.execute(_BACKFILLS.encode()).fetchall()
        if not settings.state.exists():
            return []
        with duckdb.connect(str(settings.state), read_only=True) as file:
            return file.execute(_BACKFILLS).fetchall()
    except (duckdb.CatalogException, psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return []
