"""How far the source has been read: what the cursor holds, and what it means.

A *pass* over an object reads every record whose stamp is at or after ``floor``, in the order of stamp and Id.
Salesforce stamps a change when it is made and shows it when its transaction ends, up to ten minutes later; so each
pass begins a while before the time at which the last one began, and ``recent`` tells what of that is in raw already.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from northstar.ingest.contract import Cursor, IngestError
from northstar.ingest.salesforce.notation import utc_from_ms

VERSION = 1


@dataclass
class ObjectState:
    """How far one object has been read.  Instants are milliseconds since 1970, by Salesforce's clock."""

    fields: dict[str, str] = field(default_factory=dict)
    """Type by field, when it was last described."""
    seq: int = 0
    """The ``_seq`` of the last row landed."""
    loaded: bool = False
    """Whether the first pass has ended."""
    floor: int | None = None
    """Where the next pass begins: of every record landed with a stamp from here on, ``recent`` knows the state."""
    next_floor: int | None = None
    """While a pass is under way: the floor that follows it."""
    until: int | None = None
    """While a pass is under way: when it began."""
    position: tuple[int, str] | None = None
    """While a pass is under way: stamp and Id of the last record read."""
    recent: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Stamp and content hash last landed, by Id."""
    deleted_through: int | None = None
    """Through when the log of deletions has been read."""
    compared_at: int | None = None
    """When all Ids were last compared; None when that is due."""

    def begin_pass(self, now: int, overlap: int) -> None:
        """Begin a pass, unless one is under way that was broken off."""
        if self.until is None:
            self.until = now
            self.next_floor = max(self.floor or 0, now - overlap)

    def is_landed(self, id: str, stamp: int, content: str) -> bool:
        """Whether raw holds this very state of a record as its last."""
        return self.recent.get(id) == (stamp, content)

    def note_landed(self, id: str, stamp: int, content: str) -> None:
        """Remember a record's state if a later read may see it again."""
        kept_from = self.next_floor if self.next_floor is not None else self.floor
        if kept_from is None or stamp >= kept_from:
            self.recent[id] = (stamp, content)
        else:
            self.recent.pop(id, None)

    def advance(self, stamp: int, id: str) -> None:
        """Note how far a pass has come.

        A record that was changed after the pass began is met with a stamp out of order: it says nothing of how far
        the pass has come, and will be met again by the next one.
        """
        if self.until is not None and stamp < self.until:
            self.position = (stamp, id)

    def forget(self, most: int) -> bool:
        """Drop what no later read will see again; returns whether more than ``most`` states made that a sacrifice.

        The floor never rises above the beginning of the pass: what was stamped later is kept however much it is,
        because changes made since then may not have been read.
        """
        assert self.next_floor is not None and self.until is not None
        reached = self.position[0] if self.position else self.floor or 0
        shortened = False
        if sum(stamp >= self.next_floor for stamp, _ in self.recent.values()) > most:
            self.next_floor = self._floor_for(most)
            shortened = True
        kept_from = min(self.next_floor, reached)
        self.recent = {id: state for id, state in self.recent.items() if state[0] >= kept_from}
        return shortened

    def end_pass(self, most: int) -> bool:
        """End a pass; returns whether the overlap of the next one had to be shortened."""
        assert self.next_floor is not None
        self.position = (max(self.next_floor, self.until or 0), "")
        shortened = self.forget(most)
        self.floor, self.loaded = self.next_floor, True
        self.next_floor = self.until = self.position = None
        return shortened

    def _floor_for(self, most: int) -> int:
        assert self.until is not None
        total, floor = 0, self.until
        for stamp, count in sorted(Counter(stamp for stamp, _ in self.recent.values()).items(), reverse=True):
            total += count
            if total > most:
                break
            floor = min(floor, stamp)
        return floor

    def as_json(self) -> dict[str, Any]:
        """The state as the cursor holds it."""
        return {
            **self.__dict__,
            "position": list(self.position) if self.position else None,
            "recent": {id: list(state) for id, state in self.recent.items()},
            "fields": dict(self.fields),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ObjectState:
        """The inverse of :meth:`as_json`."""
        recent = {id: (stamp, content) for id, (stamp, content) in value["recent"].items()}
        position = tuple(value["position"]) if value["position"] else None
        return cls(**{**value, "recent": recent, "position": position})


@dataclass
class SourceState:
    """How far the source has been read."""

    org_id: str = ""
    batches: int = 0
    """How many batches were made, from which load ids follow."""
    as_of: int = 0
    """When the last complete read began; 1970 before the first has ended."""
    objects: dict[str, ObjectState] = field(default_factory=dict)

    def of(self, name: str) -> ObjectState:
        """The state of one object."""
        return self.objects.setdefault(name, ObjectState())

    def bind(self, org_id: str) -> None:
        """Remember the org.  Raises IngestError when raw holds another one's records."""
        if self.org_id and self.org_id != org_id:
            raise IngestError(
                "the Salesforce credentials lead to another org than the one that raw holds: Ids would mix; "
                "correct NORTHSTAR_SALESFORCE_LOGIN_URL, or load the new org into a warehouse of its own"
            )
        self.org_id = org_id

    @property
    def source_as_of(self) -> datetime:
        """When the last complete read began."""
        return utc_from_ms(self.as_of)

    def as_cursor(self) -> Cursor:
        """The state as the ledger keeps it."""
        return {
            "version": VERSION, "org_id": self.org_id, "batches": self.batches, "as_of": self.as_of,
            "objects": {name: state.as_json() for name, state in self.objects.items()},
        }  # fmt: skip

    @classmethod
    def from_cursor(cls, cursor: Cursor | None) -> SourceState:
        """The inverse of :meth:`as_cursor`.  Raises IngestError for a cursor of a later version."""
        if cursor is None:
            return cls()
        if cursor["version"] != VERSION:
            raise IngestError(f"the Salesforce cursor has version {cursor['version']}; this program knows {VERSION}")
        objects = {name: ObjectState.from_json(value) for name, value in cursor["objects"].items()}
        return cls(cursor["org_id"], cursor["batches"], cursor["as_of"], objects)
