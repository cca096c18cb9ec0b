"""A small shop under the gate: a project of five models with data, in a git checkout of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlmesh import Context
from sqlmesh.core.console import NoopConsole, set_console

from northstar import engine

PROJECT = Path(__file__).parents[2]
MART = "marts_shop.mart_sale_day"
NOW = "2026-01-05 00:00:10"

DUCKDB = "{{type: duckdb, catalogs: {{NORTHSTAR: {home}/warehouse.duckdb}}}}"
_CONFIG = """
gateways:
  only:
    connection: {connection}
    state_connection: {{type: duckdb, database: {home}/state.duckdb}}
model_defaults: {{dialect: snowflake, start: 2026-01-01, cron: '@daily'}}
disable_anonymized_analytics: true
linter: {{enabled: true, rules: [ambiguousorinvalidcolumn]}}
plan: {{auto_categorize_changes: {{sql: full, seed: full}}}}
before_all: ['@guard_promotion()']
run: {{environment_check_interval: 1, environment_check_max_wait: 5}}
"""
_FILES = {
    "external_models.yaml": """
- name: raw_shop.sale
  columns: {sale_id: BIGINT, shop_id: BIGINT, amount: BIGINT, sold_at: TIMESTAMP}
- name: raw_shop.shop
  columns: {shop_id: BIGINT, city: TEXT, told_at: TIMESTAMP}
""",
    "models/int_shop__sale.sql": """
MODEL (
  name intermediate.int_shop__sale, kind INCREMENTAL_BY_TIME_RANGE (time_column sold_at), owner data, grain sale_id
);
SELECT sale_id::BIGINT AS sale_id, shop_id::BIGINT AS shop_id, amount::BIGINT AS amount, sold_at::TIMESTAMP AS sold_at
FROM raw_shop.sale WHERE sold_at BETWEEN @start_ts AND @end_ts
""",
    "models/int_shop__owed.sql": """
MODEL (
  name intermediate.int_shop__owed, kind INCREMENTAL_BY_UNIQUE_KEY (unique_key shop_id), owner data, grain shop_id
);
SELECT shop_id::BIGINT AS shop_id, SUM(amount)::BIGINT AS amount FROM intermediate.int_shop__sale GROUP BY shop_id
""",
    "models/int_shop__shop.sql": """
MODEL (
  name intermediate.int_shop__shop, kind SCD_TYPE_2_BY_TIME (unique_key shop_id, updated_at_name told_at),
  owner data, grain (shop_id, valid_from)
);
SELECT shop_id::BIGINT AS shop_id, city::VARCHAR AS city, told_at::TIMESTAMP AS told_at FROM raw_shop.shop
""",
    "models/fct_sale.sql": """
MODEL (name core.fct_sale, kind VIEW, owner analytics, grain sale_id);
SELECT sale_id::BIGINT AS sale_id, shop_id::BIGINT AS shop_id, amount::BIGINT AS amount, sold_at::DATE AS sold_on
FROM intermediate.int_shop__sale
""",
    "models/mart_sale_day.sql": """
MODEL (
  name marts_shop.mart_sale_day, kind VIEW, owner analytics, grain sold_on,
  audits (not_null(columns := (sold_on, total)))
);
SELECT sold_on::DATE AS sold_on, SUM(amount)::BIGINT AS total, COUNT(*)::BIGINT AS sale_count
FROM core.fct_sale GROUP BY sold_on
""",
    "contracts/metrics.yaml": """
- name: takings
  title: Takings
  description: What was sold for.
  mart: marts_shop.mart_sale_day
  formula: SUM(total)
  unit: amount
  grain: [sold_on]
  owner: analytics
""",
    "contracts/exposures.yaml": """
exposures:
  - name: till
    kind: dashboard
    title: The till
    owner: shopkeepers
    audience: Who stands at the till
    refresh: daily
    reads: {marts_shop.mart_sale_day: [sold_on, total]}
retirements: {}
""",
}
_SALES = ", ".join(f"({i}, {i % 3}, {10 * i}, '{datetime(2026, 1, 1) + timedelta(hours=i)}')" for i in range(96))
_DATA = (
    "CREATE SCHEMA IF NOT EXISTS raw_shop",
    "CREATE TABLE raw_shop.sale (sale_id BIGINT, shop_id BIGINT, amount BIGINT, sold_at TIMESTAMP)",
    f"INSERT INTO raw_shop.sale VALUES {_SALES}",
    "CREATE TABLE raw_shop.shop (shop_id BIGINT, city VARCHAR, told_at TIMESTAMP)",
    "INSERT INTO raw_shop.shop VALUES " + ", ".join(f"({i}, 'Town {i}', '2026-01-01 06:00:00')" for i in range(3)),
)


@dataclass
class Shop:
    """The shop's project and its warehouse."""

    home: Path
    context: Context

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that is there once."""
        path = self.home / "project" / file
        assert path.read_text().count(old) == 1, (file, old)
        path.write_text(path.read_text().replace(old, new))
        self.context.load()

    def write(self, file: str, text: str) -> None:
        """Write a file of the project."""
        (self.home / "project" / file).write_text(text)
        self.context.load()

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "-A")
        self.git("commit", "-qm", "change", "--allow-empty")

    def git(self, *arguments: str) -> str:
        """Run git in the project."""
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
        command = ["git", "-C", str(self.home / "project"), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Rows of a query."""
        return [tuple(row) for row in self.context.engine_adapter.fetchall(query)]

    def tables(self) -> set[str]:
        """The physical tables that there are."""
        query = "SELECT table_name FROM duckdb_tables() WHERE schema_name LIKE 'sqlmesh__%'"
        return {str(name) for (name,) in self.rows(query)}

    def release(self) -> None:
        """Close the files, so that a fork may open them; the next use opens them again."""
        self.context.close()
        self.context.engine_adapter.close()

    def reopen(self) -> None:
        """Load the project anew, as another process would."""
        self.release()
        self.context = Context(paths=str(self.home / "project"))
        self.rows("SELECT 1")  # SQLMesh attaches the warehouse at its first query


@contextmanager
def open_shop(home: Path, deployed: bool = True, connection: str = DUCKDB) -> Iterator[Shop]:
    """A shop with four days of sales, in prod unless nothing is ``deployed`` yet."""
    engine.install()
    project = home / "project"
    config = _CONFIG.format(home=home, connection=connection.format(home=home))
    for name, text in {"config.yaml": config, **_FILES}.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    (project / "macros").mkdir()
    (project / "macros/__init__.py").write_text("")
    shutil.copy(PROJECT / "macros/promotion.py", project / "macros/promotion.py")
    (project / ".gitignore").write_text(".cache/\nlogs/\n__pycache__/\n")
    set_console(NoopConsole())
    context = Context(paths=str(project))
    shop = Shop(home, context)
    try:
        adapter = context.engine_adapter
        for statement in _DATA:
            adapter.execute(statement)
        if deployed:
            context.plan("prod", execution_time=NOW, auto_apply=True, no_prompts=True)
        shop.git("init", "-q")
        shop.commit()
        yield shop
    finally:
        shop.context.close()
