"""Backfills of a little company: exact, only what is needed, resumable, and out of the way of ticks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from forks import KILLED, in_fork
from little import HALF_HOUR, MIDNIGHT, Little, contents
from settled import settle
from typer.testing import CliRunner

from northstar.backfill.journal import Entry, Status
from northstar.backfill.run import BackfillFailed, Backfills, worth_noting
from northstar.backfill.scope import from_ms
from northstar.cli import app
from northstar.engine import AuditRun
from northstar.lock import lock_of, writer_lock
from northstar.settings import Settings
from northstar.simulator.postgres_server import PostgresServer
from northstar.tick import TickReport, tick
from northstar.warehouse import RunReport, Warehouse

HOUR = timedelta(hours=1)
LIVED = 10
"""Half hours that the company has lived."""
VISITS = ["little.visit_change"]


class Nobody:
    """A lease that no one waits for."""

    def check(self) -> None:
        pass

    def wanted(self) -> bool:
        return False

    def beat(self) -> None:
        pass

    def release(self) -> None:
        pass


def ticked(warehouse: Warehouse, little: Little, number: int = LIVED) -> TickReport:
    return tick(warehouse, ("app", "stripe"), little.environment, MIDNIGHT + (number + 1) * HALF_HOUR)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """A company that has lived and was ticked for some hours, to be copied."""
    little = Little(tmp_path_factory.mktemp("template") / "home").create()
    with pytest.MonkeyPatch.context() as patch:
        settle(little, patch)
        with little.warehouse() as warehouse:
            for number in range(LIVED):
                little.live(number)
                assert ticked(warehouse, little, number).status == "ok"
    return little


@pytest.fixture
def lived(template: Little, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Little:
    """A copy of that company."""
    shutil.copytree(template.home, tmp_path / "home")
    little = Little(tmp_path / "home")
    settle(little, monkeypatch)
    return little


@pytest.fixture
def warehouse(lived: Little) -> Iterator[Warehouse]:
    with lived.warehouse() as opened:
        yield opened


def span(first: int, behind: int) -> tuple[datetime, datetime]:
    """From the beginning of one half hour of the day to the beginning of another."""
    return MIDNIGHT + first * HALF_HOUR, MIDNIGHT + behind * HALF_HOUR


def backfilled(warehouse: Warehouse, models: list[str], first: int, behind: int, batch: timedelta = HOUR) -> Entry:
    """Ask for a backfill and do all of it."""
    backfills = Backfills(warehouse)
    entry = backfills.ask(models, *span(first, behind), batch)
    assert backfills.go_on(entry, Nobody())
    return backfills.journal.entry(entry.backfill_id)


def rebuilt(little: Little, home: Path) -> dict[str, list[tuple[object, ...]]]:
    """What the models hold when they are computed from the same raw tables by a warehouse that knows nothing else."""
    shutil.copytree(little.home, home)
    copy = Little(home)
    (home / "state.duckdb").unlink()
    with pytest.MonkeyPatch.context() as patch:
        settle(copy, patch)
        with copy.warehouse() as warehouse:
            connection = warehouse.connection
            for (schema,) in connection.execute(
                "SELECT schema_name FROM duckdb_schemas() WHERE database_name = 'NORTHSTAR' AND lower(schema_name) "
                "IN ('little', 'sqlmesh__little')"
            ).fetchall():
                connection.execute(f'DROP SCHEMA "{schema}" CASCADE')
            warehouse.initialise(MIDNIGHT + LIVED * HALF_HOUR)
            assert warehouse.run(MIDNIGHT + LIVED * HALF_HOUR).succeeded
            return contents(warehouse)


def audits_noted(warehouse: Warehouse, entry: Entry) -> list[tuple[str, str, int]]:
    """What the log says that audits of a backfill found."""
    query = "SELECT model, audit, fault_count FROM ops.audit_log WHERE backfill_id = ? ORDER BY ALL"
    return warehouse.connection.execute(query, [entry.backfill_id]).fetchall()


def test_of_a_history_each_failure_and_the_last_result_are_noted() -> None:
    now = MIDNIGHT
    audits = [AuditRun("little.rate", "not_null", "", True, now + n * HALF_HOUR, faults, 0.1)
              for n, faults in enumerate((0, 2, 0, 0))]  # fmt: skip
    reports = [RunReport("success", audits=audits[:2]), RunReport("success", audits=audits[2:])]
    assert worth_noting(reports) == [audits[1], audits[3]]


HISTORY = ("little.rate", "little.rate_now")


def without_history(found: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    return {table: rows for table, rows in found.items() if table not in HISTORY}


def test_restating_what_is_right_changes_nothing(warehouse: Warehouse) -> None:
    before = contents(warehouse)
    entry = backfilled(warehouse, [*VISITS, "little.payment_change"], 1, 8)
    assert entry.status is Status.DONE
    assert contents(warehouse) == before
    batches = Backfills(warehouse).journal.batches(entry.backfill_id)
    assert [batch.status for batch in batches] == [Status.DONE] * len(batches)
    assert [f"{batch.start:%H:%M}-{batch.end:%H:%M}" for batch in batches] == [
        "00:00-01:00", "01:00-02:00", "02:00-03:00", "03:00-04:00", "04:00-04:00",
    ]  # fmt: skip
    noted = audits_noted(warehouse, entry)
    assert {fault_count for _, _, fault_count in noted} == {0}
    assert [model for model, audit, _ in noted if audit == "not_null"].count("little.visit_change") == 4


def test_rows_changed_moved_and_gone_end_as_in_a_rebuild(lived: Little, warehouse: Warehouse, tmp_path: Path) -> None:
    before = contents(warehouse)
    connection = warehouse.connection
    connection.execute("UPDATE raw_app.visit SET clinic_id = 8, day = '2026-05-05' WHERE visit_id = 31")
    connection.execute("DELETE FROM raw_app.visit WHERE visit_id = 25")  # an erasure takes a key away altogether
    connection.execute("DELETE FROM raw_app.visit WHERE visit_id = 50 AND _op = 'U'")
    connection.execute("UPDATE raw_app.visit SET minutes = 1000 WHERE visit_id = 42")
    backfilled(warehouse, VISITS, 2, 8)
    after = contents(warehouse)
    warehouse.release()
    expected = rebuilt(lived, tmp_path / "rebuilt")
    assert without_history(after) == without_history(expected)
    for model in ("little.visit_change", "little.visit", "little.clinic_day", "little.live_visit"):
        assert after[model] != before[model], model
    warehouse.open()
    notes = "SELECT count(*) FROM duckdb_schemas() WHERE schema_name LIKE 'northstar_b%'"
    assert warehouse.connection.execute(notes).fetchone() == (0,)


def test_a_range_goes_through_views_is_rounded_out_and_touches_nothing_else(warehouse: Warehouse) -> None:
    scope = Backfills(warehouse).scope(["little.payment_change"], *span(3, 4))
    ranges = {
        target.name: (f"{from_ms(target.intervals[0][0]):%H:%M}", f"{from_ms(target.intervals[-1][1]):%H:%M}")
        for target in scope.targets
    }
    assert ranges == {
        "little.payment_change": ("01:30", "02:00"),
        "little.hourly_payment": ("01:00", "02:00"),
    }, "the day is not over, so the daily model has nothing to restate"
    assert scope.protected == {"little.rate": "it keeps history; name it to have it rebuilt"}

    scope = Backfills(warehouse).scope(["little.visit"], *span(3, 4))
    assert [target.name for target in scope.targets] == ["little.visit", "little.live_visit", "little.clinic_day"]
    day = scope.targets[-1]
    assert (from_ms(day.range[0]), from_ms(day.range[1])) == span(3, 4)


def test_a_raw_table_stands_for_all_that_reads_it(warehouse: Warehouse) -> None:
    scope = Backfills(warehouse).scope(["raw_stripe.payment"], *span(0, 2))
    assert [target.name for target in scope.targets] == ["little.payment_change", "little.hourly_payment"]


def test_history_is_left_alone_unless_it_is_named_and_then_rebuilt_as_ticks_did(warehouse: Warehouse) -> None:
    before = contents(warehouse)
    assert len(before["little.rate"]) == 3 * LIVED
    warehouse.connection.execute("UPDATE raw_stripe.payment SET amount = amount + 7 WHERE payment_id = 32")
    backfilled(warehouse, ["little.payment_change"], 2, 5)
    after = contents(warehouse)
    assert after["little.payment_change"] != before["little.payment_change"]
    assert after["little.rate"] == before["little.rate"]

    backfilled(warehouse, ["little.rate"], 2, 5)
    rates = contents(warehouse)["little.rate"]
    old, new = set(before["little.rate"]), set(rates)
    assert len(rates) == len(new) == len(old)
    assert [(row[0], row[1]) for row in old - new] == [(2, 300)]
    assert [(row[0], row[1]) for row in new - old] == [(2, 307)]


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (["little.visits"], "prod has no model little.visits; do you mean little.visit"),
        (["little.visit_change"], "the range is empty"),
    ],
)
def test_what_cannot_be_done_is_said(warehouse: Warehouse, models: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Backfills(warehouse).ask(models, *(span(3, 3) if "empty" in message else span(3, 4)), HOUR)


def test_nothing_to_restate_is_said(warehouse: Warehouse) -> None:
    with pytest.raises(ValueError, match="nothing to restate"):
        Backfills(warehouse).ask(["little.daily"], *span(1, 4), HOUR)


PLACES = [
    "after_note_keys",
    "statement@little.visit:4",
    "before_batch_done",
    *(
        pytest.param(f"statement@little.{model}:{number}", marks=pytest.mark.slow)
        for model in ("visit_change", "visit", "clinic_day")
        for number in range(1, 7)
        if (model, number) != ("visit", 4)
    ),
]


@pytest.mark.parametrize("place", PLACES)
def test_a_killed_batch_is_done_again_by_the_next_tick_and_the_rest_by_resuming(
    lived: Little, warehouse: Warehouse, place: str
) -> None:
    connection = warehouse.connection
    connection.execute("UPDATE raw_app.visit SET clinic_id = 8, day = '2026-05-05' WHERE visit_id = 31")
    connection.execute("DELETE FROM raw_app.visit WHERE visit_id = 25")
    entry = Backfills(warehouse).ask(VISITS, *span(2, 8), 2 * HOUR)
    warehouse.release()

    def work() -> None:
        warehouse.open()
        Backfills(warehouse).go_on(entry, Nobody())

    assert in_fork(work, place) == KILLED
    warehouse.open()
    was_restating = place != "after_note_keys"
    broken = Backfills(warehouse).journal.broken()
    assert [batch.batch_no for batch in broken] == ([1] if was_restating else [])
    report = ticked(warehouse, lived)
    assert (report.status, report.mended) == ("ok", [entry.backfill_id] if was_restating else [])
    journal = Backfills(warehouse).journal
    done = [batch.batch_no for batch in journal.batches(entry.backfill_id) if batch.status is Status.DONE]
    assert done == ([1] if was_restating else [])
    assert journal.unfinished() != []
    assert backfilled(warehouse, VISITS, 2, 8).backfill_id == entry.backfill_id
    visits = {row[0]: row for row in contents(warehouse)["little.visit"]}
    assert 25 not in visits and visits[31][1] == 8
    days = {row[:2]: row for row in contents(warehouse)["little.clinic_day"]}
    assert all(row[2] == sum(1 for v in visits.values() if v[1:3] == key and not v[4]) for key, row in days.items())
    assert len({row[0] for row in contents(warehouse)["little.visit_change"]}) == len(visits)


def test_the_journal_and_the_lock_are_kept_in_postgresql_when_state_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str, postgres_server: PostgresServer
) -> None:
    state = {
        "NORTHSTAR_STATE_HOST": "127.0.0.1",
        "NORTHSTAR_STATE_PORT": str(postgres_server.port),
        "NORTHSTAR_STATE_USER": "postgres",
        "NORTHSTAR_STATE_DATABASE": database.rsplit("/", 1)[1],
    }
    little = Little(tmp_path / "home", state).create()
    settle(little, monkeypatch)
    settings = Settings.from_environment(little.environment)
    with writer_lock(lock_of(settings), "a test") as lease, Warehouse(settings, lease.check) as warehouse:
        for number in range(3):
            little.live(number)
            assert ticked(warehouse, little, number).status == "ok"
        before = contents(warehouse)
        entry = Backfills(warehouse).ask(VISITS, *span(1, 3), HOUR)
        warehouse.release()

        def work() -> None:
            warehouse.open()
            Backfills(warehouse).go_on(entry, Nobody())

        assert in_fork(work, "statement@little.visit:4") == KILLED
        warehouse.open()
        assert ticked(warehouse, little, 3).mended == [entry.backfill_id]
        after = contents(warehouse)
        assert {model: rows for model, rows in after.items() if before[model] != rows}.keys() == {
            "little.hourly_payment"  # its hour has become due
        }
    assert not (tmp_path / "home" / "writer.lock").exists()
    assert not (tmp_path / "home" / "state.duckdb").exists()


def test_a_batch_that_fails_waits_for_a_person(lived: Little, warehouse: Warehouse) -> None:
    connection = warehouse.connection
    connection.execute("UPDATE raw_app.visit SET clinic_id = NULL WHERE visit_id = 31")
    backfills = Backfills(warehouse)
    entry = backfills.ask(VISITS, *span(2, 8), 2 * HOUR)
    with pytest.raises(BackfillFailed, match=r"not_null.*--resume"):
        backfills.go_on(entry, Nobody())
    failed = backfills.journal.entry(entry.backfill_id)
    assert failed.status is Status.FAILED
    assert "visit_change" in (failed.error or "")
    assert ("little.visit_change", "not_null", 2) in audits_noted(warehouse, entry)
    assert ticked(warehouse, lived).mended == []
    connection.execute("UPDATE raw_app.visit SET clinic_id = 1 WHERE visit_id = 31")
    assert backfilled(warehouse, VISITS, 2, 8).backfill_id == entry.backfill_id


def test_a_killed_batch_that_fails_when_done_again_does_not_keep_ticks_from_running(
    lived: Little, warehouse: Warehouse
) -> None:
    connection = warehouse.connection
    backfills = Backfills(warehouse)
    entry = backfills.ask(VISITS, *span(2, 8), 2 * HOUR)
    backfills.journal.begin(backfills.journal.batches(entry.backfill_id)[0])
    connection.execute("UPDATE raw_app.visit SET clinic_id = NULL WHERE visit_id = 31")
    lived.live(LIVED)
    report = ticked(warehouse, lived)
    assert report.status == "models_failed"
    assert "not_null" in (report.backfill_failed or "")
    assert report.run is not None and report.run.succeeded and report.rows_landed > 0
    assert ticked(warehouse, lived, LIVED + 1).status == "ok"


def test_dev_environments_are_told_what_prod_has_restated(lived: Little, warehouse: Warehouse) -> None:
    model = Path(lived.environment["NORTHSTAR_PROJECT"]) / "models" / "clinic_day.sql"
    model.write_text(model.read_text().replace("SUM(visit.minutes), 0", "SUM(visit.minutes), 1"))
    context = warehouse.context
    context.load()
    at = MIDNIGHT + LIVED * HALF_HOUR + timedelta(seconds=1)
    context.plan("dev", execution_time=at, auto_apply=True, no_prompts=True, skip_tests=True)
    edited = context.get_snapshot("little.clinic_day", raise_if_missing=True)
    prod_before = contents(warehouse)["little.clinic_day"]

    def holes() -> bool:
        stored = context.state_reader.get_snapshots([edited.snapshot_id])[edited.snapshot_id]
        return len(stored.intervals) != 1

    assert not holes()
    backfilled(warehouse, VISITS, 2, 4)
    stored = context.state_reader.get_snapshots([edited.snapshot_id])[edited.snapshot_id]
    assert stored.intervals == [] or len(stored.intervals) > 1
    assert contents(warehouse)["little.clinic_day"] == prod_before


DRIVER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from northstar.cli import app
app(["backfill", *sys.argv[3:]])
"""


def test_ticks_come_between_batches(lived: Little) -> None:
    start, end = span(0, 8)
    lived.live(LIVED)
    command = [
        sys.executable, "-c", DRIVER, str(lived.home), str(Path(__file__).parent), *VISITS, "--batch-hours", "1",
        "--start", start.isoformat(), "--end", end.isoformat(),
    ]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **lived.environment}
    )
    assert process.stderr is not None
    line = ""
    while "backfill_batch_done" not in line:
        line = process.stderr.readline()
        assert line, process.communicate()
    settings = Settings.from_environment(lived.environment)
    with (
        writer_lock(lock_of(settings), "a tick", wait_for="who_gives_way", patience=30) as lease,
        Warehouse(settings, lease.check) as warehouse,
    ):
        assert ticked(warehouse, lived).status == "ok"
        journal = Backfills(warehouse).journal
        (entry,) = journal.unfinished()
        done = sum(batch.status is Status.DONE for batch in journal.batches(entry.backfill_id))
        assert 0 < done < 5
        assert journal.broken() == []
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert json.loads(out)["status"] == "done"
    assert "backfill_gives_way" in err


def test_a_dry_run_says_what_it_would_do_and_does_nothing(lived: Little) -> None:
    start, end = span(2, 6)
    arguments = [*VISITS, "little.payment_change", "--start", start.isoformat(), "--end", end.isoformat(), "--dry-run"]
    done = CliRunner().invoke(app, ["backfill", *arguments, "--json"])
    assert done.exit_code == 0, done.output
    steps = {step["model"]: step for step in map(json.loads, done.stdout.splitlines())}
    with lived.warehouse() as warehouse:
        rows = warehouse.connection.execute(
            "SELECT count(*), count(DISTINCT visit_id) FROM LITTLE.visit_change WHERE loaded_at >= ? AND loaded_at < ?",
            [start.replace(tzinfo=None), end.replace(tzinfo=None)],
        ).fetchone()
        assert rows is not None
        assert Backfills(warehouse).journal.unfinished() == []
    assert (steps["little.visit_change"]["rows"], steps["little.visit"]["rows"]) == rows
    assert steps["little.visit"]["how"] == "keys of the range"
    assert steps["little.visit_change"]["intervals"] == 4
    assert all(step["seconds"] is not None for step in steps.values())
    assert "little.rate" not in steps
    shown = CliRunner().invoke(app, ["backfill", *arguments])
    assert "left as it is: little.rate" in shown.output
    assert "nothing was changed" in shown.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["little.visit"], "--start and --end"),
        (["little.visit", "--start", "soon", "--end", "2026-03-02"], "'soon' is not a time"),
        (["--resume", "99"], "there is no backfill 99"),
        (["little.viist", "--start", "2026-03-02", "--end", "2026-03-03"], "do you mean little.visit"),
    ],
)
def test_wrong_use_is_answered(lived: Little, arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(app, ["backfill", *arguments], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())


def test_a_cancelled_backfill_is_not_gone_on_with(lived: Little) -> None:
    with lived.warehouse() as warehouse:
        entry = Backfills(warehouse).ask(VISITS, *span(2, 8), HOUR)
    assert CliRunner().invoke(app, ["backfill", "--cancel", str(entry.backfill_id)]).exit_code == 0
    with lived.warehouse() as warehouse:
        assert Backfills(warehouse).journal.unfinished() == []
