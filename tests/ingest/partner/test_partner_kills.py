"""Killed anywhere and run again: every change is in raw exactly once.  And a large file in bounded memory."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from partner_warehouse import KEY, PartnerWarehouse, survey

from northstar.simulator.partner import FaultyServer, PartnerBucket

pytestmark = pytest.mark.slow

_TICK = """
import resource, sys
from datetime import datetime
from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.landing import LandingZone
from northstar.ingest.partner import batch, from_environment
from northstar.ingest.runner import ingest

home, url, boundary, max_rows = sys.argv[1:]
batch.MAX_ROWS = int(max_rows)
landing = LandingZone(home + "/landing")
sink = DuckDBSink(connect(home + "/warehouse.duckdb"), landing)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
source = from_environment({"NORTHSTAR_PARTNER_S3_URL": url})
report = ingest(source, sink, landing, datetime.fromisoformat(boundary))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(report.rows, round(report.seconds, 1), before // 1024, after // 1024)
"""

FIRST_POINTS = (
    "after_list", "after_download:3", "after_judge:2", "after_file:2", "after_read:2", "in_load", "before_commit:2",
    "after_commit", "after_acknowledge", "after_seal",
)  # fmt: skip
SECOND_POINTS = ("after_download", "after_file", "in_load", "before_commit", "after_commit:2")


def run_tick(
    home: Path, bucket: PartnerBucket, boundary: str, failpoint: str = "", max_rows: int = 20
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _TICK, str(home), bucket.url, boundary, str(max_rows)],
        env={**os.environ, "NORTHSTAR_FAILPOINT": failpoint},
        capture_output=True,
        text=True,
        timeout=120,
    )


def content_of(home: Path, bucket: PartnerBucket) -> dict[str, list[tuple[object, ...]]]:
    """Everything in raw and the ledger that must not depend on kills."""
    warehouse = PartnerWarehouse(bucket, home)
    try:
        raw = {
            table: warehouse.rows(f"SELECT * FROM raw_partner.{table} ORDER BY _seq")
            for table in ("survey_response", "rejected_record")
        }
        # The time of a deletion is that of the listing that found it.
        raw["file"] = warehouse.rows(
            "SELECT * REPLACE (if(status = 'deleted', NULL, _commit_ts) AS _commit_ts) "
            "FROM raw_partner.file ORDER BY _seq"
        )
        ledger = warehouse.rows(
            "SELECT batch_no, load_id, object, row_count, cursor_after FROM ops.load_ledger ORDER BY ALL"
        )
        files = [str(path) for path in (home / "landing").rglob("*.parquet")]
        named = warehouse.rows("SELECT file FROM ops.load_ledger WHERE file IS NOT NULL")
        assert sorted(files) == sorted(str(path) for (path,) in named)
        return {**raw, "ledger": ledger}
    finally:
        warehouse.sink.close()


def fill(bucket: PartnerBucket, stage: int) -> None:
    """Several batches of new files, then changed, duplicate, bad and deleted ones."""
    for number in range(6):
        numbers = range(number * 10, number * 10 + 10 + stage)
        bucket.put(f"surveys/acme/{number}.csv", survey(*numbers, comment=f"stage {stage}"))
    bucket.put("surveys/acme/7.csv", survey(*range(100, 140)) + b"short\n")
    bucket.put("surveys/acme/8.csv", survey(1, 2, 3)[:-3])
    if stage:
        bucket.delete("surveys/acme/5.csv")


def test_a_kill_at_any_step_loses_and_repeats_nothing(s3: FaultyServer, tmp_path: Path) -> None:
    bucket = PartnerBucket(s3, "feeds-kills")
    boundaries = ("2026-11-04T10:00:00+00:00", "2026-11-04T10:30:00+00:00")
    undisturbed, home = tmp_path / "undisturbed", tmp_path / "killed"
    for stage, (boundary, points) in enumerate(zip(boundaries, (FIRST_POINTS, SECOND_POINTS), strict=True)):
        fill(bucket, stage)
        assert run_tick(undisturbed, bucket, boundary).returncode == 0
        before = tmp_path / f"before-{stage}"
        shutil.copytree(home, before) if stage else before.mkdir()
        for point in points:
            shutil.rmtree(home, ignore_errors=True)
            shutil.copytree(before, home)
            killed = run_tick(home, bucket, boundary, point)
            assert killed.returncode == -signal.SIGKILL, (point, killed.stderr)
            again = run_tick(home, bucket, boundary)
            assert again.returncode == 0, (point, again.stderr)
            assert content_of(home, bucket) == content_of(undisturbed, bucket), point
    assert {row[0] for row in content_of(home, bucket)["survey_response"]} == {"I", "D"}


def test_a_million_rows_land_in_bounded_memory(s3: FaultyServer, tmp_path: Path) -> None:
    bucket = PartnerBucket(s3, "feeds-volume")
    header = "response_id,appointment_id,responded_at,overall_rating,comment\n"
    records = (f'R{n},{n},2026-11-03T10:00:00,5,"it was ""fine"", {n}"\n' if n % 3 else f"R{n},{n},2026-11-03,5,ok\n"
               for n in range(1_000_000))  # fmt: skip
    content = (header + "".join(records)).encode()
    bucket.put(KEY, content)
    first = run_tick(tmp_path, bucket, "2026-11-04T10:00:00+00:00", max_rows=250_000)
    assert first.returncode == 0, first.stderr
    bucket.put(KEY, content.replace(b"2026-11-03", b"2026-11-02"))
    second = run_tick(tmp_path, bucket, "2026-11-04T10:30:00+00:00", max_rows=250_000)
    assert second.returncode == 0, second.stderr
    for run, rows in ((first, 1_000_001), (second, 2_000_002)):
        landed, _, before, most = run.stdout.split()[-4:]
        assert int(landed) == rows
        assert int(most) - int(before) < 900
