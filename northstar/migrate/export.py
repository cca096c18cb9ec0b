"""The old warehouse as it was unloaded: Parquet, one folder a table, in a directory or under an ``s3://`` URL."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.fs as pafs

from northstar.ingest.landing import LandingZone


@dataclass(frozen=True)
class Table:
    """One legacy table."""

    name: str
    files: tuple[str, ...]
    digest: str
    """Of names and contents: another export has another one."""


class Export:
    """Reads tables; writes nothing."""

    def __init__(self, url: str) -> None:
        """Open a directory or an ``s3://bucket/prefix`` URL."""
        self.url = url
        self._zone = LandingZone(url)

    def table(self, name: str) -> Table:
        """Find a table.  Raises ValueError when there are no files of it."""
        selector = pafs.FileSelector(f"{self._zone.root}/{name}", allow_not_found=True, recursive=True)
        found = self._zone.filesystem.get_file_info(selector)
        files = tuple(sorted(one.path for one in found if one.path.endswith(".parquet")))
        if not files:
            raise ValueError(f"{self.url} has no Parquet files of {name}: unload it to {self.url.rstrip('/')}/{name}/")
        digest = hashlib.sha256()
        for path in files:
            digest.update(path.removeprefix(self._zone.root).encode())
            with self._zone.filesystem.open_input_stream(path) as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
        return Table(name, files, digest.hexdigest()[:16])

    def attach(self, connection: duckdb.DuckDBPyConnection, table: Table, view: str) -> pa.Schema:
        """Make a table readable under a name; returns its schema."""
        dataset = pads.dataset(list(table.files), format="parquet", filesystem=self._zone.filesystem)
        connection.register(view, dataset)
        return dataset.schema
