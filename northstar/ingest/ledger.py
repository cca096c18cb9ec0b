"""``ops.load_ledger`` in statements that both engines understand."""

from __future__ import annotations

import json
from collections.abc import Iterator

from northstar.ingest.contract import Cursor
from northstar.statements import Statements

CURSORS_KEPT = 100
"""Batches of a source whose cursors stay in the ledger; one of 1,200 tables takes 80 KB, and only the last is read."""

WHOLE_BATCH = "*"
"""The ledger's object for the entry that closes a batch and carries the cursor."""


class Entries:
    """The entries of one source."""

    def __init__(self, statements: Statements, source: str) -> None:
        self._statements = statements
        self._source = source

    @property
    def cursor(self) -> Cursor | None:
        """The cursor of the last batch that was loaded, None before the first."""
        row = self._statements.execute(
            "SELECT cursor_after FROM ops.load_ledger WHERE source = ? AND object = ? ORDER BY batch_no DESC LIMIT 1",
            [self._source, WHOLE_BATCH],
        ).fetchone()
        return json.loads(row[0]) if row else None

    def load_ids(self, newest: int) -> set[str]:
        """The ``newest`` load ids, for sweeping files that no ledger entry names."""
        rows = self._statements.execute(
            "SELECT load_id FROM ops.load_ledger WHERE source = ? AND object = ? "
            f"ORDER BY batch_no DESC LIMIT {int(newest)}",  # Snowflake takes no parameter here
            [self._source, WHOLE_BATCH],
        ).fetchall()
        return {load_id for (load_id,) in rows}

    def origins(self) -> Iterator[str]:
        """Every origin ever loaded, oldest first."""
        rows = self._statements.execute(
            "SELECT origin FROM ops.load_ledger WHERE source = ? AND origin IS NOT NULL ORDER BY batch_no, file",
            [self._source],
        ).fetchall()
        return (origin for (origin,) in rows)


def expire_cursors(statements: Statements, source: str, batch_no: int) -> None:
    """Forget the cursors that lie ``CURSORS_KEPT`` batches or more behind ``batch_no``."""
    statements.execute(
        "UPDATE ops.load_ledger SET cursor_after = NULL "
        "WHERE source = ? AND object = ? AND batch_no <= ? AND cursor_after IS NOT NULL",
        [source, WHOLE_BATCH, batch_no - CURSORS_KEPT],
    )
