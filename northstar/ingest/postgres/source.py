"""The application's PostgreSQL as a source: a snapshot, then every change, through one replication slot.

A run looks at the tables' catalog, brings the publication up to date, and reads the stream up to a position that it
fixes at its start.  Tables whose rows changed without the stream showing it (new ones, rewritten ones, all of them
after a lost slot) are read whole at a fresh moment.  The stream is read exactly up to that moment first, so that rows
come to raw in their order: changes, T, R, later changes.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg

from northstar import failpoints
from northstar.ingest.contract import Batch, Cursor, IngestError, LedgerView, Notice
from northstar.ingest.landing import LandingZone
from northstar.ingest.postgres import publication
from northstar.ingest.postgres.catalog import Catalog, TableFacts, read_catalog
from northstar.ingest.postgres.cursor import State
from northstar.ingest.postgres.decoder import Decoder
from northstar.ingest.postgres.identity import check_same, read_server
from northstar.ingest.postgres.settings import PostgresSettings
from northstar.ingest.postgres.slot import (
    ExportedSnapshot,
    Slot,
    SnapshotUnavailable,
    advance,
    drop,
    exported_snapshot,
    read_slot,
)
from northstar.ingest.postgres.snapshot import SnapshotReader, position_before
from northstar.ingest.postgres.stream import peek

IDLE_ADVANCE_BYTES = 16 << 20
"""A slot holds back whole segments of WAL, so it is worth moving without rows only after one."""

WHOLE_SOURCE = "*"
"""The object of notices that concern no single table."""


class PostgresSource:
    """Reads one database through one slot; see :class:`PostgresSettings` for what it needs there."""

    name = "app"

    def __init__(self, settings: PostgresSettings) -> None:
        self._settings = settings
        self._held: psycopg.Connection[Any] | None = None
        self.retained_bytes = 0
        """How much WAL the server kept for the slot when the last run began."""

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        """Read from the ledger's cursor up to now, landing files, a batch at a time.

        Raises IngestError when the source cannot be read, or when another reader holds its slot.
        """
        try:
            run = _Run(self._settings, self._connection(), landing, loaded_at)
            self.retained_bytes = run.slot.retained_bytes if run.slot else 0
            yield from run.read(State.from_cursor(ledger.cursor) if ledger.cursor is not None else None)
        except psycopg.Error as error:
            raise _as_ingest_error(error) from error

    def acknowledge(self, cursor: Cursor) -> None:
        """Let the server forget the WAL of what is loaded."""
        state = State.from_cursor(cursor)
        if state.creating:
            return
        try:
            advance(self._connection(), state.slot, state.confirmed_lsn)
        except psycopg.Error as error:
            raise _as_ingest_error(error) from error

    def close(self) -> None:
        """Close the connection, and with it give up the lock on the slot."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def _connection(self) -> psycopg.Connection[Any]:
        """The connection that holds the lock on the slot's name, opened at first use and after a failure."""
        if self._held is not None and (self._held.closed or self._held.broken):
            self._held = None
        if self._held is None:
            connection = self._settings.connect()
            try:
                _lock(connection, self._settings)
            except BaseException:
                connection.close()
                raise
            self._held = connection
        return self._held


def _lock(connection: psycopg.Connection[Any], settings: PostgresSettings) -> None:
    """Take the lock on the slot's name, waiting a little: a killed reader's backend may still hold it."""
    deadline = time.monotonic() + settings.lock_seconds
    while True:
        row = connection.execute(
            "SELECT pg_try_advisory_lock(hashtext('northstar'), hashtext(%s))", [settings.slot]
        ).fetchone()
        if row and row[0]:
            return
        if time.monotonic() > deadline:
            raise IngestError(
                f"another reader is using replication slot {settings.slot}: wait until it is done, or give this "
                "warehouse a slot of its own by NORTHSTAR_APP_SLOT"
            )
        time.sleep(0.2)


def _as_ingest_error(error: psycopg.Error) -> IngestError:
    # The server's own words may quote values.
    return IngestError(
        f"the application's database refused or broke off ({type(error).__name__}, SQLSTATE {error.sqlstate}); "
        "what was loaded stays loaded, and the next run goes on from there"
    )


class _Run:
    """One reading of the source, from a cursor up to now."""

    def __init__(
        self,
        settings: PostgresSettings,
        connection: psycopg.Connection[Any],
        landing: LandingZone,
        loaded_at: datetime,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._landing = landing
        self._loaded_at = loaded_at
        # Before the catalog: then no row of this run is of a later schema than the catalog's.
        self._server = read_server(connection)
        self.slot = read_slot(connection, settings.slot)
        self._notices: list[Notice] = []

    def read(self, state: State | None) -> Iterator[Batch]:
        """Yield batches until the source is read up to the moment at which the run began, or later."""
        if state is not None:
            check_same(self._server, state)
        reason = self._reason_to_start_over(state)
        if reason is None:
            assert state is not None and self.slot is not None
            yield from self._go_on(state, self.slot)
        else:
            yield from self._start_over(state, reason)

    def _reason_to_start_over(self, state: State | None) -> Notice | None:
        """Why the slot cannot be read on from the ledger's position, None when it can.

        Raises IngestError when there is a slot of that name that is not this warehouse's.
        """
        slot, name = self.slot, self._settings.slot
        if state is None or state.slot != name:
            if slot is not None:
                raise IngestError(
                    f"replication slot {name} exists, but this warehouse's ledger does not know it: another warehouse "
                    "may be reading it. Give this one a slot of its own by NORTHSTAR_APP_SLOT, or, if the slot is "
                    f"left over, drop it with SELECT pg_drop_replication_slot('{name}')"
                )
            kind = "first_snapshot" if state is None else "slot_renamed"
            return Notice(WHOLE_SOURCE, kind, f"slot {name} is created and all tables are read")
        if state.creating:
            return Notice(WHOLE_SOURCE, "snapshot_resumed", "a snapshot was broken off and is taken anew")
        heal = "it is created anew and all tables are read again"
        if slot is None:
            return Notice(WHOLE_SOURCE, "slot_lost", f"slot {name} is gone; {heal}")
        if slot.database != self._server.database or slot.plugin != "pgoutput":
            raise IngestError(
                f"replication slot {name} belongs to database {slot.database} and plugin {slot.plugin}: "
                "choose another name by NORTHSTAR_APP_SLOT"
            )
        if not slot.usable:
            return Notice(WHOLE_SOURCE, "slot_lost", f"slot {name} was invalidated by the server; {heal}")
        if slot.confirmed_lsn > state.confirmed_lsn:
            return Notice(
                WHOLE_SOURCE,
                "slot_moved",
                f"slot {name} is ahead of the ledger: someone else read it, or the warehouse was restored; {heal}",
            )
        if self._server.timeline != state.timeline:
            return Notice(
                WHOLE_SOURCE, "timeline_changed", f"the server was failed over or restored; slot {name}: {heal}"
            )
        if not publication.exists(self._connection, name):
            return Notice(WHOLE_SOURCE, "publication_lost", f"publication {name} is gone; slot {name}: {heal}")
        return None

    # -- the whole source anew ----------------------------------------------------------------------------------

    def _start_over(self, state: State | None, reason: Notice) -> Iterator[Batch]:
        """Create the slot, and read all tables in the snapshot that it exports.

        That the slot is being created is in the ledger before there is one: a killed run's slot is told from that of
        another warehouse.
        """
        server, name = self._server, self._settings.slot
        known = state or State(server.system_identifier, server.timeline, server.database, name)
        state = replace(known, creating=True, slot=name, timeline=server.timeline, loads=known.loads + 1)
        yield Batch(_load_id(state, "intent"), (), state.to_cursor(), server.now, (reason,))

        drop(self._connection, name, self._settings.lock_seconds)
        if not publication.exists(self._connection, name):
            publication.create(self._connection, name)
        catalog = read_catalog(self._connection)
        followed = self._update_publication(state, catalog)
        state = self._keep_books(state, catalog, followed, stale=followed)
        failpoints.reach("before_slot")
        with exported_snapshot(self._settings, name, temporary=False) as snapshot:
            failpoints.reach("after_slot")
            yield self._read_snapshot(state, snapshot, followed, truncate=state.commit_lsn > 0)

    # -- the stream ---------------------------------------------------------------------------------------------

    def _go_on(self, state: State, slot: Slot) -> Iterator[Batch]:
        """Read the stream, and then those tables whose rows changed without it."""
        before = state
        advance(self._connection, state.slot, state.confirmed_lsn)
        catalog = read_catalog(self._connection)
        followed = self._update_publication(state, catalog)
        failpoints.reach("after_publication")
        reasons = self._stale(state, catalog, followed)
        state = self._keep_books(state, catalog, followed, reasons)
        if not reasons:
            yield from self._read_stream(before, state, catalog, self._server.flushed_lsn, self._server.now)
            return
        try:
            name = f"{self._settings.slot[:40]}_snapshot_{self._connection.info.backend_pid}"
            with exported_snapshot(self._settings, name, temporary=True) as snapshot:
                for batch in self._read_stream(before, state, catalog, snapshot.lsn, snapshot.taken_at):
                    yield batch
                    state = State.from_cursor(batch.cursor)
                self._notices += [
                    Notice(object, "table_read_again", f"{reason}; all of it is read again")
                    for object, reason in reasons.items()
                ]
                yield self._read_snapshot(state, snapshot, reasons, truncate=True)
        except SnapshotUnavailable as error:
            self._notices.append(Notice(WHOLE_SOURCE, "snapshot_waits", str(error)))
            yield from self._read_stream(before, state, catalog, self._server.flushed_lsn, self._server.now)

    def _stale(self, state: State, catalog: Catalog, followed: Collection[str]) -> dict[str, str]:
        """The tables that must be read whole, and why."""
        reasons: dict[str, str] = {}
        for object in followed:
            facts = state.tables.get(object)
            if facts is None:
                reasons[object] = "it is new"
            elif object in state.pending:
                reasons[object] = "its columns changed to and fro, or reading it failed"
            else:
                reason = facts.rewritten(catalog.tables[object])
                if reason is not None:
                    reasons[object] = reason
        return reasons

    def _read_stream(
        self, before: State, state: State, catalog: Catalog, through_lsn: int, as_of: datetime
    ) -> Iterator[Batch]:
        """Yield what was committed before a position, in batches that end with a transaction.

        A batch without rows is yielded when there is something to remember.
        """
        limit = self._settings.batch_messages
        while True:
            state = replace(state, loads=state.loads + 1)
            load_id = _load_id(state, "changes")
            writer = self._landing.begin(PostgresSource.name, load_id, self._loaded_at)
            with writer:
                decoder = Decoder(writer, state.commit_lsn, catalog.full_identity_keys, catalog.domains)
                messages = peek(self._connection, state.slot, through_lsn, limit, decoder.feed)
                decoder.drain()
                failpoints.reach("after_peek")
            complete = messages < limit
            if decoder.rows:
                state = self._note_odd_columns(state, catalog, decoder)
                state = replace(state, commit_lsn=decoder.watermark, confirmed_lsn=decoder.end_lsn)
                moment = as_of if complete else datetime.fromtimestamp(decoder.commit_microseconds / 1e6, UTC)
                yield Batch(load_id, writer.files, state.to_cursor(), moment, self._take_notices())
                before = state
            else:
                # Only what is in raw already, or nothing at all: the number of the load is still free.
                writer.abandon()
                state = replace(state, loads=state.loads - 1)
                if decoder.end_lsn:
                    advance(self._connection, state.slot, decoder.end_lsn)
            if complete:
                break
        if not messages and through_lsn - state.confirmed_lsn >= IDLE_ADVANCE_BYTES:
            # Nothing that was committed before through_lsn is missing, so the server may forget what is before it.
            state = replace(state, confirmed_lsn=through_lsn)
        if state != before or self._notices:
            state = replace(state, loads=state.loads + 1)
            yield Batch(_load_id(state, "idle"), (), state.to_cursor(), as_of, self._take_notices())

    def _note_odd_columns(self, state: State, catalog: Catalog, decoder: Decoder) -> State:
        """Have tables read again that had, in the stream, a column that they have no more.

        A changed table is noticed by its facts; this is for one that was changed and changed back between two runs.
        """
        odd = {
            object
            for object, names in decoder.columns_seen.items()
            if object in state.tables and not names <= {c.source.name for c in catalog.tables[object].columns}
        }
        return replace(state, pending=tuple(sorted(odd.union(state.pending))))

    # -- tables read whole --------------------------------------------------------------------------------------

    def _read_snapshot(
        self, state: State, snapshot: ExportedSnapshot, objects: Collection[str], *, truncate: bool
    ) -> Batch:
        """Read tables at a moment, and remember what they looked like then."""
        state = replace(state, loads=state.loads + 1)
        load_id = _load_id(state, "snapshot")
        facts, pending = dict(state.tables), set(state.pending)
        with (
            self._settings.connect() as connection,
            self._landing.begin(PostgresSource.name, load_id, self._loaded_at) as writer,
        ):
            reader = SnapshotReader(connection, snapshot, writer, truncate)
            catalog = reader.catalog()
            for object in sorted(objects):
                table = catalog.tables.get(object)
                obstacle = reader.read(table) if table else None
                if table and obstacle is None:
                    facts[object] = TableFacts.of(table)
                    pending.discard(object)
                elif object in facts:
                    pending.add(object)
                if obstacle:
                    self._notices.append(obstacle)
                failpoints.reach("in_snapshot")
        state = replace(
            state,
            creating=False,
            commit_lsn=position_before(snapshot.lsn),
            confirmed_lsn=snapshot.lsn,
            tables=facts,
            pending=tuple(sorted(pending)),
        )
        return Batch(load_id, writer.files, state.to_cursor(), snapshot.taken_at, self._take_notices())

    # -- books --------------------------------------------------------------------------------------------------

    def _update_publication(self, state: State, catalog: Catalog) -> set[str]:
        """Bring the publication up to date; returns the raw names of the tables that are followed."""
        followed, obstacles = publication.update(self._connection, self._settings.slot, catalog)
        self._obstacles = obstacles + [Notice(object, *why) for object, why in catalog.left_out.items()]
        return followed

    def _keep_books(self, state: State, catalog: Catalog, followed: Collection[str], stale: Collection[str]) -> State:
        """The state with the facts of tables that are not stale brought up to date, and notices of what is new."""
        facts: dict[str, TableFacts] = {}
        for object, old in state.tables.items():
            if object in followed:
                facts[object] = old if object in stale else TableFacts.of(catalog.tables[object])
            elif object not in catalog.left_out:
                self._notices.append(Notice(object, "table_dropped", "is gone from the source; its rows stay in raw"))
        standing = [*self._obstacles, *self._retention_notices()]
        self._notices += [notice for notice in standing if state.standing.get(notice.object) != notice.kind]
        return replace(
            state,
            tables=facts,
            pending=tuple(object for object in state.pending if object in facts),
            standing={notice.object: notice.kind for notice in standing},
        )

    def _retention_notices(self) -> Iterator[Notice]:
        cap, slot = self._server.retained_cap, self.slot
        if cap < 0:
            yield Notice(
                WHOLE_SOURCE,
                "wal_unbounded",
                "the server has no cap on WAL kept for slots, so that a warehouse that stands still fills its disk: "
                "set max_slot_wal_keep_size",
            )
        elif slot is not None and slot.retained_bytes > cap // 2:
            yield Notice(
                WHOLE_SOURCE,
                "wal_retention_high",
                f"the server keeps {slot.retained_bytes} bytes of WAL for the slot, of {cap} at most: beyond that "
                "the slot is lost and all tables must be read again",
            )

    def _take_notices(self) -> tuple[Notice, ...]:
        taken = tuple(self._notices)
        self._notices.clear()
        return taken


def _load_id(state: State, kind: str) -> str:
    return f"{state.loads:010d}-{kind}"


def from_environment(environment: Mapping[str, str]) -> PostgresSource:
    """The source as the ``NORTHSTAR_APP_*`` variables describe it.  Raises IngestError when one is missing."""
    return PostgresSource(PostgresSettings.from_environment(environment))
