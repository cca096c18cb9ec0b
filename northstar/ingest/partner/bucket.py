"""The bucket that partners put their files into, through boto3: listed in full, every version read pinned."""

from __future__ import annotations

import gzip
import hashlib
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from urllib3.exceptions import HTTPError as TransferError

from northstar.clock import utc_now
from northstar.ingest.contract import IngestError

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

    from botocore.response import StreamingBody

ATTEMPTS = 5
CONNECT_SECONDS = 10
READ_SECONDS = 60
MAX_CONTENT_BYTES = 8 * 1024**3
"""A file larger than this after decompression is refused, so that it cannot fill the disk."""
TOO_LARGE = f"it holds more than {MAX_CONTENT_BYTES // 1024**3} GiB"

_IN_MEMORY_BYTES = 8 * 1024 * 1024
_BLOCK_BYTES = 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_CHANGED = {"412", "PreconditionFailed", "404", "NoSuchKey", "NoSuchVersion"}


class ObjectChanged(Exception):
    """An object is no longer what the listing said."""


@dataclass(frozen=True)
class Version:
    """One object as a listing shows it."""

    key: str
    """Relative to the prefix."""
    etag: str
    size: int
    modified: datetime


@dataclass(frozen=True)
class Listing:
    """Everything under the prefix at one time."""

    versions: tuple[Version, ...]
    taken_at: datetime
    """By S3's clock, before the first page."""


@dataclass
class Download:
    """An object's content, decompressed."""

    file: IO[bytes]
    """A temporary file; closed and removed with :meth:`close`."""
    size: int
    sha256: str
    """Of the content: a file and its gzip are the same content."""
    version_id: str | None
    """None in a bucket without versioning."""
    defect: str | None
    """Why the content cannot be read, in words that follow a comma; then ``file`` is the object as it came."""

    def close(self) -> None:
        """Remove the temporary file."""
        self.file.close()


class Bucket:
    """One prefix of one bucket."""

    def __init__(self, url: str, client: Any | None = None) -> None:
        """Open ``s3://bucket/prefix``; the prefix is a folder.  Raises IngestError for anything else."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc:
            raise IngestError(f"partner feeds {url!r}: give s3://bucket/prefix")
        self.url = url
        self._bucket = parts.netloc
        folder = parts.path.strip("/")
        self._prefix = f"{folder}/" if folder else ""
        self._client = client or boto3.client(
            "s3",
            config=Config(
                retries={"mode": "standard", "max_attempts": ATTEMPTS},
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
            ),
        )

    def list(self) -> Listing:
        """Every object under the prefix, in order of modification, then key."""
        versions: list[Version] = []
        taken_at: datetime | None = None
        with self._errors("list"):
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix
            ):
                taken_at = taken_at or _server_time(page)
                for entry in page.get("Contents", ()):
                    key = entry["Key"][len(self._prefix) :]
                    if key and not key.endswith("/"):
                        versions.append(Version(key, entry["ETag"], entry["Size"], entry["LastModified"]))
        versions.sort(key=lambda version: (version.modified, version.key))
        return Listing(tuple(versions), taken_at or utc_now())

    def download(self, version: Version) -> Download:
        """Copy an object's content to a temporary file.  Raises ObjectChanged when it is no longer as listed."""
        for _ in range(ATTEMPTS):
            with self._errors(f"read {version.key} from"):
                try:
                    return self._download(version)
                except _Interrupted:
                    continue
        raise IngestError(
            f"cannot read {version.key} from {self.url}: the transfer broke off {ATTEMPTS} times; run again later"
        )

    def _download(self, version: Version) -> Download:
        response = self._client.get_object(Bucket=self._bucket, Key=self._prefix + version.key, IfMatch=version.etag)
        with ExitStack() as undo:
            raw = undo.enter_context(_temporary())
            digest = hashlib.sha256()
            with closing(response["Body"]) as body:
                for block in _blocks(body):
                    digest.update(block)
                    raw.write(block)
            content, defect = raw, None
            raw.seek(0)
            if raw.read(2) == _GZIP_MAGIC:
                content, digest, defect = _decompressed(undo.enter_context(_temporary()), raw, digest)
            undo.pop_all()
        if content is not raw:
            raw.close()
        return Download(content, content.seek(0, 2), digest.hexdigest(), response.get("VersionId"), defect)

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        """Turn what boto3 raises into IngestError, or ObjectChanged where that is what it means."""
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _CHANGED:
                raise ObjectChanged from error
            raise IngestError(f"cannot {doing} {self.url}: {_meaning(code)}") from error
        except NoCredentialsError as error:
            raise IngestError(
                f"cannot {doing} {self.url}: no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or run under a role"
            ) from error
        except BotoCoreError as error:
            raise IngestError(
                f"cannot {doing} {self.url}: S3 was not reached after {ATTEMPTS} attempts ({type(error).__name__}); "
                "check the network and AWS_ENDPOINT_URL, then run again"
            ) from error


class _Interrupted(Exception):
    """The transfer of an object broke off."""


def _meaning(code: str) -> str:
    """What an S3 error code asks a person to do."""
    if code in ("AccessDenied", "403", "AllAccessDisabled"):
        return "access denied; the role needs s3:ListBucket on the bucket and s3:GetObject on the prefix"
    if code == "NoSuchBucket":
        return "the bucket does not exist; check NORTHSTAR_PARTNER_S3_URL"
    if code in ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"):
        return f"the AWS credentials are not valid ({code})"
    return f"S3 answered {code or 'an unknown error'} to all of {ATTEMPTS} attempts; run again later"


def _temporary() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)


def _blocks(body: StreamingBody) -> Iterator[bytes]:
    while True:
        try:
            block = body.read(_BLOCK_BYTES)
        except (BotoCoreError, TransferError, OSError) as error:
            raise _Interrupted from error
        if not block:
            return
        yield block


def _decompressed(
    target: IO[bytes], compressed: IO[bytes], digest_of_compressed: Hash
) -> tuple[IO[bytes], Hash, str | None]:
    """The file to read, its digest, and what is wrong: the compressed file itself when it is no whole gzip file."""
    digest = hashlib.sha256()
    compressed.seek(0)
    size = 0
    try:
        with gzip.GzipFile(fileobj=compressed, mode="rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                size += len(block)
                if size > MAX_CONTENT_BYTES:
                    return compressed, digest_of_compressed, TOO_LARGE
                digest.update(block)
                target.write(block)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return compressed, digest_of_compressed, "it begins as a gzip file but is cut short or damaged"
    return target, digest, None


def _server_time(page: Mapping[str, Any]) -> datetime | None:
    stated = page["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(stated).astimezone(UTC) if stated else None
