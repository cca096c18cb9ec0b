"""The little company on either gateway, Snowflake's being the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from little import HALF_HOUR, MIDNIGHT, TABLES, Little

from northstar.ingest import together
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


@contextmanager
def settled(company: Company) -> Iterator[None]:
    """This process in the environment that the company's settings ask for."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in company.environment.items():
            patch.setenv(name, value)
        patch.setattr(together, "open_source", company.open_source)
        # The emulator needs no PostgreSQL for the state; what production needs, test_gateway.py asks for.
        patch.setattr("northstar.gateway.missing", lambda environment: [])
        yield


@contextmanager
def opened(company: Company) -> Iterator[Warehouse]:
    """The company's warehouse, in the environment that its settings ask for."""
    with settled(company), company.warehouse() as warehouse:
        yield warehouse
