"""The simulated partners: the same files again from the same seed, and files that the source can read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from partner_warehouse import PartnerWarehouse, kinds

from northstar.clock import TICK
from northstar.simulator.company import Company
from northstar.simulator.partner import FaultyServer, PartnerBucket, PartnerWorld

ANCHOR = datetime(2026, 11, 4, 14, tzinfo=UTC)
COMPANY = Company(seed=7, scale=0.1, anchor=ANCHOR)


def contents(bucket: PartnerBucket) -> dict[str, bytes]:
    return {key: bucket.get(key) for key in bucket.list()}


def test_the_same_company_delivers_the_same_files(s3: FaultyServer) -> None:
    first, second = PartnerBucket(s3, "world-1"), PartnerBucket(s3, "world-2")
    in_steps = PartnerWorld(COMPANY, first)
    for step in range(6):
        in_steps.advance(ANCHOR + step * TICK, ANCHOR + (step + 1) * TICK)
    PartnerWorld(COMPANY, second).advance(ANCHOR, ANCHOR + 6 * TICK)
    assert contents(first) == contents(second)
    other = PartnerBucket(s3, "world-3")
    PartnerWorld(Company(seed=8, scale=0.1, anchor=ANCHOR), other)
    assert contents(other) != contents(first)


def test_a_fortnight_of_deliveries_is_read_tick_by_tick(warehouse: PartnerWarehouse) -> None:
    world = PartnerWorld(COMPANY, warehouse.bucket)
    warehouse.boundary = ANCHOR
    reports = [warehouse.tick()]
    moment = ANCHOR
    for hours in (0.5, 0.5, 0.5, 0.5, *(24,) * 14):
        until = moment + timedelta(hours=hours)
        world.advance(moment, until)
        moment = warehouse.boundary = until
        reports.append(warehouse.tick())
    seen = {kind for report in reports for kind in kinds(report)}
    assert seen >= {"file_refused", "file_duplicate", "file_replaced", "file_deleted", "file_ignored"}
    assert seen >= {"extra_columns", "missing_columns", "records_rejected"}
    statuses = warehouse.statuses()
    late = [key for key, status in statuses.items() if status == "refused"]
    assert len(late) <= 2, "what was spoiled is replaced after some days"
    encodings = {encoding for (encoding,) in warehouse.rows("SELECT DISTINCT encoding FROM raw_partner.file")}
    assert encodings >= {"utf-8", "utf-16-le", "cp1252"}
    payers = warehouse.rows("SELECT count(DISTINCT payer_code) FROM raw_partner.remittance")
    assert payers == [(7,)]
    twice = warehouse.rows(
        "SELECT payer_code, trace_number, payment_date, count(*) AS n FROM (FROM raw_partner.remittance "
        "QUALIFY row_number() OVER (PARTITION BY _sha256, _row ORDER BY _seq DESC) = 1) WHERE _op <> 'D' "
        "GROUP BY ALL HAVING n > 1"
    )
    assert twice == []
    as_of = warehouse.rows("SELECT max(source_as_of) FROM ops.load_ledger")
    assert as_of == [(moment.replace(tzinfo=None),)]


def test_a_bucket_can_be_had_empty(s3: FaultyServer) -> None:
    bucket = PartnerBucket(s3, "world-cleared")
    bucket.put("surveys/a.csv", b"1")
    bucket.put("surveys/a.csv", b"2")
    bucket.clear()
    assert bucket.list() == []
    assert "Versions" not in s3.client().list_object_versions(Bucket="world-cleared")
    assert PartnerBucket(s3, "world-cleared").list() == []
