"""Files that come, change, vanish and return: what raw then says."""

from __future__ import annotations

import gzip
import random
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from partner_warehouse import HEADER, KEY, PartnerWarehouse, kinds, survey

from northstar.ingest.contract import IngestError
from northstar.ingest.partner import batch, from_environment
from northstar.ingest.partner.feeds import FEEDS, SURVEY_RESPONSE
from northstar.simulator.partner import FaultyServer, PartnerBucket


def test_new_files_are_found_whatever_their_names(warehouse: PartnerWarehouse) -> None:
    warehouse.put("surveys/acme/m.csv", survey(1))
    warehouse.tick()
    warehouse.put("surveys/acme/a.csv", survey(2))
    warehouse.put("surveys/zeta/a.csv", survey(3))
    warehouse.tick()
    assert warehouse.live() == [("R1",), ("R2",), ("R3",)]


def test_an_idle_run_loads_nothing(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, survey(1))
    warehouse.put("notes.txt", b"x")
    warehouse.tick()
    loads = warehouse.rows("SELECT count(*) FROM ops.load_ledger")
    report = warehouse.tick()
    assert (report.rows, report.batches, report.notices) == (0, 0, [])
    assert warehouse.rows("SELECT count(*) FROM ops.load_ledger") == loads


def test_rows_carry_where_they_came_from(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, survey(1, 2))
    warehouse.tick()
    rows = warehouse.rows(
        "SELECT _op, _commit_ts, _file, _row, _seq, comment, channel FROM raw_partner.survey_response"
    )
    at = datetime(2026, 11, 4, 9, 55)
    assert rows == [("I", at, KEY, 1, 1, "fine", None), ("I", at, KEY, 2, 2, "fine", None)]
    file = warehouse.rows("SELECT status, row_count, rejected_count, size, encoding, feed FROM raw_partner.file")
    assert file == [("loaded", 2, 0, len(survey(1, 2)), "utf-8", "survey_response")]


def test_a_changed_file_withdraws_the_old_rows_and_brings_its_own(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, survey(1, 2, 3))
    warehouse.tick()
    warehouse.put(KEY, survey(2, 4))
    report = warehouse.tick()
    assert warehouse.live() == [("R2",), ("R4",)]
    changes = warehouse.rows(
        "SELECT _op, response_id, comment FROM raw_partner.survey_response WHERE _seq > 4 ORDER BY _seq"
    )
    assert sorted(changes[:3]) == [("D", "R1", None), ("D", "R2", None), ("D", "R3", None)]
    assert changes[3:] == [("I", "R2", "fine"), ("I", "R4", "fine")]
    assert "file_replaced" in kinds(report)
    history = warehouse.rows("SELECT _op, status FROM raw_partner.file ORDER BY _seq")
    assert history == [("I", "loaded"), ("U", "superseded"), ("I", "loaded")]


def test_the_same_content_is_loaded_once(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, survey(1))
    warehouse.put("surveys/acme/resent.csv", survey(1))
    warehouse.put("surveys/acme/zipped.csv.gz", gzip.compress(survey(1)))
    report = warehouse.tick()
    assert warehouse.live() == [("R1",)]
    assert sorted(warehouse.statuses().values()) == ["duplicate", "duplicate", "loaded"]
    assert "file_duplicate" in kinds(report)


def test_a_file_put_again_unchanged_changes_nothing(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, survey(1))
    warehouse.tick()
    warehouse.bucket.delete(KEY)
    warehouse.tick()
    warehouse.put(KEY, survey(1))
    warehouse.tick()
    assert warehouse.rows("SELECT _op, response_id FROM raw_partner.survey_response") == [("I", "R1")]
    assert warehouse.message(KEY) == "the same content as before"


def test_content_stays_while_another_file_stands_for_it(warehouse: PartnerWarehouse) -> None:
    other = "surveys/acme/other.csv"
    warehouse.put(KEY, survey(1))
    warehouse.put(other, survey(1))
    warehouse.tick()
    warehouse.put(KEY, survey(2))
    warehouse.tick()
    assert warehouse.live() == [("R1",), ("R2",)]
    warehouse.put(other, survey(3))
    warehouse.tick()
    assert warehouse.live() == [("R2",), ("R3",)]


def test_content_that_was_withdrawn_can_return(warehouse: PartnerWarehouse) -> None:
    for content in (survey(1), survey(2), survey(1)):
        warehouse.put(KEY, content)
        warehouse.tick()
    assert warehouse.live() == [("R1",)]
    warehouse.put(KEY, survey(3))
    warehouse.tick()
    assert warehouse.live() == [("R3",)]


def test_a_deleted_file_keeps_its_rows(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, survey(1))
    warehouse.tick()
    warehouse.bucket.delete(KEY)
    report = warehouse.tick()
    assert kinds(report) == {"file_deleted"}
    assert warehouse.live() == [("R1",)]
    assert warehouse.statuses() == {KEY: "deleted"}
    warehouse.put(KEY, survey(2))
    warehouse.tick()
    assert warehouse.live() == [("R2",)]


def test_a_renamed_file_can_be_corrected_under_its_new_name(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, survey(1))
    warehouse.tick()
    warehouse.bucket.delete(KEY)
    warehouse.put("surveys/acme/renamed.csv", survey(1))
    warehouse.tick()
    assert warehouse.live() == [("R1",)]
    warehouse.put("surveys/acme/renamed.csv", survey(2))
    warehouse.tick()
    assert warehouse.live() == [("R2",)]


def test_a_header_without_records_withdraws_a_file(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, survey(1))
    warehouse.put("surveys/acme/none.csv", HEADER.encode())
    warehouse.tick()
    warehouse.put(KEY, HEADER.encode())
    report = warehouse.tick()
    assert warehouse.live() == []
    assert set(warehouse.statuses().values()) == {"loaded"}
    assert "file_duplicate" not in kinds(report)


def test_a_refused_version_leaves_the_one_before_in_place(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, survey(1, 2))
    warehouse.tick()
    warehouse.put(KEY, survey(1, 2, 3)[:-4])
    report = warehouse.tick()
    assert kinds(report) == {"file_refused"}
    assert warehouse.statuses() == {KEY: "refused"}
    assert warehouse.live() == [("R1",), ("R2",)]
    warehouse.put(KEY, survey(1, 2, 3))
    warehouse.tick()
    assert warehouse.live() == [("R1",), ("R2",), ("R3",)]


def test_a_refused_file_is_tried_again_when_the_feed_changes(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, survey(1)[:-1])
    warehouse.tick()
    assert warehouse.statuses() == {KEY: "refused"}
    assert warehouse.tick().batches == 0
    warehouse.feeds = (*FEEDS[:-2], replace(SURVEY_RESPONSE, final_newline_optional=True), FEEDS[-1])
    warehouse.tick()
    assert warehouse.statuses() == {KEY: "loaded"}
    assert warehouse.live() == [("R1",)]


def test_a_file_of_no_feed_is_ignored_until_one_declares_it(warehouse: PartnerWarehouse) -> None:
    warehouse.put("kiosk/answers.csv", survey(1))
    warehouse.put("surveys/acme/scan.pdf", b"%PDF-1.7")
    report = warehouse.tick()
    assert kinds(report) == {"file_ignored"}
    assert warehouse.tick().notices == []
    warehouse.feeds = (*FEEDS, replace(SURVEY_RESPONSE, name="kiosk", pattern=r"kiosk/.*\.csv"))
    warehouse.tick()
    assert warehouse.live() == [("R1",)]
    assert warehouse.statuses() == {"kiosk/answers.csv": "loaded", "surveys/acme/scan.pdf": "ignored"}


def test_two_feeds_may_not_claim_one_key(warehouse: PartnerWarehouse) -> None:
    warehouse.put(KEY, survey(1))
    warehouse.feeds = (*FEEDS, replace(SURVEY_RESPONSE, name="greedy", pattern=r".*\.csv"))
    with pytest.raises(IngestError, match="survey_response and greedy both claim"):
        warehouse.tick()


def test_the_order_continues_over_tables_and_loads(
    warehouse: PartnerWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MAX_ROWS", 25)
    for number in range(10):
        warehouse.put(
            f"surveys/acme/{number}.csv", survey(*range(number * 10, number * 10 + 10)) + b"x,y\n" * (number % 2)
        )
    warehouse.feeds = tuple(replace(feed, max_bad_share=0.5) for feed in FEEDS)
    assert warehouse.tick().batches == 4
    warehouse.put(KEY, survey(1000))
    warehouse.tick()
    numbers = warehouse.rows(
        "SELECT _seq, _load_id FROM raw_partner.survey_response UNION ALL SELECT _seq, _load_id FROM raw_partner.file "
        "UNION ALL SELECT _seq, _load_id FROM raw_partner.rejected_record ORDER BY _seq"
    )
    assert [number for number, _ in numbers] == list(range(1, len(numbers) + 1))
    assert [load for _, load in numbers] == sorted(load for _, load in numbers)
    as_of = warehouse.rows("SELECT DISTINCT batch_no, source_as_of FROM ops.load_ledger ORDER BY batch_no")
    assert as_of == sorted(as_of, key=lambda row: row[1])


@pytest.mark.parametrize("seed", range(8))
def test_any_history_ends_in_what_stands(warehouse: PartnerWarehouse, seed: int) -> None:
    """Random puts, deletes and ticks over few names and contents: each standing content is live exactly once."""
    roll = random.Random(seed)
    names = [f"surveys/acme/{n}.csv" for n in range(3)]
    standing: dict[str, int] = {}
    ever: set[int] = set()
    for _ in range(25):
        name, content = roll.choice(names), roll.randrange(4)
        action = roll.random()
        if action < 0.5:
            warehouse.put(name, survey(content))
            standing[name] = content
            ever.add(content)
        elif action < 0.65:
            warehouse.bucket.delete(name)
            standing.pop(name, None)
        else:
            warehouse.tick()
    warehouse.tick()
    live = [int(response[1:]) for (response,) in warehouse.live()]
    assert len(live) == len(set(live))
    assert set(standing.values()) <= set(live) <= ever
    for name in names:
        warehouse.put(name, survey(9))
    warehouse.tick()
    assert warehouse.live() == [("R9",)]


def test_an_unversioned_bucket_works_as_well(s3: FaultyServer, tmp_path: Path) -> None:
    warehouse = PartnerWarehouse(PartnerBucket(s3, "feeds-unversioned", versioned=False), tmp_path)
    for content in (survey(1), survey(2)):
        warehouse.put(KEY, content)
        warehouse.tick()
    assert warehouse.live() == [("R2",)]
    versions = warehouse.rows("SELECT version = etag FROM raw_partner.file")
    assert versions == [(True,)] * 3
    warehouse.sink.close()


def test_the_url_is_required_and_checked() -> None:
    with pytest.raises(IngestError, match="NORTHSTAR_PARTNER_S3_URL is not set"):
        from_environment({})
    with pytest.raises(IngestError, match="give s3://bucket/prefix"):
        from_environment({"NORTHSTAR_PARTNER_S3_URL": "/tmp/inbox"})
