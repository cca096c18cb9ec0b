"""The old warehouse's history in raw: rows of their time, once, whole, whatever is killed."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from forks import KILLED, in_fork
from old_warehouse import create_providers
from typer.testing import CliRunner

from northstar.cli import app
from northstar.contracts import CONTRACTS
from northstar.ingest.contract import Batch
from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.landing import LandingZone
from northstar.ingest.ledger import WHOLE_BATCH
from northstar.migrate.mapping import FILE, load_mapping
from northstar.simulator.legacy.history import unload_history

ROOT = Path(__file__).parents[2]
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
AT = "2026-03-02T09:30"


class Old:
    """An old warehouse, a project that maps it, and a new warehouse."""

    def __init__(self, home: Path) -> None:
        self.home, self.folder, self.project = home, home / "old", home / "project"
        self.connection = duckdb.connect()
        create_providers(self.connection)
        unload_history(self.connection, "provider", self.folder, BEGIN, days=40)
        for part in (CONTRACTS, Path("external_models")):
            shutil.copytree(ROOT / part, self.project / part)
        (self.project / FILE).write_text((ROOT / FILE).read_text())

    def edit(self, table: str, /, **changes: Any) -> None:
        """Change the mapping of one raw table."""
        found = yaml.safe_load((self.project / FILE).read_text())
        entry = next(entry for entry in found["history"] if entry["raw"] == table)
        entry["columns"].update(changes.pop("columns", {}))
        entry.update(changes)
        (self.project / FILE).write_text(yaml.safe_dump(found, sort_keys=False))

    def migrate(self) -> tuple[int, str]:
        """`northstar migrate history`: its exit code, and what it said."""
        given = {
            "NORTHSTAR_PROJECT": str(self.project), "NORTHSTAR_DUCKDB": str(self.home / "northstar.duckdb"),
            "NORTHSTAR_LANDING": str(self.home / "landing"), "NORTHSTAR_LOCK": str(self.home / "lock"),
            "NORTHSTAR_LEGACY": str(self.folder),
        }  # fmt: skip
        result = CliRunner().invoke(app, ["migrate", "history", "--at", AT], env=given)
        return result.exit_code, " ".join(result.output.split())

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the new warehouse."""
        connection = connect(self.home / "northstar.duckdb")
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def raw(self) -> list[list[tuple[Any, ...]]]:
        """All that history brought, load ids and stamps included."""
        tables = ("raw_app.directory__providers", "raw_app.scheduling__appointments")
        return [self.ask(f"SELECT * FROM {table} ORDER BY ALL") for table in tables]


@pytest.fixture
def old(tmp_path: Path) -> Old:
    return Old(tmp_path)


def test_rows_become_snapshots_of_their_time_once(old: Old) -> None:
    code, said = old.migrate()
    assert code == 0, said
    assert "dw.provider_history -> raw_app.directory__providers: 6 rows" in said  # 5 were there twice

    rows = old.ask(
        "SELECT provider_id, _op, _commit_ts, _commit_lsn, _seq, specialty_code, last_name, credential, terminated_on, "
        "_loaded_at FROM raw_app.directory__providers ORDER BY provider_id, _commit_lsn"
    )
    assert len(rows) == 6
    began = datetime(2024, 1, 1) - timedelta(days=300)
    assert rows[0] == (
        1, "R", began + timedelta(days=1), rows[0][3], 0, "208D00000X", "de la Cruz", "MD", None,
        datetime(2026, 3, 2, 9, 29, 59),
    )  # fmt: skip
    assert rows[1][2:6:3] == (began + timedelta(days=201), "207Q00000X")
    assert rows[0][3] < rows[1][3] < 0  # before every position of a real log, in the order of time
    visits = "SELECT count(*), min(starts_at), count(DISTINCT appointment_id) FROM raw_app.scheduling__appointments"
    assert old.ask(visits)[0] == (120, datetime(2024, 1, 1, 15), 120)

    before = old.raw()
    code, said = old.migrate()
    assert code == 0 and said.count("was there already") == 2
    assert old.raw() == before


def test_the_ledger_knows_the_loads_and_the_source_goes_on_from_where_it_was(old: Old) -> None:
    connection = connect(old.home / "northstar.duckdb")
    sink = DuckDBSink(connection, LandingZone(str(old.home / "landing")))
    sink.load("app", Batch("one", [], {"lsn": 42}, BEGIN), BEGIN)
    connection.close()

    assert old.migrate()[0] == 0

    closing = f"FROM ops.load_ledger WHERE object = '{WHOLE_BATCH}' ORDER BY batch_no"
    ledger = old.ask(f"SELECT load_id, row_count, cursor_after {closing}")
    assert [row[1:] for row in ledger] == [(0, '{"lsn": 42}'), (6, '{"lsn": 42}'), (120, '{"lsn": 42}')]
    assert ledger[1][0].startswith("legacy-dw.provider_history-")


@pytest.mark.parametrize(
    "place", ["after_file", "after_read", "in_load", "before_commit", "after_commit", "after_commit:2", "after_file:2"]
)
def test_killed_anywhere_it_is_whole_after_a_rerun(
    old: Old, tmp_path_factory: pytest.TempPathFactory, place: str
) -> None:
    whole = Old(tmp_path_factory.mktemp("whole"))
    shutil.rmtree(whole.folder)
    shutil.copytree(old.folder, whole.folder)
    assert whole.migrate()[0] == 0

    assert in_fork(old.migrate, place) == KILLED
    per_table = old.ask("SELECT object, count(*) FROM ops.load_ledger WHERE file IS NOT NULL GROUP BY 1")
    for object, files in per_table:  # what the ledger has is there whole
        assert files == 1 and old.ask(f"SELECT count(*) FROM raw_app.{object}") in ([(6,)], [(120,)])

    assert old.migrate()[0] == 0
    assert old.raw() == whole.raw()


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a column that raw does not have": (
        {"columns": {"speciality": "specialty"}},
        "raw_app.directory__providers has no column speciality that a mapping may fill",
    ),
    "a legacy column that is not there": (
        {"columns": {"npi": "npi_number"}},
        'column npi: Binder Error: Referenced column "npi_number" not found',
    ),
    "a value of another type": (
        {"columns": {"hired_on": "full_name"}},
        "column hired_on: 11 values are no DATE; nothing was loaded",
    ),
    "no time": ({"at": "CASE WHEN provider_id > 1 THEN valid_from END"}, "2 rows have no provider_id or no time"),
    "two rows at a time": (
        {"at": "hire_date"},
        "3 rows differ from another row of the same provider_id at the same time (hire_date)",
    ),
    "a key that is not mapped": ({"key": ["provider_no"]}, "key column provider_no is not among its columns"),
    "a table that nobody unloaded": ({"legacy": "dw.providers"}, "has no Parquet files of dw.providers"),
    "a misspelt entry": ({"colums": {}}, "colums is none of legacy, raw, key, at, columns"),
    "a raw table that no model reads": (
        {"raw": "raw_app.directory__rooms"},
        "no model reads raw_app.directory__rooms",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_mapping_is_named_and_nothing_is_loaded(old: Old, name: str) -> None:
    """Not even the tables whose mapping is right: all are tried before the first is loaded."""
    changes, message = BAD[name]
    found = yaml.safe_load((old.project / FILE).read_text())
    found["history"].reverse()  # the bad one is the last
    (old.project / FILE).write_text(yaml.safe_dump(found, sort_keys=False))
    old.edit("raw_app.directory__providers", **changes)

    code, said = old.migrate()

    assert code == 2, said
    assert message in said
    if (old.home / "northstar.duckdb").exists():
        assert old.ask("SELECT count(*) FROM ops.load_ledger") == [(0,)]


def test_a_value_without_a_counterpart_stops_the_import(old: Old) -> None:
    old.connection.execute("UPDATE legacy SET status = 'TENTATIVE' WHERE patient_id = 2")
    old.connection.execute(f"COPY legacy TO '{old.folder / 'dw.appointments' / 'part-000.parquet'}' (FORMAT parquet)")

    code, said = old.migrate()

    assert code == 2 and "status TENTATIVE has no counterpart" in said
    assert old.ask("SELECT count(*) FROM ops.load_ledger") == [(0,)]


def test_the_same_history_is_unloaded_in_the_same_files(old: Old) -> None:
    def contents() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in old.folder.rglob("*.parquet")}

    first = contents()
    for _ in range(10):
        unload_history(old.connection, "provider", old.folder, BEGIN, days=40)
        assert contents() == first


def test_another_export_of_an_imported_table_is_refused(old: Old) -> None:
    assert old.migrate()[0] == 0
    before = old.raw()
    unload_history(old.connection, "provider", old.folder, BEGIN, days=41)

    code, said = old.migrate()

    assert code == 2
    assert "dw.appointments is in raw_app.scheduling__appointments already, from another export" in said
    assert old.raw() == before


def test_the_projects_contract_is_well_formed() -> None:
    found = load_mapping(ROOT)

    assert [one.raw for one in found.history] == ["raw_app.directory__providers", "raw_app.scheduling__appointments"]
    assert {one.mart for one in found.reports} == {"marts_operations.mart_appointment_outcome"}
