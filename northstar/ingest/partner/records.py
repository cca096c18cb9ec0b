"""Split a CSV file into records, exactly: every byte belongs to a good record, a rejected one or a blank line.

The grammar is RFC 4180 with a declared delimiter and LF or CRLF: a field is quoted whole or holds no quote, and a
quote within quotes is doubled.  Where common readers disagree on what something else means (text after a closing
quote, a quote inside an unquoted field, a lone carriage return), the record is rejected rather than read one way.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from northstar.ingest.partner.encoding import CHUNK_BYTES, is_wide, original, transcode

MAX_RECORD_BYTES = 1024 * 1024
"""A longer record is taken for a broken quote: from there on the file is not split any more."""

_STRETCH_BYTES = 64 * 1024
_EXACT_AT_ONCE = 20

NO_FINAL_NEWLINE = "no_final_newline"
UNTERMINATED_QUOTE = "unterminated_quote"
TEXT_AFTER_QUOTE = "text_after_quote"
STRAY_QUOTE = "stray_quote"
STRAY_RETURN = "stray_carriage_return"
TOO_LONG = "record_too_long"
TOO_FEW = "too_few_fields"
TOO_MANY = "too_many_fields"
UNDECODABLE = "undecodable_bytes"
NUL_BYTE = "nul_byte"
HALF_UNIT = "half_a_code_unit"


@dataclass(frozen=True)
class Rejected:
    """A bad record, byte for byte.  One longer than MAX_RECORD_BYTES comes in consecutive pieces of the same number."""

    number: int
    """Records are counted from 1, the header and blank lines not included; a rejected header is 0."""
    offset: int
    """Of its first byte in the file, from 0; in a compressed file, of the decompressed bytes."""
    raw: bytes
    """Its bytes as in the file, line end included."""
    reason: str


@dataclass
class Chunk:
    """What a consecutive stretch of the file holds."""

    numbers: list[int] = field(default_factory=list)
    """Record numbers of the good records."""
    values: list[list[str]] = field(default_factory=list)
    """Their fields."""
    rejected: list[Rejected] = field(default_factory=list)
    blank_lines: list[tuple[int, int]] = field(default_factory=list)
    """Offset and length of lines that hold nothing."""


@dataclass(frozen=True)
class _Grammar:
    """The compiled patterns of one delimiter."""

    record: re.Pattern[bytes]
    """One well-formed record with its line end."""
    stretch: re.Pattern[bytes]
    """As many well-formed records as there are."""
    field: re.Pattern[str]
    """One field of a well-formed record: its quoted text, or its bare text."""
    field_end: re.Pattern[bytes]

    @classmethod
    def of(cls, delimiter: str) -> _Grammar:
        mark = re.escape(delimiter)
        one = rf'(?:"[^"]*+(?:""[^"]*+)*+"|[^"{mark}\r\n]*+)'
        record = rf"{one}(?:{mark}{one})*+\r?\n"
        return cls(
            record=re.compile(record.encode()),
            stretch=re.compile(rf"(?:{record})*+".encode()),
            field=re.compile(rf'(?:^|{mark})(?:"([^"]*+(?:""[^"]*+)*+)"|([^"{mark}\r\n]*+))'),
            field_end=re.compile(rf"[{mark}\n]".encode()),
        )


class RecordReader:
    """Reads one file from front to back, in memory bounded by MAX_RECORD_BYTES."""

    def __init__(
        self, file: IO[bytes], offset: int, encoding: str, delimiter: str, final_newline_optional: bool
    ) -> None:
        """Start at the file's present position, which is ``offset`` bytes into it: behind a byte order mark."""
        self._odd = b""
        self._wide = is_wide(encoding)
        if self._wide:
            file, self._odd = transcode(file, encoding)
        self._file = file
        self._encoding = encoding
        self._codec = "utf-8" if self._wide else encoding
        self._delimiter = delimiter
        self._grammar = _Grammar.of(delimiter)
        self._newline_optional = final_newline_optional
        self._buffer = b""
        self._position = 0
        self._broken = False
        self._offset = offset
        self._number = 0

    @property
    def offset(self) -> int:
        """How many bytes of the file have been accounted for."""
        return self._offset

    def header(self) -> list[str] | Rejected | None:
        """The fields of the first record that is not blank; None when there is none."""
        self._number = -1
        chunk = Chunk()
        while not (chunk.values or chunk.rejected):
            if not self._read_one(chunk, None):
                return None
        return chunk.rejected[0] if chunk.rejected else chunk.values[0]

    def chunks(self, width: int) -> Iterator[Chunk]:
        """The rest of the file; a good record has ``width`` fields, at least 2."""
        while True:
            chunk = Chunk()
            end = self._offset + CHUNK_BYTES
            while self._offset < end and (self._read_good(chunk, width) or self._read_some(chunk, width)):
                pass
            if not (chunk.values or chunk.rejected or chunk.blank_lines):
                return
            yield chunk

    def _fill(self) -> bool:
        """Read more of the file behind what is left of the buffer; False when nothing came."""
        more = self._file.read(CHUNK_BYTES)
        self._buffer = self._buffer[self._position :] + more
        self._position = 0
        return bool(more)

    def _consume(self, length: int) -> tuple[int, bytes]:
        """Take bytes from the buffer; returns their place in the file and themselves, as in the file."""
        raw = self._buffer[self._position : self._position + length]
        self._position += length
        if self._wide:
            raw = original(raw, self._encoding)
        offset = self._offset
        self._offset += len(raw)
        return offset, raw

    def _read_good(self, chunk: Chunk, width: int) -> bool:
        """The fast way: a stretch of good records at once.  False when the next record is not good, or not whole."""
        if self._broken or (self._position == len(self._buffer) and not self._fill()):
            return False
        end = self._buffer.rfind(b"\n", self._position, self._position + _STRETCH_BYTES) + 1
        block = self._buffer[self._position : end]
        quoted = b'"' in block
        if quoted:
            block = block[: self._grammar.stretch.match(block).end()]  # type: ignore[union-attr]
        elif b"\r" in block and b"\r" in block.replace(b"\r\n", b""):
            return False
        if not block or b"\0" in block:
            return False
        try:
            values, taken = self._quoted_rows(block, width) if quoted else self._bare_rows(block, width)
        except (UnicodeDecodeError, csv.Error):
            return False
        chunk.values += values
        chunk.numbers += range(self._number + 1, self._number + 1 + len(values))
        self._number += len(values)
        self._consume(taken)
        return bool(values)

    def _bare_rows(self, block: bytes, width: int) -> tuple[list[list[str]], int]:
        """Fields of the records before the first of another width, and how many bytes they are."""
        lines = block.decode(self._codec).split("\n")[:-1]
        values = [line.removesuffix("\r").split(self._delimiter) for line in lines]
        for number, fields in enumerate(values):
            if len(fields) != width:
                return values[:number], number + len("".join(lines[:number]).encode(self._codec))
        return values, len(block)

    def _quoted_rows(self, block: bytes, width: int) -> tuple[list[list[str]], int]:
        """The same for well-formed records with quotes.  Raises csv.Error for a field too long for the module."""
        text = io.StringIO(block.decode(self._codec), newline="\n")
        values = list(csv.reader(text, delimiter=self._delimiter, strict=True))
        for number, fields in enumerate(values):
            if len(fields) != width:
                return values[:number], self._length_of(block, number)
        return values, len(block)

    def _length_of(self, block: bytes, records: int) -> int:
        """How many bytes the first well-formed records of a block are."""
        end = 0
        for _ in range(records):
            match = self._grammar.record.match(block, end)
            assert match is not None
            end = match.end()
        return end

    def _read_some(self, chunk: Chunk, width: int) -> bool:
        """Several records the exact way, as bad ones often come together.  False at the end of the file."""
        read = [self._read_one(chunk, width) for _ in range(_EXACT_AT_ONCE)]
        return read[0]

    def _read_one(self, chunk: Chunk, width: int | None) -> bool:
        """The exact way: one record or blank line.  False at the end of the file."""
        while True:
            left = len(self._buffer) - self._position
            found = self._bounds() if left and not self._broken else None
            if found is not None and found[0] <= MAX_RECORD_BYTES:
                self._take(chunk, width, *found)
                return True
            if found is not None or left > MAX_RECORD_BYTES or (left and self._broken):
                self._reject_piece(chunk)
                return True
            if not self._fill():
                return self._take_last(chunk, width)

    def _bounds(self) -> tuple[int, str | None] | None:
        """Length and defect of the record at the buffer's position; None when it does not end within the buffer."""
        match = self._grammar.record.match(self._buffer, self._position)
        if match:
            return match.end() - self._position, None
        return _scan(self._buffer, self._position, self._grammar.field_end)

    def _take(self, chunk: Chunk, width: int | None, length: int, defect: str | None, newline: bytes = b"") -> None:
        """Consume one record; ``newline`` is the line end that it lacks."""
        record = self._buffer[self._position : self._position + length] + newline
        offset, raw = self._consume(length)
        if record in (b"\n", b"\r\n"):
            chunk.blank_lines.append((offset, len(raw)))
            return
        self._number += 1
        fields: list[str] = []
        if defect is None and b"\0" in record:
            defect = NUL_BYTE
        if defect is None:
            try:
                fields = self._fields(record.decode(self._codec))
            except UnicodeDecodeError:
                defect = UNDECODABLE
        if defect is None and width is not None and len(fields) != width:
            defect = TOO_FEW if len(fields) < width else TOO_MANY
        if defect is None:
            chunk.numbers.append(self._number)
            chunk.values.append(fields)
        else:
            chunk.rejected.append(Rejected(self._number, offset, raw, defect))

    def _fields(self, record: str) -> list[str]:
        """The fields of a well-formed record with its line end."""
        line = record[:-2] if record.endswith("\r\n") else record[:-1]
        if '"' not in line:
            return line.split(self._delimiter)
        return [quoted.replace('""', '"') or bare for quoted, bare in self._grammar.field.findall(line)]

    def _take_last(self, chunk: Chunk, width: int | None) -> bool:
        """What stands behind the last line end."""
        length = len(self._buffer) - self._position
        if not length and not self._odd:
            return False
        if length:
            self._buffer += b"\n"
            found = self._bounds()
            self._buffer = self._buffer[:-1]
            if found is None:
                self._take(chunk, width, length, UNTERMINATED_QUOTE)
            elif found[1] is not None or not self._newline_optional:
                self._take(chunk, width, length, found[1] or NO_FINAL_NEWLINE)
            else:
                self._take(chunk, width, length, None, newline=b"\n")
        if self._odd:
            self._number += 1
            chunk.rejected.append(Rejected(self._number, self._offset, self._odd, HALF_UNIT))
            self._offset += len(self._odd)
            self._odd = b""
        return True

    def _reject_piece(self, chunk: Chunk) -> None:
        """Reject the next piece of a record without a credible end, and remember that the rest belongs to it."""
        if not self._broken:
            self._broken = True
            self._number += 1
        while len(self._buffer) - self._position < MAX_RECORD_BYTES and self._fill():
            pass
        length = min(len(self._buffer) - self._position, MAX_RECORD_BYTES)
        if self._wide and length == MAX_RECORD_BYTES:
            while (
                length
                and self._buffer[self._position + length : self._position + length + 1] >= b"\x80"
                and (self._buffer[self._position + length] & 0xC0 == 0x80)
            ):
                length -= 1
        offset, raw = self._consume(length)
        chunk.rejected.append(Rejected(self._number, offset, raw, TOO_LONG))


def _scan(buffer: bytes, start: int, field_end: re.Pattern[bytes]) -> tuple[int, str | None] | None:
    """Length and first defect of the record at ``start``, however it is formed; None when its end is not in sight."""
    defect: str | None = None
    position = start
    while True:
        quoted = buffer.startswith(b'"', position)
        if quoted:
            position += 1
            while True:
                position = buffer.find(b'"', position) + 1
                if position == 0 or position == len(buffer):
                    return None
                if not buffer.startswith(b'"', position):
                    break
                position += 1
        end = field_end.search(buffer, position)
        if end is None:
            return None
        at_line_end = end.group() == b"\n"
        text = buffer[position : end.start()]
        if at_line_end and text.endswith(b"\r"):
            text = text[:-1]
        if defect is None and text:
            if quoted:
                defect = TEXT_AFTER_QUOTE
            elif b'"' in text:
                defect = STRAY_QUOTE
            elif b"\r" in text:
                defect = STRAY_RETURN
        position = end.end()
        if at_line_end:
            return position - start, defect
