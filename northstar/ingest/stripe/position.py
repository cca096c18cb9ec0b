"""The source's cursor: how far it has read, as JSON in the ledger."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from northstar.ingest.contract import Cursor


@dataclass
class Listing:
    """A listing of every kind that is under way."""

    reason: str
    """``backfill``, ``expired`` or ``heal``."""
    kind: str
    """The kind being listed; those before it in order are done."""
    after: str | None = None
    """The last object landed, from behind which a backfill goes on."""


@dataclass
class Balance:
    """How far balance transactions, which no event tells of, have been read.  Seconds since 1970."""

    newest: int = 0
    """``created`` of the newest one seen."""
    pending_since: int | None = None
    """``created`` of the oldest one landed as pending, None when all are available."""
    matures: int | None = None
    """The earliest ``available_on`` of those landed as pending."""

    def note(self, created: int, available_on: int, pending: bool) -> None:
        """Take one balance transaction into account."""
        self.newest = max(self.newest, created)
        if pending:
            self.pending_since = created if self.pending_since is None else min(self.pending_since, created)
            self.matures = available_on if self.matures is None else min(self.matures, available_on)


@dataclass
class Position:
    """Everything that the next read needs to go on."""

    livemode: bool
    seq: int
    """``_seq`` of the last row landed."""
    batch: int
    """Number of the last batch."""
    after: str | None
    """The last event read, None when the account had none to remember."""
    since: int
    """The server's time before which nothing is to be read again; used when ``after`` is None."""
    listing: Listing | None
    balance: Balance
    listed_at: int = 0
    """The server's time when everything was last listed to its end."""

    def cursor(self) -> Cursor:
        """As JSON for the ledger."""
        return asdict(self)

    @classmethod
    def from_cursor(cls, cursor: dict[str, Any]) -> Position:
        """The inverse of :meth:`cursor`."""
        listing = cursor["listing"]
        return cls(
            **{name: cursor[name] for name in ("livemode", "seq", "batch", "after", "since")},
            listing=Listing(**listing) if listing else None,
            balance=Balance(**cursor["balance"]),
            listed_at=cursor.get("listed_at", 0),
        )
