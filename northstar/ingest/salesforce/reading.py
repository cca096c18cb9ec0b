"""One read of the org, object by object: what is new and changed, what is gone, and now and then all Ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from northstar import failpoints
from northstar.ingest.contract import Batch, IngestError, LedgerView, Notice
from northstar.ingest.salesforce.batches import BatchWriter
from northstar.ingest.salesforce.client import DeletedLogMissed, QueryLost, SalesforceClient
from northstar.ingest.salesforce.fields import SalesforceObject, schema_notices
from northstar.ingest.salesforce.notation import floor_minute, literal, milliseconds, quoted_id, utc_from_ms
from northstar.ingest.salesforce.pages import Page
from northstar.ingest.salesforce.rows import Rows, change_table, deletion_table, typed
from northstar.ingest.salesforce.settings import Settings
from northstar.ingest.salesforce.state import ObjectState, SourceState

_RESTARTS = 5
"""How often in a row a query may be lost before the pass has come any further."""
_IDS_PER_QUERY = 200
_ONE_MINUTE = timedelta(minutes=1)
_SKEW = timedelta(minutes=1)
"""How far the clock that answers carry may be ahead of the one that stamps records."""

Ids = npt.NDArray[np.bytes_]


class Reading:
    """Reads each object forward from the state, changing the state as it goes."""

    def __init__(
        self, client: SalesforceClient, settings: Settings, ledger: LedgerView, state: SourceState, batch: BatchWriter
    ) -> None:
        self._client = client
        self._settings = settings
        self._ledger = ledger
        self._state = state
        self._batch = batch

    def run(self) -> Iterator[Batch]:
        """Read every object; the last batch says that everything is complete."""
        started = milliseconds(self._client.server_time)
        for name in self._settings.objects:
            sobject = self._client.describe(name)
            state = self._state.of(name)
            for notice in schema_notices(sobject, state.fields):
                self._batch.notice(notice)
            state.fields = sobject.types
            yield from self._pass(sobject, state)
            yield from self._hard_deletes(sobject, state)
            yield from self._comparison(sobject, state)
        self._state.as_of = started
        yield self._batch.close()

    def _pass(self, sobject: SalesforceObject, state: ObjectState) -> Iterator[Batch]:
        """Read what was changed since the last pass; one that was broken off goes on where it was."""
        is_first = not state.loaded
        state.begin_pass(
            milliseconds(self._client.server_time - _SKEW), self._settings.overlap // timedelta(milliseconds=1)
        )
        lost = 0
        while True:
            begun_at = state.position
            try:
                for page in self._client.query(_forward(sobject, state), sobject.field_names):
                    rows = typed(page, sobject)
                    self._land(sobject, state, rows)
                    for id, stamp in zip(rows.ids, rows.stamps, strict=True):
                        state.advance(stamp, id)
                    failpoints.reach("salesforce_page")
                    yield from self._close_if_full(sobject, state)
                break
            except QueryLost:
                lost = lost + 1 if state.position == begun_at else 0
                if lost > _RESTARTS:
                    raise IngestError(f"Salesforce loses every query of {sobject.name} that it is asked") from None
        if is_first:
            state.deleted_through = state.compared_at = state.until
        if state.end_pass(self._settings.overlap_rows):
            self._note_short_overlap(sobject)
        failpoints.reach("salesforce_pass")

    def _land(self, sobject: SalesforceObject, state: ObjectState, rows: Rows) -> None:
        """Land those rows of a page that raw does not hold."""
        keep: list[int] = []
        ops: list[str] = []
        for n, (id, stamp, content) in enumerate(zip(rows.ids, rows.stamps, rows.hashes, strict=True)):
            if state.is_landed(id, stamp, content):
                continue
            keep.append(n)
            ops.append(_op(state, id, rows.created[n], rows.deleted[n]))
            state.note_landed(id, stamp, content)
        for notice in rows.notices:
            self._batch.notice(notice)
        stamp_column = str(sobject.column(sobject.stamp))
        self._batch.write(sobject.table, change_table(rows, keep, ops, state.seq + 1, stamp_column))
        state.seq += len(keep)

    def _hard_deletes(self, sobject: SalesforceObject, state: ObjectState) -> Iterator[Batch]:
        """Land what the log of deletions names and no query finds: it left the recycle bin, or never was in it."""
        end = floor_minute(self._client.server_time)
        start = floor_minute(utc_from_ms(state.deleted_through or 0))
        if not sobject.has_deleted_log or end - start < _ONE_MINUTE:
            return
        try:
            deletions, covered = self._client.deleted(sobject.name, start, end)
        except DeletedLogMissed:
            detail = "deletions since the last read are not all in Salesforce's log; all Ids are compared instead"
            self._batch.notice(Notice(sobject.table, "deleted_log_missed", detail))
            state.deleted_through, state.compared_at = milliseconds(end), None
            return
        if deletions:
            # What is live in raw can be asked of the ledger only when everything before is loaded.
            yield from self._close_if_any()
            for ids in _chunks(sorted(deletions)):
                self._land_deletions(sobject, state, [(id, deletions[id]) for id in self._gone(sobject, ids)])
                failpoints.reach("salesforce_deletes")
        state.deleted_through = milliseconds(covered)

    def _gone(self, sobject: SalesforceObject, ids: Sequence[str]) -> list[str]:
        """Those of some Ids that no query finds any more, recycle bin included."""
        soql = f"SELECT Id FROM {sobject.name} WHERE Id IN ({', '.join(map(quoted_id, ids))})"
        found = {id for page in self._query_whole(soql, ["Id"], deleted=True) for id in page.columns["Id"].to_pylist()}
        return [id for id in ids if id not in found]

    def _land_deletions(
        self, sobject: SalesforceObject, state: ObjectState, deletions: Sequence[tuple[str, datetime]]
    ) -> None:
        """Land deletions of records that raw holds as live."""
        gone = {id for id, _ in deletions}
        live = {id for (id,) in self._ledger.live_rows(sobject.table, ["id"], ["_seq"], [], ("id", gone))}
        news = [(id, at) for id, at in deletions if id in live]
        self._batch.write(sobject.table, deletion_table(sobject, news, state.seq + 1))
        state.seq += len(news)
        for id in live:
            # Should the record be seen again, unchanged, it is live again.
            state.recent.pop(id, None)

    def _comparison(self, sobject: SalesforceObject, state: ObjectState) -> Iterator[Batch]:
        """Compare all Ids when that is due, and land what every other way has missed.

        Those are records whose deletion fell out of the log, history rows deleted with their parent, which have no
        stamp that says so, and records that became visible without being changed.
        """
        now = self._client.server_time
        if state.compared_at is not None and now - utc_from_ms(state.compared_at) < self._settings.compare_every:
            return
        yield from self._close_if_any()
        there = self._ids_there(sobject)
        here = np.array([id for (id,) in self._ledger.live_keys(sobject.table, ["id"], ["_seq"])], dtype="S18")
        for ids in _chunks(np.setdiff1d(here, there).astype(str).tolist()):
            found = self._land_found(sobject, state, ids)
            self._land_deletions(sobject, state, [(id, now) for id in ids if id not in found])
            yield from self._close_if_full(sobject, state)
        for ids in _chunks(np.setdiff1d(there, here).astype(str).tolist()):
            self._land_found(sobject, state, ids)
            yield from self._close_if_full(sobject, state)
        state.compared_at = milliseconds(now)
        failpoints.reach("salesforce_compared")

    def _ids_there(self, sobject: SalesforceObject) -> Ids:
        """All Ids outside the recycle bin: 18 bytes each."""
        parts = [
            np.array(page.columns["Id"].to_pylist(), dtype="S18")
            for page in self._query_whole(f"SELECT Id FROM {sobject.name} ORDER BY Id", ["Id"], deleted=False)
        ]
        return np.concatenate(parts) if parts else np.array([], dtype="S18")

    def _land_found(self, sobject: SalesforceObject, state: ObjectState, ids: Sequence[str]) -> set[str]:
        """Fetch records by Id and land them as they are; returns the Ids that were found."""
        fields = ", ".join(sobject.field_names)
        soql = f"SELECT {fields} FROM {sobject.name} WHERE Id IN ({', '.join(map(quoted_id, ids))})"
        found: set[str] = set()
        for page in self._query_whole(soql, sobject.field_names, deleted=True):
            rows = typed(page, sobject)
            self._land(sobject, state, rows)
            found.update(rows.ids)
        return found

    def _query_whole(self, soql: str, fields: Sequence[str], deleted: bool) -> Iterator[Page]:
        """A query that is not resumed when it is lost, which ends the read."""
        try:
            yield from self._client.query(soql, fields, deleted)
        except QueryLost:
            raise IngestError("Salesforce lost a query of Ids on the way; run again") from None

    def _close_if_any(self) -> Iterator[Batch]:
        if self._batch.rows:
            yield self._batch.close()

    def _close_if_full(self, sobject: SalesforceObject, state: ObjectState) -> Iterator[Batch]:
        if self._batch.rows >= self._settings.batch_rows:
            if state.until is not None and state.forget(self._settings.overlap_rows):
                self._note_short_overlap(sobject)
            yield self._batch.close()

    def _note_short_overlap(self, sobject: SalesforceObject) -> None:
        detail = (
            f"more than {self._settings.overlap_rows} records changed within the overlap, which is shortened: a change "
            "that Salesforce showed late may be missed until its record changes again"
        )
        self._batch.notice(Notice(sobject.table, "overlap_shortened", detail))


def _forward(sobject: SalesforceObject, state: ObjectState) -> str:
    """The query of a pass: from its floor, or from where it was broken off."""
    where = ""
    if state.position is not None:
        stamp, id = literal(utc_from_ms(state.position[0])), quoted_id(state.position[1])
        where = f" WHERE {sobject.stamp} > {stamp} OR ({sobject.stamp} = {stamp} AND Id > {id})"
    elif state.floor is not None:
        where = f" WHERE {sobject.stamp} >= {literal(utc_from_ms(state.floor))}"
    fields = ", ".join(sobject.field_names)
    return f"SELECT {fields} FROM {sobject.name}{where} ORDER BY {sobject.stamp}, Id"


def _op(state: ObjectState, id: str, created: int, deleted: bool) -> str:
    if deleted:
        return "D"
    if not state.loaded or state.floor is None:
        return "R"
    return "U" if id in state.recent or created < state.floor else "I"


def _chunks(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _IDS_PER_QUERY] for start in range(0, len(ids), _IDS_PER_QUERY))
