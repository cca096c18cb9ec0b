"""``ops.tick_log``: what every tick did, also those that were killed or never happened."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from northstar.clock import TICK, from_naive_utc, to_naive_utc
from northstar.statements import Statements, transaction

_TABLE = (
    "CREATE SCHEMA IF NOT EXISTS ops",
    """CREATE TABLE IF NOT EXISTS ops.tick_log (
    tick_at TIMESTAMP NOT NULL, started_at TIMESTAMP NOT NULL, seconds DOUBLE NOT NULL, status VARCHAR NOT NULL,
    rows_landed BIGINT NOT NULL, models_run BIGINT NOT NULL, detail VARCHAR NOT NULL)""",
)


class TickLog:
    """The log of one warehouse.  Whoever writes to it holds the writer lock."""

    def __init__(self, connection: Statements) -> None:
        self._connection = connection
        for statement in _TABLE:
            connection.execute(statement)

    def begin(
        self, tick_at: datetime, started_at: datetime, detail: dict[str, Any]
    ) -> tuple[list[datetime], list[datetime]]:
        """Note that a tick runs; returns the boundaries that were missed since the last, and whose ticks never ended.

        A missed boundary is made up for by the tick that comes after it: the sources are read up to now, and models
        run every interval that is due.
        """
        last = self.last_boundary()
        first = tick_at if last is None else last + TICK
        missed = [first + number * TICK for number in range((tick_at - first) // TICK)]
        with transaction(self._connection):
            killed = self._connection.execute("SELECT tick_at FROM ops.tick_log WHERE status = 'running'").fetchall()
            self._connection.execute("UPDATE ops.tick_log SET status = 'killed' WHERE status = 'running'")
            for boundary in missed:
                self._insert(boundary, started_at, "missed", {})
            self._insert(tick_at, started_at, "running", detail)
        return missed, [from_naive_utc(boundary) for (boundary,) in killed]

    def end(self, seconds: float, status: str, rows_landed: int, models_run: int, detail: dict[str, Any]) -> None:
        """Complete the entry of the tick that runs."""
        self._connection.execute(
            "UPDATE ops.tick_log SET seconds = ?, status = ?, rows_landed = ?, models_run = ?, detail = ? "
            "WHERE status = 'running'",
            [seconds, status, rows_landed, models_run, json.dumps(detail)],
        )

    def last_line(self) -> dict[str, Any] | None:
        """The line of the last tick that ended, None before the first."""
        row = self._connection.execute(
            "SELECT detail FROM ops.tick_log WHERE status NOT IN ('missed', 'running', 'killed') "
            "ORDER BY started_at DESC, tick_at DESC LIMIT 1"
        ).fetchone()
        return json.loads(row[0]) if row else None

    def last_boundary(self) -> datetime | None:
        """The latest boundary of which there is an entry."""
        row = self._connection.execute("SELECT max(tick_at) FROM ops.tick_log").fetchone()
        return from_naive_utc(row[0]) if row and row[0] else None

    def is_done(self, boundary: datetime) -> bool:
        """Whether the tick of a boundary, or a later one, ended by itself: well or not, it need not be repeated."""
        row = self._connection.execute(
            "SELECT count(*) FROM ops.tick_log WHERE tick_at >= ? AND status NOT IN ('running', 'killed', 'stopped')",
            [to_naive_utc(boundary)],
        ).fetchone()
        return row is not None and row[0] > 0

    def _insert(self, tick_at: datetime, started_at: datetime, status: str, detail: dict[str, Any]) -> None:
        self._connection.execute(
            "INSERT INTO ops.tick_log VALUES (?, ?, 0, ?, 0, 0, ?)",
            [to_naive_utc(tick_at), to_naive_utc(started_at), status, json.dumps(detail)],
        )
