"""How the bytes of a file are read as text: declared by the feed or marked in the file, never guessed.

The record reader needs bytes in which a delimiter, a quote or a newline is one byte that means nothing else.  UTF-8
and the single-byte encodings are such; UTF-16 is transcoded to UTF-8 so that it can be read the same way, reversibly
even where it is ill-formed, so that a bad record can be given back byte for byte.
"""

from __future__ import annotations

import codecs
import tempfile
from dataclasses import dataclass
from typing import IO

CHUNK_BYTES = 256 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class UnmarkedUtf16(Exception):
    """A file declared as utf-16 has no byte order mark."""


@dataclass(frozen=True)
class Marked:
    """The encoding of one file."""

    encoding: str
    mark_bytes: int
    """Length of the byte order mark, which is part of the file but of no record."""


def detect(head: bytes, declared: str) -> Marked:
    """The encoding of a file that begins with ``head``: by its byte order mark, else as declared.

    Raises UnmarkedUtf16 when the declaration leaves the byte order open and the file does not say it.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return Marked(encoding, len(mark))
    if declared == "utf-16":
        raise UnmarkedUtf16
    return Marked(declared, 0)


def is_wide(encoding: str) -> bool:
    """Whether files in this encoding must be transcoded before their records are read."""
    return encoding.startswith("utf-16")


def transcode(file: IO[bytes], encoding: str) -> tuple[IO[bytes], bytes]:
    """A UTF-8 copy of the rest of a UTF-16 file, in a temporary file, and the odd byte at its end, if there is one.

    Lone surrogates are passed through in a form that is not valid UTF-8, so that their record is seen as undecodable.
    """
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    copy = tempfile.SpooledTemporaryFile(max_size=8 * 1024 * 1024)  # noqa: SIM115 - handed to the caller
    odd = b""
    while block := file.read(CHUNK_BYTES):
        block = odd + block
        even = len(block) // 2 * 2
        odd = block[even:]
        copy.write(decoder.decode(block[:even]).encode("utf-8", "surrogatepass"))
    copy.write(decoder.decode(b"", final=True).encode("utf-8", "surrogatepass"))
    copy.seek(0)
    return copy, odd


def original(transcoded: bytes, encoding: str) -> bytes:
    """The bytes of the file that ``transcode`` made these from."""
    return transcoded.decode("utf-8", "surrogatepass").encode(encoding, "surrogatepass")
