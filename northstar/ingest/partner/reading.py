"""Read one partner file by its feed's declaration: judge it first, load it second."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from northstar.ingest.partner.encoding import Marked, UnmarkedUtf16, detect
from northstar.ingest.partner.feeds import Feed
from northstar.ingest.partner.records import Chunk, RecordReader, Rejected

MAX_EXTRA_COLUMNS = 50
"""More undeclared columns than this mean another kind of file, not a wider one."""

_ASK = "Ask the partner for a corrected file under the same name; it will be loaded in place of this one"


class FileRefused(Exception):
    """Nothing of this file is loaded.  The message says why and what to do, and holds no data values."""

    def __init__(self, message: str, header: Rejected | None = None) -> None:
        super().__init__(f"{message}. {_ASK}, or correct the feed's declaration if the file is right")
        self.header = header
        """The header, kept as it is when it is what is wrong."""


@dataclass(frozen=True)
class Layout:
    """Where the columns of a file are."""

    names: tuple[str, ...]
    """Raw column of each field, in the file's order."""
    missing: tuple[str, ...]
    """Declared optional columns that the file does not have."""

    @property
    def extra(self) -> tuple[str, ...]:
        """Columns that the feed does not declare, under their raw names."""
        return tuple(name for name in self.names if name.startswith("x_"))


def lay_out(header: list[str], feed: Feed) -> Layout:
    """Match a file's header to the feed's columns, by name.

    Case, surrounding space and the signs between words do not matter.  Raises FileRefused when a required column is
    missing, a name occurs twice, or there are too many undeclared columns; no found name is told in the message,
    because the first record of a file without header is data.
    """
    declared = {column.name for column in feed.columns}
    names = []
    for position, title in enumerate(header, start=1):
        name = re.sub(r"\W+|_+", "_", title.strip().casefold()).strip("_")
        names.append(name if name in declared else f"x_{name or f'unnamed_{position}'}")
    lacking = [column.name for column in feed.columns if column.required and column.name not in names]
    if lacking:
        raise FileRefused(f"required columns are missing from the header: {', '.join(lacking)}")
    twice = [str(names.index(name) + 1) for name, count in Counter(names).items() if count > 1]
    if twice:
        raise FileRefused(f"column {' and '.join(twice)} of the header has a name that occurs again")
    if sum(name.startswith("x_") for name in names) > MAX_EXTRA_COLUMNS:
        raise FileRefused(f"the header has more than {MAX_EXTRA_COLUMNS} columns that the feed does not declare")
    missing = (column.name for column in feed.columns if column.name not in names)
    return Layout(tuple(names), tuple(missing))


class Reading:
    """One pass over one file."""

    def __init__(self, file: IO[bytes], feed: Feed) -> None:
        """Begin at the file's first byte and read the header.

        Raises FileRefused when there is none, or it cannot be used.
        """
        self.marked = marking(file, feed)
        file.seek(self.marked.mark_bytes)
        self.reader = RecordReader(
            file, self.marked.mark_bytes, self.marked.encoding, feed.delimiter, feed.final_newline_optional
        )
        start = self.reader.offset
        header = self.reader.header()
        if header is None:
            raise FileRefused("the file holds nothing, not even a header")
        if isinstance(header, Rejected):
            raise FileRefused(f"the header cannot be read ({header.reason}, encoding {self.marked.encoding})", header)
        try:
            self.layout = lay_out(header, feed)
        except FileRefused as refusal:
            end = self.reader.offset
            file.seek(start)
            refusal.header = Rejected(0, start, file.read(end - start), "unusable_header")
            raise

    def chunks(self) -> Iterator[Chunk]:
        """The records behind the header."""
        return self.reader.chunks(len(self.layout.names))


def marking(file: IO[bytes], feed: Feed) -> Marked:
    """The encoding of a file.  Raises FileRefused when neither the file nor the feed says it."""
    file.seek(0)
    try:
        return detect(file.read(4), feed.encoding)
    except UnmarkedUtf16:
        raise FileRefused("the file is declared as utf-16 but has no byte order mark") from None


@dataclass
class Verdict:
    """What judging a file found."""

    encoding: str | None = None
    layout: Layout | None = None
    records: int = 0
    """Good and bad ones, as far as was read."""
    bad: Counter[str] = field(default_factory=Counter)
    """Bad records by reason."""
    refusal: str | None = None
    """Why nothing of the file may be loaded, None when its good records may."""
    header: Rejected | None = None
    """The header, when it is what the file is refused for."""

    @property
    def good(self) -> int:
        """Records that may be loaded."""
        return self.records - self.bad.total()


def judge(file: IO[bytes], size: int, feed: Feed) -> Verdict:
    """Read a file through without keeping anything, and decide whether its good records may be loaded.

    The share of bad records is measured in records and in bytes, because one broken quote can swallow thousands of
    records into one.  Reading stops as soon as the bytes alone decide.
    """
    verdict = Verdict()
    try:
        verdict.encoding = marking(file, feed).encoding
        reading = Reading(file, feed)
    except FileRefused as refusal:
        verdict.refusal, verdict.header = str(refusal), refusal.header
        return verdict
    verdict.layout = reading.layout
    bad_bytes, last = 0, 0
    for chunk in until_hopeless(reading.chunks(), size, feed):
        verdict.records += len(chunk.numbers)
        for rejected in chunk.rejected:
            bad_bytes += len(rejected.raw)
            if rejected.number != last:
                verdict.records += 1
                verdict.bad[rejected.reason] += 1
            last = rejected.number
    bad = verdict.bad.total()
    bytes_decide = bad_bytes > feed.max_bad_share * size
    if bytes_decide or bad > feed.max_bad_share * verdict.records:
        reasons = ", ".join(f"{count} {reason}" for reason, count in verdict.bad.most_common())
        share = (
            f"at least {bad_bytes / size:.1%} of its bytes" if bytes_decide else f"{bad} of {verdict.records} records"
        )
        refused = FileRefused(f"{share} are bad ({reasons}), over the feed's limit of {feed.max_bad_share:.1%}")
        verdict.refusal = str(refused)
    return verdict


def until_hopeless(chunks: Iterator[Chunk], size: int, feed: Feed) -> Iterator[Chunk]:
    """The chunks of a file, up to the one with which its bad bytes pass the feed's limit."""
    bad_bytes = 0
    for chunk in chunks:
        yield chunk
        bad_bytes += sum(len(rejected.raw) for rejected in chunk.rejected)
        if bad_bytes > feed.max_bad_share * size:
            return
