"""The landing zone: Parquet files in a directory or under an ``s3://`` URL.

A file becomes visible whole or not at all: locally by write, fsync, rename; on S3 because an object appears when its
upload ends.  Every file carries ``_load_id`` and ``_loaded_at``, so that it can be loaded anywhere as it is.
"""

from __future__ import annotations

import copy
import os
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from urllib.parse import urlparse

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from northstar import failpoints
from northstar.clock import to_naive_utc
from northstar.ingest.contract import Batch, IngestError, LandedFile
from northstar.statements import Statements

_OPEN_FILES = 100
"""Parquet writers held open at a time: well under the usual limit of 1,024 descriptors."""

Screen = Callable[[Statements, "LandingZone", str, Batch], Batch]
"""Looks through the files of a source's batch before it is loaded, and may rewrite them (northstar/erasure)."""

STAMPS = (pa.field("_load_id", pa.string()), pa.field("_loaded_at", pa.timestamp("us")))


class LandingZone:
    """Where sources put what they read, laid out as ``<source>/<day of load>/<load id>/<object>-<n>.parquet``."""

    def __init__(self, url: str) -> None:
        """Open a directory or an ``s3://bucket/prefix`` URL.

        ``AWS_ENDPOINT_URL`` and the usual AWS variables are honoured.  Raises IngestError for any other scheme.
        """
        self.url = url
        self.check: Callable[[], None] = lambda: None
        parsed = urlparse(url)
        if parsed.scheme == "s3":
            endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
            self.local = False
            self.filesystem: pafs.FileSystem = pafs.S3FileSystem(
                endpoint_override=endpoint, region=os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
            )
            self.root = f"{parsed.netloc}{parsed.path}".rstrip("/")
        elif parsed.scheme in ("", "file"):
            self.local = True
            self.filesystem = pafs.LocalFileSystem()
            self.root = str(Path(parsed.path).resolve())
        else:
            raise IngestError(f"landing zone {url!r}: give a directory or an s3:// URL")

    def watched(self, check: Callable[[], None]) -> LandingZone:
        """The same zone, with ``check`` called before anything is written; it raises when nothing may be."""
        zone = copy.copy(self)
        zone.check = check
        return zone

    def begin(self, source: str, load_id: str, loaded_at: datetime) -> LoadWriter:
        """Start to write the files of one load; a half-written load of the same id is written over."""
        return LoadWriter(self, f"{self.root}/{source}/{loaded_at:%Y-%m-%d}/{load_id}", load_id, loaded_at)

    def sweep(self, source: str, loaded_at: datetime, keep: set[str]) -> int:
        """Delete loads of this day and the day before that are not in ``keep``: left by a killed run.

        Returns how many were deleted.  The caller holds the source's lock.
        """
        days = (loaded_at, loaded_at - timedelta(days=1))
        return sum(self._sweep(f"{self.root}/{source}/{day:%Y-%m-%d}", keep) for day in days)

    def sweep_all(self, keep: Mapping[str, Collection[str]]) -> int:
        """Delete the loads of every source and day that are not in ``keep``, by source.

        The caller holds the writer lock.
        """
        return sum(
            self._sweep(day, keep.get(source.rpartition("/")[2], ()))
            for source in self._folders(self.root)
            for day in self._folders(source)
        )

    def _sweep(self, day: str, keep: Collection[str]) -> int:
        left = [load for load in self._folders(day) if load.rpartition("/")[2] not in keep]
        for load in left:
            self.filesystem.delete_dir(load)
        return len(left)

    def _folders(self, path: str) -> list[str]:
        found = self.filesystem.get_file_info(pafs.FileSelector(path, allow_not_found=True))
        return [entry.path for entry in found if entry.type == pafs.FileType.Directory]


class LoadWriter:
    """Writes the files of one load; memory stays bounded however much is written."""

    def __init__(self, zone: LandingZone, directory: str, load_id: str, loaded_at: datetime) -> None:
        self._zone = zone
        self._directory = directory
        self._load_id = load_id
        self._loaded_at = to_naive_utc(loaded_at)
        self._open: OrderedDict[tuple[str, str | None], _ParquetFile] = OrderedDict()
        self._count = 0
        self.files: list[LandedFile] = []
        zone.filesystem.create_dir(directory, recursive=True)

    def __enter__(self) -> LoadWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def write(self, object: str, table: pa.Table, origin: str | None = None) -> None:
        """Append rows to an object's file, starting a new one when the schema differs from the last."""
        self._zone.check()
        stamped = table
        for field, value in zip(STAMPS, (self._load_id, self._loaded_at), strict=True):
            stamped = stamped.append_column(field, pa.repeat(pa.scalar(value, field.type), len(table)))
        key = (object, origin)
        file = self._open.get(key)
        if file is not None and not file.schema.equals(stamped.schema):
            self._close(key)
            file = None
        if file is None:
            if len(self._open) >= _OPEN_FILES:
                self._close(next(iter(self._open)))
            path = f"{self._directory}/{object}-{self._count:05d}.parquet"
            self._count += 1
            file = self._open[key] = _ParquetFile(self._zone, object, path, stamped.schema, origin)
        self._open.move_to_end(key)
        file.write(stamped)

    def finish(self, object: str, origin: str | None = None) -> None:
        """Close an object's file early, to free what it holds."""
        if (object, origin) in self._open:
            self._close((object, origin))

    def close(self) -> None:
        """Close every file and make the directory entries durable."""
        for key in list(self._open):
            self._close(key)
        if self._zone.local:
            directory = Path(self._directory)
            for made in (
                directory,
                *(parent for parent in directory.parents if parent.is_relative_to(self._zone.root)),
            ):
                descriptor = os.open(made, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        self.files.sort(key=lambda file: file.path)

    def abandon(self) -> None:
        """Close what is open and delete the load."""
        for file in self._open.values():
            file.abort()
        self._open.clear()
        self._zone.filesystem.delete_dir(self._directory)

    def _close(self, key: tuple[str, str | None]) -> None:
        self.files.append(self._open.pop(key).close())
        failpoints.reach("after_file")


class _ParquetFile:
    """One Parquet file being written."""

    def __init__(self, zone: LandingZone, object: str, path: str, schema: pa.Schema, origin: str | None) -> None:
        self.object, self.path, self.schema, self.origin = object, path, schema, origin
        self._local = zone.local
        self._rows = 0
        self._stream = zone.filesystem.open_output_stream(f"{path}.tmp" if zone.local else path)
        self._writer = pq.ParquetWriter(self._stream, schema, compression="zstd")

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table)
        self._rows += len(table)

    def close(self) -> LandedFile:
        self._writer.close()
        self._stream.close()
        if self._local:
            temporary = Path(f"{self.path}.tmp")
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.rename(self.path)
        return LandedFile(self.object, self.path, self._rows, self.schema, self.origin)

    def abort(self) -> None:
        self._writer.close()
        self._stream.close()
