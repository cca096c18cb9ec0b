"""What a source and a sink owe each other.  A fifth source is one module that implements :class:`Source`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import pyarrow as pa

if TYPE_CHECKING:
    from northstar.ingest.landing import LandingZone

Cursor = dict[str, Any]
"""How far a source has been read: JSON, opaque to everyone but the source that wrote it."""


class IngestError(Exception):
    """A source cannot be read or loaded.  The message says what to do, and holds no data values."""


class SourceUnreachable(IngestError):
    """A source is out of reach, or broke off: to try again in a moment may help."""


@runtime_checkable
class Interruptible(Protocol):
    """A source whose calls may wait for longer than a tick can."""

    def interrupt(self) -> None:
        """Called from another thread when time is up: make calls that wait for the source fail now."""


@dataclass(frozen=True)
class LandedFile:
    """One Parquet file in the landing zone: rows of one raw table in one schema."""

    object: str
    """Raw table name, without schema: ``scheduling__appointments``."""
    path: str
    rows: int
    schema: pa.Schema
    origin: str | None = None
    """What was read, when a source reads things that have names: an S3 object with its version, as JSON."""


@dataclass(frozen=True)
class Notice:
    """Something about a source that a person should know: a table left out, a changed type, a lost slot."""

    object: str
    kind: str
    """A word in snake case that can be grouped by: ``table_without_key``, ``slot_lost``, ``file_refused``."""
    detail: str
    """One sentence, without data values."""


@dataclass(frozen=True)
class Batch:
    """What is loaded by one transaction."""

    load_id: str
    """Unique within the source; sorts in the order of loading."""
    files: Sequence[LandedFile]
    cursor: Cursor
    """The cursor after this batch."""
    source_as_of: datetime
    """The source's own time up to which this batch is complete."""
    notices: Sequence[Notice] = field(default_factory=tuple)

    @property
    def rows(self) -> int:
        """Rows over all files."""
        return sum(file.rows for file in self.files)


class LedgerView(Protocol):
    """What a source may ask of the ledger: the only state of ingestion."""

    @property
    def cursor(self) -> Cursor | None:
        """The cursor of the last batch that was loaded, None before the first."""

    def load_ids(self, newest: int) -> set[str]:
        """The ``newest`` load ids, for sweeping files that no ledger entry names."""

    def origins(self) -> Iterator[str]:
        """Every origin ever loaded, oldest first."""

    def live_keys(self, object: str, key: Sequence[str], order: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The keys whose last change in raw, by ``order``, is not a delete, in the order of the key."""

    def live_rows(
        self, object: str, key: Sequence[str], order: Sequence[str], columns: Sequence[str], where: tuple[str, set[str]]
    ) -> Iterator[tuple[Any, ...]]:
        """Key and further columns of the last change of each live key, of rows whose ``where`` column is in a set.

        In the order of the key.  A key has one value in that column for good: it is the key itself, or a parent's.  For
        a bounded set of values, not of rows.
        """


class Source(Protocol):
    """Something that can be read forward from a cursor."""

    name: str
    """Also the raw schema's name: ``app`` is loaded to ``raw_app``."""

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        """Read from the ledger's cursor up to now, landing files, a batch at a time.

        A batch is yielded when its files are durable.  Whoever iterates has loaded a batch by the time that it asks
        for the next one.  Raises IngestError when the source cannot be read.
        """

    def acknowledge(self, cursor: Cursor) -> None:
        """Tell the source that everything up to ``cursor`` is safe, so that it may forget it."""

    def close(self) -> None:
        """Release connections and locks."""


class Sink(Protocol):
    """A warehouse that loads rows and ledger entry in one transaction."""

    def ledger(self, source: str) -> LedgerView:
        """The ledger as one source sees it."""

    def sealed_through(self, source: str) -> datetime | None:
        """Through when a source is complete in raw, None when it was never sealed."""

    def load(self, source: str, batch: Batch, loaded_at: datetime) -> None:
        """Load a batch whole or not at all."""

    def seal(self, source: str, through: datetime) -> None:
        """Say that a source is complete through a boundary.  Idempotent."""

    def fork(self) -> Sink:
        """The same warehouse over a connection of its own, for another thread; loads exclude each other."""

    def close(self) -> None:
        """Release the connection."""
