"""One writer at a time, none left behind by a process that died, and none that writes after it lost the lock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from northstar.lock import Lock, LockHeld, LockLost, lock_of, writer_lock
from northstar.lock.file import FileLock
from northstar.lock.owner import Owner
from northstar.lock.postgres import PostgresLock
from northstar.settings import Settings
from northstar.simulator.postgres_server import PostgresServer

TTL = 1.5

HOLD = f"""
import sys, pathlib, time
from northstar.lock import LockLost, writer_lock
from northstar.lock.file import FileLock
from northstar.lock.postgres import PostgresLock
kind, place, gives_way = sys.argv[1:]
lock = FileLock(pathlib.Path(place)) if kind == "file" else PostgresLock(place, ttl={TTL})
with writer_lock(lock, "a test", gives_way == "yes", beat=0.2) as lease:
    print("held", flush=True)
    for line in sys.stdin:
        try:
            lease.check()
            print("mine", flush=True)
        except LockLost as error:
            print("lost:", error, flush=True)
"""


class Holder:
    """Another process that holds the lock, and says on demand whether it still believes so."""

    def __init__(self, kind: str, place: str, gives_way: bool = False) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, kind, place, "yes" if gives_way else "no"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._line() == "held"

    def ask(self) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return self._line()

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=10)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


Place = tuple[str, str, Callable[[], Lock]]


@pytest.fixture(params=["file", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "file":
        path = tmp_path / "writer.lock"
        return "file", str(path), lambda: FileLock(path)
    dsn: str = request.getfixturevalue("database")
    return "postgres", dsn, lambda: PostgresLock(dsn, ttl=TTL)


@contextmanager
def held(place: Place, gives_way: bool = False) -> Iterator[Holder]:
    holder = Holder(place[0], place[1], gives_way)
    try:
        yield holder
    finally:
        holder.kill()


def test_a_second_writer_is_told_at_once_who_holds_the_lock(place: Place) -> None:
    with held(place) as holder:
        started = time.monotonic()
        with (
            pytest.raises(LockHeld, match=rf"a test, process {holder.process.pid} on .* since .* UTC"),
            writer_lock(place[2](), "another"),
        ):
            raise AssertionError("two writers")
        assert time.monotonic() - started < 1
        assert holder.ask() == "mine"


def test_the_lock_of_a_killed_writer_is_free(place: Place) -> None:
    with held(place) as holder:
        holder.kill()
        if place[0] == "postgres":  # nobody tells the database that the holder died: its time must run out
            assert place[2]().acquire(Owner.here("another", False)) is None
            time.sleep(TTL)
        with writer_lock(place[2](), "another") as lease:
            lease.check()
            owner = place[2]().owner()
            assert owner is not None and (owner.purpose, owner.pid) == ("another", os.getpid())
        assert place[2]().owner() is None


def test_a_lock_given_back_is_free_at_once(place: Place) -> None:
    with held(place) as holder:
        holder.end()
        with writer_lock(place[2](), "another") as lease:
            lease.check()


def test_who_waits_is_seen_by_a_holder_and_gets_the_lock_after_it(place: Place) -> None:
    order: list[str] = []

    def tick() -> None:
        with writer_lock(place[2](), "tick", wait_for="who_gives_way"):
            order.append("tick")

    with writer_lock(place[2](), "backfill", gives_way=True) as lease:
        assert not lease.wanted()
        waiter = threading.Thread(target=tick)
        waiter.start()
        deadline = time.monotonic() + 5
        while not lease.wanted():
            assert time.monotonic() < deadline, "the waiting tick is not seen"
            time.sleep(0.02)
        order.append("backfill")
    waiter.join(timeout=5)
    assert order == ["backfill", "tick"]
    with writer_lock(place[2](), "backfill", gives_way=True) as lease:
        assert not lease.wanted()


def test_nobody_waits_for_a_tick_and_patience_ends(place: Place) -> None:
    with held(place), pytest.raises(LockHeld), writer_lock(place[2](), "another", wait_for="who_gives_way"):
        pass
    if place[0] == "postgres":
        time.sleep(TTL)
    started = time.monotonic()
    with (
        held(place, gives_way=True),
        pytest.raises(LockHeld),
        writer_lock(place[2](), "another", wait_for="who_gives_way", patience=0.5),
    ):
        pass
    assert time.monotonic() - started >= 0.5


def test_a_holder_whose_lock_file_is_replaced_notices(tmp_path: Path) -> None:
    path = tmp_path / "writer.lock"
    with writer_lock(FileLock(path), "first") as lease:
        lease.check()
        path.unlink()
        with pytest.raises(LockLost, match="removed or replaced"):
            lease.check()
        with writer_lock(FileLock(path), "second") as other:
            other.check()
            with pytest.raises(LockLost):
                lease.check()


def test_a_stalled_holder_is_replaced_and_notices_before_it_writes(database: str) -> None:
    with held(("postgres", database, lambda: PostgresLock(database, ttl=TTL))) as holder:
        first = PostgresLock(database, ttl=TTL)
        os.kill(holder.process.pid, signal.SIGSTOP)
        time.sleep(TTL + 0.3)
        lease = first.acquire(Owner.here("the successor", False))
        assert lease is not None and lease.token == 2
        os.kill(holder.process.pid, signal.SIGCONT)
        assert holder.ask().startswith("lost:")
        time.sleep(0.5)  # its heartbeat has run by now, and must not have taken the row back
        assert holder.ask().startswith("lost:")
        holder.end()
        lease.beat()
        lease.check()
        owner = first.owner()
        assert owner is not None and owner.purpose == "the successor"
        lease.release()


def test_a_holder_that_cannot_reach_the_database_stops_in_time_or_goes_on(postgres_server: PostgresServer) -> None:
    lock = PostgresLock(postgres_server.dsn(), name="outage", ttl=6.0)
    with writer_lock(lock, "patient", beat=0.2) as lease:
        postgres_server.crash()
        lease.check()
        postgres_server.start()
        time.sleep(1)
        lease.check()
        owner = PostgresLock(postgres_server.dsn(), name="outage", ttl=6.0).owner()
        assert owner is not None and owner.purpose == "patient"
    short = PostgresLock(postgres_server.dsn(), name="outage", ttl=TTL)
    with writer_lock(short, "cut off", beat=0.2) as lease:
        postgres_server.crash()
        time.sleep(TTL)
        with pytest.raises(LockLost, match="not renewed"):
            lease.check()
        postgres_server.start()


def test_state_in_postgresql_moves_the_lock_there(tmp_path: Path, postgres_server: PostgresServer) -> None:
    environment = {"NORTHSTAR_LOCK": str(tmp_path / "writer.lock")}
    assert isinstance(lock_of(Settings.from_environment(environment)), FileLock)
    state = {
        "NORTHSTAR_STATE_HOST": "127.0.0.1",
        "NORTHSTAR_STATE_PORT": str(postgres_server.port),
        "NORTHSTAR_STATE_USER": "postgres",
        "NORTHSTAR_STATE_DATABASE": "postgres",
    }
    assert isinstance(lock_of(Settings.from_environment({**environment, **state})), PostgresLock)
