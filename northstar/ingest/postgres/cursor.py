"""What the ledger keeps of this source: everything that a run must know of the runs before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from northstar.ingest.contract import Cursor, IngestError
from northstar.ingest.postgres.facts import TableFacts

_FORMAT = 1


@dataclass(frozen=True)
class State:
    """The cursor, typed."""

    system_identifier: str
    timeline: int
    database: str
    slot: str
    creating: bool = False
    """The slot is being made, with a snapshot of all tables: whatever slot of that name exists is unfinished."""
    loads: int = 0
    """Number of the last load: load ids count up."""
    commit_lsn: int = 0
    """Everything committed there or before is in raw; 0 before the first snapshot."""
    confirmed_lsn: int = 0
    """Where the slot may be advanced to."""
    tables: Mapping[str, TableFacts] = field(default_factory=dict)
    """The tables in raw that are followed, by raw name."""
    pending: tuple[str, ...] = ()
    """Raw names of tables that need a fresh snapshot although their facts look as before."""
    standing: Mapping[str, str] = field(default_factory=dict)
    """Kinds of notices given that still hold, by object: they are given once, not at each run."""

    def to_cursor(self) -> Cursor:
        """As JSON for the ledger."""
        return {
            "format": _FORMAT,
            **asdict(self),
            "tables": {name: facts.to_json() for name, facts in self.tables.items()},
            "pending": list(self.pending),
        }

    @staticmethod
    def from_cursor(cursor: Cursor) -> State:
        """The inverse.  Raises IngestError when another version of this program wrote it."""
        values = dict(cursor)
        if values.pop("format", None) != _FORMAT:
            raise IngestError("the ledger's cursor of source app was written by another version of this program")
        tables = {name: TableFacts(*facts) for name, facts in values.pop("tables").items()}
        return State(**{**values, "tables": tables, "pending": tuple(values["pending"])})
