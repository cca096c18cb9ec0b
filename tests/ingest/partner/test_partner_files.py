"""What files look like: headers, encodings, compression, bad records."""

from __future__ import annotations

import base64
import gzip
from dataclasses import replace

import pytest
from partner_warehouse import COLUMNS, HEADER, KEY, PartnerWarehouse, kinds, survey

from northstar.ingest.partner.feeds import FEEDS, REFERRAL_LEAD, REMITTANCE, Column

GOOD = "".join(f"R{n},{n},2026-11-03,5,ok\n" for n in range(100, 200))
"""Enough good records that one bad one stays under the feed's limit."""


def rejected(warehouse: PartnerWarehouse) -> list[tuple[int, int, str, bytes]]:
    """Record number, offset, reason and bytes of what was rejected, in order."""
    rows = warehouse.rows(
        "SELECT _row, byte_offset, reason, content_base64, byte_length FROM raw_partner.rejected_record ORDER BY _seq"
    )
    assert all(len(base64.b64decode(row[3])) == row[4] for row in rows)
    return [(row[0], row[1], row[2], base64.b64decode(row[3])) for row in rows]


def test_columns_are_matched_by_name(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, b"  Comment ,OVERALL RATING,Responded-At,appointment__id,Response ID\nwell,5,2026-11-03,7,R1\n")
    warehouse.tick()
    assert warehouse.live(", ".join(COLUMNS)) == [("R1", "7", "2026-11-03", "5", "well")]


def test_undeclared_columns_are_landed_as_text(warehouse: PartnerWarehouse) -> None:
    warehouse.put("surveys/acme/1.csv", survey(1))
    warehouse.put(
        "surveys/acme/2.csv", b"Mood!,response_id,appointment_id,responded_at,,overall_rating\n:),R2,1,d,e,5\n"
    )
    report = warehouse.tick()
    assert "extra_columns" in kinds(report)
    assert "undeclared columns x_mood, x_unnamed_5" in warehouse.message("surveys/acme/2.csv")
    assert warehouse.live("response_id, x_mood, x_unnamed_5, comment") == [
        ("R1", None, None, "fine"),
        ("R2", ":)", "e", None),
    ]


def test_missing_optional_columns_are_null(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, survey(1))
    report = warehouse.tick()
    assert "missing_columns" in kinds(report)
    assert warehouse.live("clinic_code, channel") == [(None, None)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file holds nothing"),
        (b"\n\r\n\n", "the file holds nothing"),
        (b"\xef\xbb\xbf", "the file holds nothing"),
        (b"Smith,John,1970-01-01,5,secret\n", "required columns are missing from the header: response_id, "),
        (b"response_id,appointment_id,overall_rating\nR1,1,5\n", "missing from the header: responded_at"),
        (HEADER.replace("comment", "Response Id").encode() + b"R1,1,d,5,R2\n", "column 1 of the header has a name"),
        (HEADER[:-1].encode(), "the header cannot be read (no_final_newline"),
        (HEADER.encode("utf-16-le") + survey(1).decode().encode("utf-16-le"), "the header cannot be read (nul_byte"),
        (HEADER[:-1].encode() + b"".join(b",c%d" % n for n in range(60)) + b"\n", "more than 50 columns"),
        (gzip.compress(survey(1), mtime=0)[:-5], "it begins as a gzip file but is cut short or damaged"),
        (b"PK\x03\x04" + bytes(range(256)) * 20, "the header cannot be read"),
    ],
)  # fmt: skip
def test_an_unusable_file_is_refused_whole(warehouse: PartnerWarehouse, content: bytes, why: str) -> None:
    warehouse.put(KEY, content)
    report = warehouse.tick()
    assert warehouse.statuses() == {KEY: "refused"}
    assert why in warehouse.message(KEY)
    assert "Ask the partner for a corrected file under the same name" in warehouse.message(KEY)
    assert {"survey_response"} & report.objects.keys() == set()
    (notice,) = report.notices
    assert notice.kind == "file_refused"
    assert "Smith" not in notice.detail and "secret" not in notice.detail
    warehouse.put(KEY, survey(1))
    warehouse.tick()
    assert warehouse.live() == [("R1",)]


def test_an_unusable_header_is_kept(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, b"\xef\xbb\xbf\n\nname,born\r\nx,y\n")
    warehouse.tick()
    assert rejected(warehouse) == [(0, 3, "unusable_header", b"\n\nname,born\r\n")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-marked"])
def test_a_byte_order_mark_has_the_last_word(warehouse: PartnerWarehouse, encoding: str) -> None:
    text = survey(1, comment="schön 日本 🙂").decode()
    content = b"\xfe\xff" + text.encode("utf-16-be") if encoding == "utf-16-be-marked" else text.encode(encoding)
    warehouse.put(KEY, content)
    warehouse.tick()
    assert warehouse.live("comment") == [("schön 日本 🙂",)]


def test_a_partner_may_declare_its_own_dialect(warehouse: PartnerWarehouse) -> None:
    names = [column.name for column in REMITTANCE.columns]
    values = ["CORVID", "T1", "1", "CLM-1", "2026-11-03", "EUR", "1,50", "1,20", *("ü€" for _ in names[8:])]
    content = "\r\n".join([";".join(names), ";".join(values), ""]).encode("cp1252")
    warehouse.put("remittances/corvid/a.csv", content)
    warehouse.tick()
    assert warehouse.live("billed_amount, remark", "remittance") == [("1,50", "ü€")]
    assert warehouse.rows("SELECT encoding, feed FROM raw_partner.file") == [("cp1252", "remittance_corvid")]


def test_a_declared_utf16_without_mark_is_refused(warehouse: PartnerWarehouse) -> None:
    warehouse.feeds = tuple(replace(feed, encoding="utf-16") for feed in FEEDS)
    warehouse.put(KEY, survey(1).decode().encode("utf-16-le"))
    warehouse.tick()
    assert "declared as utf-16 but has no byte order mark" in warehouse.message(KEY)


def test_bad_records_are_kept_byte_for_byte(warehouse: PartnerWarehouse) -> None:
    bad = b'R1,1,"two\r\nlines",5,\xff\n'
    content = (HEADER + GOOD).encode() + bad + b"R0,0,2026-11-03,5,ok\n"
    warehouse.put(KEY, content)
    report = warehouse.tick()
    offset = content.index(bad)
    assert rejected(warehouse) == [(101, offset, "undecodable_bytes", bad)]
    assert len(warehouse.live()) == 101
    assert "records_rejected" in kinds(report)
    assert "1 of 102 records rejected (1 undecodable_bytes)" in warehouse.message(KEY)
    assert warehouse.rows("SELECT row_count, rejected_count FROM raw_partner.file") == [(101, 1)]


def test_offsets_in_a_compressed_or_wide_file(warehouse: PartnerWarehouse) -> None:
    text = HEADER + GOOD + "short\n"
    warehouse.put("surveys/acme/1.csv.gz", gzip.compress(text.encode()))
    warehouse.put("surveys/acme/2.csv", (text + "R9,9,9,9,ü\n").encode("utf-16"))
    warehouse.tick()
    offset = len(HEADER + GOOD)
    assert rejected(warehouse) == [
        (101, offset, "too_few_fields", b"short\n"),
        (101, 2 + 2 * offset, "too_few_fields", "short\n".encode("utf-16-le")),
    ]


def test_a_file_past_its_share_of_bad_records_is_refused_whole(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, (HEADER + GOOD + "x\n" * 5).encode())
    warehouse.put("surveys/acme/worse.csv", (HEADER + GOOD + "x\n" * 6).encode())
    warehouse.tick()
    assert warehouse.statuses() == {KEY: "loaded", "surveys/acme/worse.csv": "refused"}
    assert "6 of 106 records are bad (6 too_few_fields), over the feed's limit of 5.0%" in warehouse.message(
        "surveys/acme/worse.csv"
    )
    assert len(warehouse.live()) == 100
    assert len(rejected(warehouse)) == 11


def test_one_broken_quote_that_swallows_the_file_is_seen(warehouse: PartnerWarehouse) -> None:
    content = (HEADER + GOOD + 'R1,1,2026-11-03,5,"open\n' + GOOD).encode()
    warehouse.put(KEY, content)
    warehouse.tick()
    assert warehouse.statuses() == {KEY: "refused"}
    assert rejected(warehouse) == [
        (101, content.index(b"R1,1,"), "unterminated_quote", content[content.index(b"R1,1,") :])
    ]
    assert "at least 49.6% of its bytes are bad (1 unterminated_quote)" in warehouse.message(KEY)


def test_a_cut_last_record_is_not_loaded(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, (HEADER + GOOD).encode()[:-2])
    warehouse.tick()
    assert [(reason, raw) for _, _, reason, raw in rejected(warehouse)] == [
        ("no_final_newline", b"R199,199,2026-11-03,5,o")
    ]
    assert len(warehouse.live()) == 99


def test_values_are_the_file_s_text(warehouse: PartnerWarehouse) -> None:
    content = HEADER + '"R1"," 007 ",,"5","say ""hi"",\r\nthere "\n'
    warehouse.put(KEY, content.encode())
    warehouse.tick()
    assert warehouse.live(", ".join(COLUMNS)) == [("R1", " 007 ", "", "5", 'say "hi",\r\nthere ')]


def test_a_feed_s_declaration_is_checked() -> None:
    for wrong in (
        {"key": ("notes",)},
        {"encoding": "ebcdic"},
        {"delimiter": "||"},
        {"max_bad_share": 1.0},
        {"columns": (*REFERRAL_LEAD.columns, Column("x_extra"))},
        {"columns": (*REFERRAL_LEAD.columns, Column("Notes"))},
    ):
        with pytest.raises(ValueError, match="feed referral_lead"):
            replace(REFERRAL_LEAD, **wrong)  # type: ignore[arg-type]
