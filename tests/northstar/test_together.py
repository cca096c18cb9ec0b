"""Sources side by side: one that fails stops no other, and nothing of its data gets into the message."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from northstar.ingest import registry, together
from northstar.ingest.contract import Batch, Cursor, IngestError, LedgerView, Source
from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.landing import LandingZone

AT = datetime(2026, 11, 4, 10, 30, tzinfo=UTC)


class Counting:
    """A source that yields one batch of three rows, then fails if told to."""

    def __init__(self, name: str, failure: Exception | None = None) -> None:
        self.name = name
        self._failure = failure

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        number = (ledger.cursor or {"number": 0})["number"] + 1
        with landing.begin(self.name, f"load-{number}", loaded_at) as load:
            load.write("thing", pa.table({"_op": ["I"] * 3, "id": pa.array([1, 2, 3], pa.int64())}))
        yield Batch(f"load-{number}", load.files, {"number": number}, AT)
        if self._failure:
            raise self._failure

    def acknowledge(self, cursor: Cursor) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[DuckDBSink]:
    opened = DuckDBSink(connect(tmp_path / "warehouse.duckdb"), LandingZone(str(tmp_path / "landing")))
    yield opened
    opened.close()


def test_a_failing_source_stops_no_other(sink: DuckDBSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources: dict[str, Source] = {
        "good": Counting("good"),
        "down": Counting("down", IngestError("the server is down; try later")),
        "broken": Counting("broken", KeyError("ann@example.com")),
    }
    monkeypatch.setattr(together, "open_source", lambda name, environment: sources[name])
    landing = LandingZone(str(tmp_path / "landing"))
    outcome = together.ingest_together(list(sources), {}, sink, landing, AT)

    assert {name: report.rows for name, report in outcome.reports.items()} == {"good": 3}
    assert outcome.errors["down"] == "the server is down; try later"
    assert "KeyError" in outcome.errors["broken"]
    assert "ann@example.com" not in outcome.errors["broken"]
    assert sink.sealed_through("good") == AT
    assert sink.sealed_through("down") is None
    # What was loaded before a failure stays, and is not loaded again
    assert sink.ledger("down").cursor == {"number": 1}


def test_a_sealed_interval_is_left_alone(sink: DuckDBSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "open_source", lambda name, environment: Counting(name))
    landing = LandingZone(str(tmp_path / "landing"))
    first = together.ingest_together(["good"], {}, sink, landing, AT)
    again = together.ingest_together(["good"], {}, sink, landing, AT)
    assert (first.reports["good"].rows, again.reports["good"].rows) == (3, 0)


def test_sources_are_chosen_by_setting_or_by_name() -> None:
    assert registry.configured({"NORTHSTAR_APP_DSN": "x", "NORTHSTAR_PARTNER_S3_URL": "y"}) == ("app", "partner")
    assert registry.chosen(["stripe"], {}) == ("stripe",)
    with pytest.raises(ValueError, match="no source 'strip'"):
        registry.chosen(["strip"], {})
    with pytest.raises(ValueError, match="NORTHSTAR_APP_DSN"):
        registry.chosen(None, {})


@pytest.mark.parametrize("name", registry.SOURCES)
def test_a_source_without_its_settings_names_the_missing_one(name: str) -> None:
    with pytest.raises(IngestError, match="NORTHSTAR_"):
        registry.open_source(name, {})
