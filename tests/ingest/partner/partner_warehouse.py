"""A bucket, a landing zone and a warehouse that tests of the partner source read tick by tick."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from northstar.clock import TICK
from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.landing import LandingZone
from northstar.ingest.partner.bucket import Bucket
from northstar.ingest.partner.feeds import FEEDS, Feed
from northstar.ingest.partner.source import PartnerSource
from northstar.ingest.runner import IngestReport, ingest
from northstar.simulator.partner import PartnerBucket

COLUMNS = ("response_id", "appointment_id", "responded_at", "overall_rating", "comment")
HEADER = ",".join(COLUMNS) + "\n"
KEY = "surveys/acme/week.csv"


def survey(*identifiers: int, comment: str = "fine") -> bytes:
    """A survey file with one record for each identifier."""
    return (HEADER + "".join(f"R{n},{n},2026-11-03T09:00:00,5,{comment}\n" for n in identifiers)).encode()


class PartnerWarehouse:
    """A bucket, a landing zone and a DuckDB warehouse, read tick by tick."""

    def __init__(self, bucket: PartnerBucket, home: Path) -> None:
        self.bucket = bucket
        self._opened = Bucket(bucket.url)
        self.feeds: tuple[Feed, ...] = FEEDS
        self.boundary = datetime(2026, 11, 4, 10, tzinfo=UTC)
        self.landing = LandingZone(str(home / "landing"))
        self.connection = connect(home / "warehouse.duckdb")
        self.sink = DuckDBSink(self.connection, self.landing)

    def put(self, key: str, content: bytes) -> None:
        """Write an object half an hour after the last tick's boundary."""
        self.bucket.put(key, content, at=self.boundary - timedelta(minutes=5))

    def source(self) -> PartnerSource:
        return PartnerSource(self._opened, self.feeds)

    def tick(self) -> IngestReport:
        """Read everything and seal; the next tick is half an hour later."""
        report = ingest(self.source(), self.sink, self.landing, self.boundary)
        self.boundary += TICK
        return report

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def live(self, columns: str = "response_id", table: str = "survey_response") -> list[tuple[Any, ...]]:
        """Rows whose last change is not a delete, with repetition."""
        return self.rows(
            f"SELECT {columns} FROM (FROM raw_partner.{table} "
            "QUALIFY row_number() OVER (PARTITION BY _sha256, _row ORDER BY _seq DESC) = 1) WHERE _op <> 'D' "
            f"ORDER BY {columns}"
        )

    def statuses(self) -> dict[str, str]:
        """The present status of every file's last version."""
        return dict(
            self.rows("SELECT _file, last(status ORDER BY _seq) FROM raw_partner.file GROUP BY ALL ORDER BY ALL")
        )

    def message(self, key: str) -> str:
        """The last message about a file."""
        text = self.rows(
            f"SELECT last(coalesce(message, '') ORDER BY _seq) FROM raw_partner.file WHERE _file = '{key}'"
        )
        return str(text[0][0])


def kinds(report: IngestReport) -> set[str]:
    """The kinds of notices in a report."""
    return {notice.kind for notice in report.notices}
