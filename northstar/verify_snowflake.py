"""``make verify-snowflake``: what only an account can tell, for whoever has one (docs/snowflake.md).

Works in an environment of its own, which it removes again: the models are planned into it over a bounded time, every
query is compiled by Snowflake, and marts are compared with those of a DuckDB warehouse that holds the same landed
files, when ``NORTHSTAR_VERIFY_DUCKDB`` names one.  Then the account's grants, masks and tags are compared with infra/,
and something of each schema is read as each role.  Promotes nothing; on an empty account it leaves what the first
tick would make before it, the key of pseudonyms and empty raw tables.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from snowflake.connector.errors import Error, ProgrammingError
from sqlmesh import Context
from sqlmesh.core.config import SnowflakeConnectionConfig
from sqlmesh.core.model import SqlModel
from sqlmesh.utils.errors import SQLMeshError

from northstar import secret_store
from northstar.access.account import load_account
from northstar.access.connect import asked
from northstar.access.drift import Ask, drift
from northstar.access.sights import sights
from northstar.clock import floor_boundary, utc_now
from northstar.contracts import CONTRACTS, load_contracts
from northstar.deployment import create_undue_tables
from northstar.gateway import missing
from northstar.ingest.duckdb_sink import connect
from northstar.reasons import reason, speaks_of_data
from northstar.settings import Settings
from northstar.snowflake_connection import open_connection
from northstar.warehouse import Warehouse

DAYS = 1
"""How far back models are filled."""
Say = Callable[[str], None]


@dataclass
class Verification:
    """One run over an open project."""

    warehouse: Warehouse
    say: Say
    failed: int = 0

    @property
    def context(self) -> Context:
        """The project."""
        return self.warehouse.context

    @property
    def settings(self) -> Settings:
        """Its settings."""
        return self.warehouse.settings

    def step(self, name: str, found: list[str]) -> None:
        """Tell what a step found; nothing is good."""
        self.failed += bool(found)
        self.say(f"{name}: {'ok' if not found else f'{len(found)} to look at'}")
        for sentence in found:
            self.say(f"  {sentence}")

    def run(self, at: datetime) -> bool:
        """Everything; returns whether all went well."""
        with self._environment(at) as environment:
            if environment is not None:
                self.step("every model's query compiles", list(self._uncompiled(environment, at)))
                self._compare(environment)
        with self._asking() as ask:
            account, contracts = load_account(self.settings.project), load_contracts(self.settings.project / CONTRACTS)
            self.step("grants, masks and tags are those of infra/", drift(account, contracts, ask))
            self.step("each role sees what it should, and no more", list(sights(account, contracts, ask)))
        return not self.failed

    @contextmanager
    def _environment(self, at: datetime) -> Iterator[str | None]:
        """Models planned into an environment that is gone at the end; None when the plan failed."""
        name = f"verify_{secrets.token_hex(4)}"
        try:
            self.warehouse.prepare()
            plan = self.context.plan_builder(
                name, start=at - timedelta(days=DAYS), end=at, execution_time=at, include_unmodified=True,
                skip_tests=True,
            ).build()  # fmt: skip
            create_undue_tables(self.context, plan)
            self.context.apply(plan)
        except (SQLMeshError, Error) as error:
            self.step(f"the models are planned into {name}", [reason(error)])
            planned = None
        else:
            self.step(f"the models are planned into {name}", [])
            planned = name
        try:
            yield planned
        finally:
            self.context.invalidate_environment(name, sync=True)
            self.context.run_janitor(ignore_ttl=False)

    def _uncompiled(self, environment: str, at: datetime) -> Iterator[str]:
        names = {
            model.fqn: self.context.get_snapshot(model, raise_if_missing=True).qualified_view_name.for_environment(
                self.context.state_reader.get_environment(environment).naming_info,  # type: ignore[union-attr]
                dialect="snowflake",
            )
            for model in self.context.models.values()
            if not model.kind.is_external and not model.kind.is_embedded
        }
        for model in self.context.models.values():
            if isinstance(model, SqlModel) and not model.kind.is_embedded:
                query = model.render_query_or_raise(
                    start=at - timedelta(days=DAYS), end=at, execution_time=at, table_mapping=names
                )
                try:
                    self.context.engine_adapter.execute(f"EXPLAIN USING TEXT {query.sql(dialect='snowflake')}")
                except ProgrammingError as error:
                    yield f"{model.name}: {_why(error)}"

    def _compare(self, environment: str) -> None:
        file = self.settings.environment.get("NORTHSTAR_VERIFY_DUCKDB")
        if not file:
            self.say("marts are not compared: NORTHSTAR_VERIFY_DUCKDB names no warehouse that holds the same files")
            return
        with connect(Path(file)) as on_duckdb:
            self.step("marts equal DuckDB's", list(self._unlike(environment, on_duckdb)))

    def _unlike(self, environment: str, on_duckdb: duckdb.DuckDBPyConnection) -> Iterator[str]:
        for model in self.context.models.values():
            schema = model.schema_name.lower()
            if not schema.startswith("marts_"):
                continue
            adapter = self.context.engine_adapter
            adapter.execute(f"SELECT * FROM {schema}__{environment}.{model.view_name}")
            here = Counter(map(tuple, adapter.cursor.fetchall()))
            there = Counter(on_duckdb.execute(f"SELECT * FROM {schema}.{model.view_name}").fetchall())
            if here != there:
                more, less = (here - there).total(), (there - here).total()
                yield f"{model.name}: {more} rows are on Snowflake only, {less} on DuckDB only"

    @contextmanager
    def _asking(self) -> Iterator[Ask]:
        config = self.context.config.get_connection("snowflake")
        assert isinstance(config, SnowflakeConnectionConfig)
        with open_connection(config) as connection:
            yield asked(connection)


def _why(error: ProgrammingError) -> str:
    """What a query that does not compile lacks: such an error speaks of names, on several lines."""
    return reason(error) if speaks_of_data(error) else " ".join(str(error).split())[:300]


def main(environment: Mapping[str, str] = os.environ, say: Say = print) -> int:
    """Verify, or say what is missing; returns the exit code: 0 all well, 1 something to look at, 2 nothing was done."""
    given = {**environment, "NORTHSTAR_GATEWAY": "snowflake"}
    fetched = secret_store.resolve(given)
    os.environ.update({name: given[name] for name in ("NORTHSTAR_GATEWAY", *fetched)})  # config.yaml reads it
    if lacks := missing(given):
        say("Nothing was verified, as there is no account to verify it on:")
        for sentence in lacks:
            say(f"  {sentence}")
        return 2
    with Warehouse(Settings.from_environment(given)) as warehouse:
        return 0 if Verification(warehouse, say).run(floor_boundary(utc_now())) else 1


if __name__ == "__main__":
    sys.exit(main())
