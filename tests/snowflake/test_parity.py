"""The company lives a day on both engines, with the project as it is: every core and mart table has the same rows.

The Snowflake side is gateway snowflake of config.yaml, its state in PostgreSQL.  Equality proves the translation and
the path through connector, sink and adapter, and of Snowflake's own meaning no more than the emulator's lists say.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from company_lab import SOURCES, CompanyLab, open_company
from emulator import Snowflake, emulated
from engines import create_stage, throw_away_key, typed_rows
from golden_ddl import compare, made
from grammar import CLAUSES, KINDS, clauses, kinds, shapes, unparsable, unreviewed
from lab import PROJECT, LabWarehouse, open_warehouse
from psycopg import sql
from slices import copy_slice
from sqlmesh.utils import CompletionStatus

from northstar.pseudonyms import ensure_key
from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
]

ANCHOR = datetime(2026, 10, 30, 14, 0, tzinfo=UTC)
TICKS = tuple(ANCHOR + timedelta(hours=hours) for hours in (0, 0.5, 10.5, 24))
"""Within an hour, past midnight when the daily models are due, and a day later."""
SLICE = (
    "marts_operations.mart_provider_utilization", "marts_finance.mart_mrr_movement",
    "marts_growth.mart_bookings_by_owner", "core.fct_survey_response",
)  # fmt: skip
"""Something of each source, each with dimensions that keep history."""
MAY_DIFFER: dict[str, set[str]] = {}
"""By model: the columns that tell how it was computed, not what."""

_states = itertools.count(1)


@dataclass
class Both:
    """The two warehouses after the day."""

    lab: CompanyLab
    duckdb: LabWarehouse
    snowflake: LabWarehouse
    account: Snowflake
    is_whole: bool
    """Whether it is all of the project."""

    def models(self) -> list[str]:
        """Every model of core and marts."""
        names = (model.name for model in self.duckdb.warehouse.context.models.values())
        return sorted(name for name in names if name.startswith(("core.", "marts_")))


@contextmanager
def state_in_postgres(server: PostgresServer, key: Path) -> Iterator[dict[str, str]]:
    """A database for SQLMesh's state, and the variables of gateway snowflake."""
    name = f"state_{next(_states)}"
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield {
            "NORTHSTAR_GATEWAY": "snowflake",
            "NORTHSTAR_SNOWFLAKE_ACCOUNT": "nowhere",
            "NORTHSTAR_SNOWFLAKE_USER": "nobody",
            "NORTHSTAR_SNOWFLAKE_KEY_PATH": str(key),
            # The emulator does one statement at a time.
            "NORTHSTAR_SNOWFLAKE_TASKS": "1",
            "NORTHSTAR_STATE_HOST": "127.0.0.1",
            "NORTHSTAR_STATE_PORT": str(server.port),
            "NORTHSTAR_STATE_USER": "postgres",
            "NORTHSTAR_STATE_DATABASE": name,
        }
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def share_key(duckdb: LabWarehouse, snowflake: LabWarehouse) -> None:
    """Pseudonyms are the same under the same key only."""
    ensure_key(duckdb.warehouse.statements)
    ensure_key(snowflake.warehouse.statements)
    pads = duckdb.warehouse.statements.execute("SELECT inner_pad, outer_pad FROM restricted.pseudonym_key").fetchone()
    snowflake.warehouse.statements.execute(
        "UPDATE restricted.pseudonym_key SET inner_pad = ?, outer_pad = ?", list(pads)
    )


def tick(warehouse: LabWarehouse, account: Snowflake, at: datetime) -> None:
    """A tick that ends in success: also a run that SQLMesh calls failed raises nothing."""
    report = warehouse.try_tick(at)
    failures = report.run.failures if report.run else {}
    assert report.status == "ok", (report.status, report.source_errors, failures, account.failed[-3:])
    assert report.run is not None
    assert report.run.status == CompletionStatus.SUCCESS.value


@pytest.fixture(scope="module", params=["slice", "whole"])
def both(
    request: pytest.FixtureRequest, postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    """Both warehouses after a day of ticks; the systems are still there."""
    home = tmp_path_factory.mktemp(request.param)
    project = PROJECT
    if request.param == "slice":
        project = home / "project"
        copy_slice(project, *SLICE)
    with (
        emulated() as account,
        open_company(postgres_server, Company(seed=19, scale=0.05, anchor=ANCHOR)) as lab,
        state_in_postgres(postgres_server, throw_away_key(home)) as gateway,
        open_warehouse(lab, home / "duckdb", "on_duckdb", SOURCES, project) as duckdb,
    ):
        create_stage(home / "snowflake" / "landing")
        with open_warehouse(lab, home / "snowflake", "on_snowflake", SOURCES, project, gateway) as snowflake:
            share_key(duckdb, snowflake)
            for at in TICKS:
                if at > lab.now:
                    lab.live(at)
                tick(duckdb, account, at)
                tick(snowflake, account, at)
            yield Both(lab, duckdb, snowflake, account, request.param == "whole")


def kept(found: list[Any], left_out: set[str]) -> list[Any]:
    """Rows without some columns."""
    columns, *rows = found
    places = [place for place, name in enumerate(columns) if name.lower() not in left_out]
    return [[columns[place] for place in places], *sorted((tuple(row[p] for p in places) for row in rows), key=repr)]


def test_every_core_and_mart_table_has_the_same_rows(both: Both) -> None:
    unequal, empty = {}, set()
    for name in both.models():
        left, right = (
            kept(typed_rows(one.warehouse.context, name), MAY_DIFFER.get(name, set()))
            for one in (both.duckdb, both.snowflake)
        )
        if len(left) == 1:
            empty.add(name)
        if left != right:
            unequal[name] = (
                len(left),
                len(right),
                [pair for pair in zip(left, right, strict=False) if pair[0] != pair[1]][:2],
            )
    assert unequal == {}, "\n".join(f"{name}: {rows}" for name, rows in unequal.items())
    assert len(empty) < len(both.models()) / 10, sorted(empty)


def test_what_was_sent_is_snowflakes(both: Both) -> None:
    """Every statement of the project, one of each shape, by a grammar that is not sqlglot's."""
    found = shapes(both.account.sent)
    assert len(found) > 200
    assert unparsable(found.values()) == []


def test_kinds_and_functions_are_reviewed(both: Both) -> None:
    """Of all that is sent, audits and Northstar's own statements too."""
    found = shapes(both.account.sent).values()
    assert kinds(found) <= KINDS.keys()
    assert unreviewed(found) == set()


def test_clauses_are_reviewed(both: Both) -> None:
    assert clauses(shapes(both.account.sent).values()) <= CLAUSES.keys()


def test_clauses_that_the_emulator_drops_are_as_reviewed(both: Both) -> None:
    found = made(both.account.sent)
    assert len(found) > 2 * len(both.models())
    assert compare(found, whole=both.is_whole) == {}


def test_only_probes_fail(both: Both) -> None:
    """SQLMesh and the sink ask for tables that are not there yet."""
    assert [(sent, why) for sent, why in both.account.failed if "002003" not in why] == []
