"""What the ledger says of the partners' files: which were seen, and whose content is loaded.

Content, not names, is what raw holds: rows are loaded once for each distinct content that a file stands for, and
withdrawn when no file stands for it any more.  So the order in which files arrive does not matter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace

from northstar.ingest.partner.bucket import Version
from northstar.ingest.partner.feeds import Feed, feed_of

LOADED = "loaded"
DUPLICATE = "duplicate"
REFUSED = "refused"
SUPERSEDED = "superseded"
DELETED = "deleted"
IGNORED = "ignored"

Content = tuple[str, str]
"""Raw table and SHA-256: what a file says, whatever its name."""


@dataclass(frozen=True)
class Seen:
    """The last that is known of one key."""

    file: str
    status: str
    etag: str
    size: int
    version_id: str | None = None
    """None in a bucket without versioning."""
    sha256: str | None = None
    feed: str | None = None
    fingerprint: str | None = None
    """Of the feed's declaration that the file was judged by."""
    encoding: str | None = None
    rows: int = 0
    """Loaded from this version."""
    rejected: int = 0
    """Bad records in it."""
    holds: Content | None = None
    """The loaded content that this key stands for: a refused version leaves the one before it in place."""


@dataclass(frozen=True)
class Plan:
    """What a listing asks for."""

    changed: tuple[tuple[Version, Feed | None], ...]
    """New and changed objects, in order of modification; the feed is None where none declares the key."""
    deleted: tuple[Seen, ...]
    """What is listed no more."""


class State:
    """Every key's last entry, folded from the ledger's origins."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._seen: dict[str, Seen] = {}
        self._holders: dict[Content, set[str]] = {}
        for origin in origins:
            for entry in json.loads(origin):
                holds = entry.pop("holds")
                self.put(Seen(**entry, holds=tuple(holds) if holds else None))

    def get(self, file: str) -> Seen | None:
        """The last entry of a key."""
        return self._seen.get(file)

    def put(self, seen: Seen) -> None:
        """Replace a key's entry."""
        before = self._seen.get(seen.file)
        if before is not None and before.holds is not None:
            self._holders[before.holds].discard(seen.file)
        if seen.holds is not None:
            self._holders.setdefault(seen.holds, set()).add(seen.file)
        self._seen[seen.file] = seen

    def holders(self, content: Content) -> set[str]:
        """The keys that stand for a content; none when it is not loaded."""
        return self._holders.get(content, set())

    def released(self, content: Content) -> Iterator[Seen]:
        """Entries of deleted keys that give up a content because a standing key has it too: it was renamed."""
        holders = [self._seen[file] for file in sorted(self.holders(content))]
        if any(holder.status != DELETED for holder in holders):
            yield from (replace(holder, holds=None) for holder in holders if holder.status == DELETED)

    def plan(self, versions: Iterable[Version], feeds: tuple[Feed, ...]) -> Plan:
        """Compare a full listing with what was seen."""
        changed = []
        listed = set()
        for version in versions:
            listed.add(version.key)
            feed = feed_of(version.key, feeds)
            if self._is_news(version, feed):
                changed.append((version, feed))
        deleted = [seen for key, seen in sorted(self._seen.items()) if key not in listed and seen.status != DELETED]
        return Plan(tuple(changed), tuple(deleted))

    def _is_news(self, version: Version, feed: Feed | None) -> bool:
        seen = self._seen.get(version.key)
        if seen is None or seen.status == DELETED or (seen.etag, seen.size) != (version.etag, version.size):
            return True
        if seen.status == IGNORED:
            return feed is not None
        return seen.status == REFUSED and feed is not None and seen.fingerprint != feed.fingerprint


def as_origin(entries: Iterable[Seen]) -> str:
    """Entries as the ledger keeps them."""
    return json.dumps([asdict(entry) for entry in entries], sort_keys=True)
