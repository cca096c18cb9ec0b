"""Partner files on S3 as a source."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime

from northstar import failpoints
from northstar.ingest.contract import Batch, Cursor, IngestError, LedgerView, Notice
from northstar.ingest.landing import LandingZone
from northstar.ingest.partner.batch import BatchBuilder
from northstar.ingest.partner.bucket import Bucket, Listing, ObjectChanged, Version
from northstar.ingest.partner.feeds import FEEDS, Feed
from northstar.ingest.partner.state import State
from northstar.ingest.partner.tables import FILE, Sequence64

ROUNDS = 3
"""Listings taken in one run while objects change under the reader's hands."""


class PartnerSource:
    """Reads what changed under one prefix, found by comparing a full listing with the ledger.

    The cursor is ``{"seq": n}``, the last number of the total order; what was seen of each file is in the ledger's
    origins.
    """

    name = "partner"

    def __init__(self, bucket: Bucket, feeds: tuple[Feed, ...] = FEEDS) -> None:
        self._bucket = bucket
        self._feeds = feeds

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        """Read every new, changed and deleted object.

        Raises IngestError when the bucket cannot be listed or read; a file that cannot be used is refused and does
        not stop the others.
        """
        state = State(ledger.origins())
        sequence = Sequence64((ledger.cursor or {}).get("seq", 0))
        for _ in range(ROUNDS):
            listing = self._bucket.list()
            failpoints.reach("after_list")
            reading = _Round(self._bucket, self._feeds, state, ledger, sequence, listing)
            yield from reading.batches(landing, loaded_at)
            if not reading.moved:
                return
        notice = Notice(
            FILE,
            "file_in_motion",
            f"Files were written over each time they were about to be read ({len(reading.moved)} files, first "
            f"{reading.moved[0].key}); they are read at the next run",
        )
        yield Batch("in-motion", (), {"seq": sequence.last}, listing.taken_at, (notice,))

    def acknowledge(self, cursor: Cursor) -> None:
        """Nothing: S3 keeps what partners put there."""

    def close(self) -> None:
        """Nothing is held between calls."""


class _Round:
    """The work that one listing asks for."""

    def __init__(
        self,
        bucket: Bucket,
        feeds: tuple[Feed, ...],
        state: State,
        ledger: LedgerView,
        sequence: Sequence64,
        listing: Listing,
    ) -> None:
        self._bucket, self._feeds, self._state, self._ledger = bucket, feeds, state, ledger
        self._sequence = sequence
        self._listing = listing
        plan = state.plan(listing.versions, feeds)
        self._changed = deque(plan.changed)
        self._deleted = deque(plan.deleted)
        self.moved: list[Version] = []
        """Objects that were no longer as listed when they were read."""

    def batches(self, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        """Land what changed, many small files or one large one at a time."""
        while self._changed or self._deleted:
            load_id = f"{loaded_at:%Y%m%dT%H%M%S}-{self._sequence.last + 1:012d}"
            with landing.begin(PartnerSource.name, load_id, loaded_at) as writer:
                builder = BatchBuilder(self._bucket, self._feeds, self._state, self._ledger, writer, self._sequence)
                as_of = self._fill(builder)
                notices = [] if builder.empty else builder.finish()
            if not builder.empty:
                yield Batch(load_id, writer.files, {"seq": self._sequence.last}, as_of, notices)

    def _fill(self, builder: BatchBuilder) -> datetime:
        """Put work into a batch; returns the source's time up to which the ledger is complete with it."""
        # Deletions first: a file renamed or a duplicate removed must not count when a correction of the other is read.
        while self._deleted and not builder.full:
            builder.delete(self._deleted.popleft(), self._listing.taken_at)
        while self._changed and not builder.full:
            version, feed = self._changed.popleft()
            try:
                builder.change(version, feed)
            except ObjectChanged:
                self.moved.append(version)
        missing = [*self.moved, *(version for version, _ in self._changed)]
        return min((version.modified for version in missing), default=self._listing.taken_at)


def from_environment(environment: Mapping[str, str]) -> PartnerSource:
    """The source that ``NORTHSTAR_PARTNER_S3_URL`` names; boto3 reads the usual AWS variables itself."""
    url = environment.get("NORTHSTAR_PARTNER_S3_URL")
    if not url:
        raise IngestError("NORTHSTAR_PARTNER_S3_URL is not set: where partners put their files, s3://bucket/prefix")
    return PartnerSource(Bucket(url))
