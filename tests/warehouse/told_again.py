"""What a company's systems told a warehouse, kept batch by batch, and told to it again in another arrangement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from northstar.ingest import together
from northstar.ingest.contract import Batch, Cursor, LedgerView, Source
from northstar.ingest.landing import LandingZone

Load = Sequence[tuple[str, pa.Table]]
"""What one batch brings: rows by raw table."""
Told = Mapping[str, Sequence[Load]]
"""By source, batch after batch."""


@dataclass
class Listener:
    """A real source, of which is kept what it tells."""

    source: Source
    loads: list[Load]
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.source.name
        self.acknowledge, self.close = self.source.acknowledge, self.source.close

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        """The same batches."""
        for batch in self.source.read(ledger, landing, loaded_at):
            self.loads.append([(file.object, _as_told(file.path)) for file in batch.files])
            yield batch


def _as_told(path: str) -> pa.Table:
    """The rows of a landed file without what landing them added."""
    return pq.ParquetFile(path).read().drop_columns(["_load_id", "_loaded_at"])


@contextmanager
def heard(told: dict[str, list[Load]]) -> Iterator[None]:
    """Keep in ``told`` what the sources tell in the block."""
    opened = together.open_source
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(together, "open_source", lambda name, environment: Listener(
            opened(name, environment), told.setdefault(name, [])))  # fmt: skip
        yield


@dataclass
class Teller:
    """Stands in for a source: tells what was kept, from where it stopped."""

    name: str
    loads: list[Load] = field(default_factory=list)
    told: int = 0

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        """Land and load what has not been told yet."""
        for load in self.loads[self.told :]:
            # After the ids of all real batches, of which no two sources have one in common
            load_id = f"~{self.name}-{self.told:09d}"
            with landing.begin(self.name, load_id, loaded_at) as writer:
                for name, rows in load:
                    writer.write(name, rows)
            yield Batch(load_id, writer.files, ledger.cursor or {}, loaded_at)
            self.told += 1

    def acknowledge(self, cursor: Cursor) -> None:
        """Nobody waits for it."""

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def told_again(names: Sequence[str]) -> Iterator[dict[str, Teller]]:
    """Let ticks in the block hear these tellers, who know nothing yet."""
    tellers = {name: Teller(name) for name in names}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(together, "open_source", lambda name, _: tellers[name])
        yield tellers


def halves(load: Load) -> tuple[Load, Load]:
    """The first and the second half of a batch, of each table."""
    cut = [(name, rows, rows.num_rows // 2) for name, rows in load]
    return (
        [(name, rows.slice(0, middle)) for name, rows, middle in cut if middle],
        [(name, rows.slice(middle)) for name, rows, middle in cut],
    )


def shuffled(load: Load, dice: Random) -> Load:
    """The rows of each table in another order."""
    return [(name, rows.take(dice.sample(range(rows.num_rows), rows.num_rows))) for name, rows in load]
