"""``northstar forget`` and ``northstar keys rotate`` as people run them: on a warehouse with a dev environment, killed, resumed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from held import holding, pseudonym, telling
from lab import PROJECT, open_lab, open_warehouse
from reduced import ANCHOR, reduced_project
from sqlmesh import Context

from northstar.contracts import CONTRACTS, Contracts, load_contracts
from northstar.ingest.duckdb_sink import connect, quoted
from northstar.phi.tables import held_tables
from northstar.settings import Settings
from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer
from northstar.warehouse import Warehouse

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FACTS = (
    "SELECT status, is_deleted, count(*), min(starts_at) FROM {intermediate}.int_scheduling__appointment GROUP BY ALL ORDER BY ALL",
    "SELECT clinic_id, visit_year, count(*) FROM {core}.fct_visit_demographic GROUP BY ALL ORDER BY ALL",
)
"""What must be the same whoever is forgotten."""
PLACES = ("erasure_listed", "erasure_file_written:2", "erasure_raw_done", "erasure_before_commit")


@dataclass
class Home:
    """A warehouse that nobody has open, and the two projects whose tables are in it."""

    environment: dict[str, str]
    project: Path
    dev: Path
    patients: list[int]
    contracts: Contracts
    now: Any

    def run(self, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command as a process of its own."""
        program = str(Path(sys.executable).parent / "northstar")
        return subprocess.run(
            [program, *command.split()], cwd=self.project, capture_output=True, text=True, timeout=300,
            env={**os.environ, "PYTHONPATH": str(PROJECT), **self.environment, **environment},
        )  # fmt: skip

    def open(self) -> duckdb.DuckDBPyConnection:
        return connect(Path(self.environment["NORTHSTAR_DUCKDB"]))

    def facts(self) -> list[list[tuple[Any, ...]]]:
        """Of prod and of dev."""
        schemas = ({"intermediate": "intermediate", "core": "core"}, {"intermediate": "intermediate__dev", "core": "core__dev"})  # fmt: skip
        with self.open() as connection:
            return [connection.execute(query.format(**names)).fetchall() for names in schemas for query in FACTS]

    def telling(self, patient: int) -> set[str]:
        with self.open() as connection:
            return telling(connection, patient)

    def holding(self, patient: int, values: set[str]) -> list[str]:
        with self.open() as connection:
            landing = Path(self.environment["NORTHSTAR_LANDING"])
            return holding(connection, landing, self.contracts, patient, values)


@pytest.fixture(scope="module")
def home(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    project, dev = reduced_project(tmp_path_factory.mktemp("project")), tmp_path_factory.mktemp("dev") / "project"
    shutil.copytree(project, dev)
    model = dev / "models/intermediate/scheduling/int_scheduling__appointment.sql"
    text = model.read_text()
    model.write_text(
        text.replace("  status::VARCHAR AS status,", "  starts_at::TIMESTAMP AS seen_at,\n  status::VARCHAR AS status,")
    )
    assert model.read_text() != text
    with (
        open_lab(postgres_server, Company(seed=11, scale=0.02, anchor=ANCHOR)) as company,
        pytest.MonkeyPatch.context() as patch,
    ):
        with open_warehouse(company, tmp_path_factory.mktemp("commands"), "commands", project=project) as made:
            made.tick()
            patients = made.rows(
                "SELECT patient_id FROM raw_app.scheduling__appointments JOIN raw_app.billing__invoices USING (patient_id) "
                "JOIN raw_app.patients__patients AS p USING (patient_id) WHERE p.email IS NOT NULL AND p.phone IS NOT NULL "
                "GROUP BY patient_id ORDER BY count(DISTINCT invoice_id) DESC, patient_id LIMIT 8"
            )
            environment = {**made.environment, "NORTHSTAR_PROJECT": str(project), "NORTHSTAR_BACKUP_DAYS": "35"}
        for name, value in environment.items():
            patch.setenv(name, value)
        _plan(dev, "dev", company.now)
        yield Home(
            environment, project, dev, [row["patient_id"] for row in patients], load_contracts(project / CONTRACTS), company.now
        )  # fmt: skip


def _plan(project: Path, environment: str, now: Any, restate: list[str] | None = None) -> None:
    opened = Context(paths=str(project))
    try:
        opened.plan(
            environment, execution_time=now + timedelta(seconds=1), skip_tests=True, auto_apply=True, no_prompts=True,
            restate_models=restate,
        )  # fmt: skip
    finally:
        opened.close()
        opened.engine_adapter.close()


def _versions(home: Home, model: str) -> list[str]:
    """Physical tables of a model, of prod and of dev."""
    with home.open() as connection:
        return [held.sql for held in held_tables(connection) if f"__{model}__".upper() in held.name.upper()]


def test_the_dev_environment_has_tables_of_its_own(home: Home) -> None:
    assert len(_versions(home, "int_scheduling__appointment")) == 2


def test_a_patient_is_forgotten_by_one_command(home: Home) -> None:
    patient = home.patients[0]
    values, facts = home.telling(patient), home.facts()
    assert len(values) >= 4 and len(home.holding(patient, values)) > 10, "there was nothing to forget"

    done = home.run(f"forget {patient}")

    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 0, said
    assert home.holding(patient, values) == []
    assert home.facts() == facts
    for words in (r"of raw [1-9]\d* rows deleted", r"[1-9]\d* landing files rewritten", "no Time Travel",
                  r"Backups made before now are kept until 20\d\d-\d\d-\d\d \(35 days\)", "The app still knows the patient"):  # fmt: skip
        assert re.search(words, said), (words, said)
    assert [value for value in values if value in said] == []


def test_columns_that_only_dev_has_are_blank_for_the_forgotten(home: Home) -> None:
    with home.open() as connection:
        (table,) = [held.sql for held in held_tables(connection) if "seen_at" in held.columns]
        rows = connection.execute(f"SELECT patient_key = -2, count(*), count(seen_at) FROM {table} GROUP BY 1 ORDER BY 1").fetchall()  # fmt: skip

    (_, others, seen), (_, forgotten, blank) = rows
    assert others == seen > 0
    assert forgotten > 0 == blank


@pytest.mark.parametrize("place", PLACES)
def test_a_killed_run_changes_no_figure_and_is_finished_by_resume(home: Home, place: str) -> None:
    patient = home.patients[1 + PLACES.index(place)]
    values, facts = home.telling(patient), home.facts()

    killed = home.run(f"forget {patient}", NORTHSTAR_FAILPOINT=place)

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert home.facts() == facts
    assert home.holding(patient, values) != []
    resumed = home.run("forget --resume")
    assert resumed.returncode == 0, resumed.stderr
    assert "What still holds the patient" in resumed.stderr
    assert home.holding(patient, values) == []
    assert home.facts() == facts
    assert not list(Path(home.environment["NORTHSTAR_LANDING"]).rglob("*.tmp"))
    assert "no run was left unfinished" in home.run("forget --resume").stderr


@pytest.mark.parametrize("place", ["rotate_between_tables", "rotate_before_commit"])
def test_a_killed_rotation_changes_nothing(home: Home, place: str) -> None:
    before = _keys(home)

    killed = home.run("keys rotate", NORTHSTAR_FAILPOINT=place)

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert _keys(home) == before


def _keys(home: Home) -> dict[str, set[int]]:
    with home.open() as connection:
        return {
            f"{held.name}.{column}": {key for (key,) in connection.execute(
                f"SELECT DISTINCT {quoted(column)} FROM {held.sql} WHERE {quoted(column)} > 0").fetchall()}
            for held in held_tables(connection)
            for column in held.pseudonyms
        }  # fmt: skip


def _joined(home: Home) -> list[int]:
    """Visits that find their patient, in prod and from dev's own table."""
    with home.open() as connection:
        return [
            connection.execute(
                f"SELECT count(*) FROM {schema}.int_scheduling__appointment AS v JOIN core.dim_patient USING (patient_key)"
            ).fetchall()[0][0]
            for schema in ("intermediate", "intermediate__dev")
        ]


def test_a_rotation_reaches_dev_and_keeps_joins(home: Home) -> None:
    before, joined, facts = _keys(home), _joined(home), home.facts()
    assert joined[0] == joined[1] > 0

    done = home.run("keys rotate")

    assert done.returncode == 0, done.stderr
    after = _keys(home)
    assert {name: len(keys) for name, keys in after.items()} == {name: len(keys) for name, keys in before.items()}
    assert not set().union(*before.values()) & set().union(*after.values())
    assert _joined(home) == joined
    assert home.facts() == facts


def test_a_replay_of_raw_brings_nobody_back(home: Home) -> None:
    """In prod and in dev, under the new key, and with the app telling everything from the beginning."""
    forgotten = home.patients[: 1 + len(PLACES)]
    facts = home.facts()
    with home.open() as connection:
        keys = {pseudonym(connection, patient) for patient in forgotten}
        (unlinked,) = connection.execute("SELECT count(*) FROM intermediate.int_scheduling__appointment WHERE patient_key = -2").fetchall()[0]  # fmt: skip
    changes = ["intermediate.int_patients__patient_change", "intermediate.int_scheduling__appointment_change"]

    _plan(home.project, "prod", home.now, changes)
    _plan(home.dev, "dev", home.now, ["intermediate.int_scheduling__appointment"])

    assert home.facts() == facts
    with home.open() as connection:
        for held in held_tables(connection):
            for column in held.pseudonyms:
                there = {key for (key,) in connection.execute(f"SELECT DISTINCT {quoted(column)} FROM {held.sql}").fetchall()}  # fmt: skip
                assert not there & keys, held.name
        assert connection.execute("SELECT count(*) FROM intermediate.int_scheduling__appointment WHERE patient_key = -2").fetchall() == [(unlinked,)]  # fmt: skip


def test_the_record_names_nobody(home: Home) -> None:
    with home.open() as connection:
        columns = [name for name, *_ in connection.execute("DESCRIBE ops.erasure_log").fetchall()]
        started, finished = connection.execute("SELECT count(*), count(finished_at) FROM ops.erasure_log").fetchall()[0]
        lengths = connection.execute("SELECT DISTINCT octet_length(digest) FROM restricted.erased_patient").fetchall()

    assert columns == ["erasure_id", "started_at", "finished_at", "raw_rows_deleted", "raw_rows_unlinked",
                       "table_rows_deleted", "table_rows_unlinked", "files_rewritten"]  # fmt: skip
    assert (started, finished) == (1 + 2 * len(PLACES), 1 + len(PLACES))
    assert lengths == [(32,)]


def test_a_warehouse_opens_after_all_this(home: Home) -> None:
    with Warehouse(Settings.from_environment({**os.environ, **home.environment})) as warehouse:
        assert warehouse.is_initialised
