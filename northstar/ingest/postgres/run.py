"""One reading of the source, from the ledger's cursor up to now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg

from northstar import failpoints
from northstar.ingest.contract import Batch, IngestError, LandedFile, Notice
from northstar.ingest.landing import LandingZone, LoadWriter
from northstar.ingest.postgres import publication
from northstar.ingest.postgres.catalog import Catalog, read_catalog
from northstar.ingest.postgres.cursor import State
from northstar.ingest.postgres.decoder import Decoder
from northstar.ingest.postgres.facts import TableFacts
from northstar.ingest.postgres.identity import check_same, read_server
from northstar.ingest.postgres.messages import Relation
from northstar.ingest.postgres.settings import PostgresSettings
from northstar.ingest.postgres.slot import (
    ExportedSnapshot,
    SnapshotUnavailable,
    advance,
    drop,
    exported_snapshot,
    read_slot,
)
from northstar.ingest.postgres.snapshot import SnapshotReader, position_before
from northstar.ingest.postgres.stream import peek

SOURCE = "app"
IDLE_ADVANCE_BYTES = 16 << 20
"""A slot holds back whole segments of WAL, so it is worth moving without rows only after one."""

WHOLE_SOURCE = "*"
"""The object of notices that concern no single table."""


class Run:
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
        self._saved: State | None = None
        self._unread = 0
        """How many tables were altered under the last snapshot, and could not be read in it."""

    def read(self, state: State | None) -> Iterator[Batch]:
        """Yield batches until the source is read up to the moment at which the run began, or later."""
        self._saved = state
        if state is not None:
            check_same(self._server, state)
        reason = self._reason_to_start_over(state)
        if reason is not None:
            yield from self._start_over(state, reason)
        elif state is not None:
            yield from self._go_on(state)
        if self._unread and self._saved is not None:
            # Once more at once: after a lost slot they lack changes, and the source is sealed when this run ends.
            self._server = read_server(self._connection)
            yield from self._go_on(self._saved)

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
        state = _next(replace(known, creating=True, slot=name, timeline=server.timeline))
        self._notices.append(reason)
        yield self._batch("intent", state, server.now)

        drop(self._connection, name, self._settings.lock_seconds)
        if not publication.exists(self._connection, name):
            publication.create(self._connection, name)
        catalog, obstacles = self._published_catalog()
        state = self._keep_books(state, catalog, obstacles, stale=catalog.followed)
        failpoints.reach("before_slot")
        with exported_snapshot(self._settings, name, temporary=False) as snapshot:
            failpoints.reach("after_slot")
            yield self._read_snapshot(state, snapshot, catalog.followed, truncate=state.commit_lsn > 0)

    # -- the stream ---------------------------------------------------------------------------------------------

    def _go_on(self, state: State) -> Iterator[Batch]:
        """Read the stream, and then those tables whose rows changed without it."""
        advance(self._connection, state.slot, state.confirmed_lsn)
        catalog, obstacles = self._published_catalog()
        failpoints.reach("after_publication")
        stale = self._stale(state, catalog)
        state = self._keep_books(state, catalog, obstacles, stale)
        with ExitStack() as stack:
            snapshot = self._fresh_snapshot(stack) if stale else None
            through_lsn, as_of = self._server.flushed_lsn, self._server.now
            if snapshot:
                through_lsn, as_of = snapshot.lsn, snapshot.taken_at
            for batch in self._read_stream(state, catalog, through_lsn, as_of):
                yield batch
                state = State.from_cursor(batch.cursor)
            if snapshot:
                self._notices += [
                    Notice(object, "table_read_again", f"{reason}; all of it is read again")
                    for object, reason in stale.items()
                ]
                yield self._read_snapshot(state, snapshot, stale, truncate=True)

    def _fresh_snapshot(self, stack: ExitStack) -> ExportedSnapshot | None:
        """A moment at which tables can be read, held as long as ``stack``; None, noticed, when there is none now."""
        name = f"{self._settings.slot[:40]}_snapshot_{self._connection.info.backend_pid}"
        try:
            return stack.enter_context(exported_snapshot(self._settings, name, temporary=True))
        except SnapshotUnavailable as error:
            self._notices.append(Notice(WHOLE_SOURCE, "snapshot_waits", str(error)))
            return None

    def _stale(self, state: State, catalog: Catalog) -> dict[str, str]:
        """The tables that must be read whole, and why."""
        reasons: dict[str, str] = {}
        for object in sorted(catalog.followed):
            facts = state.tables.get(object)
            if facts is None:
                reasons[object] = "it is new"
            elif object in state.pending:
                reasons[object] = "it was changed to and fro, or reading it failed"
            else:
                reason = facts.rewritten(catalog.tables[object])
                if reason is not None:
                    reasons[object] = reason
        return reasons

    def _read_stream(self, state: State, catalog: Catalog, through_lsn: int, as_of: datetime) -> Iterator[Batch]:
        """Yield what was committed before a position, in batches that end with a transaction.

        A batch without rows is yielded when there is something else to remember.
        """
        limit = self._settings.batch_messages
        complete = False
        while not complete:
            following = _next(state)
            with self._begin("changes", following) as writer:
                decoder = Decoder(writer, state.commit_lsn, catalog.full_identity_keys, catalog.domains)
                messages = peek(self._connection, state.slot, through_lsn, limit, decoder.feed)
                decoder.drain()
                failpoints.reach("after_peek")
            complete = messages < limit
            if not writer.files:
                writer.abandon()
            if decoder.end_lsn > state.confirmed_lsn:
                state = replace(
                    following,
                    commit_lsn=decoder.watermark,
                    confirmed_lsn=decoder.end_lsn,
                    pending=tuple(sorted({*state.pending, *_changed_to_and_fro(decoder.seen, state, catalog)})),
                )
                until = as_of if complete else datetime.fromtimestamp(decoder.commit_microseconds / 1e6, UTC)
                yield self._batch("changes", state, until, writer.files)
            elif messages:
                # All of it is in raw already, and more may follow.
                advance(self._connection, state.slot, decoder.end_lsn)
        if not messages and through_lsn - state.confirmed_lsn >= IDLE_ADVANCE_BYTES:
            # Nothing that was committed before through_lsn is missing, so the server may forget what is before it.
            state = replace(state, confirmed_lsn=through_lsn)
        if state != self._saved or self._notices:
            yield self._batch("idle", _next(state), as_of)

    # -- tables read whole --------------------------------------------------------------------------------------

    def _read_snapshot(
        self, state: State, snapshot: ExportedSnapshot, objects: Collection[str], *, truncate: bool
    ) -> Batch:
        """Read tables at a moment, and remember what they looked like then."""
        state = _next(state)
        facts, pending = dict(state.tables), set(state.pending)
        self._unread = 0
        with self._settings.connect() as connection, self._begin("snapshot", state) as writer:
            reader = SnapshotReader(connection, snapshot, writer, truncate)
            catalog = reader.catalog(state.slot)
            for object in sorted(objects):
                table = catalog.tables[object] if object in catalog.followed else None
                obstacle = reader.read(table) if table else None
                if table and obstacle is None:
                    facts[object] = TableFacts.of(table)
                    pending.discard(object)
                elif object in facts:
                    pending.add(object)
                if obstacle:
                    self._notices.append(obstacle)
                    self._unread += 1
                failpoints.reach("in_snapshot")
        state = replace(
            state,
            creating=False,
            commit_lsn=position_before(snapshot.lsn),
            confirmed_lsn=snapshot.lsn,
            tables=facts,
            pending=tuple(sorted(pending)),
        )
        return self._batch("snapshot", state, snapshot.taken_at, writer.files)

    # -- books --------------------------------------------------------------------------------------------------

    def _published_catalog(self) -> tuple[Catalog, list[Notice]]:
        """The catalog after the publication was brought up to date, and what stands in the way of some tables."""
        name = self._settings.slot
        catalog = read_catalog(self._connection, name)
        obstacles = publication.update(self._connection, name, catalog)
        if len(catalog.followed) < len(catalog.tables):
            catalog = read_catalog(self._connection, name)
        return catalog, obstacles + [Notice(object, *why) for object, why in catalog.left_out.items()]

    def _keep_books(self, state: State, catalog: Catalog, obstacles: list[Notice], stale: Collection[str]) -> State:
        """The state with the facts of tables that are not stale brought up to date, and notices of what is new."""
        facts: dict[str, TableFacts] = {}
        for object, old in state.tables.items():
            if object in catalog.followed:
                facts[object] = old if object in stale else TableFacts.of(catalog.tables[object])
            elif object not in catalog.tables and object not in catalog.left_out:
                self._notices.append(Notice(object, "table_dropped", "is gone from the source; its rows stay in raw"))
        standing = [*obstacles, *self._retention_notices()]
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

    def _begin(self, kind: str, state: State) -> LoadWriter:
        return self._landing.begin(SOURCE, _load_id(kind, state), self._loaded_at)

    def _batch(self, kind: str, state: State, as_of: datetime, files: Sequence[LandedFile] = ()) -> Batch:
        """A batch that leads to ``state``, with the notices that came up since the last one."""
        self._saved = state
        notices, self._notices = tuple(self._notices), []
        return Batch(_load_id(kind, state), files, state.to_cursor(), as_of, notices)


def _next(state: State) -> State:
    return replace(state, loads=state.loads + 1)


def _load_id(kind: str, state: State) -> str:
    return f"{state.loads:010d}-{kind}"


def _changed_to_and_fro(seen: Iterable[Relation], state: State, catalog: Catalog) -> set[str]:
    """Tables that had a name or a column, while changes were made to them, that they have no more.

    One that was only changed is known by its facts; this is for what was changed and changed back between two runs.
    """
    odd: set[str] = set()
    tables = {table.oid: table for table in catalog.tables.values() if table.object in state.tables}
    for relation in seen:
        table = tables.get(relation.oid)
        if table is not None:
            columns = {column.source.name for column in table.columns}
            if relation.object != table.object or not {column.name for column in relation.columns} <= columns:
                odd.add(table.object)
    return odd
