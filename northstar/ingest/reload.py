"""Loading one load again from its files in the landing zone: when its rows in raw are damaged or gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow.parquet as pq

from northstar.clock import from_naive_utc
from northstar.ingest.contract import IngestError, LandedFile
from northstar.ingest.duckdb_sink import DuckDBSink
from northstar.ingest.landing import LandingZone
from northstar.ingest.snowflake_sink import SnowflakeSink
from northstar.statements import Statements, rows_if_there


@dataclass(frozen=True)
class Reloaded:
    """What was put back."""

    rows: dict[str, int]
    """Rows by raw table."""
    loaded_at: datetime
    """The stamp of the load's rows: which interval of the models they belong to."""


def reload(
    connection: Statements, landing: LandingZone, sink: DuckDBSink | SnowflakeSink, source: str, load_id: str
) -> Reloaded:
    """Put the rows of a load in raw back to what its files hold, in one transaction.  The caller holds the writer lock.

    Raises ValueError when the ledger does not know the load, IngestError when a file is gone or is not what was loaded.
    """
    entries = connection.execute(
        "SELECT object, file, origin, row_count, loaded_at FROM ops.load_ledger "
        "WHERE source = ? AND load_id = ? AND file IS NOT NULL ORDER BY file",
        [source, load_id],
    ).fetchall()
    if not entries:
        raise ValueError(f"the ledger knows no files of load {load_id!r} of {source}; ops.load_ledger lists all loads")
    # After an erasure files may have been rewritten since they were loaded.
    may_be_fewer = bool(rows_if_there(connection, "SELECT 1 FROM ops.erasure_log LIMIT 1"))
    files = [_landed(landing, may_be_fewer, *entry[:4]) for entry in entries]
    sink.replace(source, load_id, files)
    rows: dict[str, int] = {}
    for file in files:
        rows[file.object] = rows.get(file.object, 0) + file.rows
    return Reloaded(rows, from_naive_utc(entries[0][4]))


def _landed(
    landing: LandingZone, may_be_fewer: bool, object: str, path: str, origin: str | None, rows: int
) -> LandedFile:
    try:
        metadata = pq.read_metadata(path, filesystem=landing.filesystem)
    except OSError as error:
        raise IngestError(f"{path} cannot be read ({type(error).__name__}); nothing was changed") from error
    found = metadata.num_rows
    if found > rows or (found < rows and not may_be_fewer):
        raise IngestError(f"{path} holds {found} rows, the ledger says {rows}; nothing was changed")
    return LandedFile(object, path, found, metadata.schema.to_arrow_schema(), origin)
