"""Which rows an object makes: compared, where that is asked for, with what raw holds of it already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from northstar.ingest.contract import LedgerView
from northstar.ingest.stripe.client import Missing, StripeApi
from northstar.ingest.stripe.columns import OBJECTS, Nested
from northstar.ingest.stripe.rows import Element, Json, RowBuffer, Stamp, element

KEY = ("id",)
ORDER = ("_seq",)


class Landed:
    """The last landed state of a bounded set of objects, kept up to date as rows are added to a batch."""

    def __init__(self, ledger: LedgerView) -> None:
        self._ledger = ledger
        self._hashes: dict[tuple[str, str], str] = {}
        self._children: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)

    def load(self, object: str, ids: set[str]) -> None:
        """Fetch from raw what it holds of these objects and of everything nested in them."""
        for identifier, content_hash in self._ledger.live_rows(object, KEY, ORDER, ["_content_hash"], ("id", ids)):
            self._hashes[object, identifier] = content_hash
        for child in {nested.object for nested in OBJECTS[object].nested}:
            columns = ["_content_hash", "_parent"]
            for identifier, content_hash, parent in self._ledger.live_rows(
                child, KEY, ORDER, columns, ("_parent", ids)
            ):
                self._hashes[child, identifier] = content_hash
                self._children[child, parent][identifier] = None

    def hash_of(self, object: str, identifier: str) -> str | None:
        """Hash of an object's content as last landed, None when it is not there or was deleted."""
        return self._hashes.get((object, identifier))

    def children(self, object: str, parent: str) -> list[str]:
        """Ids of what hangs on an object."""
        return list(self._children[object, parent])

    def add(self, content: Element) -> None:
        """An object was landed in this state."""
        self._hashes[content.object, content.id] = content.content_hash
        if content.parent is not None:
            self._children[content.object, content.parent][content.id] = None

    def remove(self, object: str, identifier: str, parent: str | None) -> None:
        """An object was landed as deleted."""
        self._hashes.pop((object, identifier), None)
        if parent is not None:
            self._children[object, parent].pop(identifier, None)


class ChangeWriter:
    """Turns events and listed objects into rows, for the length of one batch."""

    def __init__(self, api: StripeApi, rows: RowBuffer, landed: Landed) -> None:
        self._api = api
        self._rows = rows
        self._landed = landed
        self._read_whole: dict[tuple[str, str], list[Json]] = {}

    def event(self, op: str, object: str, body: Json, stamp: Stamp) -> None:
        """Land an event's snapshot, whether or not it differs from the last, and what changed inside it."""
        content = element(object, body, parent_of(object, body))
        self._rows.add(op, object, content.id, content.parent, content, stamp)
        if op == "D":
            self._landed.remove(object, content.id, content.parent)
            self._remove_children(object, content.id, stamp)
        else:
            self._landed.add(content)
            self._nested(object, body, stamp, new_op="I", changed_op="U")

    def seen(self, object: str, body: Json, stamp: Stamp, new_op: str = "R", changed_op: str = "R") -> None:
        """Land a listed object and what is nested in it, as far as they differ from what was landed last."""
        self._land_if_changed(element(object, body), stamp, new_op, changed_op)
        self._nested(object, body, stamp, new_op, changed_op)

    def gone(self, object: str, identifier: str, stamp: Stamp) -> None:
        """Land the deletion of an object that vanished unseen, and of what hung on it."""
        self._rows.add("D", object, identifier, None, None, stamp)
        self._landed.remove(object, identifier, None)
        self._remove_children(object, identifier, stamp)

    def _land_if_changed(self, content: Element, stamp: Stamp, new_op: str, changed_op: str) -> None:
        before = self._landed.hash_of(content.object, content.id)
        if before == content.content_hash:
            return
        op = new_op if before is None else changed_op
        self._rows.add(op, content.object, content.id, content.parent, content, stamp)
        self._landed.add(content)

    def _nested(self, object: str, body: Json, stamp: Stamp, new_op: str, changed_op: str) -> None:
        for nested in OBJECTS[object].nested:
            children = self._children(object, body, nested, stamp)
            if children is None:
                continue
            for child in children:
                self._land_if_changed(element(nested.object, child, body["id"]), stamp, new_op, changed_op)
            present = {child["id"] for child in children}
            for identifier in self._landed.children(nested.object, body["id"]):
                if identifier not in present:
                    self._remove_child(nested.object, identifier, body["id"], stamp)

    def _remove_children(self, object: str, parent: str, stamp: Stamp) -> None:
        for nested in OBJECTS[object].nested:
            for identifier in self._landed.children(nested.object, parent):
                self._remove_child(nested.object, identifier, parent, stamp)

    def _remove_child(self, object: str, identifier: str, parent: str, stamp: Stamp) -> None:
        self._rows.add("D", object, identifier, parent, None, stamp)
        self._landed.remove(object, identifier, parent)

    def _children(self, object: str, body: Json, nested: Nested, stamp: Stamp) -> list[Json] | None:
        """The whole of a nested list, None when nothing is known of it or nothing is left to compare."""
        if object == "payout":
            known = self._landed.children(nested.object, body["id"])
            if body["reconciliation_status"] != "completed" or known:
                return None
            return [{"id": child["id"], "payout": body["id"]} for child in self._whole(body["id"], nested, None)]
        if nested.field not in body:
            return None
        value = body[nested.field]
        if isinstance(value, dict) and value.get("object") == "list":
            return self._whole(body["id"], nested, value) if value["has_more"] else list(value["data"])
        items = value if isinstance(value, list) else [] if value is None else [value]
        if all(isinstance(item, dict) for item in items):
            return items
        return self._by_ids(body["id"], nested, items, stamp)

    def _by_ids(self, parent: str, nested: Nested, ids: Iterable[Any], stamp: Stamp) -> list[Json] | None:
        """Elements of which a snapshot gives the ids only: read whole when one of them is not landed yet."""
        present, landed = set(ids), self._landed.children(nested.object, parent)
        if not present <= set(landed):
            return self._whole(parent, nested, None)
        for identifier in landed:
            if identifier not in present:
                self._remove_child(nested.object, identifier, parent, stamp)
        return None

    def _whole(self, parent: str, nested: Nested, begun: Json | None) -> list[Json]:
        """Read a nested list to its end, once a batch; as it is now, which may be later than the snapshot.

        Of a parent that is gone by now, what the snapshot shows is all that can be known.
        """
        key = (nested.object, parent)
        if key not in self._read_whole:
            shown: list[Json] = [] if begun is None else list(begun["data"])
            path = nested.path.format(id=parent)
            parameters = {} if nested.parameter is None else {nested.parameter: parent}
            try:
                if nested.expanded:
                    value = self._api.get(path, expand=[nested.field]).get(nested.field) or []
                    self._read_whole[key] = value if isinstance(value, list) else [value]
                else:
                    self._read_whole[key] = list(self._api.listed(path, **parameters))
            except Missing:
                self._read_whole[key] = shown
        return self._read_whole[key]


def parent_of(object: str, body: Json) -> str | None:
    """What a discount that comes in an event of its own hangs on; None for every other object."""
    if object != "discount":
        return None
    return body.get("subscription") or body.get("customer")
