"""Erasure and rotation on a few rows that are landed, loaded and held as the real ones are, on both engines."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import snowflake.connector
from emulator import Snowflake, emulated
from engines import create_stage
from grammar import shapes, unparsable

sys.path.insert(0, str(Path(__file__).parents[1] / "project"))

from projects import PROJECT, small_project
from sqlmesh import Context

from northstar import failpoints
from northstar.access.account import load_account
from northstar.contracts import CONTRACTS, Contracts, load_contracts
from northstar.erasure.forget import Forgotten, forget, unfinished
from northstar.erasure.residue import residue
from northstar.erasure.screen import Screen
from northstar.ingest.contract import Batch
from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.landing import LandingZone
from northstar.ingest.snowflake_sink import SnowflakeSink
from northstar.phi.firewall import Firewall, firewall_of
from northstar.pseudonyms import ensure_key, pseudonym_sql
from northstar.rekeying import rotate
from northstar.settings import Settings
from northstar.snowflake_connection import Connection
from northstar.statements import engine_of
from northstar.warehouse import WarehouseError

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADA, BOB = 42, 43

MODELS = {
    "patient": "MODEL (name intermediate.int_patient, kind VIEW, grain patient_key);\n"
    "SELECT @patient_key(patient_id)::BIGINT AS patient_key, birth_date::DATE AS birth_date FROM raw_app.patients__patients",
    "visit": "MODEL (name intermediate.int_visit, kind VIEW, grain appointment_id);\n"
    "SELECT v.appointment_id::BIGINT AS appointment_id, @patient_key(v.patient_id)::BIGINT AS patient_key,\n"
    "  @age_at(p.birth_date, v.starts_at::DATE)::INT AS age, v.status::VARCHAR AS status\n"
    "FROM raw_app.scheduling__appointments AS v JOIN raw_app.patients__patients AS p ON p.patient_id = v.patient_id",
}
EXTERNALS = """
- name: raw_app.patients__patients
  columns: {patient_id: BIGINT, birth_date: DATE}
- name: raw_app.scheduling__appointments
  columns: {appointment_id: BIGINT, patient_id: BIGINT, starts_at: TIMESTAMP, status: TEXT}
- name: restricted.pseudonym_key
  columns: {inner_pad: BINARY, outer_pad: BINARY}
"""

APP = {
    "patients__patients": [
        {"patient_id": ADA, "first_name": "Ada", "email": "ada@example.com", "phone": "555-0142", "birth_date": "1936-02-29",
         "postal_code": "02138", "state_code": "MA", "member_id": "MB0042", "account_id": 1},
        {"patient_id": BOB, "first_name": "Bob", "email": "bob@example.com", "phone": "555-0143", "birth_date": "1980-01-01",
         "postal_code": "02139", "state_code": "MA", "member_id": "MB0043", "account_id": 1},
    ],
    "scheduling__appointments": [
        {"appointment_id": 1, "patient_id": ADA, "status": "fulfilled", "notes": "fell", "starts_at": AT.replace(tzinfo=None)},
        {"appointment_id": 2, "patient_id": BOB, "status": "fulfilled", "notes": "call ada@example.com", "starts_at": AT.replace(tzinfo=None)},
    ],
    "billing__invoices": [
        {"invoice_id": 10, "patient_id": ADA, "invoice_number": "INV-10", "total_minor": 500},
        {"invoice_id": 11, "patient_id": BOB, "invoice_number": "INV-11", "total_minor": 700},
    ],
    "billing__invoice_lines": [
        {"invoice_line_id": 100, "invoice_id": 10, "description": "knee of Ada", "amount_minor": 500},
        {"invoice_line_id": 101, "invoice_id": 11, "description": "ear of Bob", "amount_minor": 700},
    ],
    "insurance__policies": [{"policy_id": 5, "patient_id": ADA, "member_number": "MB0042"}],
    "office__messages": [{"message_id": 7, "patient_id": ADA, "body": "hello"}, {"message_id": 8, "patient_id": BOB, "body": "hi"}],
    "audit__audit_log": [
        {"audit_log_id": 1, "object_type": "patient", "object_id": ADA, "details": "{}"},
        {"audit_log_id": 2, "object_type": "invoice", "object_id": ADA, "details": "{}"},
    ],
    "legacy__callbacks": [{"callback_id": 9, "urgency": "soon", "patient_phone": "555-0142", "reason": "wants an answer"}],
    "legacy crm__customer note": [{"Note Id": 1, "Ümlaut, comma": "ada@example.com called"}],
}  # fmt: skip
PARTNER = {
    "remittance": [
        {"trace_number": "T1", "line_number": "1", "payer_code": "P", "invoice_number": "INV-10", "member_id": "MB0042", "remark": "thanks", "paid_amount": "5.00"},
        {"trace_number": "T1", "line_number": "2", "payer_code": "P", "invoice_number": "INV-11", "member_id": "MB0043", "remark": "ok", "paid_amount": "7.00"},
    ],
    "survey_response": [{"response_id": "R1", "appointment_id": "1", "comment": "my name is Ada", "overall_rating": "5"}],
    "rejected_record": [
        {"_row": 3, "encoding": "utf-16", "content_base64": base64.b64encode("P;T2;MB0042;broken".encode("utf-16")).decode()},
        {"_row": 4, "encoding": "utf-8", "content_base64": base64.b64encode(b"P;T2;MB0043;broken").decode()},
    ],
}  # fmt: skip


@dataclass
class Small:
    """A warehouse of a few rows, with its landing zone."""

    connection: duckdb.DuckDBPyConnection | Connection
    beneath: duckdb.DuckDBPyConnection
    """For looking: the same, or what the emulator of Snowflake keeps its tables in."""
    landing: LandingZone
    sink: DuckDBSink | SnowflakeSink
    contracts: Contracts
    project: Context
    firewall: Firewall
    loads: int = 0
    account: Snowflake | None = None

    def load(self, source: str, objects: dict[str, list[dict[str, Any]]]) -> None:
        self.loads += 1
        with self.landing.begin(source, f"{self.loads:04d}", AT) as writer:
            for name, rows in objects.items():
                table = pa.Table.from_pylist([{"_op": "I", **row} for row in rows])
                if "birth_date" in table.column_names:
                    dates = table["birth_date"].cast(pa.date32())
                    table = table.set_column(table.column_names.index("birth_date"), "birth_date", dates)
                writer.write(name, table)
        self.sink.load(source, Batch(f"{self.loads:04d}", tuple(writer.files), {"n": self.loads}, AT), AT)

    def hold(self) -> None:
        """What SQLMesh would have made, and a version of a model that is gone."""
        key = pseudonym_sql("v.patient_id", engine_of(self.connection))
        for statement in (
            'CREATE SCHEMA IF NOT EXISTS "sqlmesh__INTERMEDIATE"',
            f'CREATE TABLE "sqlmesh__INTERMEDIATE"."INTERMEDIATE__INT_PATIENT__1" AS SELECT {key} AS patient_key, birth_date '
            "FROM raw_app.patients__patients AS v",
            f'CREATE TABLE "sqlmesh__INTERMEDIATE"."INTERMEDIATE__INT_VISIT__2__dev" AS SELECT appointment_id, {key} AS patient_key, '
            "90 AS age, status FROM raw_app.scheduling__appointments AS v",
            f'CREATE TABLE "sqlmesh__INTERMEDIATE"."INTERMEDIATE__GONE__3" AS SELECT {key} AS first_patient_key, 1 AS n '
            "FROM raw_app.scheduling__appointments AS v",
        ):
            self.connection.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.beneath.execute(query).fetchall()

    def forget(self, patient: int) -> Forgotten:
        return forget(self.connection, self.landing, self.contracts, self.firewall, self.project.models, patient)

    def everything(self) -> str:
        """All values of raw, of all held tables and of all landing files, as one text."""
        parts = []
        for schema, table in self.rows(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'NORTHSTAR'"
        ):
            if schema.lower() not in ("restricted", "_fs_information_schema"):
                parts += [f"{table}: {_written(row)}" for row in self.rows(f'FROM "{schema}"."{table}"')]
        parts += [
            f"{file.name}: {_written(row)}"
            for file in sorted(Path(self.landing.root).rglob("*.parquet"))
            for row in pq.read_table(file).to_pylist()
        ]
        decoded = [
            base64.b64decode(content).decode(encoding)
            for content, encoding in self.rows(
                "SELECT content_base64, encoding FROM raw_partner.rejected_record WHERE content_base64 IS NOT NULL"
            )
        ]
        return "\n".join([*parts, *decoded])


def _written(row: object) -> str:
    """With days in full, as no load's microseconds and no random key ever look."""
    return json.dumps(row, default=str, ensure_ascii=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Context, Firewall]]:
    home = tmp_path_factory.mktemp("project")
    (home / "external_models.yaml").write_text(EXTERNALS)
    with small_project(home, MODELS, "macros", "contracts") as opened:
        yield opened, firewall_of(opened.models, home)


@contextmanager
def on_duckdb(home: Path, project: tuple[Context, Firewall]) -> Iterator[Small]:
    landing = LandingZone(str(home / "landing"))
    connection = connect(home / "northstar.duckdb")
    contracts = load_contracts(PROJECT / CONTRACTS)
    sink = DuckDBSink(connection, landing, screen=Screen(contracts))
    yield filled(Small(connection, connection, landing, sink, contracts, *project))
    connection.close()


@contextmanager
def on_snowflake(home: Path, project: tuple[Context, Firewall]) -> Iterator[Small]:
    landing = LandingZone(str(home / "landing"))
    contracts = load_contracts(PROJECT / CONTRACTS)
    with emulated() as account:
        create_stage(Path(landing.root))
        connection = Connection(snowflake.connector.connect(database="NORTHSTAR", paramstyle="qmark"))
        beneath = account.duckdb
        beneath.execute("USE NORTHSTAR")
        sink = SnowflakeSink(connection.raw, landing, screen=Screen(contracts))
        yield filled(Small(connection, beneath, landing, sink, contracts, *project, account=account))
        connection.close()


def filled(small: Small) -> Small:
    ensure_key(small.connection)
    small.load("app", APP)
    small.load("partner", PARTNER)
    small.hold()
    return small


@pytest.fixture(params=[on_duckdb, pytest.param(on_snowflake, marks=pytest.mark.slow)], ids=["duckdb", "snowflake"])
def small(request: pytest.FixtureRequest, project: tuple[Context, Firewall], tmp_path: Path) -> Iterator[Small]:
    with request.param(tmp_path, project) as made:
        yield made


@pytest.fixture
def snow(project: tuple[Context, Firewall], tmp_path: Path) -> Iterator[Small]:
    with on_snowflake(tmp_path, project) as made:
        yield made


def sent_by(small: Small, work: Callable[[], object]) -> list[str]:
    """The statements that something sends to the account, which are Snowflake's."""
    assert small.account is not None
    small.account.sent.clear()
    work()
    sent = list(small.account.sent)
    assert unparsable(shapes(sent).values()) == []
    return sent


TELLING = (
    "ada@example.com", "555-0142", "MB0042", "Ada", "fell", "knee", "hello", "wants an answer", "thanks", "1936-02-29",
)  # fmt: skip


def told(words: Iterable[str], text: str) -> dict[str, list[str]]:
    """The words that the text has, each with the lines that have it."""
    lines = text.splitlines()
    found = {word: [line for line in lines if word in line] for word in words}
    return {word: having for word, having in found.items() if having}


def test_nothing_tells_of_a_forgotten_patient(small: Small) -> None:
    (key,) = small.rows(f"SELECT {pseudonym_sql(str(ADA))}")[0]
    words = [*TELLING, str(key)]
    assert [*told(words, small.everything())] == words

    done = small.forget(ADA)

    said = small.everything()
    assert told(words, said) == {}
    others = ["bob@example.com", "555-0143", "MB0043", "ear of Bob", "hi", "1980-01-01"]
    assert [*told(others, said)] == others
    assert (done.raw_rows_deleted, done.table_rows_deleted, done.table_rows_unlinked) == (4, 2, 1)
    assert done.files_rewritten == 12


def test_rows_that_totals_need_stay(small: Small) -> None:
    small.forget(ADA)

    assert small.rows("SELECT patient_id, total_minor FROM raw_app.billing__invoices ORDER BY ALL") == [
        (-2, 500),
        (BOB, 700),
    ]
    assert small.rows("SELECT appointment_id, patient_id, status, notes FROM raw_app.scheduling__appointments ORDER BY 1") == [
        (1, -2, "fulfilled", None), (2, BOB, "fulfilled", None),
    ]  # fmt: skip
    assert small.rows("SELECT amount_minor, description FROM raw_app.billing__invoice_lines ORDER BY 1") == [
        (500, None), (700, "ear of Bob"),
    ]  # fmt: skip
    assert small.rows("SELECT paid_amount, member_id FROM raw_partner.remittance ORDER BY 1") == [
        ("5.00", None),
        ("7.00", "MB0043"),
    ]
    assert small.rows("SELECT object_type FROM raw_app.audit__audit_log") == [("invoice",)], (
        "an invoice may have the same number"
    )


def test_tables_of_every_version_hold_what_a_replay_would_make(small: Small) -> None:
    small.forget(ADA)
    (bob,) = small.rows(f"SELECT {pseudonym_sql(str(BOB))}")[0]

    assert [row[0] for row in small.rows('FROM "sqlmesh__INTERMEDIATE"."INTERMEDIATE__INT_PATIENT__1"')] == [bob]
    assert small.rows('FROM "sqlmesh__INTERMEDIATE"."INTERMEDIATE__INT_VISIT__2__dev" ORDER BY 1') == [
        (1, -2, None, "fulfilled"), (2, bob, 90, "fulfilled"),
    ], "an age is made of the birth date, so it goes with it"  # fmt: skip
    assert small.rows('FROM "sqlmesh__INTERMEDIATE"."INTERMEDIATE__GONE__3"') == [(bob, 1)], "nobody knows its columns"


def test_a_column_that_only_a_dev_environment_has_goes_blank(small: Small) -> None:
    table = '"sqlmesh__INTERMEDIATE"."INTERMEDIATE__INT_VISIT__2__dev"'
    small.beneath.execute(f"ALTER TABLE {table} ADD COLUMN born DATE DEFAULT DATE '1936-02-29'")

    small.forget(ADA)

    assert small.rows(f"SELECT appointment_id, born FROM {table} WHERE appointment_id = 1") == [(1, None)]


def test_files_keep_their_schema(small: Small) -> None:
    files = sorted(Path(small.landing.root).rglob("*.parquet"))
    before = [pq.read_schema(file) for file in files]
    small.forget(ADA)

    assert [pq.read_schema(file) for file in files] == before
    assert not list(Path(small.landing.root).rglob("*.tmp"))


def test_what_arrives_later_is_unlinked_before_it_is_loaded(small: Small) -> None:
    small.forget(ADA)
    small.load("app", APP)
    small.load("partner", {name: rows for name, rows in PARTNER.items() if name != "rejected_record"})

    said = small.everything()
    late = ("MB0042", "fell", "knee", "hello", "thanks", "1936-02-29", "my name is Ada")
    assert told(late, said) == {}
    assert small.rows("SELECT count(*) FROM raw_app.scheduling__appointments WHERE patient_id = -2") == [(2,)]
    assert small.rows(
        "SELECT row_count FROM ops.load_ledger WHERE object = 'patients__patients' ORDER BY batch_no"
    ) == [(2,), (1,)]


def test_what_nobody_has_classed_is_noticed_once(small: Small) -> None:
    rows = [{"patient_id": 50, "nickname": "Bo"}]
    small.load("app", {"patients__patients": rows, "wellness__moods": [{"mood_id": 1}]})
    small.load("app", {"patients__patients": rows, "wellness__moods": [{"mood_id": 2}]})

    assert small.rows("SELECT object, kind, detail FROM ops.source_notice ORDER BY ALL") == [
        ("patients__patients", "column_without_class", "nickname has no class, so no model can read it"),
        ("wellness__moods", "object_without_contract", "has no contract, so no model can read it"),
    ]
    assert small.rows("SELECT nickname FROM raw_app.patients__patients WHERE patient_id = 50") == [("Bo",), ("Bo",)]


def test_others_arrive_as_they_are_when_nobody_was_forgotten(small: Small) -> None:
    small.load("app", APP)

    assert small.rows("SELECT count(*) FROM raw_app.patients__patients WHERE first_name = 'Ada'") == [(2,)]


@pytest.mark.parametrize(
    "place",
    ["erasure_listed", "erasure_file_written", "erasure_file_done", "erasure_raw_done", "erasure_before_commit"],
)
def test_a_run_that_died_is_finished_later(small: Small, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def reach(name: str) -> None:
        if name == place:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(failpoints, "reach", reach)
        small.forget(ADA)
    assert small.rows("SELECT count(*) FROM raw_app.patients__patients WHERE first_name = 'Ada'") == [(1,)]
    assert unfinished(small.connection, small.contracts) == [ADA]

    small.forget(ADA)

    assert told(TELLING, small.everything()) == {}
    assert unfinished(small.connection, small.contracts) == []


def test_what_a_killed_tick_landed_and_nobody_loaded_goes(small: Small) -> None:
    """It is in no ledger; ingestion itself sweeps the last two days only."""
    with small.landing.begin("app", "never-loaded", AT - timedelta(days=90)) as writer:
        writer.write("patients__patients", pa.Table.from_pylist(APP["patients__patients"]))
    (left,) = Path(small.landing.root).rglob("never-loaded")
    (left / "half.parquet.tmp").write_bytes(b"ada@example.com")

    small.forget(ADA)

    assert not left.exists()
    assert len(list(Path(small.landing.root).rglob("*.parquet"))) > 10, "what was loaded stays"


def test_a_file_that_was_cleaned_up_is_passed_over(small: Small) -> None:
    next(Path(small.landing.root).rglob("patients__patients-*.parquet")).unlink()

    assert small.forget(ADA).files_rewritten == 11


def test_rotation_keeps_every_join(small: Small) -> None:
    before = small.rows('SELECT patient_key FROM "sqlmesh__INTERMEDIATE"."INTERMEDIATE__INT_PATIENT__1"')
    small.connection.execute(
        'INSERT INTO "sqlmesh__INTERMEDIATE"."INTERMEDIATE__GONE__3" VALUES (77, 2), (-1, 3), (-2, 4), (NULL, 5)'
    )

    done = rotate(small.connection, small.contracts)

    patients = dict(
        small.rows('SELECT birth_date, patient_key FROM "sqlmesh__INTERMEDIATE"."INTERMEDIATE__INT_PATIENT__1"')
    )
    assert not set(patients.values()) & {key for (key,) in before}
    assert sorted(patients.values()) == sorted(
        row[0] for row in small.rows(f"SELECT {pseudonym_sql('id')} FROM (SELECT unnest([42, 43]) AS id)")
    )
    assert small.rows(
        'SELECT count(*) FROM "sqlmesh__INTERMEDIATE"."INTERMEDIATE__INT_VISIT__2__dev" JOIN "sqlmesh__INTERMEDIATE"."INTERMEDIATE__INT_PATIENT__1" USING (patient_key)'
    ) == [(2,)]
    gone = dict(
        small.rows('SELECT n, first_patient_key FROM "sqlmesh__INTERMEDIATE"."INTERMEDIATE__GONE__3" WHERE n > 1')
    )
    assert gone[2] not in (77, None) and gone[2] > 0
    assert (gone[3], gone[4], gone[5]) == (-1, -2, None)
    assert (done.unlinked, done.tables) == (1, 3)
    (logged,) = small.rows("SELECT pseudonyms, unlinked, tables FROM ops.key_rotation")
    assert logged == (3, 1, 3)


def test_both_engines_make_the_pseudonyms_that_python_makes(small: Small) -> None:
    ((inner, _),) = small.connection.execute("SELECT inner_pad, outer_pad FROM restricted.pseudonym_key").fetchall()
    key = bytes(byte ^ 0x36 for byte in inner)
    wanted = {
        number: int(hmac.new(key, b"patient:%d" % number, hashlib.sha256).hexdigest()[:15], 16) for number in (1, ADA)
    }
    made = small.connection.execute(
        f"SELECT id, {pseudonym_sql('id', engine_of(small.connection))} FROM (SELECT 1 AS id UNION SELECT 42) AS ids"
    ).fetchall()
    assert dict(made) == wanted


@pytest.mark.parametrize("place", ["rotate_between_tables", "rotate_before_commit"])
def test_a_rotation_that_died_changed_nothing(small: Small, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    before = small.everything(), small.rows("FROM restricted.pseudonym_key")

    def reach(name: str) -> None:
        if name == place:
            raise KeyboardInterrupt

    monkeypatch.setattr(failpoints, "reach", reach)
    with pytest.raises(KeyboardInterrupt):
        rotate(small.connection, small.contracts)

    assert (small.everything(), small.rows("FROM restricted.pseudonym_key")) == before


def test_rotation_after_an_erasure_does_not_bring_the_patient_back(small: Small) -> None:
    small.forget(ADA)
    rotate(small.connection, small.contracts)
    small.load("app", APP)

    assert "fell" not in small.everything()
    assert small.rows("SELECT count(*) FROM raw_app.patients__patients WHERE first_name = 'Ada'") == [(0,)]


def test_there_must_be_a_key_to_rotate(tmp_path: Path) -> None:
    connection = connect(tmp_path / "empty.duckdb")
    with pytest.raises(WarehouseError, match="there is no key to rotate"):
        rotate(connection, load_contracts(PROJECT / CONTRACTS))
    connection.close()


def test_on_snowflake_a_rotation_is_one_transaction_of_rows(snow: Small) -> None:
    """What else it sends would commit."""
    before, transaction, after = parts(sent_by(snow, lambda: rotate(snow.connection, snow.contracts)))

    assert transaction == {"DELETE", "INSERT", "UPDATE", "SELECT"}
    assert before == {"CREATE", "SELECT"} and after == {"DROP"}


def test_on_snowflake_an_erasure_is_one_transaction_of_rows(snow: Small) -> None:
    """The files come first, as do the list and the note that it was begun."""
    before, transaction, after = parts(sent_by(snow, lambda: snow.forget(ADA)))

    assert transaction == {"DELETE", "UPDATE", "SELECT"}
    assert before == {"CREATE", "SELECT", "INSERT", "DELETE"} and after == set()
    assert told(TELLING, snow.everything()) == {}


def parts(sent: list[str]) -> tuple[set[str], set[str], set[str]]:
    """The kinds of statements before the one transaction, in it, and after it."""
    kinds = [statement.split()[0] for statement in sent]
    begin, commit = kinds.index("BEGIN"), kinds.index("COMMIT")
    assert (kinds.count("BEGIN"), kinds.count("COMMIT")) == (1, 1)
    return set(kinds[:begin]), set(kinds[begin + 1 : commit]), set(kinds[commit + 1 :])


def test_on_snowflake_texts_of_statements_name_nobody(snow: Small) -> None:
    """They stay in the account's query history; the values that they are given do not."""
    ((key,),) = snow.rows(f"SELECT {pseudonym_sql(str(ADA))}")
    known = snow.rows("SELECT content_base64 FROM raw_partner.rejected_record ORDER BY _row")

    sent = "\n".join(sent_by(snow, lambda: (snow.forget(ADA), snow.load("app", APP))))

    assert "UPDATE" in sent and "DELETE" in sent
    for word in (*TELLING, str(ADA), str(key), "INV-10", known[0][0]):
        assert not re.search(rf"\b{re.escape(word)}\b", sent), word


@pytest.mark.parametrize(
    "work",
    [lambda small: rotate(small.connection, small.contracts), lambda small: small.forget(ADA)],
    ids=["rotate", "forget"],
)
def test_on_snowflake_names_are_spelled_as_the_account_spells_them(
    snow: Small, work: Callable[[Small], object]
) -> None:
    """The emulator finds a name in any case; Snowflake does not."""
    names = {name for (name,) in snow.rows(
        "SELECT schema_name FROM duckdb_schemas() UNION SELECT table_name FROM duckdb_tables() "
        "UNION SELECT column_name FROM duckdb_columns()"
    )}  # fmt: skip

    sent = sent_by(snow, lambda: work(snow))

    quoted = {name for statement in sent for name in re.findall(r'"((?:[^"]|"")+)"', statement)}
    assert {"sqlmesh__INTERMEDIATE", "RAW_APP", "PATIENT_ID", "FIRST_PATIENT_KEY"} <= quoted <= names


def test_what_is_left_is_said_with_dates(tmp_path: Path) -> None:
    def said(**environment: str) -> str:
        settings = Settings.from_environment({"NORTHSTAR_PROJECT": str(PROJECT), **environment})
        return "\n".join(residue(settings, load_account(PROJECT), AT, ADA))

    snow = said(NORTHSTAR_GATEWAY="snowflake")
    assert "until 2026-03-03 (1 days)" in snow and "until 2026-03-10" in snow and "until 2026-03-09" in snow
    assert "Time Travel holds" not in said() and "no Time Travel" in said() and "DuckDB" not in snow
    assert "nobody has said for how long" in said()
    assert "kept until 2026-04-06 (35 days)" in said(NORTHSTAR_BACKUP_DAYS="35")
    assert "bucket keeps old versions" in said(NORTHSTAR_LANDING="s3://bucket/landing")
    assert "could not be asked" in said(NORTHSTAR_APP_DSN="postgresql://127.0.0.1:1/none")
