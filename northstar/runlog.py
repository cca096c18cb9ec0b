"""What the models and audits of each tick did, kept as tables: the ground of the models of schema ops.

SQLMesh's state says which intervals are complete, and neither when they became so nor what an audit found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlmesh import Context

from northstar.clock import to_naive_utc
from northstar.phi.firewall import plain
from northstar.statements import Statements, batched, insert
from northstar.ticklog import TickLog

if TYPE_CHECKING:
    from northstar.engine import AuditRun
    from northstar.warehouse import RunReport

_TABLES = (
    """CREATE TABLE IF NOT EXISTS ops.model_log (
    tick_at TIMESTAMP NOT NULL, started_at TIMESTAMP NOT NULL, model VARCHAR NOT NULL,
    interval_start TIMESTAMP NOT NULL, interval_end TIMESTAMP NOT NULL, row_count BIGINT NOT NULL,
    seconds DOUBLE NOT NULL, is_failed BOOLEAN NOT NULL)""",
    "ALTER TABLE ops.model_log ADD COLUMN IF NOT EXISTS ended_at TIMESTAMP",
    """CREATE TABLE IF NOT EXISTS ops.audit_log (
    tick_at TIMESTAMP NOT NULL, started_at TIMESTAMP NOT NULL, model VARCHAR NOT NULL, audit VARCHAR NOT NULL,
    arguments VARCHAR NOT NULL, is_blocking BOOLEAN NOT NULL, audited_at TIMESTAMP NOT NULL,
    fault_count BIGINT NOT NULL, seconds DOUBLE NOT NULL)""",
    "ALTER TABLE ops.audit_log ADD COLUMN IF NOT EXISTS backfill_id BIGINT",
    """CREATE TABLE IF NOT EXISTS ops.model_state (
    model VARCHAR NOT NULL, complete_through TIMESTAMP NOT NULL, refreshed_at TIMESTAMP NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS ops.mart_input (
    mart VARCHAR NOT NULL, source VARCHAR NOT NULL, model VARCHAR NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS ops.mart_log (
    tick_at TIMESTAMP NOT NULL, started_at TIMESTAMP NOT NULL, mart VARCHAR NOT NULL, source VARCHAR NOT NULL,
    complete_through TIMESTAMP NOT NULL)""",
)
KEPT = timedelta(days=90)
"""How long it is kept what models ran, and which audits passed.  What an audit found is kept for good."""

_MARTS = """
INSERT INTO ops.mart_log
SELECT ?, ?, input.mart, input.source, MIN(state.complete_through)
FROM ops.mart_input AS input LEFT JOIN ops.model_state AS state ON state.model = input.model
GROUP BY input.mart, input.source
HAVING COUNT(*) = COUNT(state.model)
"""
"""A mart is complete, in what it shows of a source, through where the slowest table on the way from there is."""


def ensure_tables(connection: Statements) -> None:
    """Create what ticks write where it is missing: a plan makes views over it."""
    TickLog(connection)
    for statement in _TABLES:
        connection.execute(statement)


class RunLog:
    """The log of one warehouse.  Whoever writes to it holds the writer lock, and has begun a transaction."""

    def __init__(self, connection: Statements) -> None:
        self._connection = connection

    def write(self, tick_at: datetime, started_at: datetime, now: datetime, run: RunReport, context: Context) -> None:
        """Note what the run of a tick did, and how far it brought each mart."""
        key = (to_naive_utc(tick_at), to_naive_utc(started_at))
        failed = run.failures.keys()
        ran = {
            name: (
                _moment(model.start_ms),
                _moment(model.end_ms),
                model.rows,
                model.seconds,
                name in failed,
                _moment(model.done_ms),
            )
            for name, model in run.models.items()
        }
        insert(self._connection, "ops.model_log", [(*key, name, *did) for name, did in ran.items()])
        self.note_audits(tick_at, started_at, run.audits)
        done = {name: end for name, (_, end, *_, is_failed, _) in ran.items() if not is_failed}
        self._note_state(done, to_naive_utc(now))
        self._note_inputs(mart_inputs(context))
        self._connection.execute(_MARTS, list(key))
        if (tick_at.hour, tick_at.minute) == (0, 0):
            self._forget(to_naive_utc(tick_at - KEPT))

    def note_audits(
        self, tick_at: datetime, started_at: datetime, audits: Iterable[AuditRun], backfill_id: int | None = None
    ) -> None:
        """Note what audits found: those of a tick, or of a backfill as of the last tick."""
        key = (to_naive_utc(tick_at), to_naive_utc(started_at))
        insert(
            self._connection,
            "ops.audit_log",
            [
                (*key, plain(one.snapshot), one.audit, one.arguments, one.is_blocking, to_naive_utc(one.audited_at),
                 one.fault_count, one.seconds, backfill_id)
                for one in audits
            ],
        )  # fmt: skip

    def _forget(self, before: datetime) -> None:
        for table, also in (("model_log", ""), ("mart_log", ""), ("audit_log", " AND fault_count = 0")):
            self._connection.execute(f"DELETE FROM ops.{table} WHERE tick_at < ?{also}", [before])

    def _note_state(self, done: Mapping[str, datetime], now: datetime) -> None:
        """Put a model's new state in the place of the old; a replay of the past takes nothing back."""
        known = dict(self._connection.execute("SELECT model, complete_through FROM ops.model_state").fetchall())
        for names in batched(list(done)):
            places = ", ".join("?" * len(names))
            self._connection.execute(f"DELETE FROM ops.model_state WHERE model IN ({places})", names)
        states = [(name, max(end, known.get(name, end)), now) for name, end in done.items()]
        insert(self._connection, "ops.model_state", states)

    def _note_inputs(self, inputs: set[tuple[str, str, str]]) -> None:
        known = set(self._connection.execute("SELECT mart, source, model FROM ops.mart_input").fetchall())
        if inputs != known:
            self._connection.execute("DELETE FROM ops.mart_input")
            insert(self._connection, "ops.mart_input", sorted(inputs))


def mart_inputs(context: Context) -> set[tuple[str, str, str]]:
    """Of each mart and source: the tables that stand between the two, as (mart, source, model)."""
    sources: dict[str, set[str]] = defaultdict(set)
    for name in context.dag.sorted:
        schema = plain(name).partition(".")[0]
        sources[name] = {schema.removeprefix("raw_")} if schema.startswith("raw_") else set()
        if model := context.models.get(name):
            sources[name].update(*(sources[parent] for parent in model.depends_on or ()))
    return set(_inputs(context, sources))


def _inputs(context: Context, sources: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str, str]]:
    kept = {name for name, model in context.models.items() if model.kind.is_incremental or model.kind.is_scd_type_2}
    for mart in context.models:
        if plain(mart).startswith("marts_"):
            for name in kept & {mart, *context.dag.upstream(mart)}:
                yield from ((plain(mart), source, plain(name)) for source in sources[name])


def _moment(milliseconds: int) -> datetime:
    return to_naive_utc(datetime.fromtimestamp(milliseconds / 1000, UTC))
