"""S3 as it is: objects that change under the reader's hands, errors, slow and broken transfers."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from partner_warehouse import KEY, PartnerWarehouse, kinds, survey

from northstar.ingest.contract import IngestError
from northstar.ingest.partner import batch
from northstar.ingest.partner import bucket as bucket_module
from northstar.ingest.partner.bucket import Bucket
from northstar.ingest.partner.source import PartnerSource
from northstar.simulator.partner import Fault, FaultyServer


def test_an_object_written_over_before_it_is_read_is_listed_again(
    warehouse: PartnerWarehouse, s3: FaultyServer
) -> None:
    warehouse.put(KEY, survey(1))
    warehouse.put("surveys/acme/other.csv", survey(5))
    s3.inject(Fault(key_contains="week.csv", before=lambda: warehouse.put(KEY, survey(2))))
    report = warehouse.tick()
    assert warehouse.live() == [("R2",), ("R5",)]
    assert report.batches == 2
    assert "file_in_motion" not in kinds(report)


def test_an_object_deleted_before_it_is_read_is_left_out(warehouse: PartnerWarehouse, s3: FaultyServer) -> None:
    warehouse.put(KEY, survey(1))
    s3.inject(Fault(key_contains="week.csv", before=lambda: warehouse.bucket.delete(KEY)))
    report = warehouse.tick()
    assert (report.rows, report.notices) == (0, [])


def test_an_object_that_never_rests_waits_for_the_next_run(warehouse: PartnerWarehouse, s3: FaultyServer) -> None:
    numbers: Iterator[int] = iter(range(1, 100))
    warehouse.put(KEY, survey(0))
    warehouse.put("surveys/acme/other.csv", survey(500))
    s3.inject(Fault(key_contains="week.csv", times=3, before=lambda: warehouse.put(KEY, survey(next(numbers)))))
    report = warehouse.tick()
    assert "file_in_motion" in kinds(report)
    assert warehouse.live() == [("R500",)]
    warehouse.tick()
    assert warehouse.live() == [("R3",), ("R500",)]


def test_passing_errors_are_retried(warehouse: PartnerWarehouse, s3: FaultyServer) -> None:
    warehouse.put(KEY, survey(1))
    s3.inject(Fault(status=503, code="SlowDown", times=2))
    s3.inject(Fault(key_contains="week.csv", status=500))
    warehouse.tick()
    assert warehouse.live() == [("R1",)]


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (403, "AccessDenied", "access denied; the role needs s3:ListBucket"),
        (403, "InvalidAccessKeyId", "the AWS credentials are not valid"),
        (404, "NoSuchBucket", "the bucket does not exist"),
    ],
)
def test_an_error_says_what_to_do(
    warehouse: PartnerWarehouse, s3: FaultyServer, status: int, code: str, says: str
) -> None:
    warehouse.put(KEY, survey(1))
    s3.inject(Fault(key_contains="week.csv", status=status, code=code))
    with pytest.raises(IngestError, match=says):
        warehouse.tick()
    assert warehouse.sink.sealed_through("partner") is None
    assert warehouse.rows("SELECT count(*) FROM ops.load_ledger") == [(0,)]
    warehouse.tick()
    assert warehouse.live() == [("R1",)]


def test_a_missing_bucket_is_named(s3: FaultyServer, warehouse: PartnerWarehouse) -> None:
    source = PartnerSource(Bucket("s3://no-such-bucket/inbox"))
    with pytest.raises(IngestError, match="cannot list s3://no-such-bucket/inbox: the bucket does not exist"):
        list(source.read(warehouse.sink.ledger("partner"), warehouse.landing, warehouse.boundary))


def _impatient(endpoint: str | None = None) -> Any:
    return boto3.client(
        "s3", endpoint_url=endpoint, config=Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=1)
    )


def test_lasting_errors_and_timeouts_end_in_a_clear_message(
    warehouse: PartnerWarehouse, s3: FaultyServer, bucket: Any
) -> None:
    ledger = warehouse.sink.ledger("partner")
    for fault, says in (
        (Fault(status=503, code="SlowDown"), "S3 answered SlowDown to all of 5 attempts"),
        (Fault(delay_seconds=1.5), r"S3 was not reached after 5 attempts \(ReadTimeoutError\)"),
    ):
        s3.inject(fault)
        source = PartnerSource(Bucket(bucket.url, client=_impatient()))
        with pytest.raises(IngestError, match=says):
            list(source.read(ledger, warehouse.landing, warehouse.boundary))
    nowhere = PartnerSource(Bucket(bucket.url, client=_impatient("http://127.0.0.1:9")))
    with pytest.raises(IngestError, match="check the network and AWS_ENDPOINT_URL"):
        list(nowhere.read(ledger, warehouse.landing, warehouse.boundary))


def test_a_broken_transfer_is_repeated(warehouse: PartnerWarehouse, s3: FaultyServer) -> None:
    warehouse.put(KEY, survey(*range(1000)))
    s3.inject(Fault(key_contains="week.csv", cut_after_bytes=100, times=2))
    warehouse.tick()
    assert len(warehouse.live()) == 1000


def test_a_transfer_that_always_breaks_stops_the_source(warehouse: PartnerWarehouse, s3: FaultyServer) -> None:
    warehouse.put(KEY, survey(1))
    s3.inject(Fault(key_contains="week.csv", cut_after_bytes=10, times=5))
    with pytest.raises(IngestError, match="the transfer broke off 5 times"):
        warehouse.tick()
    assert warehouse.rows("SELECT count(*) FROM ops.load_ledger") == [(0,)]


def test_a_file_too_large_is_refused(warehouse: PartnerWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    content = survey(*range(1000))
    warehouse.put(KEY, content)
    warehouse.put("surveys/acme/bomb.csv.gz", gzip.compress(content))
    monkeypatch.setattr(bucket_module, "MAX_CONTENT_BYTES", 5000)
    monkeypatch.setattr(batch, "MAX_CONTENT_BYTES", 20_000)
    warehouse.tick()
    assert set(warehouse.statuses().values()) == {"refused"}
    assert "it holds more than" in warehouse.message(KEY)


@pytest.mark.slow
def test_a_long_listing_is_read_to_its_end(warehouse: PartnerWarehouse, s3: FaultyServer) -> None:
    for number in range(1005):
        warehouse.bucket.put(f"notes/{number}.txt", b"x")
    warehouse.put(KEY, survey(1))
    report = warehouse.tick()
    assert report.objects["file"] == 1006
    assert report.batches == 3
