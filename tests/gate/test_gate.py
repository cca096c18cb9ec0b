"""The gate says what a change does, and nothing becomes prod without it."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from shop import MART, Shop
from sqlmesh.utils.errors import SQLMeshError

from northstar.clock import utc_now
from northstar.environments import environment_states, remove_expired
from northstar.gate.findings import GateReport, MetricDiff
from northstar.gate.report import markdown
from northstar.gate.run import run_gate
from northstar.promotion.ledger import digest_of_environment
from northstar.promotion.promote import promote
from northstar.warehouse import WarehouseError

PROD_ROWS = f"SELECT * FROM {MART} ORDER BY sold_on"


def _failed(report: GateReport) -> dict[str, list[str]]:
    return {check.name: check.problems for check in report.checks if not check.passed}


def _halve(shop: Shop) -> None:
    """A change of a mart: odd sales no longer count."""
    shop.edit("models/mart_sale_day.sql", "FROM core.fct_sale", "FROM core.fct_sale WHERE sale_id % 2 = 0")


def test_an_unchanged_project_passes_and_builds_nothing(shop: Shop) -> None:
    before = shop.tables()

    report = run_gate(shop.context)

    assert report.passed
    assert (report.costs, report.diffs, report.metrics, report.readers) == ([], [], [], [])
    assert shop.tables() == before
    assert not promote(shop.context).changed


def test_a_changed_mart_is_previewed_compared_and_promoted_without_a_row_written(shop: Shop) -> None:
    before, rows = shop.tables(), shop.rows(PROD_ROWS)
    _halve(shop)
    shop.commit()

    report = run_gate(shop.context, environment="pr_7")

    assert _failed(report) == {}
    assert report.window == "all of history"
    assert [(m.metric, m.before, m.after) for m in report.metrics] == [("takings", 45600, 22560)]
    assert [(reader.name, reader.owner, reader.columns) for reader in report.readers] == [
        ("till", "shopkeepers", [f"{MART}.sold_on", f"{MART}.total"])
    ]
    assert report.changed_columns == {MART: ["sale_count", "sold_on", "total"]}
    assert shop.rows(PROD_ROWS) == rows
    assert shop.tables() == before
    assert len(shop.rows("SELECT * FROM marts_shop__pr_7.mart_sale_day")) == 4

    promotion = promote(shop.context)

    assert promotion.changed and digest_of_environment(shop.context, "prod") == promotion.digest
    assert shop.tables() == before
    assert sum(row[2] for row in shop.rows(PROD_ROWS)) == 48  # type: ignore[misc]


def test_a_change_of_a_merged_table_is_built_whole_and_compared(shop: Shop) -> None:
    shop.edit("models/int_shop__owed.sql", "SUM(amount)", "SUM(amount + 1)")
    shop.edit("models/mart_sale_day.sql", "SUM(amount)::", "(SUM(amount) * 2)::")

    report = run_gate(shop.context)

    assert _failed(report) == {}
    assert "all of history, because intermediate.int_shop__owed cannot be cut by time" in report.window
    assert [(cost.model, cost.rows, cost.prod_intervals) for cost in report.costs] == [
        ("intermediate.int_shop__owed", 3, 0)
    ]
    diffs = {diff.model: diff for diff in report.diffs}
    assert diffs["intermediate.int_shop__owed"].changed_share == {"amount": 1.0}
    assert (diffs[MART].rows_before, diffs[MART].rows_after, diffs[MART].changed_share) == (4, 4, {"total": 1.0})
    total = 10 * sum(range(96))
    assert [(m.metric, m.by, m.before, m.after) for m in report.metrics] == [("takings", "", total, 2 * total)]


def test_tables_cut_by_time_are_built_for_the_last_days_only(shop: Shop) -> None:
    source = (shop.home / "project/models/int_shop__sale.sql").read_text()
    shop.write("models/int_shop__return.sql", source.replace("int_shop__sale", "int_shop__return"))
    shop.commit()

    report = run_gate(shop.context, days=2)

    assert _failed(report) == {}
    assert report.window == "the last 2 days"
    assert [(cost.model, cost.change, cost.intervals, cost.rows, cost.prod_intervals) for cost in report.costs] == [
        ("intermediate.int_shop__return", "added", 2, 48, 2)
    ]

    promote(shop.context)

    assert shop.rows("SELECT COUNT(*) FROM intermediate.int_shop__return") == [(96,)]


def test_metrics_are_named_that_a_bounded_preview_does_not_compare(shop: Shop) -> None:
    shop.edit("models/int_shop__sale.sql", "amount::BIGINT", "(2 * amount)::BIGINT")
    shop.edit("models/int_shop__owed.sql", "INCREMENTAL_BY_UNIQUE_KEY (unique_key shop_id)", "VIEW")

    bounded = run_gate(shop.context, days=2)

    assert (bounded.window, bounded.metrics) == ("the last 2 days", [])
    assert "Metrics of affected marts (takings) were not compared" in markdown(bounded)
    whole = run_gate(shop.context, days=400)
    assert (whole.window, whole.notes) == ("all of history", [])
    assert [(metric.before, metric.after) for metric in whole.metrics] == [(45600, 91200)]


def test_a_dimension_with_history_is_previewed_in_full(shop: Shop) -> None:
    shop.edit("models/int_shop__shop.sql", "city::VARCHAR AS city", "UPPER(city)::VARCHAR AS city")

    report = run_gate(shop.context, environment="pr_8")

    assert _failed(report) == {}
    assert "cannot clone tables" in report.window
    cities = shop.rows("SELECT city FROM intermediate__pr_8.int_shop__shop ORDER BY city")
    assert cities == [("TOWN 0",), ("TOWN 1",), ("TOWN 2",)]


def test_an_audit_that_fails_stays_failed_however_often_it_is_tried(shop: Shop) -> None:
    """SQLMesh forgets on a second plan that an audit, the plan's only change, failed on the first."""
    rows, held = shop.rows(PROD_ROWS), digest_of_environment(shop.context, "prod")
    shop.edit(
        "models/mart_sale_day.sql",
        "(sold_on, total))",
        "(sold_on, total)), accepted_range(column := total, max_v := 1)",
    )
    shop.commit()

    for _ in range(2):
        report = run_gate(shop.context)

        assert not report.passed
        assert any("accepted_range" in problem for problems in _failed(report).values() for problem in problems)
        with pytest.raises(WarehouseError, match="the gate is closed"):
            promote(shop.context)
        with pytest.raises(SQLMeshError, match="prod may only become what the gate has passed"):
            shop.context.plan("prod", auto_apply=True, no_prompts=True)

    assert (shop.rows(PROD_ROWS), digest_of_environment(shop.context, "prod")) == (rows, held)


def test_an_audit_of_a_preview_that_prod_will_not_show_closes_the_gate_too(shop: Shop) -> None:
    """SQLMesh makes it a warning, as such a preview is of a part of history where the engine cannot clone."""
    shop.edit("models/int_shop__shop.sql", "city::VARCHAR AS city", "NULL::VARCHAR AS city")
    shop.edit(
        "models/int_shop__shop.sql",
        "owner data",
        "owner data, audits (not_null(columns := city), not_null(columns := city, blocking := false))",
    )

    report = run_gate(shop.context)

    assert _failed(report)["audits"] == ["intermediate.int_shop__shop: not_null: 3 rows"]


def test_a_unit_test_and_the_linter_close_the_gate_before_anything_is_built(shop: Shop) -> None:
    before = shop.tables()
    (shop.home / "project/tests").mkdir()
    shop.write(
        "tests/test_fct_sale.yaml",
        "test_sale:\n  model: core.fct_sale\n  inputs:\n    intermediate.int_shop__sale: []\n"
        "  outputs: {query: [{sale_id: 1, shop_id: 1, amount: 1, sold_on: 2026-01-01}]}\n",
    )
    shop.write(
        "models/odd.sql", "MODEL (name core.odd, kind VIEW); SELECT nowhere::INT AS nowhere FROM core.fct_sale AS f"
    )

    report = run_gate(shop.context)

    assert _failed(report).keys() == {"lint", "unit tests"}
    assert "core.odd" in _failed(report)["lint"][0]
    [reason] = _failed(report)["unit tests"]
    assert reason.startswith("test_sale (tests/test_fct_sale.yaml): Data mismatch") and "missing" in reason.lower()
    assert f"  ```\n  {reason.splitlines()[1]}" in markdown(report)
    assert shop.tables() == before


def test_a_published_column_goes_only_after_its_announced_end(shop: Shop) -> None:
    shop.edit("models/mart_sale_day.sql", "SUM(amount)::BIGINT AS total", "SUM(amount)::BIGINT AS takings")
    shop.edit("models/mart_sale_day.sql", "(sold_on, total)", "(sold_on, takings)")
    shop.edit("contracts/metrics.yaml", "SUM(total)", "SUM(takings)")

    report = run_gate(shop.context)

    assert _failed(report).keys() == {"published marts"}
    assert f"{MART}.total is gone" in _failed(report)["published marts"]

    shop.edit("contracts/exposures.yaml", "retirements: {}", f"retirements: {{{MART}.total: 2026-01-31}}")

    assert run_gate(shop.context).passed


def test_a_new_version_beside_the_old_one_passes(shop: Shop) -> None:
    text = (shop.home / "project/models/mart_sale_day.sql").read_text()
    shop.write(
        "models/mart_sale_day_v2.sql",
        text.replace("mart_sale_day", "mart_sale_day_v2")
        .replace("AS total", "AS takings")
        .replace("on, total", "on, takings"),
    )

    report = run_gate(shop.context)

    assert _failed(report) == {}
    assert list(report.changed_columns) == [f"{MART}_v2"]


def test_a_type_that_changes_breaks_a_published_mart(shop: Shop) -> None:
    shop.edit("models/mart_sale_day.sql", "SUM(amount)::BIGINT AS total", "SUM(amount)::VARCHAR AS total")

    assert _failed(run_gate(shop.context))["published marts"][0].startswith(f"{MART}.total turns from")


def test_promotion_asks_for_a_receipt_of_this_commit_against_this_prod(shop: Shop) -> None:
    _halve(shop)
    with pytest.raises(WarehouseError, match="has not seen this project"):
        promote(shop.context)
    run_gate(shop.context)
    with pytest.raises(WarehouseError, match="files differ from their commit"):
        promote(shop.context)
    shop.commit()
    with pytest.raises(WarehouseError, match="of another commit"):
        promote(shop.context)
    run_gate(shop.context)
    halved = shop.git("rev-parse", "HEAD").strip()

    shop.git("checkout", "-q", "-b", "other", "HEAD~1")
    shop.edit("models/fct_sale.sql", "owner analytics", "owner accounting")
    shop.commit()
    run_gate(shop.context)
    promote(shop.context)
    shop.git("checkout", "-q", halved)
    shop.context.load()

    with pytest.raises(WarehouseError, match="prod has changed since"):
        promote(shop.context)
    assert run_gate(shop.context).passed
    assert promote(shop.context).changed


def test_a_model_that_git_does_not_know_is_not_of_a_commit(shop: Shop) -> None:
    shop.write("notes.txt", "not part of the project")
    assert run_gate(shop.context).commit_id is not None
    shop.write("models/new.sql", "MODEL (name core.new, kind VIEW); SELECT 1::INT AS one")

    assert run_gate(shop.context).commit_id is None


def test_of_a_metric_with_many_figures_those_that_move_most_are_shown() -> None:
    report = GateReport("pr_1", "prod", None, "a", "b", "all of history")
    report.metrics = [MetricDiff("owed", f"day={day}", 100.0, 100.0 + day) for day in range(10)]

    text = markdown(report)

    assert [line for line in text.splitlines() if line.startswith("| owed")] == [
        "| owed | day=9 | 100 | 109 | +9.00% |",
        "| owed | day=8 | 100 | 108 | +8.00% |",
        "| owed | day=7 | 100 | 107 | +7.00% |",
        "| owed | and 7 more |  |  |  |",
    ]


def test_only_what_was_promoted_runs_as_prod(shop: Shop) -> None:
    shop.rows("SELECT 1")
    assert shop.context.run(execution_time="2026-01-06 00:00:10").is_success

    _halve(shop)
    with pytest.raises(SQLMeshError, match="nothing was changed"):
        shop.context.plan("prod", auto_apply=True, no_prompts=True)
    shop.context.plan("dev", auto_apply=True, no_prompts=True)

    assert shop.context.run(execution_time="2026-01-07 00:00:10").is_success
    assert sum(row[2] for row in shop.rows(PROD_ROWS)) == 96  # type: ignore[misc]


def test_a_plan_that_died_is_healed_by_the_next_promotion(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    _halve(shop)
    shop.commit()
    run_gate(shop.context)
    held = digest_of_environment(shop.context, "prod")
    with monkeypatch.context() as patch:
        patch.setattr(type(shop.context.engine_adapter), "create_view", _dies)
        with pytest.raises(WarehouseError, match="the plan failed"):
            promote(shop.context)

    assert promote(shop.context).digest != held
    assert sum(row[2] for row in shop.rows(PROD_ROWS)) == 48  # type: ignore[misc]
    assert shop.context.run(execution_time="2026-01-06 00:00:10").is_success


def _dies(*_: object, **__: object) -> None:
    raise SQLMeshError("the connection was cut")


def test_environments_are_listed_with_what_they_do_not_share(shop: Shop) -> None:
    shop.edit("models/int_shop__owed.sql", "SUM(amount)", "SUM(amount + 1)")
    run_gate(shop.context, environment="pr_9")

    prod, preview = environment_states(shop.context)

    assert (prod.name, prod.expires_at, prod.finished) == ("prod", None, True)
    assert (preview.name, preview.owners, preview.own_models, preview.own_rows) == (
        "pr_9",
        ["data"],
        ["intermediate.int_shop__owed"],
        3,
    )
    shop.rows("CHECKPOINT NORTHSTAR")
    prod, preview = environment_states(shop.context)
    assert preview.own_bytes is not None and 0 < preview.own_bytes < (prod.own_bytes or 0)
    assert preview.expires_at is not None and preview.as_line()["expires_at"] == preview.expires_at.isoformat()


def test_an_environment_has_owners_though_it_shares_every_table(shop: Shop) -> None:
    shop.edit("models/fct_sale.sql", "owner analytics", "owner accounting")
    shop.context.plan("dev", auto_apply=True, no_prompts=True)
    shop.edit("models/fct_sale.sql", "owner accounting", "owner analytics")
    shop.context.plan("same", auto_apply=True, no_prompts=True, include_unmodified=True)

    _, dev, same = environment_states(shop.context)

    assert (dev.own_models, dev.own_rows, dev.own_bytes) == ([], 0, 0)
    assert sorted(dev.owners) == ["accounting", "analytics"]  # of the view and of the mart that reads it
    assert (same.own_models, same.owners) == ([], ["data", "analytics"])


def test_a_preview_of_a_forward_only_change_is_of_its_own(shop: Shop) -> None:
    shop.edit("models/int_shop__shop.sql", "city::VARCHAR AS city", "UPPER(city)::VARCHAR AS city")
    run_gate(shop.context, environment="pr_8")

    _, preview = environment_states(shop.context)

    assert (preview.own_models, preview.own_rows) == (["intermediate.int_shop__shop"], 3)


def test_an_environment_that_has_expired_is_removed_with_its_tables(
    shop: Shop,
) -> None:
    before, rows = shop.tables(), shop.rows(PROD_ROWS)
    shop.edit("models/int_shop__owed.sql", "SUM(amount)", "SUM(amount + 1)")
    run_gate(shop.context, environment="pr_9")
    assert shop.tables() > before

    remove_expired(shop.context)
    assert [state.name for state in environment_states(shop.context)] == ["prod", "pr_9"]

    with time_machine.travel(utc_now() + timedelta(days=15), tick=False):
        remove_expired(shop.context)  # the environment's end
    with time_machine.travel(utc_now() + timedelta(days=30), tick=False):
        remove_expired(shop.context)  # its tables', as no environment has shown them for a week

    assert [state.name for state in environment_states(shop.context)] == ["prod"]
    assert (shop.tables(), shop.rows(PROD_ROWS)) == (before, rows)


def test_the_report_names_what_failed_and_shows_no_data(shop: Shop) -> None:
    shop.edit("models/mart_sale_day.sql", "SUM(amount)::", "(SUM(amount) * 2)::")
    shop.edit("models/int_shop__shop.sql", "city::VARCHAR AS city", "UPPER(city)::VARCHAR AS city")
    report = run_gate(shop.context)

    text = markdown(report)

    assert "| takings |  | 45,600.00 | 91,200.00 | +100.00% |" in text
    assert "| dashboard | The till | shopkeepers | mart_sale_day: total |  |" in text
    assert "| intermediate.int_shop__shop | breaking, forward-only | 0 |" in text
    assert "| marts_shop.mart_sale_day | breaking | 0 |" in text
    assert "Town" not in text and "TOWN" not in text


def test_whoever_types_sqlmesh_plan_prod_is_refused_with_what_to_do(shop: Shop) -> None:
    rows, held = shop.rows(PROD_ROWS), digest_of_environment(shop.context, "prod")
    _halve(shop)
    shop.release()

    done = subprocess.run(
        [Path(sys.executable).parent / "sqlmesh", "plan", "prod", "--auto-apply", "--no-prompts"],
        cwd=shop.home / "project",
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "run `northstar gate`, then `northstar promote`" in " ".join((done.stdout + done.stderr).split())
    shop.reopen()
    assert (shop.rows(PROD_ROWS), digest_of_environment(shop.context, "prod")) == (rows, held)
