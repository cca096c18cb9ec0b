"""The generated company as a source that the tick reads: its half hours are landed and loaded like any other rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import duckdb

from northstar.ingest.contract import Batch, Cursor, LedgerView
from northstar.ingest.landing import LandingZone
from northstar.simulator.volume.company import VolumeCompany
from northstar.simulator.volume.generator import SOURCE, Generator


class VolumeSource:
    """Reads on from the half hour after the last that raw has, up to ``until``, as one batch."""

    name = SOURCE

    def __init__(self, company: VolumeCompany) -> None:
        self.until = 0
        """The half hour, counted from 0, up to which there is something to read.  Set by whoever moves the clock."""
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        self._generator = Generator(self._connection, company)

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        """Land what was committed since the cursor; nothing when there are no new half hours."""
        first = int((ledger.cursor or {"volume": 0})["volume"])
        if first >= self.until:
            return
        load_id = f"{self.until:010d}"
        with landing.begin(self.name, load_id, loaded_at) as writer:
            for object in self._generator.tables:
                rows = self._generator.arrow(object, first, self.until)
                if len(rows):
                    writer.write(object, rows)
        as_of = self._generator.company.boundary(self.until - 1)
        yield Batch(load_id, writer.files, {"volume": self.until}, as_of)

    def acknowledge(self, cursor: Cursor) -> None:
        """Nothing is kept, so nothing can be forgotten."""

    def close(self) -> None:
        """Release the connection."""
        self._connection.close()


class QuietSource:
    """A source that is up and has nothing new."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        """Nothing."""
        return iter(())

    def acknowledge(self, cursor: Cursor) -> None:
        """Nothing was read."""

    def close(self) -> None:
        """Nothing is open."""
