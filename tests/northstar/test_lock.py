"""One writer at a time, and none left behind by a process that died."""

import subprocess
import sys
from pathlib import Path

import pytest

from northstar.lock import LockHeld, writer_lock

HOLD = """
import sys, pathlib, time
from northstar.lock import writer_lock
with writer_lock(pathlib.Path(sys.argv[1]), "a test"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_writer_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "writer.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(LockHeld, match=rf"a test, process {holder.pid}"),
            writer_lock(lock, "another"),
        ):
            raise AssertionError("two writers")
    finally:
        holder.kill()
        holder.wait()


def test_the_lock_of_a_killed_writer_is_free(tmp_path: Path) -> None:
    lock = tmp_path / "writer.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    holder.stdout.readline()
    holder.kill()
    holder.wait()
    with writer_lock(lock, "another"):
        assert "another" in lock.read_text()
