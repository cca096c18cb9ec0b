"""Each category of change on real models and real data: what is built, that prod is left alone, what promotion moves.

The project is a slice: the periodic snapshot of provider days, and the history of accounts' owners.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from lab import open_lab, open_warehouse
from projects import PROJECT, physical_rows
from slices import copy_slice
from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.environment import EnvironmentNamingInfo
from sqlmesh.core.snapshot import SnapshotChangeCategory

from northstar.gate.preview import Preview, build
from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.landing import LandingZone
from northstar.promotion.ledger import Ledger, digest
from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer
from northstar.warehouse import Warehouse, model_name

pytestmark = pytest.mark.slow

ANCHOR = datetime(2026, 10, 28, 14, 0, tzinfo=UTC)
DAY = "core.fct_provider_day"
OWNER = "intermediate.int_sales__account_owner"
BUILT_DAY = "intermediate.int_scheduling__provider_day"
SLOT = "intermediate.int_scheduling__provider_day_slot"
CURRENCY = "reference.currency"
PROVIDER = "core.dim_provider"
SHOWN = (DAY, OWNER, PROVIDER, "core.dim_clinic", "core.dim_currency", BUILT_DAY)
"""Whose rows are compared."""

_ACCOUNTS = """
INSERT INTO raw_salesforce.account BY NAME
SELECT 'R' AS _op, i AS _seq, TIMESTAMP '2026-10-01' AS _commit_ts, 'a' || i AS id, 'u' || i AS owner_id,
  TIMESTAMP '2026-10-28 13:45' AS _loaded_at
FROM range(5) AS t(i)
"""


@dataclass
class Prod:
    """A warehouse whose prod holds the slice, on a copy of the project that may be edited."""

    warehouse: Warehouse
    project: Path

    @property
    def context(self) -> Context:
        """The project as it is loaded."""
        return self.warehouse.context

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that is there once."""
        path = self.project / file
        text = path.read_text()
        assert text.count(old) == 1, (file, old)
        path.write_text(text.replace(old, new))
        self.context.load()

    def preview(self, environment: str) -> Preview:
        """Build the project beside prod as the gate does."""
        found = build(self.context, environment, "prod", 14)
        assert found.check.passed, found.check.problems
        return found

    def promote(self) -> None:
        """Plan prod, let through by the guard; what the gate asks before is shown in tests/gate."""
        Ledger(self.context.engine_adapter).allow(digest(self.context.snapshots), None, "test")
        self.context.plan("prod", execution_time=ANCHOR, auto_apply=True, no_prompts=True, skip_tests=True)

    def tables(self) -> dict[str, int]:
        """Rows of every physical table."""
        return physical_rows(self.warehouse)

    def shown(self, environment: str = "prod") -> dict[str, list[tuple[object, ...]]]:
        """Rows of the models that are compared, in the tables that an environment uses."""
        held = self.context.state_reader.get_environment(environment)
        assert held is not None and held.finalized_ts is not None
        names = {model_name(snapshot.name): snapshot for snapshot in held.snapshots}
        found = {}
        for name in SHOWN:
            view = names[name].qualified_view_name.for_environment(held.naming_info, "duckdb")
            if not self.context.engine_adapter.table_exists(view):  # it changed nothing here: prod's is the one
                view = names[name].qualified_view_name.for_environment(EnvironmentNamingInfo(), "duckdb")
            found[name] = self.warehouse.connection.execute(f"SELECT * FROM {view} ORDER BY ALL").fetchall()
        return found


def _model(table: str) -> str:
    """The model of a physical table."""
    found = re.fullmatch(r'sqlmesh__\w+\."(\w+?)__(\w+)__\d+(__dev)?"', table)
    assert found, table
    return f"{found[1]}.{found[2]}".lower()


@pytest.fixture(scope="module")
def deployed(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prod]:
    home = tmp_path_factory.mktemp("categories")
    copy_slice(home / "project", DAY, OWNER, "core.dim_currency")
    _tell_accounts(home)
    with (
        open_lab(postgres_server, Company(7, 0.02, ANCHOR), extra_tables=0) as lab,
        open_warehouse(lab, home, project=home / "project") as opened,
    ):
        opened.tick()
        yield Prod(opened.warehouse, home / "project")


def _tell_accounts(home: Path) -> None:
    """Five accounts of Salesforce, sealed: no server is needed for these."""
    models = yaml.safe_load((PROJECT / "external_models/salesforce.yaml").read_text())
    [columns] = [model["columns"] for model in models if model["name"] == "raw_salesforce.account"]
    connection = connect(home / "northstar.duckdb")
    connection.execute("CREATE SCHEMA raw_salesforce")
    declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    connection.execute(f"CREATE TABLE raw_salesforce.account ({declared})")
    connection.execute(_ACCOUNTS)
    sink = DuckDBSink(connection, LandingZone(str(home / "landing")))
    sink.seal("salesforce", ANCHOR)
    sink.close()


@pytest.fixture
def prod(deployed: Prod) -> Iterator[Prod]:
    """Prod as it was deployed; put back after the test."""
    files = {path: path.read_text() for path in deployed.project.rglob("*") if path.suffix in (".sql", ".py", ".csv")}
    shown = deployed.shown()
    yield deployed
    for path, text in files.items():
        path.write_text(text)
    deployed.context.load()
    deployed.promote()
    assert deployed.shown() == shown


@dataclass(frozen=True)
class Change:
    """A change of one category, and what it has to build."""

    file: str
    old: str
    new: str
    builds: dict[str, int | None]
    """Rows written, by model; None for as many as prod has."""
    category: SnapshotChangeCategory
    changes: frozenset[str] = frozenset()
    """Models of SHOWN whose rows differ from prod's."""


FACT = "models/core/fct_provider_day.sql"
CHANGES = {
    "breaking": Change(
        "models/intermediate/scheduling/int_scheduling__provider_day_slot.sql",
        "COUNT(filled.starts_at)::BIGINT",
        "(2 * COUNT(filled.starts_at))::BIGINT",
        {SLOT: None, DAY: None},
        SnapshotChangeCategory.BREAKING,
        frozenset({DAY}),
    ),
    "non-breaking": Change(
        "models/intermediate/scheduling/int_scheduling__provider_day_slot.sql",
        "COALESCE(SUM(filled.is_booked), 0)::BIGINT AS booked_slots",
        "COALESCE(SUM(filled.is_booked), 0)::BIGINT AS booked_slots,\n  COUNT(*)::BIGINT AS places",
        {SLOT: None},
        SnapshotChangeCategory.NON_BREAKING,
    ),
    "new column of an incremental fact": Change(
        FACT,
        "  day.load_seconds::BIGINT AS load_seconds,",
        "  day.load_seconds::BIGINT AS load_seconds,\n  ROUND(day.load_seconds / 60)::BIGINT AS load_minutes,",
        {DAY: None},
        SnapshotChangeCategory.NON_BREAKING,
        frozenset({DAY}),
    ),
    "incremental fact": Change(
        FACT,
        "day.load_seconds::BIGINT",
        "(day.load_seconds + 1)::BIGINT",
        {DAY: None},
        SnapshotChangeCategory.BREAKING,
        frozenset({DAY}),
    ),
    "forward-only": Change(
        FACT,
        "    unique_key (provider_id, clinic_id, local_date)\n  ),",
        "    unique_key (provider_id, clinic_id, local_date), forward_only TRUE\n  ),",
        {},
        SnapshotChangeCategory.METADATA,
    ),
    "metadata only": Change(
        FACT,
        "owner analytics_engineering",
        "owner finance_engineering",
        {},
        SnapshotChangeCategory.METADATA,
    ),
    "audit only": Change(
        FACT,
        "  audits (\n",
        "  audits (\n    accepted_range(column := load_seconds, min_v := 0),\n",
        {},
        SnapshotChangeCategory.METADATA,
    ),
    "macro": Change(
        "macros/provider_day.py",
        "          ON block.provider_id = day.provider_id\n",
        "          ON block.starts_at < block.ends_at AND block.provider_id = day.provider_id\n",
        {BUILT_DAY: None, SLOT: None, DAY: None},
        SnapshotChangeCategory.BREAKING,
    ),
    "dimension with history": Change(
        "models/core/dim_provider.sql",
        "version.credential::VARCHAR AS credential,",
        "LOWER(version.credential)::VARCHAR AS credential,",
        {DAY: None},
        SnapshotChangeCategory.BREAKING,
        frozenset({PROVIDER}),
    ),
}


@pytest.mark.parametrize("category", CHANGES)
def test_a_change_builds_what_it_reaches_and_promotion_moves_views_only(prod: Prod, category: str) -> None:
    change = CHANGES[category]
    before, shown = prod.tables(), prod.shown()
    assert all(shown[name] for name in SHOWN), "nothing is compared with nothing"
    prod.edit(change.file, change.old, change.new)

    preview = prod.preview("dev_" + re.sub(r"\W", "_", category))

    # SQLMesh may make an empty table for a state of a child that no environment shows.
    built = {table: rows for table, rows in prod.tables().items() if table not in before and rows}
    assert {_model(table): rows for table, rows in built.items()} == {
        name: before[prod_table(prod, name)] if rows is None else rows for name, rows in change.builds.items()
    }
    assert _categories(preview) == {change.category}
    kept = prod.tables()
    assert {table: kept[table] for table in before} == before, "tables of prod were written to"
    assert prod.shown() == shown, "prod was touched"
    previewed = prod.shown(preview.plan.environment.name)
    assert {name for name in SHOWN if previewed[name] != shown[name]} == change.changes

    prod.promote()

    assert prod.tables() == kept, "promotion wrote rows"
    assert prod.shown() == previewed


def test_a_change_that_is_taken_back_beside_another_is_taken_back_below_both(prod: Prod) -> None:
    shown, breaking = prod.shown(), CHANGES["breaking"]
    prod.edit(breaking.file, breaking.old, breaking.new)
    prod.promote()
    assert {name for name, rows in prod.shown().items() if rows != shown[name]} == breaking.changes

    prod.edit(breaking.file, breaking.new, breaking.old)
    column = "  credential::VARCHAR AS credential,"
    versions = "models/intermediate/directory/int_directory__provider_version.sql"
    prod.edit(versions, column, f"  credential::VARCHAR AS letters, /* The same */\n{column}")
    prod.promote()

    assert prod.shown() == shown


def prod_table(prod: Prod, name: str) -> str:
    """The physical table that prod shows of a model."""
    held = prod.context.state_reader.get_environment("prod")
    assert held is not None
    [snapshot] = [snapshot for snapshot in held.snapshots if model_name(snapshot.name) == name]
    table = exp.to_table(snapshot.table_name())
    return f'{table.db}."{table.name}"'


def _categories(preview: Preview) -> set[SnapshotChangeCategory | None]:
    """The categories of the models that were edited."""
    snapshots = preview.plan.context_diff.snapshots
    edited = preview.plan.directly_modified or preview.plan.metadata_updated
    return {snapshots[snapshot_id].change_category for snapshot_id in edited}


def test_a_seed_that_grows_rebuilds_itself_only(prod: Prod) -> None:
    before, shown = prod.tables(), prod.shown()
    path = prod.project / "seeds/currency.csv"
    path.write_text(path.read_text().rstrip("\n") + "\nXTS,2,2,For tests\n")
    prod.context.load()

    prod.preview("dev_seed")

    built = {_model(table): rows for table, rows in prod.tables().items() if table not in before}
    assert built == {CURRENCY: before[prod_table(prod, CURRENCY)] + 1}
    assert prod.shown() == shown
    previewed = prod.shown("dev_seed")
    assert {name for name in SHOWN if previewed[name] != shown[name]} == {"core.dim_currency"}
    kept = prod.tables()

    prod.promote()

    assert (prod.tables(), prod.shown()) == (kept, previewed)


def test_sqlmeshs_own_history_is_previewed_in_full_though_its_kind_is_forward_only(prod: Prod) -> None:
    """DuckDB cannot clone: SQLMesh's own plan leaves the preview without what came before the last interval."""
    before, shown = prod.tables(), prod.shown()
    assert len(shown[OWNER]) == 5
    prod.edit(
        "models/intermediate/sales/int_sales__account_owner.sql",
        "COALESCE(owner_id, '-1')::VARCHAR",
        "UPPER(COALESCE(owner_id, '-1'))::VARCHAR",
    )

    preview = prod.preview("dev_scd")

    assert "cannot clone tables" in preview.window
    built = {table: rows for table, rows in prod.tables().items() if table not in before}
    assert {_model(table): rows for table, rows in built.items()} == {OWNER: 5}
    assert all(table.endswith('__dev"') for table in built)
    assert prod.shown() == shown
    owners = {row[1] for row in prod.shown("dev_scd")[OWNER]}
    assert owners == {str(row[1]).upper() for row in shown[OWNER]}
    kept = prod.tables()

    prod.promote()

    assert (prod.tables(), prod.shown()) == (kept, shown), "history stays as told; the change holds from now on"


def test_a_forward_only_change_of_a_merge_is_previewed_in_full_and_keeps_prods_rows(prod: Prod) -> None:
    prod.edit(FACT, "local_date)\n  ),\n  owner", "local_date), forward_only TRUE\n  ),\n  owner")
    prod.preview("dev_prepared")
    prod.promote()
    before, shown = prod.tables(), prod.shown()
    prod.edit(FACT, "day.load_seconds::BIGINT", "(day.load_seconds + 1)::BIGINT")

    preview = prod.preview("dev_forward")

    assert "cannot clone tables" in preview.window
    built = {_model(table): rows for table, rows in prod.tables().items() if table not in before}
    assert built == {DAY: len(shown[DAY])}
    assert prod.shown() == shown
    load = [column.lower() for column in prod.context.get_model(DAY, raise_if_missing=True).columns_to_types_or_raise]
    place = load.index("load_seconds")
    assert [row[place] for row in prod.shown("dev_forward")[DAY]] == [int(str(row[place])) + 1 for row in shown[DAY]]
    kept = prod.tables()

    prod.promote()

    assert (prod.tables(), prod.shown()) == (kept, shown)
