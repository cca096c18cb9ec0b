"""The little company lives on both engines: ticks, a rebuilt dimension, a backfill, a dev environment, a promotion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from emulator import Snowflake, emulated
from little import CONFIG, HALF_HOUR, MIDNIGHT, TABLES, Little
from sqlmesh.utils import CompletionStatus

from northstar.backfill.run import Backfills
from northstar.ingest import together
from northstar.ingest.snowflake_sink import STAGE
from northstar.tick import TickReport, tick
from northstar.warehouse import Warehouse

GATEWAY = """
  snowflake:
    connection:
      type: snowflake
      account: nowhere
      user: nobody
      private_key_path: "{{ env_var('NORTHSTAR_SNOWFLAKE_KEY_PATH') }}"
      role: TRANSFORMER
      warehouse: TRANSFORM
      database: NORTHSTAR
      concurrent_tasks: 4
    state_connection: {type: duckdb, database: "{{ env_var('NORTHSTAR_STATE') }}"}
default_gateway: "{{ env_var('NORTHSTAR_GATEWAY') }}"
"""
MODELS = (
    "visit_change", "visit", "live_visit", "clinic_day", "payment_change", "rate", "rate_now", "hourly_payment", "daily",
)  # fmt: skip
TICKS = 6


class Company(Little):
    """The same company whose warehouse is on a gateway."""

    def __init__(self, home: Path, gateway: str, key: Path) -> None:
        home.mkdir()
        super().__init__(
            home,
            {
                "NORTHSTAR_GATEWAY": gateway,
                "NORTHSTAR_SNOWFLAKE_KEY_PATH": str(key),
                "NORTHSTAR_SNOWFLAKE_ACCOUNT": "nowhere",
                "NORTHSTAR_SNOWFLAKE_USER": "nobody",
            },
        )
        self.gateway = gateway

    def create(self) -> Company:
        super().create()
        config = self.home / "project" / "config.yaml"
        config.write_text(config.read_text().replace("\nmodel_defaults", f"{GATEWAY}\nmodel_defaults"))
        return self

    def live_and_tick(self, warehouse: Warehouse, number: int) -> TickReport:
        self.live(number)
        return tick(warehouse, list(TABLES), self.environment, MIDNIGHT + (number + 1) * HALF_HOUR)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = tmp_path_factory.mktemp("key") / "throw_away.p8"
    path.write_bytes(
        made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@contextmanager
def opened(company: Company) -> Iterator[Warehouse]:
    """The company's warehouse, in the environment that its settings ask for."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in company.environment.items():
            patch.setenv(name, value)
        patch.setattr(together, "open_source", company.open_source)
        # The emulator needs no PostgreSQL for the state; what production needs, test_gateway.py asks for.
        patch.setattr("northstar.warehouse.missing", lambda environment: [])
        with company.warehouse() as warehouse:
            yield warehouse


def rows(warehouse: Warehouse, names: tuple[str, ...] = MODELS, schema: str = "little") -> dict[str, list[Any]]:
    """Every row with the types of its values, and the names of its columns."""
    found = {}
    for name in names:
        adapter = warehouse.context.engine_adapter
        adapter.execute(f"SELECT * FROM {schema}.{name}")
        columns = [column[0] for column in adapter.cursor.description]
        values = [tuple(map(_typed, row)) for row in adapter.cursor.fetchall()]
        found[name] = [columns, *sorted(values, key=repr)]
    return found


def _typed(value: Any) -> tuple[str, Any]:
    return type(value).__name__, value


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Iterator[tuple[Warehouse, Warehouse, Snowflake]]:
    """Both warehouses after some ticks, every one of them well."""
    home = tmp_path_factory.mktemp("both")
    with emulated() as account:
        duck, snow = (Company(home / name, name, key).create() for name in ("duckdb", "snowflake"))
        stage(snow)
        with opened(duck) as on_duckdb:
            reports = [duck.live_and_tick(on_duckdb, number) for number in range(TICKS)]
            assert [report.status for report in reports] == ["ok"] * TICKS
            with opened(snow) as on_snowflake:
                for number in range(TICKS):
                    report = snow.live_and_tick(on_snowflake, number)
                    assert (report.status, report.run and report.run.failures) == ("ok", {}), account.failed
                    assert report.run is not None
                    assert report.run.status == CompletionStatus.SUCCESS.value
                yield on_duckdb, on_snowflake, account


def stage(company: Company) -> None:
    """What infra creates in production."""
    landing = company.home / "landing"
    with snowflake.connector.connect(database="NORTHSTAR") as connection:
        connection.cursor().execute("CREATE SCHEMA IF NOT EXISTS ops")
        connection.cursor().execute(f"CREATE STAGE IF NOT EXISTS {STAGE} URL = 'file://{landing}'")


Both = tuple[Warehouse, Warehouse, Snowflake]


def test_every_table_has_the_same_rows(both: Both) -> None:
    on_duckdb, on_snowflake, _ = both
    wanted = rows(on_duckdb)
    assert all(len(found) > 1 for name, found in wanted.items() if name != "daily")
    assert rows(on_snowflake) == wanted


def test_statements_carry_the_run(both: Both) -> None:
    tags = {sent.split("'")[1] for sent in both[2].sent if "QUERY_TAG" in sent}
    assert len(tags) == TICKS
    assert all(tag.startswith("tick-") for tag in tags)


def test_only_probes_fail(both: Both) -> None:
    """SQLMesh asks whether a table is there by describing it."""
    assert [sent for sent, _ in both[2].failed if not sent.lstrip().startswith(("DESCRIBE", "/* "))] == []
