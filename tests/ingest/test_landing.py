"""The landing zone, in a directory and on S3: whole files or none."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import pytest
import snowflake.connector
from emulator import emulated
from engines import create_stage

from northstar.ingest.contract import Batch, IngestError
from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.landing import LandingZone
from northstar.ingest.snowflake_sink import SnowflakeSink
from northstar.simulator.partner import FaultyServer

AT = datetime(2026, 11, 4, 9, 59, 59, tzinfo=UTC)
_numbers = itertools.count(1)


@pytest.fixture(params=["directory", "s3"])
def zone(request: pytest.FixtureRequest, tmp_path: Path, s3: FaultyServer) -> LandingZone:
    if request.param == "directory":
        return LandingZone(str(tmp_path / "landing"))
    name = f"landing-{next(_numbers)}"
    s3.client().create_bucket(Bucket=name)
    return LandingZone(f"s3://{name}/some/prefix")


def table(*numbers: int) -> pa.Table:
    return pa.table({"n": pa.array(numbers, pa.int64())})


def visible(zone: LandingZone) -> list[str]:
    """Every object under the zone's root, relative to it."""
    selector = pafs.FileSelector(zone.root, recursive=True, allow_not_found=True)
    found = zone.filesystem.get_file_info(selector)
    return sorted(entry.path.removeprefix(f"{zone.root}/") for entry in found if entry.type == pafs.FileType.File)


def land(zone: LandingZone, load_id: str, at: datetime = AT) -> str:
    with zone.begin("app", load_id, at) as writer:
        writer.write("visits", table(1))
    return f"app/{at:%Y-%m-%d}/{load_id}/visits-00000.parquet"


def test_a_file_appears_whole_and_stamped(zone: LandingZone) -> None:
    with zone.begin("app", "load-1", AT) as writer:
        writer.write("visits", table(1, 2))
        writer.write("visits", table(3))
        assert [name for name in visible(zone) if name.endswith(".parquet")] == []
    (file,) = writer.files
    assert (file.object, file.rows, file.origin) == ("visits", 3, None)
    assert visible(zone) == ["app/2026-11-04/load-1/visits-00000.parquet"]
    landed = pq.read_table(file.path, filesystem=zone.filesystem)
    assert landed.schema == file.schema
    stamp = AT.replace(tzinfo=None)
    assert landed.to_pylist() == [{"n": n, "_load_id": "load-1", "_loaded_at": stamp} for n in (1, 2, 3)]


def test_a_failed_load_leaves_nothing(zone: LandingZone) -> None:
    with pytest.raises(RuntimeError), zone.begin("app", "load-1", AT) as writer:
        writer.write("visits", table(1))
        writer.finish("visits")
        writer.write("visits", table(2))
        raise RuntimeError
    assert visible(zone) == []


def test_a_load_of_the_same_id_is_written_over(zone: LandingZone) -> None:
    land(zone, "load-1")
    path = land(zone, "load-1")
    assert visible(zone) == [path]


def test_sweeping_removes_what_no_ledger_entry_names(zone: LandingZone) -> None:
    kept = land(zone, "load-1")
    land(zone, "load-2")
    land(zone, "load-3", AT - timedelta(days=1))
    older = land(zone, "load-4", AT - timedelta(days=2))
    with zone.begin("other", "load-2", AT) as writer:
        writer.write("things", table(1))
    assert zone.sweep("app", AT, keep={"load-1"}) == 2
    assert visible(zone) == sorted([kept, older, "other/2026-11-04/load-2/things-00000.parquet"])
    assert zone.sweep("app", AT, keep={"load-1"}) == 0


def test_a_changed_schema_starts_a_new_file(zone: LandingZone) -> None:
    other = pa.table({"n": pa.array(["x"], pa.string())})
    with zone.begin("app", "load-1", AT) as writer:
        for piece in (table(1), other, table(2), table(3)):
            writer.write("visits", piece)
    assert [(file.rows, file.schema.field("n").type) for file in writer.files] == [
        (1, pa.int64()),
        (1, pa.string()),
        (2, pa.int64()),
    ]
    assert [file.path for file in writer.files] == sorted(file.path for file in writer.files)


def test_origins_have_files_of_their_own(zone: LandingZone) -> None:
    with zone.begin("app", "load-1", AT) as writer:
        writer.write("visits", table(1), origin="a")
        writer.write("visits", table(2), origin="b")
        writer.write("visits", table(3), origin="a")
    assert [(file.origin, file.rows) for file in writer.files] == [("a", 2), ("b", 1)]


def test_more_objects_than_may_be_open_at_once(zone: LandingZone) -> None:
    with zone.begin("app", "load-1", AT) as writer:
        for turn in range(2):
            for number in range(130):
                writer.write(f"object_{number:03d}", table(turn))
            assert len(writer._open) <= 100
    rows: dict[str, int] = {}
    for file in writer.files:
        rows[file.object] = rows.get(file.object, 0) + file.rows
    assert rows == {f"object_{number:03d}": 2 for number in range(130)}
    assert len(visible(zone)) == len(writer.files)


def test_duckdb_loads_from_either(zone: LandingZone, tmp_path: Path) -> None:
    sink = DuckDBSink(connect(tmp_path / "warehouse.duckdb"), zone)
    with zone.begin("app", "load-1", AT) as writer:
        writer.write("visits", table(1, 2))
        writer.write("people", pa.table({"Name": ["x"]}))
    sink.load("app", Batch("load-1", writer.files, {}, AT), AT)
    rows = sink._connection.execute("SELECT n, _load_id FROM raw_app.visits ORDER BY n").fetchall()
    assert rows == [(1, "load-1"), (2, "load-1")]
    assert sink._connection.execute("SELECT name FROM raw_app.people").fetchall() == [("x",)]
    sink.close()


def test_snowflake_copies_from_either(zone: LandingZone, tmp_path: Path) -> None:
    """By names under the stage, whose URL is the zone's; the emulator's stage is a copy, as it reads no S3."""
    with zone.begin("app", "load-1", AT) as writer:
        writer.write("visits", table(1, 2))
        writer.write("people", pa.table({"Name": ["x"]}))
    pafs.copy_files(zone.root, str(tmp_path / "copy"), source_filesystem=zone.filesystem)
    with emulated() as account:
        create_stage(tmp_path / "copy")
        sink = SnowflakeSink(snowflake.connector.connect(database="NORTHSTAR", paramstyle="qmark"), zone)
        sink.load("app", Batch("load-1", writer.files, {}, AT), AT)
        rows = account.duckdb.execute("SELECT n, _load_id FROM northstar.raw_app.visits ORDER BY n").fetchall()
        assert rows == [(1, "load-1"), (2, "load-1")]
        sink.close()


def test_a_killed_writer_leaves_no_file_that_looks_whole(tmp_path: Path) -> None:
    script = (
        "import sys, pyarrow as pa\nfrom datetime import *\nfrom northstar.ingest.landing import LandingZone\n"
        "with LandingZone(sys.argv[1]).begin('app', 'load-1', datetime(2026, 11, 4, 9, tzinfo=UTC)) as writer:\n"
        "    writer.write('a', pa.table({'n': [1]}))\n    writer.write('b', pa.table({'n': [1]}))\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], env={**os.environ, "NORTHSTAR_FAILPOINT": "after_file"}
    )
    assert killed.returncode == -signal.SIGKILL
    zone = LandingZone(str(tmp_path))
    names = [Path(name).name for name in visible(zone)]
    assert names == ["a-00000.parquet", "b-00001.parquet.tmp"]
    assert zone.sweep("app", AT, keep=set()) == 1
    assert visible(zone) == []


def test_local_files_and_directories_are_flushed_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    flush = os.fsync

    def record(descriptor: int) -> None:
        flushed.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    root = tmp_path / "landing"
    land(LandingZone(str(root)), "load-1")
    day = root / "app" / "2026-11-04"
    assert flushed == [
        str(p) for p in (day / "load-1" / "visits-00000.parquet.tmp", day / "load-1", day, root / "app", root)
    ]


def test_only_directories_and_s3_will_do() -> None:
    with pytest.raises(IngestError, match="give a directory or an s3:// URL"):
        LandingZone("gs://bucket/prefix")
