"""A warehouse of its own for a benchmark: the project or a slice of it, over generated history, ticking as prod's."""

from __future__ import annotations

import gc
import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from benchmarks.by_hand import COMPARED
from benchmarks.report import forget_peak_memory, peak_memory_gb, processor_seconds
from northstar.ingest import together
from northstar.ingest.contract import Batch, LedgerView, Source
from northstar.ingest.landing import LandingZone
from northstar.ingest.registry import SOURCES, open_source
from northstar.settings import Settings
from northstar.simulator.volume import Generator, VolumeCompany
from northstar.simulator.volume.database import AppDatabase
from northstar.simulator.volume.generator import OTHER_SOURCES, SOURCE
from northstar.simulator.volume.source import QuietSource, VolumeSource
from northstar.tick import TickReport, tick
from northstar.warehouse import RunReport, Warehouse

PROJECT = Path(__file__).parents[1]
sys.path.append(str(PROJECT / "tests" / "project"))  # slices of the project are cut as the tests cut them

from slices import copy_slice  # noqa: E402

SLICES: dict[str, tuple[str, ...]] = {
    "clinic days": ("core.fct_clinic_day",),
    "appointments": COMPARED,
    "to a mart": (*COMPARED, "marts_operations.mart_appointment_outcome"),
    "provider days": (*COMPARED, "core.fct_provider_day"),
    "revenue and performance": (
        "marts_finance.mart_revenue_day",
        "marts_operations.mart_backfill",
        "marts_operations.mart_provider_performance",
    ),
    "all": (),
}
"""Slices of the project by what they end in, of about 15, 40, 45, 60 and 150 models; the last is the whole of it."""


@dataclass
class Timed:
    """What one tick took, until another process could read what it brought."""

    report: TickReport
    seconds: float
    processor_seconds: float
    reading_seconds: float
    """Of which until the changes were decoded and in the landing zone."""
    file_seconds: float
    """Of which for opening the warehouse's files and writing them out."""
    peak_memory_gb: float
    """The most that the process held."""

    @property
    def models(self) -> dict[str, float]:
        """The models that were due, and the seconds of each."""
        run = self.report.run
        return {name: model.seconds for name, model in run.models.items()} if run else {}

    @property
    def steps(self) -> dict[str, float]:
        """Seconds of reading and landing, of loading and sealing, of models with audits, of files, and of all else."""
        ingested = max((source.seconds for source in self.report.ingested.values()), default=0.0)
        models = sum(self.models.values())
        around = self.seconds - ingested - models - self.file_seconds
        read = self.reading_seconds
        return {
            "read": read,
            "load": ingested - read,
            "models": models,
            "around": around,
            "files": self.file_seconds,
        }


@dataclass
class House:
    """An open warehouse, and how many half hours of its company's life it holds."""

    company: VolumeCompany
    warehouse: Warehouse
    source: VolumeSource
    environment: Mapping[str, str]
    app: AppDatabase | None = None
    """Where the changes are read, if not from the generator itself."""
    boundaries: int = 0
    """Half hours for which a tick has run, or that were filled."""
    rows: int = 0
    """Rows of facts."""
    generated_in: float = 0.0
    """Seconds in which they were put into raw, the directory and the ledger included."""
    ticks: list[Timed] = field(default_factory=list)
    first_run: RunReport | None = None
    """What the models did over the filled history."""
    _opened: _Watched | None = None
    """The source of the last tick."""

    def fill(self, half_hours: int) -> float:
        """Put history into raw, make prod and run every model over it; returns the seconds that the models took."""
        cursor = self.app.fill(half_hours) if self.app else None
        started = time.monotonic()
        self.rows = Generator(self.warehouse.connection, self.company).fill_raw(0, half_hours, cursor)
        self.generated_in = time.monotonic() - started
        self.boundaries = self.source.until = half_hours
        forget_peak_memory()
        at = self.company.boundary(half_hours - 1)
        self.warehouse.initialise(at)
        started = time.monotonic()
        report = self.first_run = self.warehouse.run(at)
        assert report.succeeded, report.failures
        return time.monotonic() - started

    def tick(self, half_hours: int) -> Timed:
        """One tick that lands so many half hours of life; 0 is an idle one.

        As the scheduler does it: the project is there, the files are opened before and closed after.
        """
        self.source.until += half_hours
        self.boundaries = max(self.boundaries + 1, self.source.until)
        at = self.company.boundary(self.boundaries - 1)
        made = self.app.advance(self.source.until) if self.app else None
        self._opened = None
        self.warehouse.release()
        gc.collect()
        forget_peak_memory()
        started, used = time.monotonic(), processor_seconds()
        self.warehouse.open()
        opened = time.monotonic()
        with patch.object(together, "open_source", self._open):
            report = tick(self.warehouse, SOURCES, self.environment, at)
        ran = time.monotonic()
        self.warehouse.release()
        ended, used = time.monotonic(), processor_seconds() - used
        peak = peak_memory_gb()
        self.warehouse.open()
        assert report.status == "ok", (report.source_errors, report.run and report.run.failures)
        assert self._opened
        files = opened - started + ended - ran
        timed = Timed(report, ended - started, used, self._opened.seconds, files, peak)
        assert made in (None, report.rows_landed), (report.rows_landed, made)
        self.ticks.append(timed)
        return timed

    def _open(self, name: str, environment: Mapping[str, str]) -> Source:
        if name != SOURCE:
            return QuietSource(name)
        source = open_source(name, self.environment) if self.app else self.source
        self._opened = _Watched(source, keep=not self.app)
        return self._opened


class _Watched:
    """A source, and how long it took to read; one that is kept goes on at the next tick."""

    def __init__(self, source: Source, keep: bool) -> None:
        self.name, self.acknowledge = source.name, source.acknowledge
        self.seconds = 0.0
        self._source, self._keep = source, keep

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        """Hand on what the source reads."""
        batches = iter(self._source.read(ledger, landing, loaded_at))
        while True:
            started = time.monotonic()
            batch = next(batches, None)
            self.seconds += time.monotonic() - started
            if batch is None:
                return
            yield batch

    def close(self) -> None:
        """Close the source unless it is kept."""
        if not self._keep:
            self._source.close()


@contextmanager
def open_house(home: Path, company: VolumeCompany, *models: str, postgres: bool = False) -> Iterator[House]:
    """An empty warehouse in ``home``; with ``models``, only those and what they are made from.

    With ``postgres`` ticks read the log of a real database with 1,195 tables.
    """
    logging.getLogger("sqlmesh").setLevel(logging.ERROR)
    home.mkdir(parents=True, exist_ok=True)
    project = PROJECT
    if models:
        project = home / "project"
        copy_slice(project, *models)
    environment = {
        "NORTHSTAR_PROJECT": str(project),
        "NORTHSTAR_DUCKDB": str(home / "northstar.duckdb"),
        "NORTHSTAR_STATE": str(home / "state.duckdb"),
        "NORTHSTAR_LANDING": str(home / "landing"),
        "NORTHSTAR_CACHE": str(home / "cache"),
    }
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, environment))  # SQLMesh reads its configuration from it
        source = VolumeSource(company)
        stack.callback(source.close)
        app = stack.enter_context(AppDatabase(company)) if postgres else None
        warehouse = stack.enter_context(Warehouse(Settings.from_environment(environment)))
        yield House(company, warehouse, source, environment | (app.environment() if app else {}), app)


assert set(OTHER_SOURCES) | {SOURCE} == set(SOURCES)
