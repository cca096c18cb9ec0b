"""A day of ticks over sources in which every identifying column holds a word that nothing else does.

The word is then looked for everywhere that is not raw: tables and views of every schema, state, logs, messages, reports.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import psycopg
import pytest
from projects import PARTS, copy_project
from psycopg import sql

from northstar.contracts import CONTRACTS, load_contracts
from northstar.ingest.duckdb_sink import quoted
from northstar.ingest.postgres.names import raw_column, raw_object
from northstar.ingest.registry import configured
from northstar.settings import Settings
from northstar.simulator.company import Company
from northstar.simulator.oltp.schema import create_schema
from northstar.simulator.oltp.seed import seed
from northstar.simulator.postgres_server import PostgresServer
from northstar.simulator.services import Services, settings_under
from northstar.tick import TickReport, tick
from northstar.warehouse import Warehouse

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]

ROOT = Path(__file__).parents[2]
ANCHOR = datetime(2026, 11, 4, 14, 0, tzinfo=UTC)
STEP = timedelta(hours=8)
"""Between ticks; three of them are a day."""

WORD = "zqcanaryqz"
NETWORK, CODE = "198.51.100.77", "ca9a4b1d-ca9a-4ca9-8ca9-ca9a4b1dca9a"
NEEDLES = (WORD, NETWORK, CODE)
PLANTED = {"text": WORD, "character varying": WORD, "inet": NETWORK, "uuid": CODE, "jsonb": json.dumps({"who": WORD}),
           "json": json.dumps({"who": WORD}), "ARRAY": "{" + WORD + "}"}  # fmt: skip


def _columns(dsn: str) -> Iterator[tuple[str, str, str, str]]:
    """Every identifying column of the app that can hold one of the words."""
    contracts = load_contracts(ROOT / CONTRACTS)
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns "
            "JOIN information_schema.tables USING (table_schema, table_name) "
            "WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
    for schema, table, column, kind in rows:
        contract = contracts.find(f"raw_app.{raw_object(schema, table)}")
        if kind == "ARRAY" and column != "answers":
            continue  # arrays of numbers
        if contract and contract.classification(raw_column(column)).is_identifier and kind in PLANTED:
            yield schema, table, column, kind


def _plant_app(dsn: str) -> set[str]:
    """Put the words into every row; returns the raw columns that now hold them."""
    planted = set()
    columns = list(_columns(dsn))
    with psycopg.connect(dsn) as connection:
        for schema, table, column, kind in columns:
            statement = sql.SQL("UPDATE {} SET {} = %s::{}").format(
                sql.Identifier(schema, table), sql.Identifier(column), sql.SQL("text[]" if kind == "ARRAY" else kind)
            )
            if connection.execute(statement, [PLANTED[kind]]).rowcount:
                planted.add(f"{raw_object(schema, table)}.{raw_column(column).lower()}")
    return planted


def _plant_stripe(services: Services) -> None:
    store = services.stripe.store
    for row in list(store.kinds["customer"]):
        store.update(row, "customer.updated", email=f"{WORD}@example.com", phone=WORD, description=WORD)
    for row in list(store.kinds["product"]):
        store.update(row, "product.updated", description=WORD)


def _plant_salesforce(services: Services, at: datetime) -> None:
    org = services.salesforce.org
    for name, fields in {
        "Contact": ("LastName", "FirstName", "Phone", "Email"),
        "Lead": ("LastName", "FirstName", "Phone", "Email"),
        "Account": ("Description", "Phone"),
        "Opportunity": ("NextStep",),
    }.items():
        for identifier in org.ids(name, "IsDeleted = 0")[:20]:
            values = {field: f"{WORD}@example.com" if field == "Email" else WORD for field in fields}
            org.update(name, identifier, values, at)


def _file(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _plant_partner(services: Services, at: datetime) -> None:
    """Good rows with the word where free text and identifiers stand, and where a date should; bad rows; a bad file."""
    bucket, name = services.partner.bucket, f"{at:%Y-%m-%dT%H}"
    line = {"payer_code": "atlas", "trace_number": f"T-{name}", "claim_number": "C1", "currency": "USD",
            "billed_amount": "10.00", "paid_amount": "8.00", "member_id": WORD, "remark": WORD}  # fmt: skip
    remittance = [
        {**line, "line_number": str(number), "payment_date": WORD if number == 1 else "2026-11-04",
         "service_date": WORD if number == 2 else "2026-11-01"}
        for number in range(1, 120)
    ]  # fmt: skip
    bucket.put(f"remittances/atlas/canary-{name}.csv", _file(remittance) + f"{WORD},too,few\n".encode(), at=at)
    bucket.put(f"remittances/atlas/refused-{name}.csv", f"{WORD};{WORD}\n{WORD};1\n".encode() * 5, at=at)
    survey = [{"response_id": f"R-{name}-{n}", "appointment_id": WORD if n == 3 else "1", "responded_at": WORD if n == 4 else "2026-11-04T10:00:00Z",
               "overall_rating": WORD if n == 5 else "5", "comment": WORD} for n in range(100)]  # fmt: skip
    bucket.put(f"surveys/northwind/canary-{name}.csv", _file(survey), at=at)
    lead = [{"partner_code": "p", "lead_reference": f"L-{name}", "referred_at": "2026-11-04T10:00:00Z", "organization_name": "Clinic",
             "contact_name": WORD, "contact_email": f"{WORD}@example.com", "contact_phone": WORD, "notes": WORD}]  # fmt: skip
    bucket.put(f"referrals/harbor/canary-{name}.csv", _file(lead), at=at)


@dataclass
class Day:
    """What the day left behind."""

    home: Path
    planted: set[str]
    environment: dict[str, str]
    reports: list[TickReport] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """Everything that was printed or logged."""
    printed: dict[str, str] = field(default_factory=dict)
    """What each command printed."""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    home = tmp_path_factory.mktemp("canary")
    company = Company(seed=7, scale=0.01, anchor=ANCHOR)
    lines = _Lines()
    logging.getLogger().addHandler(lines)
    with PostgresServer() as server, pytest.MonkeyPatch.context() as patch:
        create_schema(server.dsn(), extra_tables=80)
        seed(server.dsn(), company)
        planted = _plant_app(server.dsn())
        with Services(server.dsn(), company, ANCHOR) as services:
            _plant_stripe(services)
            environment = {
                **os.environ,
                **settings_under(home),
                **services.environment(),
                "NORTHSTAR_PROJECT": str(ROOT),
            }
            for name, value in environment.items():
                patch.setenv(name, value)
            lived = Day(home, planted, environment)
            _changed_project(home)
            _live(lived, services, server.dsn())
            lived.said += lines.texts
            yield lived
    logging.getLogger().removeHandler(lines)


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{record.getMessage()} {vars(record)}")


def _live(lived: Day, services: Services, dsn: str) -> None:
    now = ANCHOR
    for number in range(4):
        _plant_salesforce(services, now)
        _plant_partner(services, now)
        environment = dict(lived.environment)
        with psycopg.connect(dsn, autocommit=True) as admin:
            if number == 1:  # a new column that nobody has classed, and a source that refuses
                admin.execute(f"ALTER TABLE patients.patients ADD COLUMN nickname text DEFAULT '{WORD}'")
                environment["NORTHSTAR_STRIPE_API_KEY"] = f"sk_live_{WORD}"
            if number == 2:  # so many faulty rows that an audit fails
                admin.execute("UPDATE patients.patients SET birth_date = '1850-01-01', updated_at = %s", [now])
            if number == 3:
                admin.execute("UPDATE patients.patients SET birth_date = '1960-01-01', updated_at = %s", [now])
        with Warehouse(Settings.from_environment(lived.environment)) as warehouse:
            if number == 3:  # a model that raises with the value in the engine's message
                _spoil(warehouse)
            lived.reports.append(tick(warehouse, configured(environment), environment, now))
        lived.said.append(json.dumps(lived.reports[-1].as_line(), default=str))
        for command in COMMANDS.get(number, ()):
            _say(lived, command)
        if number < 3:
            services.advance(now, now + STEP)
            now += STEP


COMMANDS = {
    1: ("northstar status", "northstar contracts check", "northstar metrics", "northstar docs bus-matrix",
        "northstar gate --format markdown"),
    2: ("sqlmesh audit --model intermediate.int_patients__patient_change --start 2026-11-04 --end 2026-11-05",
        "northstar docs build --to {home}/site"),
    3: ("northstar status --json", "northstar sources --json", "sqlmesh run"),
}  # fmt: skip
"""What people type after which tick: on a sound warehouse, after a failed audit, and on the spoilt one."""


def _say(lived: Day, command: str) -> None:
    """Run a command.  SQLMesh's own run prod, which is the project as it is; the gate reports on the changed one."""
    program, *arguments = command.format(home=lived.home).split()
    project = ROOT if program == "sqlmesh" else lived.home / "project"
    if program == "sqlmesh":
        arguments = ["--log-file-dir", str(lived.home / "logs"), *arguments]
    done = subprocess.run(
        [str(Path(sys.executable).parent / program), *arguments], cwd=project, capture_output=True, text=True,
        timeout=600, input="", env={**lived.environment, "NORTHSTAR_PROJECT": str(project), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout + done.stderr, command
    lived.said += [done.stdout, done.stderr]
    lived.printed[command] = done.stdout + done.stderr


def _changed_project(home: Path) -> None:
    """The project with a changed view of patients, without unit tests, for the gate to report on; and its pages."""
    copy_project(home / "project", (*PARTS, "docs"))
    view = home / "project/models/core/dim_patient.sql"
    text = view.read_text()
    assert "::VARCHAR AS zip3" in text
    view.write_text(text.replace("::VARCHAR AS zip3", "::VARCHAR || '' AS zip3", 1))


def _spoil(warehouse: Warehouse) -> None:
    """A column that no longer casts, as after a careless repair of raw."""
    connection = warehouse.connection
    connection.execute("ALTER TABLE raw_app.scheduling__appointment_types ALTER default_minutes TYPE VARCHAR")
    connection.execute(
        "INSERT INTO raw_app.scheduling__appointment_types (_op, _commit_lsn, _seq, _commit_ts, appointment_type_id, "
        "default_minutes, _loaded_at) SELECT 'U', max(_commit_lsn), 9999, max(_commit_ts), 1, ?, "
        "(SELECT max(sealed_through) + INTERVAL 1 HOUR FROM ops.source_seal WHERE source = 'app') "
        "FROM raw_app.scheduling__appointment_types",
        [WORD],
    )


def _attached(day: Day) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"ATTACH '{day.home / 'northstar.duckdb'}' AS NORTHSTAR (READ_ONLY)")
    connection.execute(f"ATTACH '{day.home / 'state.duckdb'}' AS state (READ_ONLY)")
    connection.execute("USE NORTHSTAR")
    return connection


def _holders(connection: duckdb.DuckDBPyConnection, catalog: str, where: str) -> list[str]:
    """Columns of tables and views in which one of the words stands; numbers and times cannot hold one."""
    found = []
    rows = connection.execute(
        "SELECT schema_name, table_name, list(column_name) FROM duckdb_columns() WHERE database_name = ? AND NOT internal "
        "AND NOT regexp_matches(data_type, '^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL.*|BOOLEAN|DATE|TIME.*)$') "
        f"AND {where} GROUP BY ALL ORDER BY 1, 2",
        [catalog],
    ).fetchall()
    assert rows
    for schema, table, columns in rows:
        texts = [f"CAST({quoted(column)} AS VARCHAR)" for column in columns]
        told = [" OR ".join(f"contains({text}, '{needle}')" for needle in NEEDLES) for text in texts]
        name = f"{catalog}.{quoted(schema)}.{quoted(table)}"
        counts = _counts(connection, name, told)
        found += [f"{schema}.{table}.{column}" for column, count in zip(columns, counts, strict=True) if count]
    return found


def _counts(connection: duckdb.DuckDBPyConnection, name: str, told: list[str]) -> list[int]:
    """Rows for which each condition holds: in one scan, or where a column of a spoilt view cannot be read, by column."""
    try:
        row = connection.execute(f"SELECT {', '.join(f'count_if({one})' for one in told)} FROM {name}").fetchone()
    except duckdb.ConversionException:
        return [0] if len(told) == 1 else [_counts(connection, name, [one])[0] for one in told]
    assert row is not None
    return list(row)


def test_the_words_reached_raw(day: Day) -> None:
    """Else nothing that follows would say anything."""
    with _attached(day) as connection:
        found = {
            one.removeprefix("raw_app.").lower()
            for one in _holders(connection, "NORTHSTAR", "starts_with(schema_name, 'raw_')")
        }

    assert len(day.planted) > 100
    assert day.planted - found == set()
    for relation in ("raw_stripe.customer.email", "raw_salesforce.contact.last_name", "raw_partner.remittance.member_id",
                     "raw_partner.survey_response.comment", "raw_partner.referral_lead.contact_name", "patients__patients.nickname"):  # fmt: skip
        assert relation in found


def test_the_day_had_its_troubles(day: Day) -> None:
    statuses = [report.status for report in day.reports]

    assert statuses == ["ok", "source_failed", "models_failed", "models_failed"]
    assert "stripe" in day.reports[1].source_errors
    assert any("fault_share" in str(why) for why in _failures(day.reports[2]).values())
    assert any("default_minutes" in str(why) or "onver" in str(why) for why in _failures(day.reports[3]).values())
    assert "core.dim_patient" in day.printed["northstar gate --format markdown"]
    assert "nickname" in day.printed["northstar contracts check"]


def _failures(report: TickReport) -> dict[str, str]:
    return report.run.failures if report.run else {}


def test_no_table_outside_raw_holds_a_word(day: Day) -> None:
    with _attached(day) as connection:
        assert _holders(connection, "NORTHSTAR", "NOT starts_with(schema_name, 'raw_')") == []


def test_the_state_holds_no_word(day: Day) -> None:
    with _attached(day) as connection:
        assert _holders(connection, "state", "true") == []


def test_nothing_that_was_said_holds_a_word(day: Day) -> None:
    said = "\n".join(day.said)

    assert len(day.said) > 10
    for needle in NEEDLES:
        place = said.find(needle)
        assert place == -1, said[max(0, place - 300) : place + 100]


def test_no_file_outside_the_landing_zone_holds_a_word(day: Day) -> None:
    own = {day.home / "northstar.duckdb", day.home / "northstar.duckdb.wal"}
    for file in day.home.rglob("*"):
        if file.is_file() and file not in own and (day.home / "landing") not in file.parents:
            content = file.read_bytes()
            assert [needle for needle in NEEDLES if needle.encode() in content] == [], file.name


def test_the_documentation_site_was_among_those_files(day: Day) -> None:
    data = (day.home / "site/data.js").read_text()

    assert "mart_provider_utilization" in data
    assert "NORTHSTAR=" in data
    assert json.loads((day.home / "site/manifest.json").read_text())["nodes"]


def test_marts_and_releases_hold_no_exact_postal_code_and_no_time_of_service(day: Day) -> None:
    """What is coarsened rather than dropped: looked for by its values."""
    with _attached(day) as connection:
        postal = {code for (code,) in connection.execute(
            "SELECT DISTINCT postal_code FROM raw_app.patients__patients WHERE length(postal_code) >= 5").fetchall()}  # fmt: skip
        rows = connection.execute(
            "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE database_name = 'NORTHSTAR' AND starts_with(schema_name, 'MARTS_')"
        ).fetchall()
        for schema, table, column, kind in rows:
            if kind == "VARCHAR":
                values = {
                    value
                    for (value,) in connection.execute(
                        f"SELECT DISTINCT {quoted(column)} FROM {schema}.{table}"
                    ).fetchall()
                }
                assert not values & postal, (table, column)
            if schema == "MARTS_DEID":
                assert kind in ("VARCHAR", "INTEGER", "BIGINT", "BOOLEAN"), (table, column)
