"""The documentation site, built from a small shop and read in a browser as its users do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import duckdb
import pytest
from browser import Watched, watched_page
from dbt_artifacts_parser.parser import parse_manifest_v12
from openlineage.client.event_v2 import Job, JobEvent, Run, RunEvent
from openlineage.client.generated import (
    column_lineage_dataset,
    nominal_time_run,
    output_statistics_output_dataset,
    schema_dataset,
)
from picture_rows import ROWS
from shop import open_shop
from sqlglot import parse_one
from sqlmesh.core.engine_adapter.duckdb import DuckDBEngineAdapter

from northstar.site.build import site_data, write_site
from northstar.site.health import QUERIES, audit_history, rows
from northstar.site.pictures import PICTURES, Picture, suppressed
from northstar.site.semantic import semantic_model
from northstar.site.words import words_of

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
CONTRACT = """
source: shop
objects:
  sale:
    key: [sale_id]
    columns: {sale_id: internal, shop_id: internal, amount: internal, sold_at: phi_quasi.service_time}
  shop:
    key: [shop_id]
    columns: {shop_id: internal, city: internal, told_at: internal}
"""
LOGS = """
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE ops.tick_log AS SELECT TIMESTAMP '2026-01-05' AS tick_at, 'ok' AS status, 3.5 AS seconds,
  96 AS rows_landed, 5 AS models_run;
CREATE TABLE ops.audit_result AS SELECT 'marts_shop.mart_sale_day' AS model, 'not_null' AS audit,
  'columns := (sold_on, total)' AS arguments, TIMESTAMP '2026-01-05' - INTERVAL (i) HOUR AS audited_at,
  TIMESTAMP '2026-01-05' - INTERVAL (i) HOUR AS tick_at,
  i = 2 AS is_failed, i <> 2 AS is_passed, IF(i = 2, 7, 0) AS fault_count, i = 0 AS is_latest FROM range(4) AS t(i);
CREATE TABLE ops.quarantine AS SELECT 'shop' AS source, 'int_shop__sale' AS batch, 'no_amount' AS fault_rule,
  DATE '2026-01-04' AS loaded_on, 3 AS record_count, 1 AS held_count;
CREATE TABLE ops.latency AS SELECT TIMESTAMP '2026-01-05' AS tick_at, 'shop' AS source, 12.0 AS median_minutes,
  30.0 AS longest_minutes, 96 AS change_count;
CREATE TABLE ops.model_run AS SELECT 'intermediate.int_shop__sale' AS model,
  TIMESTAMP '2026-01-04' + INTERVAL (24 * i) HOUR AS interval_start,
  TIMESTAMP '2026-01-05' + INTERVAL (24 * i) HOUR AS interval_end,
  TIMESTAMP '2026-01-05 00:02' + INTERVAL (24 * i) HOUR AS started_at, 96 + i AS row_count, 1.5 AS seconds,
  i = 1 AS is_failed, TIMESTAMP '2026-01-05 00:03' + INTERVAL (24 * i) HOUR AS ended_at FROM range(2) AS t(i);
INSERT INTO ops.model_run
  SELECT * REPLACE ('core.fct_sale' AS model, 0 AS row_count, 9.0 AS seconds, FALSE AS is_failed)
  FROM ops.model_run WHERE is_failed;
CREATE TABLE ops.mart_freshness AS SELECT 'marts_shop.mart_sale_day' AS mart, 'shop' AS source,
  TIMESTAMP '2026-01-04 23:30' AS complete_through, TIMESTAMP '2026-01-05 00:02' AS refreshed_at, 30 AS lag_minutes;
CREATE TABLE ops.quality_score AS SELECT 'marts_shop.mart_sale_day' AS model, 75.0 AS score, 4 AS audit_count,
  3 AS passed_count, 0 AS failing_count
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        project = shop.home / "project"
        (project / "contracts/sources").mkdir()
        (project / "contracts/sources/shop.yaml").write_text(CONTRACT)
        shop.context.config.variables["small_cell_threshold"] = 11
        shop.context.engine_adapter.execute(LOGS)
        yield site_data(shop.context, project, NOW)


@pytest.fixture(scope="module")
def site(data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, with rows that stand in for those of marts which the shop does not have."""
    drawn = [
        {
            "name": picture.name, "page": picture.page, "title": picture.title, "says": picture.says,
            "mart": "marts_shop.mart_sale_day", "metrics": ["takings"], "query": "SELECT 1",
            "as_of": "2026-01-05T00:00:00", "suppresses": bool(picture.counts), "threshold": 11,
            "rows": ROWS[picture.name],
        }
        for picture in PICTURES
    ]  # fmt: skip
    target = tmp_path_factory.mktemp("site") / "docs"
    write_site({**data, "pictures": drawn}, target)
    return target


@pytest.fixture()
def watched() -> Iterator[Watched]:
    """A page that must have no error and must ask nothing but files of the site."""
    with watched_page() as watched:
        yield watched
    assert watched.errors == []
    assert [url for url in watched.requests if not url.startswith(("file:", "data:"))] == []


def _open(watched: Watched, site: Path, where: str = "") -> None:
    watched.page.goto(f"{(site / 'index.html').as_uri()}#/{where}")
    watched.page.wait_for_selector("main h1")


def _model(data: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(model for model in data["models"] if model["name"] == name)
    return found


def _column(data: dict[str, Any], model: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(column for column in _model(data, model)["columns"] if column["name"] == name)
    return found


def test_columns_carry_lineage_class_and_profile(data: dict[str, Any]) -> None:
    total = _column(data, "marts_shop.mart_sale_day", "total")

    assert total["from"] == ["core.fct_sale.amount"]
    assert (total["badge"], total["nulls"], total["distinct"]) == ("open", 0.0, 4)
    assert _model(data, "marts_shop.mart_sale_day")["rows"] == 4


def test_nothing_is_counted_of_columns_about_patients(data: dict[str, Any]) -> None:
    day = _column(data, "marts_shop.mart_sale_day", "sold_on")

    assert day["classes"] == ["service_date"]
    assert day["badge"] == "restricted"
    assert not {"nulls", "distinct"} & set(day)
    assert _column(data, "raw_shop.sale", "sold_at")["classes"] == ["phi_quasi.service_time"]


def test_the_site_holds_no_value_of_a_raw_row(data: dict[str, Any]) -> None:
    assert "Town 1" not in json.dumps(data)


def test_search_is_done_with_the_keyboard(watched: Watched, site: Path) -> None:
    _open(watched, site)
    page = watched.page

    page.keyboard.press("/")
    page.keyboard.type("sale day")
    page.wait_for_selector("#results [role=option]")
    page.keyboard.press("Enter")

    page.wait_for_selector("h1 :text-is('marts_shop.mart_sale_day')")
    assert page.url.endswith("#/model/marts_shop.mart_sale_day")
    assert page.title() == "marts_shop.mart_sale_day · Northstar warehouse"


def test_search_finds_pictures_by_their_titles(watched: Watched, site: Path) -> None:
    _open(watched, site)

    watched.page.fill("#search", "still pay")
    watched.page.wait_for_selector("#results [role=option]")
    watched.page.keyboard.press("Enter")

    watched.page.wait_for_selector("h1:text-is('Cohort retention')")


def test_a_column_is_followed_to_its_source_and_to_the_dashboard(watched: Watched, site: Path) -> None:
    _open(watched, site, "model/marts_shop.mart_sale_day")
    page = watched.page

    page.click("td a:text-is('total')")
    page.wait_for_selector(".lineage path", state="attached")
    assert page.locator("#ends a").all_inner_texts() == ["raw_shop.sale.amount"]
    assert page.locator(".lineage .reader").all_inner_texts() == ["dashboard\nThe till"]

    page.click(".lineage [data-key='raw_shop.sale.amount']")
    page.wait_for_selector("h2:text-is('Begins here')")
    assert page.url.endswith("#/column/raw_shop.sale/amount")
    assert "The till" in page.inner_text("#reached")

    page.click(".lineage .reader a")
    page.wait_for_selector("h1:text-is('The till')")
    assert page.url.endswith("#/reader/till")
    assert page.locator("td:first-child a").all_inner_texts() == ["sold_on", "total"]


def test_lines_meet_the_columns_that_they_join(watched: Watched, site: Path) -> None:
    """A line from a column begins at its right edge and ends at the left edge of the next."""
    _open(watched, site, "column/marts_shop.mart_sale_day/total")
    watched.page.wait_for_selector(".lineage path", state="attached")

    off = watched.page.evaluate(
        """() => [...document.querySelectorAll('.lineage path')].filter((path) => {
             const end = path.getPointAtLength(path.getTotalLength());
             const plane = document.querySelector('.plane').getBoundingClientRect();
             const link = document.querySelector(`[data-key="${path.dataset.to}"]`);
             if (!link) return false;
             const box = link.getBoundingClientRect();
             const middle = box.top + box.height / 2;
             return Math.abs(end.x + plane.left - box.left) > 2 || Math.abs(end.y + plane.top - middle) > 2;
           }).length"""
    )

    assert off == 0


def test_a_lineage_can_be_cut_to_one_step_and_one_way(watched: Watched, site: Path) -> None:
    _open(watched, site, "column/core.fct_sale/amount")
    page = watched.page

    page.click("button:has-text('Sources')")
    assert page.locator(".lineage [data-key]").count() == 3
    page.click("button:has-text('One step')")
    assert page.locator(".lineage [data-key]").all_inner_texts() == ["amount", "amount"]


@pytest.mark.parametrize(
    ("where", "shows"),
    [
        ("", "What the numbers mean"),
        ("models/marts", "marts_shop.mart_sale_day"),
        ("column/core.fct_sale/sold_on", "restricted"),
        ("metrics", "Takings"),
        ("metric/takings", "SUM(total)"),
        ("matrix", "fct_sale"),
        ("readers", "The till"),
        ("health", "no amount"),
        ("health", "What the last tick ran"),
        ("pictures", "Cohort retention"),
        ("pictures/retention", "complete through 2026-01-05 00:00 UTC"),
        ("model/marts_shop.nothing", "There is no such page"),
    ],
)
def test_every_page_has_an_address(watched: Watched, site: Path, where: str, shows: str) -> None:
    _open(watched, site, where)

    assert shows.lower() in watched.page.inner_text("main").lower()


def test_the_site_is_the_same_on_a_web_server(site: Path) -> None:
    serve = partial(SimpleHTTPRequestHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server, watched_page() as watched:
        Thread(target=server.serve_forever, daemon=True).start()
        home = f"http://127.0.0.1:{server.server_port}/"
        watched.page.goto(f"{home}#/column/core.fct_sale/amount")
        watched.page.wait_for_selector(".lineage path", state="attached")
        server.shutdown()
    assert watched.errors == []
    assert [url for url in watched.requests if not url.startswith((home, "data:"))] == []


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_drawn_and_says_what_it_rests_on(watched: Watched, site: Path, picture: Picture) -> None:
    """From rows that have the columns of its query."""
    query = parse_one(picture.query.format(mart="m", **dict.fromkeys(picture.metrics, "1")), dialect="snowflake")
    assert {*query.named_selects, "small"} == {*ROWS[picture.name][0], *ROWS[picture.name][-1], "small"}

    _open(watched, site, f"pictures/{picture.page}")
    figure = watched.page.locator(f"figure#{picture.name}")

    marks = ".plot svg [aria-label] > :is(path, rect), table:is(.triangle, .stack) td"
    assert figure.locator(f":is({marks}):visible").count() >= len(ROWS[picture.name])
    caption = figure.locator("figcaption").inner_text()
    assert "Takings" in caption and "marts_shop.mart_sale_day" in caption
    assert "complete through 2026-01-05 00:00 UTC" in caption
    assert ("counts below 11 are left out" in caption) == bool(picture.counts)
    figure.locator("summary").click()
    assert figure.locator("details tbody tr").count() == len(ROWS[picture.name])


def test_what_is_left_out_of_a_picture_is_shown_as_such(watched: Watched, site: Path) -> None:
    _open(watched, site, "pictures/providers")

    row = watched.page.locator("table.stack tbody tr").inner_text().split("\t")

    assert row == ["A. Many", "120", "60.0%", "90", "6.5", "< 11", "66.7%"]


def test_an_audit_shows_what_it_found_and_when(watched: Watched, site: Path) -> None:
    _open(watched, site, "model/marts_shop.mart_sale_day")

    row = watched.page.locator("tr", has_text="not_null").inner_text()

    assert "passed" in row and "2026-01-05 00:00 UTC" in row and "1 of 4" in row
    assert "2026-01-04 22:00 UTC" in row, "the last failure"


def test_the_history_of_an_audit_is_a_bar_a_tick_the_failed_one_tall(watched: Watched, site: Path) -> None:
    _open(watched, site, "model/marts_shop.mart_sale_day")
    strip = watched.page.locator(".strip")

    assert strip.locator("svg").get_attribute("aria-label") == "1 of 4 ticks with a failure"
    bars = strip.locator("rect")
    assert [text.split(": ")[1] for text in bars.locator("title").all_text_contents()] == [
        "passed", "1 of 1 failed, up to 7 rows", "passed", "passed",
    ]  # fmt: skip
    heights = bars.evaluate_all("bars => bars.map((bar) => bar.height.baseVal.value)")
    assert heights[1] == max(heights) > 2 * heights[0] > 0

    strip.locator("summary").focus()
    watched.page.keyboard.press("Enter")
    assert strip.locator("li").all_inner_texts() == ["2026-01-04 22:00 UTC: 1 of 1 failed, up to 7 rows"]


def test_many_ticks_are_told_by_day() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE SCHEMA ops; CREATE TABLE ops.audit_result AS SELECT 'core.a' AS model, 'not_null' AS audit, "
            "'' AS arguments, TIMESTAMP '2026-01-01' + INTERVAL (30 * i) MINUTE AS tick_at, i <> 60 AS is_passed, "
            "IF(i = 60, 5, 0) AS fault_count FROM range(100) AS t(i)"
        )
        adapter = DuckDBEngineAdapter(lambda: connection.cursor(), default_catalog="memory")
        told = audit_history(rows(adapter, QUERIES["audit_history"][1]))

    assert told == {
        "periods": ["2026-01-01T00:00:00", "2026-01-02T00:00:00", "2026-01-03T00:00:00"],
        "totals": [[48, 0], [48, 1], [4, 0]],
        "audits": {"core.a|not_null|": {"marks": ".x.", "faults": {1: [1, 48, 5]}}},
    }


def test_health_is_drawn_and_names_what_failed_first(watched: Watched, site: Path) -> None:
    _open(watched, site, "health")
    page = watched.page

    assert page.locator(".plot svg").count() >= 4, "latency, quarantine, audits, ticks"
    assert "2 models in 11 s of work; 1 failed." in page.inner_text("main")
    ran = page.locator("h2:text-is('What the last tick ran') ~ .scroll tbody tr").all_inner_texts()
    assert [row.split("\t") for row in ran] == [
        ["intermediate.int_shop__sale", "failed", "2026-01-06 00:00 UTC", "97", "1.50"],
        ["core.fct_sale", "", "2026-01-06 00:00 UTC", "view", "9.00"],
    ]
    assert page.locator(".strip svg").count() == 1, "the audit that failed, with its history"


def test_a_model_says_how_far_and_how_good_it_is(watched: Watched, site: Path) -> None:
    _open(watched, site, "model/marts_shop.mart_sale_day")
    mart = watched.page.inner_text("main")
    told = dict(zip(*(watched.page.locator(f".facts {part}").all_inner_texts() for part in ("dt", "dd")), strict=True))
    assert (told["kind"], told["cadence"], told["owner"]) == ("view", "daily", "analytics")
    assert (told["grain"], told["rows"]) == ("sold_on", "4")
    _open(watched, site, "model/intermediate.int_shop__sale")
    fact = watched.page.inner_text("main")

    assert "2026-01-04 23:30 UTC, of shop" in mart and "75 of 100: 3 of 4 audits passed" in mart
    assert "2026-01-05 00:02 UTC, 1.5 s" in fact
    assert "no amount" in fact and "no amount" not in mart, "what was held back is told where it was"


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_needs_no_sideways_scrolling(site: Path, dark: bool) -> None:
    with watched_page(width=390, height=800, dark=dark) as watched:
        for where in (
            "",
            "models",
            "model/marts_shop.mart_sale_day",
            "column/core.fct_sale/amount",
            "metrics",
            "metric/takings",
            "readers",
            "matrix",
            "pictures/retention",
            "health",
        ):
            _open(watched, site, where)
            width = watched.page.evaluate("document.documentElement.scrollWidth")
            assert width <= 390, where
        background = watched.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(252, 251, 248)") != dark
    assert watched.errors == []


def test_four_hundred_models_open_and_are_searched_at_once(
    data: dict[str, Any], watched: Watched, tmp_path: Path
) -> None:
    """Measured: 0.4 s to open, 0.1 s to search; the limits leave room for a busy machine."""
    columns = [{**_column(data, "core.fct_sale", "amount"), "name": f"amount_{number}"} for number in range(15)]
    many = [
        {**model, "name": f"{model['name']}_{copy}", "columns": columns}
        for copy in range(1 + 400 // len(data["models"]))
        for model in data["models"]
    ]
    write_site({**data, "models": [*data["models"], *many], "pictures": []}, tmp_path / "site")

    _open(watched, tmp_path / "site", "models")
    assert watched.page.evaluate("performance.now()") < 4_000
    assert watched.page.locator("tbody tr").count() > 400
    began = watched.page.evaluate("performance.now()")
    watched.page.keyboard.press("/")
    watched.page.keyboard.type("fct_sale_7")
    watched.page.wait_for_selector("#results [role=option] >> text=core.fct_sale_7")
    assert watched.page.evaluate("performance.now()") - began < 3_000


def test_print_leaves_out_what_only_a_screen_can_use(watched: Watched, site: Path) -> None:
    _open(watched, site, "column/core.fct_sale/amount")
    watched.page.emulate_media(media="print")

    assert not watched.page.is_visible("#search")
    assert watched.page.is_visible(".lineage")


def test_a_folder_of_something_else_is_never_replaced(data: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("the only copy")

    with pytest.raises(ValueError, match="holds no site"):
        write_site(data, tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_an_older_site_is_replaced_whole(data: dict[str, Any], tmp_path: Path) -> None:
    target = tmp_path / "site"
    write_site(data, target)
    (target / "left.html").write_text("over")
    write_site(data, target)

    assert not (target / "left.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_the_manifest_is_one_that_readers_of_dbt_take(site: Path) -> None:
    """Read by the models that the library makes of dbt's published schema."""
    parsed = parse_manifest_v12(json.loads((site / "manifest.json").read_text()))

    mart = parsed.nodes["model.northstar.marts_shop.mart_sale_day"]
    assert mart.columns["total"].meta["lineage"] == ["core.fct_sale.amount"]
    assert mart.depends_on.nodes == ["model.northstar.core.fct_sale"]
    assert [metric["name"] for metric in mart.meta["metrics"]] == ["takings"]
    assert parsed.sources["source.northstar.raw_shop.sale"].columns["sold_at"].tags == ["restricted"]
    assert parsed.exposures["exposure.northstar.till"].depends_on.nodes == [mart.unique_id]
    assert "exposure.northstar.till" in parsed.child_map[mart.unique_id]
    tests = [node for node in parsed.nodes.values() if node.resource_type == "test"]
    assert [test.attached_node for test in tests] == [mart.unique_id]


def test_metrics_are_told_as_one_expression_over_their_mart(data: dict[str, Any], site: Path) -> None:
    told = json.loads((site / "semantic_model.json").read_text())

    [model] = told["semantic_model"]
    [dataset] = model["datasets"]
    assert (dataset["name"], dataset["source"]) == ("mart_sale_day", "NORTHSTAR.MARTS_SHOP.MART_SALE_DAY")
    assert dataset["primary_key"] == ["sold_on"]
    assert {field["name"]: field.get("dimension") for field in dataset["fields"]} == {
        "sold_on": {"is_time": True}, "sale_count": None, "total": None,
    }  # fmt: skip
    [metric] = model["metrics"]
    assert metric["expression"] == {"dialects": [{"dialect": "SNOWFLAKE", "expression": "SUM(mart_sale_day.total)"}]}
    assert metric["ai_context"]["synonyms"] == ["Takings"]


def test_what_must_not_be_added_is_said_to_whoever_reads_a_metric() -> None:
    metric = {
        "name": "a", "title": "A", "words": "What.", "mart": "marts_x.mart_y", "expression": "SUM(mart_y.z)",
        "grain": ["day", "currency"], "always_by": ["currency"], "unit": "amount", "owner": "o", "synonyms": [],
    }  # fmt: skip

    [told] = semantic_model({"metrics": [metric], "models": []})["semantic_model"][0]["metrics"]

    assert told["ai_context"]["instructions"] == (
        "May be broken down by day, currency and by nothing else. Never add it across currency: always group by these."
    )


def test_the_events_are_those_that_openlineage_defines(site: Path) -> None:
    """Each is read by the client's own classes, which refuse what they don't know."""
    lineage = {}
    for event in _events(site):
        if "run" in event:
            continue
        assert event.pop("schemaURL") == JobEvent(eventTime=event["eventTime"], job=Job("a", "b")).schemaURL
        [output] = event["outputs"]
        facet = output["facets"]["columnLineage"]
        assert facet["_schemaURL"] == column_lineage_dataset.ColumnLineageDatasetFacet._get_schema()
        assert output["facets"]["schema"]["_schemaURL"] == schema_dataset.SchemaDatasetFacet._get_schema()
        for name, field in facet["fields"].items():
            inputs = [column_lineage_dataset.InputField(**one) for one in field["inputFields"]]
            lineage[f"{output['name']}.{name}"] = [f"{one.name}.{one.field}" for one in inputs]
        [schema_dataset.SchemaDatasetFacetFields(**field) for field in output["facets"]["schema"]["fields"]]

    assert lineage["marts_shop.mart_sale_day.total"] == ["core.fct_sale.amount"]
    assert lineage["core.fct_sale.amount"] == ["intermediate.int_shop__sale.amount"]


def test_the_last_run_of_each_model_is_an_event_too(site: Path) -> None:
    event, of_view = (event for event in _events(site) if "run" in event)
    assert of_view["eventType"] == "COMPLETE"
    assert of_view["outputs"] == [{"namespace": "northstar", "name": "core.fct_sale"}], "a view writes no rows"
    run = Run(event["run"]["runId"])
    assert event["schemaURL"] == RunEvent(eventTime=event["eventTime"], run=run, job=Job("a", "b")).schemaURL
    assert (event["eventType"], event["eventTime"]) == ("FAIL", "2026-01-06T00:03:00Z")
    assert event["job"]["name"] == "intermediate.int_shop__sale"
    assert [one["name"] for one in event["inputs"]] == ["raw_shop.sale"]
    time = event["run"]["facets"]["nominalTime"]
    assert time["_schemaURL"] == nominal_time_run.NominalTimeRunFacet._get_schema()
    assert (time["nominalStartTime"], time["nominalEndTime"]) == ("2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z")
    [output] = event["outputs"]
    rows = output["outputFacets"]["outputStatistics"]
    assert rows["_schemaURL"] == output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet._get_schema()
    assert rows["rowCount"] == 97


def _events(site: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (site / "openlineage.ndjson").read_text().splitlines()]


def test_small_counts_and_what_gives_them_away_are_left_out() -> None:
    picture = next(picture for picture in PICTURES if picture.name == "provider_scorecard")
    row = {
        "provider_name": "A", "visit_count": 40, "visits_per_day": 8.0, "realised_utilization": 0.5,
        "no_show_count": 10, "no_show_rate": 0.2, "checked_in_count": 40, "on_time_count": 40, "late_count": 0,
        "on_time_rate": 1.0,
    }  # fmt: skip

    shown = suppressed(row, picture, 11)

    assert shown["small"] == ["no_show_count", "no_show_rate"]
    assert shown["no_show_count"] is None and shown["no_show_rate"] is None
    assert shown["on_time_rate"] == 1.0, "nobody is in a count of zero"
    assert suppressed({**row, "no_show_count": 11}, picture, 11).get("small") is None


def test_every_count_and_rate_of_a_picture_is_a_column_of_it() -> None:
    for picture in PICTURES:
        assert all(f"{{{metric}}}" in picture.query for metric in picture.metrics), "a chart names what it shows"
        for rate, counts in picture.rates.items():
            assert f"AS {rate}" in picture.query
            assert set(counts) <= set(picture.counts)


def test_words_are_taken_apart_as_the_house_writes_them() -> None:
    words = words_of(
        "One row per sale.\nAnswers: what was sold; to whom. Sales are\nfinal. Use it for: takings. "
        "Not for: adding currencies\nor streams. US dollars: at the rate of the day."
    )

    assert words._asdict() == {
        "row": "One row per sale.",
        "answers": "what was sold; to whom.",
        "use": "takings.",
        "avoid": "adding currencies or streams.",
        "notes": "Sales are final. US dollars: at the rate of the day.",
    }
