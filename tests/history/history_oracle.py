"""The history of a table's rows, in plain Python: the log replayed change by change onto a line of time.

It shares nothing with macros/history.py but the rules, which decision 5 states and this page follows one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

OPEN_PAST, OPEN_END = datetime(1900, 1, 1), datetime(9999, 12, 31)
Image = Mapping[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One change of one row at the source, or a truncate, which has no key."""

    lsn: int
    seq: int
    operation: str
    committed_at: datetime
    key: int | None
    updated_at: datetime | None
    """The source's own time of change; a delete and a truncate have none."""
    image: Image
    """The row's columns; nothing of a delete and of a truncate."""

    @property
    def position(self) -> tuple[int, int]:
        """Its place in the source's log."""
        return self.lsn, self.seq


@dataclass
class _Line:
    """What one key was, instant by instant."""

    told: dict[datetime, list[Change]] = field(default_factory=lambda: defaultdict(list))
    latest: datetime = OPEN_PAST
    """The latest instant that the log has spoken of so far."""
    born: datetime = OPEN_PAST
    """Before this instant nothing told of the present life can lie."""
    gone: bool = False

    def tell(self, change: Change) -> None:
        """Take in the next change of the log."""
        if change.operation == "D":
            self.latest = max(self.latest, change.committed_at)
            self.told[self.latest].append(change)
            self.gone = True
            return
        assert change.updated_at is not None
        self.latest = max(self.latest, change.updated_at)
        if self.gone:
            self.born, self.gone = self.latest, False
        self.told[max(change.updated_at, self.born)].append(change)

    def versions(self) -> list[tuple[datetime, Image, bool]]:
        """From when on the key was what, and whether it was deleted."""
        found: list[tuple[datetime, Image, bool]] = []
        image: Image = {}
        for instant in sorted(self.told):
            for change in self.told[instant]:
                image = change.image if change.operation != "D" else image
            deleted = self.told[instant][-1].operation == "D"
            if not found:
                found.append((OPEN_PAST, image, deleted))
            elif found[-1][1:] != (image, deleted):
                found.append((instant, image, deleted))
        return found


def expanded(log: Iterable[Change]) -> list[Change]:
    """The log in its own order, each truncate as one delete for each key that it found and that did not come back."""
    ordered = sorted(log, key=lambda change: change.position)
    found: list[Change] = []
    for change in ordered:
        if change.operation != "T":
            found.append(change)
            continue
        rows = [other for other in ordered if other.key is not None]
        before = {other.key for other in rows if other.position < change.position}
        back = {other.key for other in rows if other.lsn == change.lsn and other.seq > change.seq}
        found.extend(
            Change(change.lsn, change.seq, "D", change.committed_at, key, None, {})
            for key in sorted(key for key in before - back if key is not None)
        )
    return found


def history(log: Iterable[Change]) -> list[Row]:
    """Every version of every key: half-open, seamless, the first open to the past and the last to the future."""
    lines: defaultdict[int, _Line] = defaultdict(_Line)
    for change in expanded(log):
        assert change.key is not None
        lines[change.key].tell(change)
    rows: list[Row] = []
    for key, line in lines.items():
        versions = line.versions()
        ends = [since for since, _, _ in versions[1:]] + [OPEN_END]
        for (since, image, deleted), end in zip(versions, ends, strict=True):
            rows.append(
                {
                    **image,
                    "key": key,
                    "valid_from": since,
                    "valid_to": end,
                    "is_current": end == OPEN_END,
                    "is_first_known": since == OPEN_PAST,
                    "is_deleted": deleted,
                }
            )
    return rows


def last_image(log: Iterable[Change], key: int) -> Image | None:
    """The last image of a key in the order of the log, whatever time it names."""
    images = [change.image for change in expanded(log) if change.key == key and change.operation != "D"]
    return images[-1] if images else None
