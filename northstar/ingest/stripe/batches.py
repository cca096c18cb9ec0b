"""Batches of the Stripe source: files, cursor and notices that go to the ledger together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType

from northstar.ingest.contract import Batch, LandedFile, LedgerView, Notice
from northstar.ingest.landing import LandingZone
from northstar.ingest.stripe.changes import ChangeWriter, Landed
from northstar.ingest.stripe.client import Json, Missing, StripeApi
from northstar.ingest.stripe.columns import API_VERSION, OBJECTS
from northstar.ingest.stripe.position import Position
from northstar.ingest.stripe.rows import RowBuffer


class BatchMaker:
    """Makes one batch after the other, each going on from the position of the last."""

    def __init__(
        self, api: StripeApi, ledger: LedgerView, landing: LandingZone, loaded_at: datetime, position: Position
    ) -> None:
        self.api = api
        self.ledger = ledger
        self.landing = landing
        self.loaded_at = loaded_at
        self.position = position
        """What the next batch goes on from."""
        self.notices: list[Notice] = []
        """What the next batch has to tell."""
        self._recorded = ledger.cursor

    def begin(self) -> OpenBatch:
        """Start a batch, as a context manager; its files are durable when the context is left."""
        return OpenBatch(self)

    def finish(self, batch: OpenBatch | None, as_of: int) -> Iterator[Batch]:
        """Yield what there is to record since the last batch, if anything: rows, a new position, or notices."""
        files = batch.files if batch is not None else []
        if batch is not None:
            self.position = batch.position
        if not files and not self.notices and self.position.cursor() == self._recorded:
            return
        self.position = replace(self.position, batch=self.position.batch + 1)
        cursor = self.position.cursor()
        load_id = _load_id(self.position.batch)
        yield Batch(load_id, files, cursor, datetime.fromtimestamp(as_of, UTC), tuple(self.notices))
        self._recorded = cursor
        self.notices = []


class OpenBatch:
    """One batch being written."""

    def __init__(self, maker: BatchMaker) -> None:
        self._maker = maker
        self._writer = maker.landing.begin("stripe", _load_id(maker.position.batch + 1), maker.loaded_at)
        self._rows = RowBuffer(self._writer, maker.position.seq)
        self._current: dict[tuple[str, str], Json | None] = {}
        self.position = maker.position
        """Where the source will be when this batch is loaded."""
        self.landed = Landed(maker.ledger)
        self.changes = ChangeWriter(maker.api, self._rows, self.landed)

    @property
    def files(self) -> list[LandedFile]:
        """The files written, once the context is left."""
        return self._writer.files

    def __enter__(self) -> OpenBatch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._rows.flush()
            self._writer.close()
            self.position = replace(self.position, seq=self._rows.seq)
        if kind is not None or not self._writer.files:
            self._writer.abandon()

    def finished(self, as_of: int) -> Iterator[Batch]:
        """Yield the batch, complete as of a time of the server's in seconds, unless there is nothing to record."""
        return self._maker.finish(self, as_of)

    def of_mode(self, objects: list[Json], livemode: bool) -> list[Json]:
        """Those of the key's own mode; the others are counted in a notice and not landed."""
        other = Counter(body["object"] for body in objects if body.get("livemode", livemode) != livemode)
        for object, count in sorted(other.items()):
            mode = "test" if livemode else "live"
            detail = f"{count} of {mode} mode were not landed: this key is of the other mode."
            self._maker.notices.append(Notice(object, "other_mode", detail))
        return [body for body in objects if body.get("livemode", livemode) == livemode]

    def body_of(self, object: str, event: Json) -> Json:
        """An event's object in the pinned API version.

        An event shows its object in the version that was the account's default when it happened.  If that is another
        one, the object is read as it is now, and a notice says so.
        """
        snapshot: Json = event["data"]["object"]
        path = OBJECTS[object].path
        if event["api_version"] == API_VERSION or path is None or event["type"].endswith(".deleted"):
            return snapshot
        key = (object, snapshot["id"])
        if key not in self._current:
            if not any(notice.kind == "event_api_version" for notice in self._maker.notices):
                detail = (
                    f"Events come in API version {event['api_version']}: their objects were read again, as they "
                    "are now, and states in between are lost. "
                    f"Set the account's default version to {API_VERSION}."
                )
                self._maker.notices.append(Notice("event", "event_api_version", detail))
            try:
                current = self._maker.api.get(f"{path}/{snapshot['id']}")
                self._current[key] = None if current.get("deleted") else current
            except Missing:
                self._current[key] = None
        return self._current[key] or snapshot


def _load_id(number: int) -> str:
    return f"{number:010d}"
