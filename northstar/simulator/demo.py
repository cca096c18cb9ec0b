"""The demo: a company in PostgreSQL, landed and modelled, then a few half hours of its life, tick by tick."""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from northstar.clock import TICK, utc_now
from northstar.ingest.registry import configured
from northstar.lock import writer_lock
from northstar.lock.file import FileLock
from northstar.settings import Settings
from northstar.simulator.company import Company
from northstar.simulator.oltp.schema import create_schema
from northstar.simulator.oltp.seed import seed
from northstar.simulator.postgres_server import PostgresServer
from northstar.simulator.services import Services, settings_under
from northstar.simulator.summary import print_summary
from northstar.tick import TickReport, tick
from northstar.warehouse import Warehouse

TICKS = 4
"""Half hours of simulated life in one demo."""


@dataclass(frozen=True)
class Demo:
    """Where a demo keeps its things, and which company it simulates."""

    home: Path
    seed: int
    scale: float
    extra_tables: int

    @property
    def made(self) -> tuple[Path, ...]:
        """Everything that a demo makes, and may therefore remove."""
        names = (
            "postgres",
            "landing",
            "northstar.duckdb",
            "northstar.duckdb.wal",
            "state.duckdb",
            "state.duckdb.wal",
        )
        return tuple(self.home / name for name in names)

    @property
    def record(self) -> Path:
        """Written once the company exists: how it was made and how far its life has gone."""
        return self.home / "demo.json"

    def remove(self) -> None:
        """Stop a PostgreSQL that a killed demo left running, and remove everything that a demo makes."""
        server = PostgresServer(self.home / "postgres")
        if server.running:
            server.stop("immediate")
        for path in (*self.made, self.record):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def default_anchor(now: datetime) -> datetime:
    """The last Wednesday 14:00 UTC that lies a demo's length back: clinics are open on both sides of the Atlantic."""
    latest = now - TICKS * TICK
    wednesday = latest - timedelta(days=(latest.weekday() - 2) % 7)
    anchor = wednesday.astimezone(UTC).replace(hour=14, minute=0, second=0, microsecond=0)
    return anchor if anchor <= latest else anchor - timedelta(days=7)


def run_demo(demo: Demo, ticks: int, console: Console) -> bool:
    """Run the demo; a second run goes on where the first one ended.  Returns whether everything succeeded."""
    started = time.monotonic()
    logging.getLogger("sqlmesh").setLevel(logging.ERROR)
    with writer_lock(FileLock(demo.home / "writer.lock"), "make demo"):
        reports = _live(demo, ticks, console)
    console.print(f"\n[bold]done[/] in {time.monotonic() - started:.0f} s", highlight=False)
    return all(report.status == "ok" for report in reports)


def _live(demo: Demo, ticks: int, console: Console) -> list[TickReport]:
    fresh = not demo.record.exists()
    if fresh:
        demo.remove()
    reports: list[TickReport] = []
    with PostgresServer(demo.home / "postgres") as server:
        company, now = _create(demo, server, console) if fresh else _resume(demo, console)
        with ExitStack() as running:
            with _step(console, "starting Stripe, Salesforce and the partners' S3 bucket, with this company's data"):
                services = running.enter_context(Services(server.dsn(), company, now))
            environment = {**os.environ, **settings_under(demo.home), **services.environment()}
            os.environ.update(environment)  # SQLMesh reads its configuration from the environment
            settings = Settings.from_environment(environment)
            with _step(console, "loading the SQLMesh project"):
                warehouse = running.enter_context(Warehouse(settings))
            if fresh:
                reports.append(_tick(warehouse, settings, now, console, first=True))
            for _ in range(ticks):
                _write_record(demo, company, now + TICK)  # first: a killed demo may skip a half hour, not live it twice
                services.advance(now, now + TICK)
                now += TICK
                reports.append(_tick(warehouse, settings, now, console))
            print_summary(warehouse.connection, reports, console)
    return reports


def _create(demo: Demo, server: PostgresServer, console: Console) -> tuple[Company, datetime]:
    company = Company(demo.seed, demo.scale, default_anchor(utc_now()))
    with _step(console, f"creating the app's database in PostgreSQL: {demo.extra_tables + 40:,} tables"):
        create_schema(server.dsn(), extra_tables=demo.extra_tables)
    with _step(console, f"seeding the company: {len(company.accounts)} accounts, 90 days of appointments"):
        seed(server.dsn(), company)
    _write_record(demo, company, company.anchor)
    return company, company.anchor


def _resume(demo: Demo, console: Console) -> tuple[Company, datetime]:
    record = json.loads(demo.record.read_text())
    now = datetime.fromisoformat(record["now"])
    console.print(f"going on from {now:%A %Y-%m-%d %H:%M} UTC, where the last demo ended (make clean starts over)")
    return Company(record["seed"], record["scale"], datetime.fromisoformat(record["anchor"])), now


def _write_record(demo: Demo, company: Company, now: datetime) -> None:
    record = {
        "seed": company.seed,
        "scale": company.scale,
        "anchor": company.anchor.isoformat(),
        "now": now.isoformat(),
    }
    temporary = demo.record.with_suffix(".tmp")
    temporary.write_text(json.dumps(record))
    temporary.rename(demo.record)


def _tick(warehouse: Warehouse, settings: Settings, at: datetime, console: Console, first: bool = False) -> TickReport:
    what = "first landing: a snapshot of every table, then all models" if first else "clinics at work"
    with _step(console, f"tick {at:%a %H:%M}  {what}"):
        report = tick(warehouse, configured(settings.environment), settings.environment, at)
    for name, ingested in report.ingested.items():
        busiest = sorted(ingested.objects.items(), key=lambda item: -item[1])[:3]
        detail = ", ".join(f"{table} {rows:,}" for table, rows in busiest)
        console.print(
            f"    landed from {name}: {ingested.rows:,} rows of {len(ingested.objects):,} tables "
            f"in {ingested.seconds:.1f} s ({detail})",
            highlight=False,
        )
        kinds: dict[str, int] = {}
        for notice in ingested.notices:
            kinds[notice.kind] = kinds.get(notice.kind, 0) + 1
        if kinds:
            console.print(
                f"    noticed: {', '.join(f'{kind} {count}' for kind, count in kinds.items())}", highlight=False
            )
    for name, error in report.source_errors.items():
        console.print(f"    [red]{name}: {error}[/]", highlight=False)
    if report.run:
        slowest = sorted(report.run.models.values(), key=lambda model: -model.seconds)[:3]
        audits = sum(model.audits_passed for model in report.run.models.values())
        console.print(
            f"    {len(report.run.models)} models ran, {audits} audits passed; longest: "
            + ", ".join(f"{model.model.split('.')[-1]} {model.seconds:.1f} s" for model in slowest),
            highlight=False,
        )
        for model, reason in report.run.failures.items():
            console.print(f"    [red]failed: {model}: {reason}[/]", highlight=False)
    return report


@contextmanager
def _step(console: Console, what: str) -> Iterator[None]:
    """Show that a step is under way, then how long it took."""
    started = time.monotonic()
    if not console.is_terminal:
        console.print(f"  {what} ...", highlight=False)
    with console.status(what):
        yield
    console.print(f"  [green]done[/] {what}  [dim]{time.monotonic() - started:.1f} s[/]", highlight=False)
