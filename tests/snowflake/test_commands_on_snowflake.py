"""Commands on a little company that lives on both engines, in the same trouble on each: they say and do the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from companies import Company, opened, settled
from emulator import Snowflake, emulated
from engines import create_stage, throw_away_key
from grammar import shapes, unparsable
from little import HALF_HOUR, MIDNIGHT
from projects import PROJECT
from sqlmesh import Context
from typer.testing import CliRunner

from northstar import failpoints
from northstar.cli import app
from northstar.ingest import opening
from northstar.ingest.contract import Batch
from northstar.ingest.landing import LandingZone
from northstar.settings import Settings
from northstar.status import Status, status_of

pytestmark = pytest.mark.slow

NOW = MIDNIGHT + 2 * HALF_HOUR + timedelta(minutes=5)
CONFIGURED = {"NORTHSTAR_APP_DSN": "x", "NORTHSTAR_STRIPE_API_KEY": "x"}
MADE_BY_MODELS = (
    "CREATE VIEW ops.audit_result AS "
    + (PROJECT / "models" / "ops" / "audit_result.sql").read_text().partition(");\n")[2],
    "CREATE TABLE ops.quarantine (source VARCHAR, batch VARCHAR, fault_rule VARCHAR, loaded_on DATE, held_count INT, "
    "readmitted_count INT)",
    "INSERT INTO ops.quarantine VALUES ('partner', 'b', 'a rule', '2026-03-02', 2, 1), "
    "('partner', 'b', 'a rule', '2026-03-03', 1, 0), ('app', 'c', 'another', '2026-03-02', 0, 4)",
)
"""What of schema ops the little company has no models for: audits as they are, and some of a quarantine."""


class Killed(Exception):
    """Stands for SIGKILL where the process is to live on: nothing is committed after it."""


class Both:
    """The company on each gateway, and the account of the second."""

    def __init__(self, home: Path, account: Snowflake) -> None:
        key = throw_away_key(home)
        self.account = account
        self.companies = [Company(home / name, name, key).create() for name in ("duckdb", "snowflake")]
        for company in self.companies:  # what forget says of Time Travel
            shutil.copytree(PROJECT / "infra", company.home / "project" / "infra")
        create_stage(home / "snowflake" / "landing")

    def __iter__(self) -> Iterator[Company]:
        return iter(self.companies)


@contextmanager
def both_in(home: Path) -> Iterator[Both]:
    with emulated() as account:
        yield Both(home, account)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """After two ticks: in the second a source was down and a model's audit failed."""
    with both_in(tmp_path_factory.mktemp("both")) as made:
        for company in made:
            with opened(company) as warehouse:
                assert company.live_and_tick(warehouse, 0).status == "ok"
                for statement in MADE_BY_MODELS:
                    warehouse.statements.execute(statement)
                company.down("stripe")
                company.change("app", ("I", 777, None, "2026-03-02", 5))
                assert company.live_and_tick(warehouse, 1).status == "models_failed"
        yield made


def looked(company: Company) -> Status:
    with settled(company):
        return status_of(Settings.from_environment({**company.environment, **CONFIGURED}), NOW)


def told(company: Company, *command: str) -> list[dict[str, Any]]:
    """The lines of JSON that a command prints."""
    with settled(company):
        done = CliRunner().invoke(app, [*command, "--json"], env=CONFIGURED)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def asked(company: Company, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a statement, in a fixed order."""
    with settled(company):
        connection = opening.connect(Settings.from_environment(company.environment))
        try:
            return sorted(connection.execute(statement).fetchall(), key=repr)
        finally:
            connection.close()


def did(company: Company, *command: str) -> str:
    """What a command said that went well."""
    with settled(company):
        done = CliRunner().invoke(app, command, env={**CONFIGURED, "COLUMNS": "200"})
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


RAW = {
    "raw_app.visit": "_op, _seq, visit_id, clinic_id, day, minutes, _load_id, _loaded_at",
    "raw_stripe.payment": "_op, _seq, payment_id, clinic_id, amount, _load_id, _loaded_at",
    "ops.load_ledger": "source, batch_no, load_id, object, row_count, cursor_after, source_as_of, loaded_at",
    "ops.source_seal": "source, sealed_through",
}


def raw(company: Company) -> dict[str, list[tuple[Any, ...]]]:
    return {table: asked(company, f"SELECT {columns} FROM {table}") for table, columns in RAW.items()}


def test_before_the_first_tick(tmp_path: Path) -> None:
    with both_in(tmp_path) as made:
        on_duckdb, on_snowflake = (looked(company) for company in made)
    assert on_snowflake.last_tick is None and on_snowflake.busy is None
    assert on_snowflake == on_duckdb


def test_ingest_loads_the_same_and_seals_nothing(tmp_path: Path) -> None:
    with both_in(tmp_path) as made:
        loaded = []
        for company in made:
            for number, at in enumerate(("2026-03-02T00:30", "2026-03-02T01:00")):
                company.live(number)
                said = did(company, "ingest", "--source", "app", "--source", "stripe", "--at", at)
                assert said.count(" ok ") == 2, said
            loaded.append(raw(company))
        assert unparsable(shapes(made.account.sent).values()) == []
    on_duckdb, on_snowflake = loaded
    assert on_snowflake == on_duckdb
    assert (len(on_snowflake["raw_app.visit"]), on_snowflake["ops.source_seal"]) == (14, [])


def test_a_source_that_fails_stops_no_other(tmp_path: Path) -> None:
    with both_in(tmp_path) as made:
        for company in made:
            company.live(0)
            company.down("stripe")
            with settled(company):
                done = CliRunner().invoke(app, ["ingest", "--source", "app", "--source", "stripe"], env=CONFIGURED)
            assert (done.exit_code, "is down" in done.output) == (3, True)
            assert len(asked(company, "SELECT 1 FROM raw_app.visit")) == 6


def test_status_is_the_same(both: Both) -> None:
    on_duckdb, on_snowflake = (without_times(looked(company).as_line()) for company in both)
    assert on_snowflake == on_duckdb
    assert [audit["model"] for audit in on_snowflake["audits_failing"]] == ["little.visit_change"]
    assert [(one["held"], one["readmitted"]) for one in on_snowflake["quarantine"]] == [(3, 1)]
    advice = " ".join(one["what"] for one in on_snowflake["next"])
    assert "stripe is down" in advice and "little.visit_change" in advice


def without_times(line: dict[str, Any]) -> dict[str, Any]:
    """Without what is of the machine's clock; that it is there is seen by the keys."""
    last = {name: value for name, value in line["last_tick"].items() if name not in ("seconds", "started_at")}
    audits = [{**one, "passed_at": one["passed_at"] is not None} for one in line["audits_failing"]]
    return {**line, "last_tick": last, "audits_failing": audits}


@pytest.mark.parametrize("command", ["status", "sources"])
def test_the_commands_do_not_load_the_project(both: Both, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("the project was loaded")

    monkeypatch.setattr(Context, "__init__", refuse)
    on_duckdb, on_snowflake = (told(company, command) for company in both)
    assert [line.keys() for line in on_snowflake] == [line.keys() for line in on_duckdb]
    if command == "sources":
        duck, snow = (
            {one["source"]: (one["sealed_through"], one["cursor"], one["last_error"]) for one in lines}
            for lines in (on_duckdb, on_snowflake)
        )
        assert snow == duck
        assert "down" in snow["stripe"][2]


@pytest.mark.parametrize("place", ["in_replace", "after_replaced_file", "after_replace"])
def test_a_reload_that_dies_has_done_all_or_nothing_and_repeating_it_mends(
    both: Both, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def reach(name: str) -> None:
        if name == place:
            raise Killed

    for company in both:
        whole = raw(company)
        ((load_id,),) = asked(company, "SELECT MIN(load_id) FROM ops.load_ledger WHERE source = 'app'")
        asked(company, f"DELETE FROM raw_app.visit WHERE _load_id = '{load_id}' AND minutes > 12")
        asked(company, f"UPDATE raw_app.visit SET minutes = -1 WHERE _load_id = '{load_id}'")
        damaged = raw(company)
        assert damaged != whole
        with monkeypatch.context() as patch:
            patch.setattr(failpoints, "reach", reach)
            with settled(company):
                assert isinstance(CliRunner().invoke(app, ["reload", "app", load_id]).exception, Killed)
        assert raw(company) == (whole if place == "after_replace" else damaged)
        said = did(company, "reload", "app", load_id)
        assert "put back 6 rows of 1 tables" in said and "northstar backfill raw_app.visit --start" in said
        assert raw(company) == whole


def test_a_load_that_the_ledger_does_not_know_is_refused(both: Both) -> None:
    with settled(both.companies[1]):
        refused = CliRunner().invoke(app, ["reload", "app", "nowhere"])
    assert refused.exit_code == 2
    assert "the ledger knows no files of load 'nowhere' of app" in " ".join(refused.output.split())


def test_keys_are_rotated(both: Both) -> None:
    """The company has no patients; those of a table are of nobody whom raw knows."""
    for company in both:
        asked(
            company,
            "CREATE TABLE little.visit_of_patient AS SELECT CAST(77 AS BIGINT) AS patient_key UNION ALL SELECT -1",
        )
        (key,) = asked(company, "SELECT inner_pad, outer_pad FROM restricted.pseudonym_key")
        said = " ".join(did(company, "keys", "rotate").split())
        assert said == "1 pseudonyms are new, in 1 rows of 1 tables; 1 of them stand for nobody whom raw still knows"
        keys = asked(company, "SELECT patient_key FROM little.visit_of_patient")
        assert keys[0] == (-1,) and keys[1] not in ((77,), (-1,)), keys
        assert asked(company, "SELECT inner_pad, outer_pad FROM restricted.pseudonym_key") != [key]


PATIENT = 4242
PATIENTS = [
    {"_op": "I", "patient_id": PATIENT, "first_name": "Ada", "email": "ada@example.com", "account_id": 1},
    {"_op": "I", "patient_id": PATIENT + 1, "first_name": "Bob", "email": "bob@example.com", "account_id": 1},
]
VISITS = [
    {"_op": "I", "appointment_id": 1, "patient_id": PATIENT, "notes": "fell"},
    {"_op": "I", "appointment_id": 2, "patient_id": PATIENT + 1, "notes": "ask ada@example.com"},
]


def told_of_patients(company: Company, load_id: str) -> None:
    """The app tells of two patients."""
    with settled(company):
        settings = Settings.from_environment(company.environment)
        landing = LandingZone(settings.landing)
        sink = opening.sink_over(opening.connect(settings), settings, landing)
        with landing.begin("app", load_id, NOW) as writer:
            writer.write("patients__patients", pa.Table.from_pylist(PATIENTS))
            writer.write("scheduling__appointments", pa.Table.from_pylist(VISITS))
        sink.load("app", Batch(load_id, tuple(writer.files), {}, NOW), NOW)
        sink.close()


def about(company: Company) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], str]:
    """What raw and the landing files say of patients."""
    files = sorted(Path(company.environment["NORTHSTAR_LANDING"]).rglob("*/[ps]*__*.parquet"))
    return (
        asked(company, "SELECT patient_id, first_name, email FROM raw_app.patients__patients"),
        asked(company, "SELECT appointment_id, patient_id, notes FROM raw_app.scheduling__appointments"),
        str([pq.read_table(file).drop_columns("_loaded_at").to_pylist() for file in files]),
    )


def test_a_patient_is_forgotten_resumed_after_a_kill_and_kept_out(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    def reach(name: str) -> None:
        if name == "erasure_before_commit":
            raise Killed

    results = []
    for company in both:
        told_of_patients(company, "of-patients-1")
        before = about(company)[:2]
        with monkeypatch.context() as patch, settled(company):
            patch.setattr(failpoints, "reach", reach)
            assert isinstance(CliRunner().invoke(app, ["forget", str(PATIENT)]).exception, Killed)
        assert about(company)[:2] == before
        said = did(company, "forget", "--resume")
        assert "of raw 1 rows deleted and 2 unlinked in 2 tables" in " ".join(said.split()), said
        assert "no run was left unfinished" in did(company, "forget", "--resume")
        forgotten = about(company)
        told_of_patients(company, "of-patients-2")
        results.append((forgotten, about(company)))
        assert "knows no such patient" in did(company, "forget", "99")
    on_duckdb, (forgotten, kept_out) = results
    assert (forgotten, kept_out) == on_duckdb
    assert forgotten[0] == [(PATIENT + 1, "Bob", "bob@example.com")]
    assert sorted(forgotten[1]) == [(1, -2, None), (2, PATIENT + 1, None)]
    assert (
        len(kept_out[0]) == 2 and [word for word in ("Ada", "fell", str(PATIENT) + ",") if word in str(kept_out)] == []
    )


def test_what_was_sent_is_snowflakes(both: Both) -> None:
    both.account.sent.clear()
    ((load_id,),) = asked(both.companies[1], "SELECT MIN(load_id) FROM ops.load_ledger WHERE source = 'app'")
    told(both.companies[1], "status")
    told(both.companies[1], "sources")
    did(both.companies[1], "reload", "app", load_id)
    assert len(both.account.sent) > 20
    assert unparsable(shapes(both.account.sent).values()) == []
