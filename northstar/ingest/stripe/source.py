"""Stripe as a source: events forward, lists for the first read and for healing.

Rules, each shown by a test in ``tests/ingest/stripe``:

* The place in the event list is taken before a listing begins, so that nothing between is lost.  What changed in
  between is landed twice in content, first as ``R``, then by its events; the last state is right.
* ``_seq`` is the order.  Events are read oldest first in the order of Stripe's list; their ids do not sort, and
  ``created`` has a grain of one second.
* An event is ``I`` when its type ends in ``.created``, ``D`` when it ends in ``.deleted``, else ``U``.  An ended
  subscription is ``U``: ``customer.subscription.deleted`` means that its status is ``canceled``, and it stays listed.
* What is nested in an object is landed as rows of its own when it differs from what raw holds, and as ``D`` when the
  parent holds it no longer.
* A listing lands only objects whose content differs from what raw holds.  So it can be broken off and begun anew, an
  expired event cursor loses and doubles nothing, and healing costs rows only for what had been missed.
* Balance transactions have no events.  Each read lists those created since an hour before the newest one known, and
  once the first of the pending ones is due, those since the oldest pending one: ``I`` when new, ``U`` when changed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from northstar import failpoints
from northstar.ingest.contract import Batch, Cursor, IngestError, LedgerView, Notice
from northstar.ingest.http import Retries
from northstar.ingest.landing import LandingZone
from northstar.ingest.stripe.batches import BatchMaker
from northstar.ingest.stripe.changes import KEY, ORDER
from northstar.ingest.stripe.client import Json, Missing, StripeApi
from northstar.ingest.stripe.columns import LISTED, OBJECTS, STRIPE_NAMES
from northstar.ingest.stripe.position import Balance, Listing, Position
from northstar.ingest.stripe.rows import Stamp

T = TypeVar("T")

EVENTS = "/v1/events"
OBJECTS_PER_BATCH = 2_000
"""Listed objects or events that one batch takes, with all that is nested in them."""
OVERLAP_SECONDS = 3_600
"""How far before the newest known balance transaction each read looks again."""
_ATTEMPTS = 10
"""How often a list is begun anew because the object to go on from was deleted."""


class StripeSource:
    """Reads one Stripe account in the mode of its key.

    With ``heal``, the next read also lists everything and lands what raw does not hold as it is; with ``heal_after``,
    so does each read that comes so long after everything was last listed.
    """

    name = "stripe"

    def __init__(
        self,
        key: str,
        base: str | None = None,
        retries: Retries | None = None,
        heal: bool = False,
        objects_per_batch: int = OBJECTS_PER_BATCH,
        heal_after: timedelta | None = None,
    ) -> None:
        self.api = StripeApi(key, base, retries or Retries())
        if "_live_" not in key and "_test_" not in key:
            raise IngestError("NORTHSTAR_STRIPE_API_KEY is no secret or restricted key: those hold _live_ or _test_")
        self._livemode = "_live_" in key
        self._heal = heal
        self._heal_after = heal_after
        self._size = objects_per_batch

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        """Read forward to now.  Raises IngestError when Stripe cannot be read or the key is for another mode."""
        position = self._start(ledger)
        batches = BatchMaker(self.api, ledger, landing, loaded_at, position)
        if position.listing is not None:
            yield from self._list_everything(batches, ledger, position.listing)
        try:
            yield from self._forward(batches)
        except Missing:
            yield from self._list_anew(batches, ledger, "expired")
            yield from self._forward_from_listing(batches)
        if self._heal or self._is_due(batches.position):
            self._heal = False
            yield from self._list_anew(batches, ledger, "heal")
        else:
            yield from self._balance(batches)

    def acknowledge(self, cursor: Cursor) -> None:
        """Stripe forgets by itself."""

    def close(self) -> None:
        """Close the connection."""
        self.api.close()

    def _start(self, ledger: LedgerView) -> Position:
        cursor = ledger.cursor
        if cursor is None:
            after, since = self._newest_event()
            return Position(self._livemode, 0, 0, after, since, Listing("backfill", LISTED[0]), Balance())
        position = Position.from_cursor(cursor)
        if position.livemode != self._livemode:
            raise IngestError(
                "the key in NORTHSTAR_STRIPE_API_KEY is of the other mode (live or test) than what was landed so far; "
                "use a key of the same mode, or another warehouse"
            )
        return position

    def _is_due(self, position: Position) -> bool:
        """Whether everything is to be listed for how long ago that was last done."""
        if self._heal_after is None:
            return False
        return self._now().commit_ts - position.listed_at >= self._heal_after.total_seconds()

    def _newest_event(self) -> tuple[str | None, int]:
        data = self.api.get(EVENTS, limit=1)["data"]
        return (data[0]["id"] if data else None), int(self.api.server_time.timestamp())

    # Events

    def _forward(self, batches: BatchMaker) -> Iterator[Batch]:
        """Land every event after the position.  Raises Missing when the event that it names has expired."""
        for events in _groups(self._events(batches.position), self._size):
            with batches.begin() as batch:
                mine = [event for event in batch.of_mode(events, self._livemode) if _raw_name(event) in OBJECTS]
                for name in {_raw_name(event) for event in mine}:
                    ids = {event["data"]["object"]["id"] for event in mine if _raw_name(event) == name}
                    batch.landed.load(name, ids)
                for event in mine:
                    name = _raw_name(event)
                    batch.changes.event(_op(event), name, batch.body_of(name, event), _stamp(event))
                batch.position = replace(batch.position, after=events[-1]["id"], since=events[-1]["created"])
            yield from batch.finished(as_of=events[-1]["created"])

    def _forward_from_listing(self, batches: BatchMaker) -> Iterator[Batch]:
        try:
            yield from self._forward(batches)
        except Missing:
            raise IngestError("Stripe: the last event expired while everything was listed; run again") from None

    def _events(self, position: Position) -> Iterator[Json]:
        """Events after the position, oldest first."""
        after = position.after
        if after is None:
            # Nothing to count from: find the oldest event since then, newest first being the only other order.
            oldest = deque(self.api.listed(EVENTS, created={"gte": position.since}), maxlen=1)
            if not oldest:
                return
            yield oldest[0]
            after = oldest[0]["id"]
        yield from self.api.newer(EVENTS, after)

    # Lists

    def _list_anew(self, batches: BatchMaker, ledger: LedgerView, reason: str) -> Iterator[Batch]:
        after, since = self._newest_event()
        listing = Listing(reason, LISTED[0])
        batches.position = replace(batches.position, after=after, since=since, listing=listing)
        if reason == "expired":
            batches.notices.append(
                Notice(
                    "event",
                    "event_cursor_expired",
                    "The last event read is older than Stripe keeps; everything was listed and what differed landed, "
                    "states in between are lost.",
                )
            )
        yield from self._list_everything(batches, ledger, listing)

    def _list_everything(self, batches: BatchMaker, ledger: LedgerView, listing: Listing) -> Iterator[Batch]:
        for kind in LISTED[LISTED.index(listing.kind) :]:
            after = listing.after if kind == listing.kind and listing.reason == "backfill" else None
            for _ in range(_ATTEMPTS):
                try:
                    yield from self._list_kind(batches, ledger, kind, listing.reason, after)
                    break
                except Missing:
                    # The object to go on from was deleted: begin anew; what is landed already is not landed again.
                    after = None
            else:
                raise IngestError(f"Stripe {kind}: the list changed under each of {_ATTEMPTS} attempts to read it")
        batches.position = replace(batches.position, listing=None, listed_at=self._now().commit_ts)
        yield from batches.finish(None, as_of=batches.position.since)

    def _list_kind(
        self, batches: BatchMaker, ledger: LedgerView, kind: str, reason: str, after: str | None
    ) -> Iterator[Batch]:
        raw = OBJECTS[kind]
        assert raw.path is not None
        whole = after is None
        if whole and kind == "balance_transaction":
            batches.position = replace(batches.position, balance=Balance())
        seen: set[str] = set()
        for objects in _groups(self.api.listed(raw.path, after, **raw.parameters), self._size):
            stamp = self._now()
            with batches.begin() as batch:
                mine = batch.of_mode(objects, self._livemode)
                batch.landed.load(kind, {body["id"] for body in mine})
                for body in mine:
                    batch.changes.seen(kind, body, stamp)
                if kind == "balance_transaction":
                    _note(batch.position.balance, mine)
                batch.position = replace(batch.position, listing=Listing(reason, kind, objects[-1]["id"]))
            if raw.deletable:
                seen.update(body["id"] for body in objects)
            failpoints.reach("in_listing")
            yield from batch.finished(as_of=batches.position.since)
        if raw.deletable and whole:
            gone = (key for (key,) in ledger.live_keys(kind, KEY, ORDER) if key not in seen)
            for keys in _groups(gone, self._size):
                with batches.begin() as batch:
                    batch.landed.load(kind, set(keys))
                    for key in keys:
                        batch.changes.gone(kind, key, self._now())
                yield from batch.finished(as_of=batches.position.since)

    def _now(self) -> Stamp:
        """A look at the account, at the time of the server's last answer."""
        return Stamp(int(self.api.server_time.timestamp()))

    # Balance transactions

    def _balance(self, batches: BatchMaker) -> Iterator[Batch]:
        known = batches.position.balance
        now = int(self.api.server_time.timestamp())
        start = known.newest - OVERLAP_SECONDS
        matured = known.matures is not None and known.matures <= now
        if matured and known.pending_since is not None:
            start = min(start, known.pending_since)
        # What is pending is told anew by a look at all of it, and else only added to.
        state = Balance(known.newest) if matured else replace(known)
        path = OBJECTS["balance_transaction"].path
        assert path is not None
        for objects in _groups(self.api.listed(path, created={"gte": max(start, 0)}), self._size):
            with batches.begin() as batch:
                batch.landed.load("balance_transaction", {body["id"] for body in objects})
                for body in objects:
                    known_already = batch.landed.hash_of("balance_transaction", body["id"]) is not None
                    stamp = Stamp(now if known_already else body["created"])
                    batch.changes.seen("balance_transaction", body, stamp, new_op="I", changed_op="U")
                _note(state, objects)
            yield from batch.finished(as_of=now)
        batches.position = replace(batches.position, balance=state)
        yield from batches.finish(None, as_of=now)


def _note(balance: Balance, objects: list[Json]) -> None:
    for body in objects:
        balance.note(body["created"], body["available_on"], body["status"] == "pending")


def _raw_name(event: Json) -> str:
    """The raw table that an event's object would have; there is none for objects that are not landed."""
    name = str(event["data"]["object"].get("object"))
    return STRIPE_NAMES.get(name, name)


def _op(event: Json) -> str:
    kind = event["type"]
    if kind.endswith(".created"):
        return "I"
    return "D" if kind.endswith(".deleted") and event["data"]["object"]["object"] != "subscription" else "U"


def _stamp(event: Json) -> Stamp:
    return Stamp(event["created"], event["id"], event["type"])


def _groups(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while group := list(islice(items, size)):
        yield group


def from_environment(environment: Mapping[str, str]) -> StripeSource:
    """Build the source from NORTHSTAR_STRIPE_API_KEY and NORTHSTAR_STRIPE_API_BASE (default: Stripe itself).

    NORTHSTAR_STRIPE_HEAL=1 has the next read compare everything, ``weekly`` one read a week.  Raises IngestError
    without a key, and for any other word.
    """
    key = environment.get("NORTHSTAR_STRIPE_API_KEY")
    if not key:
        raise IngestError("NORTHSTAR_STRIPE_API_KEY is not set: a secret or restricted key that may read the account")
    heal = environment.get("NORTHSTAR_STRIPE_HEAL") or ""
    if heal not in ("", "0", "1", "weekly"):
        raise IngestError(f"NORTHSTAR_STRIPE_HEAL is {heal!r}; give weekly, 1 for the next read only, or nothing")
    return StripeSource(
        key,
        environment.get("NORTHSTAR_STRIPE_API_BASE") or None,
        heal=heal == "1",
        heal_after=timedelta(days=7) if heal == "weekly" else None,
    )
