"""Rows of several objects, gathered until they are worth a transaction."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from northstar.ingest.contract import Batch, Notice
from northstar.ingest.landing import LandingZone, LoadWriter
from northstar.ingest.salesforce.state import SourceState


class BatchWriter:
    """Writes rows as they come; the batch carries the state at the moment at which it is closed."""

    def __init__(self, landing: LandingZone, loaded_at: datetime, state: SourceState) -> None:
        self._landing = landing
        self._loaded_at = loaded_at
        self._state = state
        self._writer: LoadWriter | None = None
        self._notices: dict[tuple[str, str, str], Notice] = {}
        self.rows = 0
        """Rows written since the last batch."""

    def write(self, table: str, rows: pa.Table) -> None:
        """Append rows to a raw table."""
        if len(rows) == 0:
            return
        if self._writer is None:
            self._writer = self._landing.begin("salesforce", self._load_id(), self._loaded_at)
        self._writer.write(table, rows)
        self.rows += len(rows)

    def notice(self, notice: Notice) -> None:
        """Say something with the next batch, once."""
        self._notices[notice.object, notice.kind, notice.detail] = notice

    def close(self) -> Batch:
        """Make the files durable and end the batch."""
        load_id = self._load_id()
        files = []
        if self._writer is not None:
            self._writer.close()
            files = self._writer.files
        self._state.batches += 1
        batch = Batch(load_id, files, self._state.as_cursor(), self._state.source_as_of, tuple(self._notices.values()))
        self._writer, self._notices, self.rows = None, {}, 0
        return batch

    def abandon(self) -> None:
        """Delete what was written since the last batch."""
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None

    def _load_id(self) -> str:
        return f"{self._state.batches + 1:010d}"
