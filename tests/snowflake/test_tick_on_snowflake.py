"""The little company lives on both engines: ticks, a rebuilt dimension, a backfill, a dev environment, a promotion."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from companies import Company, opened
from emulator import Snowflake, emulated
from engines import create_stage, throw_away_key, typed_rows
from grammar import CLAUSES, KINDS, clauses, kinds, shapes, unparsable, unreviewed
from little import HALF_HOUR, MIDNIGHT
from sqlmesh.utils import CompletionStatus

from northstar.backfill.journal import Status
from northstar.backfill.run import Backfills
from northstar.promotion.ledger import Ledger, digest
from northstar.verify_snowflake import Verification
from northstar.warehouse import Warehouse

pytestmark = pytest.mark.slow

MODELS = (
    "visit_change", "visit", "live_visit", "clinic_day", "payment_change", "rate", "rate_now", "hourly_payment",
    "daily",
)  # fmt: skip
TICKS = 6


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return throw_away_key(tmp_path_factory.mktemp("key"))


def rows(warehouse: Warehouse, schema: str = "little") -> dict[str, list[Any]]:
    return {name: typed_rows(warehouse.context, f"{schema}.{name}") for name in MODELS}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Iterator[tuple[Warehouse, Warehouse, Snowflake]]:
    """Both warehouses after some ticks, every one of them well."""
    home = tmp_path_factory.mktemp("both")
    with emulated() as account:
        duck, snow = (Company(home / name, name, key).create() for name in ("duckdb", "snowflake"))
        create_stage(snow.home / "landing")
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


Both = tuple[Warehouse, Warehouse, Snowflake]


def test_every_table_has_the_same_rows(both: Both) -> None:
    on_duckdb, on_snowflake, _ = both
    wanted = rows(on_duckdb)
    assert all(len(found) > 1 for name, found in wanted.items() if name != "daily")
    assert rows(on_snowflake) == wanted


def test_statements_carry_the_run(both: Both) -> None:
    """What the sink sends, and Northstar's own tables, as well as what SQLMesh sends."""
    by_tag = {tag: sent for tag, sent in both[2].by_tag.items() if tag}
    assert len(by_tag) == TICKS
    for tag, sent in by_tag.items():
        assert tag.startswith("tick-")
        for what in ("COPY INTO", "INSERT INTO ops.load_ledger", "sqlmesh__", "UPDATE ops.tick_log"):
            assert any(what in statement for statement in sent), (tag, what)
    assert not any(statement.startswith("COPY") for statement in both[2].by_tag[""])


def test_what_was_sent_is_snowflakes(both: Both) -> None:
    """Every statement of SQLMesh and of the sink, one of each shape, by a grammar that is not sqlglot's."""
    found = shapes(both[2].sent)
    assert len(found) > 50
    assert unparsable(found.values()) == []


def test_kinds_and_functions_are_reviewed(both: Both) -> None:
    """Of all that is sent, audits and Northstar's own statements too."""
    found = shapes(both[2].sent).values()
    assert kinds(found) <= KINDS.keys()
    assert unreviewed(found) == set()


def test_clauses_are_reviewed(both: Both) -> None:
    """Nobody is to take for shown what the emulator drops."""
    found = clauses(shapes(both[2].sent).values())
    assert "CopyGrantsProperty" in found
    assert found <= CLAUSES.keys()


def test_only_probes_fail(both: Both) -> None:
    """SQLMesh asks whether a table is there by describing it."""
    assert [sent for sent, _ in both[2].failed if not sent.lstrip().startswith(("DESCRIBE", "/* "))] == []


def test_verification_plans_compiles_and_cleans_up(both: Both) -> None:
    context = both[1].context
    told: list[str] = []
    verification = Verification(both[1], told.append)
    with verification._environment(MIDNIGHT + TICKS * HALF_HOUR) as environment:
        assert environment is not None, told
        assert list(verification._uncompiled(environment, MIDNIGHT + TICKS * HALF_HOUR)) == []
        context.engine_adapter.execute(f"DROP VIEW little__{environment}.visit_change")
        broken = list(verification._uncompiled(environment, MIDNIGHT + TICKS * HALF_HOUR))
        assert any("visit_change" in sentence.lower() for sentence in broken)
    assert [one.name for one in context.state_reader.get_environments()] == ["prod"]


def test_a_backfill_restates_what_was_changed(both: Both) -> None:
    """Last but for the environments, as it changes both warehouses."""
    for warehouse in both[:2]:
        warehouse.statements.execute("UPDATE raw_app.visit SET minutes = 500 WHERE visit_id = 31")
        backfills = Backfills(warehouse)
        entry = backfills.ask(
            ["little.visit_change"], MIDNIGHT + HALF_HOUR, MIDNIGHT + TICKS * HALF_HOUR, timedelta(hours=1)
        )
        assert backfills.go_on(entry, SimpleNamespace(wanted=lambda: False))
        assert backfills.journal.entry(entry.backfill_id).status is Status.DONE
    wanted = rows(both[0])
    assert any(("int", 500) in row for row in wanted["visit"][1:])
    assert rows(both[1]) == wanted


def test_a_change_goes_through_a_dev_environment_into_prod(both: Both) -> None:
    """The tables that the environment filled become prod's: promoting writes no row."""
    at = MIDNIGHT + TICKS * HALF_HOUR + timedelta(seconds=1)
    results = []
    for warehouse in both[:2]:
        file = warehouse.settings.project / "models" / "clinic_day.sql"
        file.write_text(file.read_text().replace("COUNT(visit.visit_id)", "10 * COUNT(visit.visit_id)"))
        context = warehouse.context
        context.load()
        untouched = rows(warehouse)
        context.plan("dev", execution_time=at, auto_apply=True, no_prompts=True, skip_tests=True)
        in_dev = typed_rows(context, "little__dev.clinic_day")
        assert rows(warehouse) == untouched
        with warehouse.recorded() as recorder:
            Ledger(context.engine_adapter).allow(digest(context.snapshots), None, "of a test")
            context.plan("prod", execution_time=at, auto_apply=True, no_prompts=True, skip_tests=True)
        assert not recorder.report.models
        assert typed_rows(context, "little.clinic_day") == in_dev != untouched["clinic_day"]
        results.append(rows(warehouse))
    assert results[0] == results[1]
