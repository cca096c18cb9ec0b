"""What is remembered of a table between runs, to notice that its rows changed without the stream showing it.

A table that is rewritten by ALTER TABLE brings no rows to the stream.  Neither does a column added with a default, a
partition attached or detached, a table taken out of the publication and put back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from northstar.ingest.postgres.catalog import Table


@dataclass(frozen=True)
class TableFacts:
    """Facts of one table.  Digests keep the ledger small: there are 1,200 tables."""

    oid: int
    last_column: int
    """The highest column number; what comes after it was added since."""
    shape: str
    """Names and kinds of the columns up to there, the key, the name and the entry in the publication."""
    versions: str
    """Definitions of the columns up to there."""
    last_partition: int
    file: str
    """Files that hold the rows: one, or those of the partitions up to ``last_partition``."""

    @staticmethod
    def of(table: Table, like: TableFacts | None = None) -> TableFacts:
        """The facts of a table now; of the columns and partitions that ``like`` knew, if given."""
        last_column = like.last_column if like else max(column.number for column in table.columns)
        last_partition = like.last_partition if like else max((p.oid for p in table.partitions), default=0)
        known = [column for column in table.columns if column.number <= last_column]
        shape = [(column.number, column.source.name, column.source.family) for column in known]
        files = [(p.oid, p.file) for p in table.partitions if p.oid <= last_partition] or table.file
        return TableFacts(
            table.oid,
            last_column,
            _digest([table.object, table.membership, table.key, shape]),
            _digest([c.version for c in known]),
            last_partition,
            _digest(files),
        )

    def to_json(self) -> list[Any]:
        """For the cursor."""
        return [self.oid, self.last_column, self.shape, self.versions, self.last_partition, self.file]

    def rewritten(self, table: Table) -> str | None:
        """Why rows of the table may differ from what the stream showed since, None when they do not."""
        now = TableFacts.of(table, like=self)
        added = [column for column in table.columns if column.number > self.last_column]
        if now.oid != self.oid:
            return "it was dropped and created again"
        if now.shape != self.shape:
            return "its name, its columns, its key or its place in the publication was changed"
        if any(column.has_missing_value for column in added):
            return "a column with a default was added"
        if now.file != self.file and (table.partitioned or added or now.versions != self.versions):
            return "its rows were rewritten"
        if any(p.oid > self.last_partition and not p.made_in_place for p in table.partitions):
            return "a table was attached to it as a partition"
        return None


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:10]
