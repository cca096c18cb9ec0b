"""A day of the whole company, read by a warehouse that is left in peace and by one that everything befalls.

Both read the same four systems at each half hour, and model the same slice of the real project.  What befalls the
second befalls it within the half hour, before the tick that goes well, so that in the end both must hold the same.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from company_lab import SOURCES, CompanyLab
from forks import KILLED, in_fork
from lab import LabWarehouse, open_warehouse

from northstar.lock import lock_of, writer_lock
from northstar.promotion.ledger import Ledger, digest
from northstar.simulator.partner.bucket import Fault
from northstar.simulator.postgres_server import PostgresServer
from northstar.tick import tick
from northstar.warehouse import WarehouseBusy

IMPATIENT = {"NORTHSTAR_SOURCE_WAIT": "0.2", "NORTHSTAR_FILE_WAIT": "0.1"}
"""Sources and files are waited for as long as ever, only not for minutes."""
_FAILED = 7
_HOLD = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
time.sleep(600)
"""


@dataclass
class Side:
    """One of the two warehouses; open only while something is done with it, as a DuckDB file survives no fork."""

    opened: LabWarehouse

    def tick(self, at: datetime, **environment: str) -> str:
        """A tick as the command does it; its status."""
        warehouse = self.opened.warehouse
        with writer_lock(lock_of(warehouse.settings), "tick", wait_for="who_gives_way") as lease, self.open():
            warehouse.check = lease.check
            try:
                return tick(warehouse, SOURCES, {**self.opened.environment, **environment}, at).status
            finally:
                warehouse.check = lambda: None

    def promote(self, at: datetime) -> None:
        """What `northstar promote` does once the gate has passed."""
        warehouse = self.opened.warehouse
        with writer_lock(lock_of(warehouse.settings), "promote", wait_for="who_gives_way"), self.open():
            Ledger(warehouse.context.engine_adapter).allow(digest(warehouse.context.snapshots), None, "a change")
            warehouse.context.plan(
                "prod", execution_time=at, skip_tests=True, skip_linter=True, auto_apply=True, no_prompts=True
            )

    @contextmanager
    def open(self) -> Iterator[LabWarehouse]:
        """The warehouse, open for the block."""
        self.opened.warehouse.open()
        try:
            yield self.opened
        finally:
            self.opened.warehouse.release()


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A file system of its own in a folder, so that it can be full; whether the machine allows that."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2g", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def side(lab: CompanyLab, home: Path, project: Path) -> Iterator[Side]:
    """A warehouse with a replication slot named like its folder, not open."""
    with open_warehouse(lab, home, home.name, SOURCES, project) as opened:
        opened.environment.update(IMPATIENT)
        opened.warehouse.release()
        yield Side(opened)


@dataclass
class Trouble:
    """What befalls a warehouse, and how often it did."""

    struck: Side
    server: PostgresServer
    disk: Path | None
    """The disk that the warehouse has for itself; None where nothing may be mounted."""
    injected: Counter[str] = field(default_factory=Counter)

    @property
    def lab(self) -> CompanyLab:
        """The company's systems."""
        assert isinstance(self.struck.opened.lab, CompanyLab)
        return self.struck.opened.lab

    def kill(self, work: Callable[[], object], place: str, when: str = "") -> bool:
        """Work that is killed at a place; whether it came there."""
        died = in_fork(work, place)
        assert died in (0, KILLED), (place, died)
        self.injected[f"SIGKILL {place} {when}".rstrip()] += bool(died)
        return bool(died)

    def tick_fails(self, what: str, at: datetime, **environment: str) -> None:
        """A tick that must not go well."""
        assert self._tick(at, **environment) == _FAILED, what
        self.injected[what] += 1

    def tick_may_fail(self, what: str, at: datetime) -> None:
        """A tick that outlives what befalls it, or not."""
        outcome = self._tick(at)
        assert outcome in (0, _FAILED), outcome
        self.injected[f"{what}, {'outlived' if outcome == 0 else 'not outlived'}"] += 1

    def _tick(self, at: datetime, **environment: str) -> int:
        return in_fork(lambda: self._end_by_status(at, **environment))

    def _end_by_status(self, at: datetime, **environment: str) -> None:
        try:
            status = self.struck.tick(at, **environment)
        except Exception:  # of which kind is another test's matter
            os._exit(_FAILED)
        os._exit(0 if status == "ok" else _FAILED)

    # The systems that are read

    def app_down(self, at: datetime) -> None:
        """The server is down for the whole tick, after a crash."""
        self.server.crash()
        try:
            self.tick_fails("PostgreSQL crashed before the tick", at)
        finally:
            self.server.start()

    def app_restarts(self, at: datetime) -> None:
        """The server crashes and restarts under the reader."""
        with self._when_read(self._restart) as happened:
            self.tick_may_fail("PostgreSQL restarted while it was read", at)
        assert happened.is_set()

    def app_cut(self, at: datetime) -> None:
        """The reader's connections are cut, again and again, for as long as its tick lasts."""
        with self._when_read(self._cut, times=3) as happened:
            self.tick_may_fail("connections to PostgreSQL cut", at)
        assert happened.is_set()

    def _restart(self) -> None:
        self.server.crash()
        self.server.start()

    def _cut(self) -> None:
        with psycopg.connect(self.server.dsn(), autocommit=True) as admin:
            admin.execute(f"SELECT pg_terminate_backend(pid) {_READERS}")

    @contextmanager
    def _when_read(self, strike: Callable[[], None], times: int = 1) -> Iterator[threading.Event]:
        """Strike once a reader is connected to the server; the event says that it happened."""
        happened, over = threading.Event(), threading.Event()

        def watch() -> None:
            left = times
            while left and not over.is_set():
                with psycopg.connect(self.server.dsn(), autocommit=True) as admin:
                    while not over.is_set() and admin.execute(f"SELECT count(*) {_READERS}").fetchone() == (0,):
                        time.sleep(0.005)
                if not over.is_set():
                    strike()
                    happened.set()
                    left -= 1

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield happened
        finally:
            over.set()
            thread.join()

    def apis_fail(self, at: datetime) -> None:
        """Stripe, Salesforce and S3 cut connections, answer 500, 503 and 429, and recover."""
        services = self.lab.services
        stripe, salesforce = services.stripe_server.faults, services.salesforce_server.faults
        before = stripe.committed
        for kind in ("drop", "server_error", "rate_limit"):
            stripe.next(kind)
        for kind in ("cut", "session", "throttle", "unavailable"):
            salesforce.plan(kind, path="/query")
        services.bucket_server.inject(Fault(status=500, times=2))
        services.bucket_server.inject(Fault(status=503, code="SlowDown"))
        self.tick_may_fail("Stripe, Salesforce and S3 failed (500, 503), throttled (429) and cut connections", at)
        assert stripe.committed == before + 3
        assert not salesforce.planned
        assert not services.bucket_server.faults

    def apis_refuse(self, at: datetime) -> None:
        """For a whole tick Stripe's key is revoked, Salesforce's day is used up, and S3 grants nothing."""
        services = self.lab.services
        services.salesforce_server.faults.plan("limit", times=1_000)
        services.bucket_server.inject(Fault(status=403, code="AccessDenied", times=1_000))
        try:
            what = "Stripe's key revoked, Salesforce's daily limit reached, S3 denied"
            self.tick_fails(what, at, NORTHSTAR_STRIPE_API_KEY="sk_live_revoked")
        finally:
            services.salesforce_server.faults.planned.clear()
            services.bucket_server.clear_faults()

    # The machine of the warehouse

    def disk_full(self, at: datetime) -> None:
        """The disk has so little room left that a landing file fails, or the log of the database does."""
        room = (4_096, 400_000)[sum("disk full" in what for what in self.injected) % 2]
        if self.disk is None:
            self._limit_files(at, room)
            return
        ballast = self.disk / "ballast"
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(self.disk).free - room)
        try:
            self.tick_fails(f"disk full but for {room:,} bytes", at)
        finally:
            ballast.unlink()

    def _limit_files(self, at: datetime, room: int) -> None:
        """What comes nearest to a full disk without one: no write goes beyond a size of its file."""

        def work() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
            self._end_by_status(at)

        assert in_fork(work) == _FAILED
        self.injected[f"disk full: no file larger than {room:,} bytes"] += 1

    def file_locked(self, at: datetime) -> None:
        """Another process has the warehouse, or the state, open."""
        name = ("NORTHSTAR_DUCKDB", "NORTHSTAR_STATE")[self.injected["DuckDB file locked by another process"] % 2]
        held = self.struck.opened.environment[name]
        other = subprocess.Popen([sys.executable, "-c", _HOLD, held], stdout=subprocess.PIPE, text=True)
        try:
            assert other.stdout is not None and other.stdout.readline() == "open\n"

            def work() -> None:
                with pytest.raises(WarehouseBusy):
                    self.struck.tick(at)

            assert in_fork(work) == 0
            self.injected["DuckDB file locked by another process"] += 1
        finally:
            other.kill()
            other.wait()


_READERS = "FROM pg_stat_activity WHERE application_name = 'northstar_ingest'"
