"""What a Stripe account holds: objects by kind in order of creation, and the events that tell of their changes."""

from __future__ import annotations

import json
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from northstar.simulator.company import dice

Json = dict[str, Any]

API_VERSION = "2026-10-28.endive"
"""The simulated account's default version, in which its events are rendered."""

EVENT_RETENTION = 30 * 86_400
"""Seconds after which an event can no longer be listed."""

EMBEDDED = 10
"""How many elements of a nested list an object shows; the rest is read from the list's own endpoint."""

PREFIXES = {
    "customer": "cus", "product": "prod", "price": "price", "coupon": "co", "subscription": "sub",
    "subscription_item": "si", "discount": "di", "invoice": "in", "line_item": "il", "invoice_payment": "inpay",
    "credit_note": "cn", "charge": "ch", "payment_intent": "pi", "refund": "re", "dispute": "du",
    "balance_transaction": "txn", "payout": "po", "event": "evt",
}  # fmt: skip

NESTED = {
    "subscription": ("items", "/v1/subscription_items?subscription={id}"),
    "invoice": ("lines", "/v1/invoices/{id}/lines"),
}
"""The nested list of a kind, and where the whole of it is read."""

WITHOUT_LIVEMODE = frozenset({"subscription_item", "discount", "balance_transaction", "refund"})
"""Kinds whose objects carry no ``livemode`` themselves."""


class NoSuchObject(KeyError):
    """An id that the account does not know, or knows no longer."""


@dataclass(frozen=True)
class Page:
    """One page of a list, newest first."""

    data: list[Json]
    has_more: bool


class Collection:
    """Objects of one kind, oldest first, found by id or by place; ids that were removed leave a gap."""

    def __init__(self) -> None:
        self._rows: list[Json | None] = []
        self._created: list[int] = []
        self._place: dict[str, int] = {}
        self._forgotten = 0
        """How many objects were forgotten: places count from the first object ever."""

    def __len__(self) -> int:
        return len(self._place)

    def __iter__(self) -> Iterator[Json]:
        return (row for row in self._rows if row is not None)

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._place

    def add(self, row: Json) -> None:
        """Append an object.  Raises ValueError when it is older than the last, which would break the list's order."""
        if self._created and row["created"] < self._created[-1]:
            raise ValueError(f"{row['id']} was created before the {row['object']} added last")
        self._place[row["id"]] = self._forgotten + len(self._rows)
        self._rows.append(row)
        self._created.append(row["created"])

    def get(self, identifier: str) -> Json:
        """An object by id.  Raises NoSuchObject."""
        try:
            row = self._rows[self._place[identifier] - self._forgotten]
        except KeyError:
            raise NoSuchObject(identifier) from None
        assert row is not None
        return row

    def remove(self, identifier: str) -> Json:
        """Take an object out.  Raises NoSuchObject."""
        row = self.get(identifier)
        self._rows[self._place.pop(identifier) - self._forgotten] = None
        return row

    def forget_before(self, created: int) -> None:
        """Take out every object created before a time; it was, to a reader, never there."""
        gone = bisect_left(self._created, created)
        for row in self._rows[:gone]:
            if row is not None:
                del self._place[row["id"]]
        del self._rows[:gone]
        del self._created[:gone]
        self._forgotten += gone

    def page(
        self,
        limit: int,
        after: str | None,
        before: str | None,
        created: tuple[int, int],
        accept: Callable[[Json], bool],
    ) -> Page:
        """Up to ``limit`` objects created in a closed range: following ``after``, or next before ``before``.

        Raises NoSuchObject when the object that a cursor names is not there.
        """
        low, high = bisect_left(self._created, created[0]), bisect_right(self._created, created[1])
        if before is not None:
            self.get(before)
            places: Sequence[int] = range(max(low, self._place[before] - self._forgotten + 1), high)
        else:
            if after is not None:
                self.get(after)
                high = min(high, self._place[after] - self._forgotten)
            places = range(high - 1, low - 1, -1)
        found: list[Json] = []
        for place in places:
            row = self._rows[place]
            if row is not None and accept(row):
                if len(found) == limit:
                    return Page(found[::-1] if before is not None else found, True)
                found.append(row)
        return Page(found[::-1] if before is not None else found, False)


class Store:
    """A Stripe account.  Every change goes through :meth:`create`, :meth:`update` and :meth:`delete`, under a lock."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.lock = threading.RLock()
        self.now = int(now.timestamp())
        """The account's clock, in seconds since 1970."""
        self.kinds: dict[str, Collection] = {kind: Collection() for kind in PREFIXES}
        self.paid_out: dict[str, list[str]] = {}
        """Balance transactions by the payout that they belong to."""
        self._seed = seed
        self._made = 0

    def set_clock(self, now: int) -> None:
        """Move the clock forward, and let events expire."""
        with self.lock:
            self.now = max(self.now, now)
            self.kinds["event"].forget_before(self.now - EVENT_RETENTION)

    def moment(self) -> datetime:
        """The account's clock."""
        return datetime.fromtimestamp(self.now, UTC)

    def new_id(self, kind: str) -> str:
        """An id that says nothing of its order, as Stripe's."""
        self._made += 1
        roll = dice(self._seed, kind, self._made)
        code = "".join(roll.choices("0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", k=24))
        return f"{PREFIXES[kind]}_{code}"

    def create(self, kind: str, event: str | None = None, *, livemode: bool = True, **fields: Any) -> Json:
        """Create an object now, telling of it by an event if one is named.  ``id`` may be given."""
        with self.lock:
            mode = {} if kind in WITHOUT_LIVEMODE else {"livemode": livemode}
            row = {"id": fields.pop("id", None) or self.new_id(kind), "object": kind, "created": self.now, **mode}
            row |= fields
            self.kinds[kind].add(row)
            if event is not None:
                self.tell(event, row, livemode=livemode)
            return row

    def update(self, row: Json, event: str | None = None, **fields: Any) -> Json:
        """Change an object in place, telling of it by an event with the previous values if one is named."""
        with self.lock:
            shown = self.render(row)
            row.update(fields)
            if event is not None:
                now = self.render(row)
                previous = {name: shown.get(name) for name in now if now[name] != shown.get(name)}
                self.tell(event, row, previous, livemode=bool(row.get("livemode", True)))
            return row

    def delete(self, row: Json, event: str) -> None:
        """Remove an object for good, telling of it by an event that holds its last state."""
        with self.lock:
            self.kinds[row["object"]].remove(row["id"])
            self.tell(event, row, livemode=bool(row.get("livemode", True)))

    def tell(
        self,
        event: str,
        row: Json,
        previous: Json | None = None,
        *,
        livemode: bool = True,
        api_version: str = API_VERSION,
    ) -> Json:
        """Append an event with a snapshot of an object."""
        with self.lock:
            data: Json = {"object": json.loads(json.dumps(self.render(row)))}
            if previous is not None:
                data["previous_attributes"] = json.loads(json.dumps(previous))
            told: Json = {
                "id": self.new_id("event"), "object": "event", "api_version": api_version, "created": self.now,
                "data": data, "livemode": livemode, "pending_webhooks": 0, "request": {"id": None}, "type": event,
            }  # fmt: skip
            self.kinds["event"].add(told)
            return told

    def render(self, row: Json, expand: frozenset[str] = frozenset()) -> Json:
        """An object as the API shows it: nested lists cut off, discounts by id unless they are to be expanded."""
        shown = dict(row)
        nested = NESTED.get(row["object"])
        if nested is not None:
            name, url = nested
            children = row[name]
            shown[name] = {
                "object": "list", "data": children[:EMBEDDED], "has_more": len(children) > EMBEDDED,
                "url": url.format(id=row["id"]),
            }  # fmt: skip
        if row["object"] == "subscription" and "discounts" not in expand:
            shown["discounts"] = [discount["id"] for discount in row["discounts"]]
        return shown
