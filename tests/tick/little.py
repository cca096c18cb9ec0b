"""A little company for tests of the tick: two sources in SQLite files, and a project with a model of each kind.

It has the real project's shape, of batches, state and days, on the real signals, and a tick of it takes a fraction of a
second.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from northstar.ingest.contract import Batch, Cursor, LedgerView, SourceUnreachable
from northstar.ingest.landing import LandingZone
from northstar.settings import Settings
from northstar.warehouse import Warehouse

ROOT = Path(__file__).parents[2]
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)

NOTIFICATIONS = (ROOT / "config.yaml").read_text().partition("# Northstar's ticks are told of")[2].partition("\n\n")[0]

CONFIG = """
project: little
disable_anonymized_analytics: true
gateways:
  duckdb:
    connection:
      type: duckdb
      catalogs: {NORTHSTAR: "{{ env_var('NORTHSTAR_DUCKDB') }}"}
      connector_config: {TimeZone: UTC, checkpoint_threshold: 1GB, preserve_insertion_order: false}
{% if env_var('NORTHSTAR_STATE_HOST', '') %}
    state_connection:
      type: postgres
      host: "{{ env_var('NORTHSTAR_STATE_HOST') }}"
      port: {{ env_var('NORTHSTAR_STATE_PORT') }}
      user: "{{ env_var('NORTHSTAR_STATE_USER') }}"
      password: ''
      database: "{{ env_var('NORTHSTAR_STATE_DATABASE') }}"
    state_schema: sqlmesh
{% else %}
    state_connection: {type: duckdb, database: "{{ env_var('NORTHSTAR_STATE') }}"}
{% endif %}
model_defaults: {dialect: snowflake, start: 2026-03-02, cron: '*/30 * * * *'}
run: {environment_check_interval: 1, environment_check_max_wait: 3}
"""

EXTERNAL = """
- name: raw_app.visit
  columns: {_op: TEXT, _seq: BIGINT, visit_id: BIGINT, clinic_id: BIGINT, day: DATE, minutes: BIGINT,
            _loaded_at: TIMESTAMP}
- name: raw_stripe.payment
  columns: {_op: TEXT, _seq: BIGINT, payment_id: BIGINT, clinic_id: BIGINT, amount: BIGINT, _loaded_at: TIMESTAMP}
"""

MODELS = {
    "visit_change": """
MODEL (name little.visit_change, kind INCREMENTAL_BY_TIME_RANGE (time_column loaded_at),
  signals (source_sealed(source := 'app')),
  audits (not_null(columns := clinic_id), unique_values(columns := seq)));
SELECT visit_id::BIGINT AS visit_id, clinic_id::BIGINT AS clinic_id, day::DATE AS day, minutes::BIGINT AS minutes,
  _seq::BIGINT AS seq, (_op = 'D')::BOOLEAN AS is_deleted, _loaded_at::TIMESTAMP AS loaded_at
FROM raw_app.visit WHERE _loaded_at BETWEEN @start_ts AND @end_ts
""",
    "visit": """
MODEL (name little.visit, kind INCREMENTAL_BY_UNIQUE_KEY (unique_key visit_id));
SELECT visit_id::BIGINT AS visit_id, clinic_id::BIGINT AS clinic_id, day::DATE AS day, minutes::BIGINT AS minutes,
  is_deleted::BOOLEAN AS is_deleted
FROM little.visit_change
WHERE visit_id IN (SELECT visit_id FROM little.visit_change WHERE loaded_at BETWEEN @start_ts AND @end_ts)
QUALIFY ROW_NUMBER() OVER (PARTITION BY visit_id ORDER BY seq DESC) = 1
""",
    "live_visit": """
MODEL (name little.live_visit, kind VIEW);
SELECT visit_id, clinic_id, day, minutes FROM little.visit WHERE NOT is_deleted
""",
    "clinic_day": """
MODEL (name little.clinic_day, kind INCREMENTAL_BY_UNIQUE_KEY (unique_key (clinic_id, day)),
  audits (unique_combination_of_columns(columns := (clinic_id, day)), accepted_range(column := minutes, min_v := 0)));
WITH touched AS (
  SELECT DISTINCT moved.clinic_id, moved.day FROM little.visit_change AS moved
  WHERE moved.visit_id IN (SELECT visit_id FROM little.visit_change WHERE loaded_at BETWEEN @start_ts AND @end_ts)
)
SELECT touched.clinic_id::BIGINT AS clinic_id, touched.day::DATE AS day, COUNT(visit.visit_id)::BIGINT AS visits,
  COALESCE(SUM(visit.minutes), 0)::BIGINT AS minutes
FROM touched LEFT JOIN little.live_visit AS visit USING (clinic_id, day)
GROUP BY touched.clinic_id, touched.day
""",
    "payment_change": """
MODEL (name little.payment_change, kind INCREMENTAL_BY_TIME_RANGE (time_column loaded_at),
  signals (source_sealed(source := 'stripe')));
SELECT payment_id::BIGINT AS payment_id, clinic_id::BIGINT AS clinic_id, amount::BIGINT AS amount,
  _loaded_at::TIMESTAMP AS loaded_at
FROM raw_stripe.payment WHERE _loaded_at BETWEEN @start_ts AND @end_ts
""",
    "rate": """
MODEL (name little.rate, kind SCD_TYPE_2_BY_TIME (unique_key clinic_id, updated_at_name changed_at));
SELECT clinic_id::BIGINT AS clinic_id, amount::BIGINT AS amount, loaded_at::TIMESTAMP AS changed_at
FROM little.payment_change WHERE loaded_at BETWEEN @start_ts AND @end_ts
QUALIFY ROW_NUMBER() OVER (PARTITION BY clinic_id ORDER BY payment_id DESC) = 1
""",
    "rate_now": """
MODEL (name little.rate_now, kind VIEW);
SELECT clinic_id, amount FROM little.rate WHERE valid_to IS NULL
""",
    "hourly_payment": """
MODEL (name little.hourly_payment, kind INCREMENTAL_BY_TIME_RANGE (time_column hour), cron '@hourly',
  signals (parents_due()));
SELECT clinic_id::BIGINT AS clinic_id, SUM(amount)::BIGINT AS amount, DATE_TRUNC('HOUR', loaded_at)::TIMESTAMP AS hour
FROM little.payment_change WHERE loaded_at BETWEEN @start_ts AND @end_ts
GROUP BY clinic_id, DATE_TRUNC('HOUR', loaded_at)
""",
    "daily": """
MODEL (name little.daily, kind INCREMENTAL_BY_TIME_RANGE (time_column loaded_on), cron '@daily',
  signals (parents_due()));
SELECT payment.clinic_id::BIGINT AS clinic_id, SUM(payment.amount)::BIGINT AS amount,
  DATE_TRUNC('DAY', payment.hour)::DATE AS loaded_on
FROM little.hourly_payment AS payment WHERE payment.hour BETWEEN @start_ts AND @end_ts
GROUP BY payment.clinic_id, DATE_TRUNC('DAY', payment.hour)
""",
}
TABLES = {"app": ("visit", ("visit_id", "clinic_id", "day", "minutes")),
          "stripe": ("payment", ("payment_id", "clinic_id", "amount"))}  # fmt: skip


class SqliteSource:
    """A log of changes in a SQLite file, read a few rows a batch."""

    batch_rows = 40

    def __init__(self, name: str, file: Path) -> None:
        self.name, self._file = name, file

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        if self._file.with_name(f"{self.name}.down").exists():
            raise SourceUnreachable(f"{self.name} is down; try again later")
        table, columns = TABLES[self.name]
        seq = (ledger.cursor or {"seq": 0})["seq"]
        with sqlite3.connect(self._file) as db:
            while True:
                rows = db.execute(
                    f"SELECT seq, op, {', '.join(columns)} FROM log WHERE seq > ? ORDER BY seq LIMIT ?",
                    [seq, self.batch_rows],
                ).fetchall()
                if not rows:
                    return
                seq = rows[-1][0]
                with landing.begin(self.name, f"{seq:09d}", loaded_at) as load:
                    values = dict(zip(("_seq", "_op", *columns), map(list, zip(*rows, strict=True)), strict=True))
                    load.write(table, pa.table(values))
                yield Batch(f"{seq:09d}", load.files, {"seq": seq}, loaded_at)

    def acknowledge(self, cursor: Cursor) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass
class Little:
    """The little company, its warehouse's settings and its life."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environment = {
            "NORTHSTAR_PROJECT": str(self.home / "project"),
            "NORTHSTAR_DUCKDB": str(self.home / "warehouse.duckdb"),
            "NORTHSTAR_STATE": str(self.home / "state.duckdb"),
            "NORTHSTAR_LANDING": str(self.home / "landing"),
            "NORTHSTAR_LOCK": str(self.home / "writer.lock"),
            "NORTHSTAR_SOURCE_WAIT": "0.01",
            **self.settings,
        }
        self.sources = self.home / "sources"

    def create(self) -> Little:
        """Write the project and empty sources."""
        project = self.home / "project"
        (project / "models").mkdir(parents=True)
        shutil.copytree(ROOT / "signals", project / "signals", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "contracts", project / "contracts")
        (project / "config.yaml").write_text(f"{CONFIG}#{NOTIFICATIONS}\n")
        (project / "external_models").mkdir()
        (project / "external_models" / "raw.yaml").write_text(EXTERNAL)
        for name, text in MODELS.items():
            (project / "models" / f"{name}.sql").write_text(text)
        self.sources.mkdir()
        for name in TABLES:
            self._create_source(name)
        return self

    def _create_source(self, name: str) -> None:
        with sqlite3.connect(self.sources / name) as db:
            columns = ", ".join(TABLES[name][1])
            db.execute(f"CREATE TABLE log (seq INTEGER PRIMARY KEY AUTOINCREMENT, op TEXT, {columns})")

    def live(self, number: int) -> None:
        """One half hour's changes: visits booked, moved and deleted, payments made.  The same number, the same life."""
        base = number * 10
        self.change("app", *(("I", base + n, n % 3, _day(base + n), 10 + n) for n in range(6)))
        if number:
            self.change("app", ("U", base - 10, 1, _day(base + 3), 99), ("D", base - 9, None, None, None))
        self.change("stripe", *(("I", base + n, n % 3, 100 * (n + 1)) for n in range(3)))

    def change(self, source: str, *rows: tuple[Any, ...]) -> None:
        """Append changes to a source's log."""
        _, columns = TABLES[source]
        with sqlite3.connect(self.sources / source) as db:
            if source == "app":  # a delete keeps what the row was, as with REPLICA IDENTITY FULL
                rows = tuple(self._with_old_image(db, row) for row in rows)
            db.executemany(f"INSERT INTO log (op, {', '.join(columns)}) VALUES (?{', ?' * len(columns)})", rows)

    @staticmethod
    def _with_old_image(db: sqlite3.Connection, row: tuple[Any, ...]) -> tuple[Any, ...]:
        if row[0] != "D":
            return row
        old = db.execute(
            "SELECT clinic_id, day, minutes FROM log WHERE visit_id = ? ORDER BY seq DESC LIMIT 1", [row[1]]
        ).fetchone()
        return (*row[:2], *old)

    def down(self, source: str) -> None:
        """Make a source unreachable."""
        (self.sources / f"{source}.down").touch()

    def up(self, source: str) -> None:
        """Make it reachable again."""
        (self.sources / f"{source}.down").unlink()

    def open_source(self, name: str, _: object) -> SqliteSource:
        """What stands in for northstar.ingest.registry.open_source."""
        return SqliteSource(name, self.sources / name)

    def warehouse(self) -> Warehouse:
        """Open the warehouse; the environment must hold these settings, because SQLMesh reads it."""
        return Warehouse(Settings.from_environment(self.environment))


def _day(number: int) -> str:
    return str((MIDNIGHT + timedelta(days=number % 7)).date())


def contents(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every model and of raw, in a fixed order, without what tells one loading from another."""
    found = {}
    tables = warehouse.connection.execute(
        "SELECT lower(table_schema || '.' || table_name) FROM information_schema.tables "
        "WHERE lower(table_schema) IN ('little', 'raw_app', 'raw_stripe') ORDER BY 1"
    ).fetchall()
    for (table,) in tables:
        columns = "* EXCLUDE (_load_id)" if table.startswith("raw_") else "*"
        rows = warehouse.connection.execute(f"SELECT {columns} FROM {table}").fetchall()
        found[table] = sorted(rows, key=repr)
    return found
