"""The record reader: every byte of a file ends up in exactly one place."""

from __future__ import annotations

import csv
import io
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from northstar.ingest.partner import records
from northstar.ingest.partner.encoding import UnmarkedUtf16, detect
from northstar.ingest.partner.records import RecordReader, Rejected


class Outcome:
    """What reading a whole file gave."""

    def __init__(self, content: bytes, encoding: str = "utf-8", delimiter: str = ",", optional: bool = False) -> None:
        self.content = content
        marked = detect(content[:4], encoding)
        self.encoding, self.mark = marked.encoding, marked.mark_bytes
        file = io.BytesIO(content)
        file.seek(self.mark)
        reader = RecordReader(file, self.mark, self.encoding, delimiter, optional)
        self.header = reader.header()
        self.header_end = reader.offset
        self.rows: list[list[str]] = []
        self.numbers: list[int] = []
        self.rejected: list[Rejected] = []
        self.blank_lines: list[tuple[int, int]] = []
        if isinstance(self.header, list):
            for chunk in reader.chunks(len(self.header)):
                self.rows += chunk.values
                self.numbers += chunk.numbers
                self.rejected += chunk.rejected
                self.blank_lines += chunk.blank_lines
            self.end = reader.offset

    @property
    def reasons(self) -> list[str]:
        return [rejected.reason for rejected in self.rejected]

    def good_bytes(self) -> bytes:
        """The records of the file from which bad records and blank lines are cut out by their offsets."""
        cuts = [(rejected.offset, len(rejected.raw)) for rejected in self.rejected] + self.blank_lines
        kept, position = b"", self.header_end
        for offset, length in sorted(cuts):
            assert offset >= position, "two things claim the same bytes"
            kept += self.content[position:offset]
            position = offset + length
        return kept + self.content[position:]


def check_whole(outcome: Outcome, delimiter: str = ",") -> None:
    """Good records, bad records and blank lines are the file, byte for byte, and nothing twice."""
    for rejected in outcome.rejected:
        assert outcome.content[rejected.offset :].startswith(rejected.raw)
        assert rejected.raw
    assert outcome.end == len(outcome.content)
    good = outcome.good_bytes().decode(outcome.encoding)
    expected = list(csv.reader(io.StringIO(good, newline=""), strict=True, delimiter=delimiter))
    assert outcome.rows == expected
    all_numbers = sorted({*outcome.numbers, *(rejected.number for rejected in outcome.rejected)})
    assert all_numbers == list(range(1, len(all_numbers) + 1))
    assert len(outcome.numbers) == len(outcome.rows) == len(set(outcome.numbers))


PIECES = st.sampled_from(
    [b"a", b"1", b",", b",", b"\n", b"\n", b"\r\n", b"\r", b'"', b'"', b'""', b" ", b"\0", b"\xff",
     b"\xc3\xa9", b"\xc3",
     b"a,b,c\n", b'"x","y","z"\n', b'1,"two\nlines",3\r\n', b"\n\n"]
)  # fmt: skip
CONTENT = st.lists(PIECES, max_size=40).map(b"".join) | st.binary(max_size=60)


@settings(max_examples=600, deadline=None)
@given(CONTENT, st.booleans(), st.sampled_from(["utf-8", "latin-1", "cp1252"]))
@example(b'"', False, "utf-8")
@example(b"\r", True, "utf-8")
@example(b'1,2,"3', True, "utf-8")
@example(b'1,"2"x,"3\n4,5,6\n7"\n', False, "utf-8")
def test_any_bytes_are_covered_once(body: bytes, optional: bool, encoding: str) -> None:
    outcome = Outcome(b"a,b,c\n" + body, encoding, optional=optional)
    check_whole(outcome)


@settings(max_examples=300, deadline=None)
@given(CONTENT | st.text(max_size=40).map(lambda text: text.encode("utf-16-le", "surrogatepass")), st.booleans())
@example(b"\x00\xd8\n\x00", False)
@example("1,2,3\n".encode("utf-16-le") + b"x", False)
def test_any_utf16_is_covered_once(body: bytes, big: bool) -> None:
    mark, encoding = (b"\xfe\xff", "utf-16-be") if big else (b"\xff\xfe", "utf-16-le")
    outcome = Outcome(mark + "a,b,c\n".encode(encoding) + body)
    assert outcome.header == ["a", "b", "c"]
    check_whole(outcome)


@settings(max_examples=200, deadline=None)
@given(CONTENT, st.integers(min_value=1, max_value=9))
def test_the_size_of_reads_does_not_matter(body: bytes, size: int) -> None:
    content = b"a,b,c\n" + body
    whole = Outcome(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "CHUNK_BYTES", size)
        pieces = Outcome(content)
    assert pieces.rows == whole.rows
    assert pieces.rejected == whole.rejected
    assert pieces.blank_lines == whole.blank_lines


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=3, max_size=3)),
    st.sampled_from(["utf-8", "utf-16"]),
    st.sampled_from([",", ";", "\t", "|", "^"]),
)
def test_what_a_writer_quotes_comes_back(rows: list[list[str]], encoding: str, delimiter: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, delimiter=delimiter).writerows([["a", "b", "c"], *rows])
    outcome = Outcome(text.getvalue().encode(encoding), delimiter=delimiter)
    assert outcome.rows == rows
    assert not outcome.rejected


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"1,2\n", "too_few_fields"),
        (b"1,2,3,4\r\n", "too_many_fields"),
        (b'1,"2"x,3\n', "text_after_quote"),
        (b'1,5" pipe,3\n', "stray_quote"),
        (b'1, "2",3\n', "stray_quote"),
        (b"1,2\r,3\n", "stray_carriage_return"),
        (b"1,2\r\r\n", "stray_carriage_return"),
        (b"1,\xff\xfe,3\n", "undecodable_bytes"),
        (b"1,\0,3\n", "nul_byte"),
        (b'1,"a\nb\nc"x,3\n', "text_after_quote"),
        (b'1,"2"x,"3\n4,5,6\n7"\n', "text_after_quote"),
    ],
)
def test_a_bad_record_is_rejected_alone(record: bytes, reason: str) -> None:
    before, after = b'a,b,c\n0,"q\nq",0\n', b"9,9,9\n"
    outcome = Outcome(before + record + after)
    assert outcome.rejected == [Rejected(2, len(before), record, reason)]
    assert outcome.rows == [["0", "q\nq", "0"], ["9", "9", "9"]]
    assert outcome.numbers == [1, 3]


def test_a_truncated_file_keeps_its_last_bytes() -> None:
    assert Outcome(b"a,b,c\n1,2,3\n4,5,6").rejected == [Rejected(2, 12, b"4,5,6", "no_final_newline")]
    assert Outcome(b'a,b,c\n1,2,3\n4,"5,6\n7,8,9\n').rejected == [
        Rejected(2, 12, b'4,"5,6\n7,8,9\n', "unterminated_quote")
    ]


def test_a_feed_may_do_without_final_newline() -> None:
    outcome = Outcome(b'a,b,c\n1,2,3\n4,5,"6"', optional=True)
    assert outcome.rows == [["1", "2", "3"], ["4", "5", "6"]]
    assert Outcome(b"a,b,c\n1,2,3\n4,5", optional=True).reasons == ["too_few_fields"]


def test_line_ends_may_be_mixed() -> None:
    outcome = Outcome(b'a,b,c\n1,2,3\n4,5,6\r\n7,8,9\n"1",2,3\r\n4,5,6\n')
    assert outcome.rows == [["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"], ["1", "2", "3"], ["4", "5", "6"]]


def test_encodings_are_declared_or_marked() -> None:
    line = "a,b,c\n1,Zoë,€\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert Outcome(line.encode(encoding), "latin-1" if encoding != "utf-8" else "utf-8").rows == [["1", "Zoë", "€"]]
    assert Outcome(line.encode("cp1252"), "cp1252").rows == [["1", "Zoë", "€"]]
    assert Outcome(line.encode("utf-16-be"), "utf-16-be").rows == [["1", "Zoë", "€"]]
    assert Outcome(b"a,b,c\n1,Zo\xeb,3\n", "latin-1").rows == [["1", "Zoë", "3"]]
    assert Outcome(b"a,b,c\n1,Zo\xeb,3\n", "utf-8").reasons == ["undecodable_bytes"]
    assert Outcome(b"a,b,c\n1,\x81,3\n", "cp1252").reasons == ["undecodable_bytes"]
    with pytest.raises(UnmarkedUtf16):
        detect(line.encode("utf-16-be"), "utf-16")


def test_a_record_without_end_is_kept_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_RECORD_BYTES", 1000)
    monkeypatch.setattr(records, "_STRETCH_BYTES", 1000)
    for encoding in ("utf-8", "utf-16"):
        text = 'a,b,c\n1,2,3\n4,"' + "€uro\n" * 2000 + '",6\n7,8,9\n'
        outcome = Outcome(text.encode(encoding))
        check_whole(outcome)
        assert outcome.rows == [["1", "2", "3"]]
        assert set(outcome.reasons) == {"record_too_long"}
        assert {rejected.number for rejected in outcome.rejected} == {2}
        assert max(len(rejected.raw) for rejected in outcome.rejected) <= 2000


def test_plain_and_quoted_stretches_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long enough that the fast way and the exact way take turns, with bad records at every turn."""
    roll = random.Random(7)
    lines = []
    for number in range(20_000):
        line = f'{number},"a ""{number}""\r\nb",c' if number % 7000 < 300 else f"{number},plain,c"
        lines.append(line if roll.random() > 0.001 else f"{number},short")
    outcome = Outcome("\r\n".join(["a,b,c", *lines, ""]).encode())
    check_whole(outcome)
    assert len(outcome.rejected) == sum(line.endswith("short") for line in lines) > 5
    assert len(outcome.rows) + len(outcome.rejected) == 20_000
