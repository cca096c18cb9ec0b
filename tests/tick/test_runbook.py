"""docs/runbook.md: its commands, each run in the trouble that it is for, which is really there and really mended."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from little import HALF_HOUR, MIDNIGHT, ROOT, Little, contents
from settled import settle
from shell import Shell, blocks

from northstar.ingest.contract import Batch
from northstar.ingest.duckdb_sink import connect

pytestmark = pytest.mark.slow  # each command is a process of its own, as for whoever follows the page

PAGE = ROOT / "docs" / "runbook.md"
LIVED = 4
Contents = dict[str, list[tuple[Any, ...]]]


def of(heading: str) -> list[str]:
    return blocks(PAGE, heading)


class Trouble:
    """A company that was well for two hours, in which something is about to go wrong."""

    def __init__(self, little: Little) -> None:
        self.little, self.shell, self.number = little, Shell(little), LIVED

    def types(self, commands: str, exit_code: int = 0, **variables: str) -> str:
        """What a person types; returns what is printed."""
        done = self.shell.run(commands, **{**self.little.environment, **variables})
        assert done.returncode == exit_code, (done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def half_hour(self) -> None:
        """Half an hour passes, in which the clinics work."""
        self.little.live(self.number)
        self.number += 1
        self.shell.at(MIDNIGHT + self.number * HALF_HOUR + timedelta(minutes=1))

    def look(self) -> Contents:
        with self.little.warehouse() as warehouse:
            return contents(warehouse)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        connection = connect(self.little.environment["NORTHSTAR_DUCKDB"])
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def edit(self, model: str, old: str, new: str) -> None:
        file = self.little.home / "project" / "models" / f"{model}.sql"
        assert file.read_text().count(old) == 1
        file.write_text(file.read_text().replace(old, new))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Little:
    little = Little(tmp_path_factory.mktemp("template") / "home").create()
    project = little.home / "project"
    (project / "contracts" / "metrics.yaml").write_text("[]\n")
    (project / "contracts" / "exposures.yaml").write_text("exposures: []\nretirements: {}\n")
    shutil.copytree(ROOT / "infra", project / "infra")
    (project / ".gitignore").write_text(".cache/\nlogs/\n__pycache__/\n")
    trouble = Trouble(little)
    trouble.shell.at(MIDNIGHT)
    trouble.number = 0
    for key in ("user.name", "user.email"):
        trouble.types(f"git init -q . && git config {key} test@example.com")
    trouble.types("git add -A && git commit -qm little")
    for _ in range(LIVED):
        trouble.half_hour()
        trouble.types("northstar tick")
    return little


@pytest.fixture
def trouble(template: Little, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trouble:
    shutil.copytree(template.home, tmp_path / "home")
    little = Little(tmp_path / "home")
    settle(little, monkeypatch)
    found = Trouble(little)
    found.execute(f"UPDATE ops.load_ledger SET file = replace(file, '{template.home}', '{little.home}')")
    found.shell.at(MIDNIGHT + LIVED * HALF_HOUR + timedelta(minutes=1))
    return found


@pytest.fixture(scope="module")
def undisturbed(template: Little, tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """What a company holds to which nothing happened in the half hours that follow."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    shutil.copytree(template.home, home)
    with pytest.MonkeyPatch.context() as patch:
        settle(Little(home), patch)
        well = Trouble(Little(home))
        for _ in range(2):
            well.half_hour()
            well.types("northstar tick")
        return well.look()


def same(found: Contents, expected: Contents, except_for: tuple[str, ...] = ()) -> None:
    assert {name: rows for name, rows in found.items() if name not in except_for and rows != expected[name]} == {}
    assert found.keys() == expected.keys()


STAMPED = ("little.payment_change", "raw_stripe.payment", "little.rate", "little.hourly_payment")
"""Tables that show in which interval a payment was read."""


def amounts(found: Contents) -> list[tuple[Any, ...]]:
    return sorted(row[:3] for row in found["little.payment_change"])


def test_a_late_source(trouble: Trouble, undisturbed: Contents) -> None:
    trouble.half_hour()
    trouble.little.down("stripe")
    trouble.types("northstar tick", exit_code=3)
    trouble.half_hour()
    (first,) = of("Runbook")[:1]
    assert "stripe is down" in trouble.types(first) and "A source is late" in trouble.types(first)
    trouble.little.up("stripe")
    (repair,) = of("A source is late")
    assert "stripe is down" not in trouble.types(repair)
    found = trouble.look()
    same(found, undisturbed, STAMPED)
    assert amounts(found) == amounts(undisturbed)


def test_a_failing_audit(trouble: Trouble) -> None:
    look, repair = of("A model or an audit fails")
    trouble.half_hour()
    trouble.little.change("app", ("I", 777, None, "2026-03-02", 5))
    trouble.types("northstar tick", exit_code=1)
    assert "little.visit_change" in trouble.types("northstar status")
    assert "777" in trouble.types(look, MODEL="little.visit_change", START="2026-03-02", END="2026-03-03")
    before = trouble.look()
    trouble.edit("visit_change", "WHERE _loaded_at", "WHERE clinic_id IS NOT NULL AND _loaded_at")
    assert '"status": "ok"' in trouble.types(repair, WHY="Leave visits at no clinic in raw")
    after = trouble.look()
    assert len(after["little.visit"]) > len(before["little.visit"])
    assert 777 not in {row[0] for row in after["little.visit"]}
    assert "little.visit_change" not in trouble.types("northstar status")


def test_prod_half_way_through_a_plan(trouble: Trouble, undisturbed: Contents) -> None:
    (repair,) = of("A tick fails as a whole")
    trouble.half_hour()
    state = duckdb.connect(trouble.little.environment["NORTHSTAR_STATE"])
    state.execute("UPDATE sqlmesh._environments SET finalized_ts = NULL WHERE name = 'prod'")
    state.close()
    trouble.edit("clinic_day", "SUM(visit.minutes), 0", "SUM(visit.minutes), 1")
    trouble.types("northstar tick", exit_code=1)
    assert "another version of the project" in trouble.types("northstar status")
    trouble.types("git checkout -q .")
    trouble.types(repair)
    trouble.half_hour()
    trouble.types("northstar tick")
    same(trouble.look(), undisturbed)


HANGING = """
import sys
sys.path[:0] = ["{root}", "{root}/tests/tick"]
import time
from little import Little
from northstar.ingest import together
from northstar.ingest.contract import SourceUnreachable
little = Little(__import__("pathlib").Path("{home}"))
def hang(name, environment):
    print("hangs", flush=True)
    time.sleep(600)
together.open_source = hang
sys.argv = ["northstar", "tick", "--at", "{at}"]
from northstar.cli import app
app()
"""


def test_a_hanging_tick(trouble: Trouble, undisturbed: Contents) -> None:
    look, ask, kill = of("A tick hangs")
    trouble.half_hour()
    at = f"{MIDNIGHT + trouble.number * HALF_HOUR:%Y-%m-%dT%H:%M}"
    hanging = subprocess.Popen(
        [sys.executable, "-c", HANGING.format(root=ROOT, home=trouble.little.home, at=at)],
        env=trouble.shell.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert hanging.stdout is not None and hanging.stdout.readline() == "hangs\n"
        trouble.types("NORTHSTAR_LOCK_WAIT=0 northstar tick", exit_code=4)
        holder = json.loads(trouble.types(look).splitlines()[0])["holder"]
        assert holder["pid"] == hanging.pid
        trouble.types(ask, PID=str(holder["pid"]))
        time.sleep(1)
        assert hanging.poll() is None, "it waits for a source that does not answer"
        trouble.types(kill, PID=str(holder["pid"]))
        assert hanging.wait() == -signal.SIGKILL
    finally:
        hanging.kill()
        hanging.wait()
    trouble.half_hour()
    trouble.types("northstar tick")
    same(trouble.look(), undisturbed)


def test_a_load_redone(trouble: Trouble, undisturbed: Contents) -> None:
    find, repair = of("A load must be redone")
    before = trouble.look()
    (load_id,) = {
        row[0] for row in trouble.execute("SELECT _load_id FROM raw_app.visit WHERE visit_id = 22 AND _op = 'I'")
    }
    trouble.execute(f"DELETE FROM raw_app.visit WHERE _load_id = '{load_id}' AND visit_id < 23")
    trouble.execute(f"UPDATE raw_app.visit SET minutes = 5000 WHERE _load_id = '{load_id}'")
    trouble.types("northstar backfill raw_app.visit --start 2026-03-02 --end 2026-03-03")
    assert trouble.look()["little.clinic_day"] != before["little.clinic_day"]
    day = {"START": "2026-03-02 01:00:00", "END": "2026-03-02 01:30:00"}
    assert load_id in trouble.types(find, SOURCE="app", **day)
    said = trouble.types(repair, SOURCE="app", LOAD_ID=load_id, TABLE="raw_app.visit", **day)
    assert "now: northstar backfill raw_app.visit --start 2026-03-02T01:00 --end 2026-03-02T01:30" in said
    same(trouble.look(), before)

    file = next(Path(trouble.little.environment["NORTHSTAR_LANDING"]).rglob(f"{load_id}/visit-*.parquet"))
    file.unlink()
    assert "cannot be read" in trouble.types(f"northstar reload app {load_id}", exit_code=3)
    assert "knows no files" in trouble.types("northstar reload app nothing", exit_code=2)
    same(trouble.look(), before)


def test_state_restored_from_a_backup(trouble: Trouble, undisturbed: Contents, tmp_path: Path) -> None:
    save, restore, _ = of("State is damaged")
    trouble.types(save, BACKUP=str(tmp_path))
    trouble.half_hour()
    trouble.types("northstar tick")
    Path(trouble.little.environment["NORTHSTAR_STATE"]).write_bytes(b"damaged")
    trouble.half_hour()
    assert trouble.shell.run("northstar tick").returncode != 0
    trouble.types(restore, BACKUP=str(tmp_path))
    found = trouble.look()
    for model in ("little.visit", "little.clinic_day", "little.live_visit"):
        assert found[model] == undisturbed[model]
    assert amounts(found) == amounts(undisturbed)


def test_state_lost_without_a_backup(trouble: Trouble, undisturbed: Contents) -> None:
    *_, rebuild = of("State is damaged")
    trouble.half_hour()
    trouble.types("northstar tick")
    Path(trouble.little.environment["NORTHSTAR_STATE"]).write_bytes(b"damaged")
    trouble.half_hour()
    assert '"status": "ok"' in trouble.types(rebuild)
    same(trouble.look(), undisturbed, ("little.rate", "little.rate_now"))


def test_a_month_rebuilt(trouble: Trouble) -> None:
    look, rebuild = of("A month must be rebuilt")[0].splitlines()
    before = trouble.look()
    (table,) = trouble.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE table_name ILIKE 'little__visit_change__%'"
    )[0]
    trouble.execute(f"UPDATE {table} SET minutes = 5000 WHERE visit_id > 20")
    trouble.execute(f"DELETE FROM {table} WHERE visit_id = 12")
    month = {"MODEL": "little.visit_change", "START": "2026-03-01", "END": "2026-04-01"}
    assert trouble.look()["little.visit_change"] != before["little.visit_change"]
    assert "nothing was changed" in trouble.types(look, **month)
    trouble.types(rebuild, **month)
    same(trouble.look(), before)


TELLING = 987654321


def holding(trouble: Trouble) -> list[str]:
    """Tables of models that hold the telling value."""
    found = []
    for schema, table, column in trouble.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE database_name = 'NORTHSTAR' "
        "AND schema_name ILIKE 'sqlmesh%'"
    ):
        query = f'SELECT count(*) FROM "{schema}"."{table}" WHERE "{column}"::VARCHAR LIKE \'%{TELLING}%\''
        if trouble.execute(query) != [(0,)]:
            found.append(f"{table}.{column}".lower())
    return found


@pytest.fixture
def leaking(trouble: Trouble) -> Trouble:
    """A model shows what it must not, in an environment of a developer's."""
    trouble.half_hour()
    trouble.little.change("stripe", ("I", TELLING, 1, 100))
    trouble.edit(
        "clinic_day", "COUNT(visit.visit_id)::BIGINT AS visits,",
        "COUNT(visit.visit_id)::BIGINT AS visits, (SELECT MAX(payment_id) FROM raw_stripe.payment)::BIGINT AS payment,",
    )  # fmt: skip
    return trouble


def test_phi_in_a_development_environment(leaking: Trouble) -> None:
    remove, *_ = of("PHI is found where it shouldn't be")
    leaking.types("git stash -q; northstar tick; git stash pop -q")
    before = holding(leaking)
    leaking.types("sqlmesh plan dev_ada --auto-apply --no-prompts --skip-tests --start 2026-03-02 --end 2026-03-03")
    assert any("clinic_day" in place for place in holding(leaking))
    leaking.types(remove, ENVIRONMENT="dev_ada")
    assert holding(leaking) == before
    leaking.types("git checkout -q .; northstar tick")


def test_phi_in_a_mart(leaking: Trouble) -> None:
    _, correct, *_ = of("PHI is found where it shouldn't be")
    tick = "northstar gate; northstar promote; northstar tick"
    leaking.types(f"northstar tick; git commit -qam leak; {tick}")
    assert any("clinic_day" in place for place in holding(leaking))
    leaking.types("git revert --no-edit HEAD; git reset -q --soft HEAD~1")
    *first, last = correct.splitlines()
    leaking.types("\n".join(first), WHY="Show no payment beside visits")
    for environment in re.findall(r"\bgate_\w+", leaking.types("northstar envs")):
        leaking.types(f"northstar envs --remove {environment}")
    leaking.types(last)
    assert not any("clinic_day" in place for place in holding(leaking))


def test_a_patient_forgotten_and_the_key_renewed(trouble: Trouble) -> None:
    *_, forget, rotate = of("PHI is found where it shouldn't be")
    at = datetime(2026, 3, 2, tzinfo=UTC)
    with trouble.little.warehouse() as warehouse:
        with warehouse.landing.begin("app", "patients", at) as load:
            rows = [
                {"_op": "I", "_seq": 1, "patient_id": number, "first_name": name, "email": f"{name}@example.com"}
                for number, name in ((42, "Ada"), (43, "Bob"))
            ]
            load.write("patients__patients", pa.Table.from_pylist(rows))
            note = {"_op": "I", "_seq": 2, "message_id": 7, "patient_id": 43, "body": "Ada@example.com called"}
            load.write("office__messages", pa.Table.from_pylist([note]))
        warehouse.sink.load("app", Batch("patients", load.files, {"seq": 10_000}, at), at)
    landing = Path(trouble.little.environment["NORTHSTAR_LANDING"])
    tables = ("patients__patients", "office__messages")

    def ada() -> int:
        raw = " UNION ALL ".join(f"SELECT to_json(t)::VARCHAR AS line FROM raw_app.{name} AS t" for name in tables)
        files = " UNION ALL ".join(
            f"SELECT to_json(t)::VARCHAR AS line FROM read_parquet('{landing}/**/{name}-*.parquet') AS t"
            for name in tables
        )
        (count,) = trouble.execute(f"SELECT count(*) FROM ({raw} UNION ALL {files}) WHERE line LIKE '%Ada%'")[0]
        return int(count)

    assert ada() == 4
    said = trouble.types(forget, PATIENT="42")
    assert ada() == 0 and "What still holds the patient" in said
    key = "SELECT * FROM restricted.pseudonym_key"
    before = trouble.execute(key)
    trouble.types(rotate)
    assert trouble.execute(key) != before


def test_every_command_of_the_page_is_run_here_or_with_the_app() -> None:
    """A block that is added to the page must be added to a test: this counts them by heading."""
    headings = re.findall(r"^##? (.+)$", PAGE.read_text(), re.M)
    counted = {heading: len(of(heading)) for heading in headings if not heading.startswith("Runbook")}
    assert counted == {
        "A source is late": 1, "A model or an audit fails": 2, "A tick fails as a whole": 1, "A tick hangs": 3,
        "The schema drifts": 3, "A load must be redone": 2, "State is damaged": 3, "A month must be rebuilt": 1,
        "PHI is found where it shouldn't be": 4,
    }  # fmt: skip
