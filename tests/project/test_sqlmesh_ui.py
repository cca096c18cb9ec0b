"""SQLMesh's UI on the gateway without data: lineage of every column, nothing of the warehouse, and no lock on it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from browser import watched_page
from playwright.sync_api import Locator
from projects import PROJECT
from sqlmesh import Context

from northstar.phi.firewall import lineages, plain
from northstar.simulator.postgres_server import free_port
from northstar.site.catalogue import layer_of
from northstar.site.lineage import Column, ColumnLineage, column_lineage

pytestmark = pytest.mark.slow

SCREENSHOT = PROJECT / "var/sqlmesh-ui.png"
"""What the browser saw, kept for people."""


@dataclass(frozen=True)
class UI:
    """A running UI, started as `make ui` starts it."""

    url: str
    warehouse: Path
    state: Path
    """Files that ticks write to."""

    def get(self, path: str) -> Any:
        """What the UI's own API answers."""
        with urllib.request.urlopen(f"{self.url}/api/{path}", timeout=300) as answer:
            return json.load(answer)

    def status(self, path: str, body: Mapping[str, str] | None = None) -> int:
        """How the API answers, as an HTTP status."""
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f"{self.url}/api/{path}", data, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


def made_ui() -> list[str]:
    """The command of `make ui`; this may itself run under make, which then tells the directory before and after."""
    command = ["make", "--no-print-directory", "--dry-run", "ui"]
    lines = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    return lines.splitlines()[-1].split()


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UI]:
    home = tmp_path_factory.mktemp("ui")
    warehouse = home / "northstar.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("CREATE SCHEMA raw_app; CREATE TABLE raw_app.secret AS SELECT 'Ada' AS name")
    port = free_port()
    environment = {
        **os.environ, "NORTHSTAR_DUCKDB": str(warehouse), "NORTHSTAR_STATE": str(home / "state.duckdb"),
    }  # fmt: skip
    server = subprocess.Popen(
        [*made_ui(), "--port", str(port)], cwd=PROJECT, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    running = UI(f"http://127.0.0.1:{port}", warehouse, home / "state.duckdb")
    try:
        deadline = time.monotonic() + 300
        while True:
            try:
                running.get("models")
                break
            except OSError:
                assert server.poll() is None and time.monotonic() < deadline, "the UI did not come up"
                time.sleep(1)
        yield running
    finally:
        server.terminate()
        server.wait(timeout=60)


@pytest.fixture(scope="module")
def ours(context: Context) -> ColumnLineage:
    """Lineage as the firewall reads it, by other means than the UI."""
    return column_lineage(lineages(context.models))


def test_every_model_and_column_is_there_with_its_words(ui: UI, context: Context) -> None:
    """Tables that are landed have names and types only."""
    shown = {model["fqn"]: model for model in ui.get("models")}

    assert set(shown) == set(context.models)
    made = {fqn: model for fqn, model in shown.items() if not context.models[fqn].kind.is_external}
    assert [plain(fqn) for fqn, model in made.items() if not model.get("description")] == []
    without = [
        f"{plain(fqn)}.{column['name']}"
        for fqn, model in made.items()
        for column in model["columns"]
        if not column.get("description")
    ]
    assert without == []
    assert all(len(shown[fqn]["columns"]) == len(model.columns_to_types or {}) for fqn, model in context.models.items())


def test_every_column_of_core_and_marts_resolves_to_raw(ui: UI, context: Context, ours: ColumnLineage) -> None:
    """Or to a seed, or to what has no source at all, such as a count of rows, by the firewall's reading too.

    An answer names everything that a column comes from, but each source once: one that others have named already is
    missing from what a column further up is made of.  So a column that seems to be an end is asked about by itself.
    """
    begins = {fqn for fqn, model in context.models.items() if model.kind.is_external or model.kind.is_seed}
    resolved: set[tuple[str, str]] = set()
    reached: set[tuple[str, str]] = set()

    def ask(fqn: str, column: str) -> bool:
        """Note what an answer says; whether it says what the column is made of."""
        answer = ui.get(f"lineage/{plain(fqn)}/{column}?models_only=true")
        for model, entries in answer.items():
            for name, entry in entries.items():
                reached.add((model, name))
                if entry["models"] or model in begins:
                    resolved.add((model, name))
        return (fqn, column) in resolved

    wanted = [
        (fqn, column)
        for layer in ("marts", "core")
        for fqn, model in context.models.items()
        if layer_of(model) == layer and fqn not in begins
        for column in model.columns_to_types_or_raise
    ]
    for fqn, column in wanted:
        if (fqn, column) not in resolved:
            ask(fqn, column)
    ends = sorted((reached | set(wanted)) - resolved)
    unresolved = [
        f"{plain(fqn)}.{column}"
        for fqn, column in ends
        if not ask(fqn, column) and ours.sources.get(Column(plain(fqn), column.lower()))
    ]

    assert unresolved == []
    assert {plain(fqn) for fqn, _ in reached & resolved} >= {"raw_app.scheduling__appointments", "raw_stripe.invoice"}


def test_it_listens_on_this_machine_only(ui: UI) -> None:
    """Who listens on every interface answers on any address of the loopback network."""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", int(ui.url.rpartition(":")[2])), timeout=5)


def test_people_are_told_the_command_that_is_tested_here() -> None:
    _, *arguments = made_ui()
    for page in ("README.md", "docs/for-analysts.md"):
        assert f"sqlmesh {' '.join(arguments)} " in (PROJECT / page).read_text()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM raw_app.secret",
        "ATTACH '{warehouse}' AS stolen",
        "SELECT * FROM read_text('{warehouse}')",
        "SET enable_external_access = true",
    ],
)
def test_its_queries_reach_no_data(ui: UI, sql: str) -> None:
    assert ui.status("commands/fetchdf", {"sql": sql.format(warehouse=ui.warehouse)}) == 422


def test_it_shows_no_file_of_data(ui: UI) -> None:
    """Though it shows, and may write, any other file of the project: it is for who could do so anyway."""
    folder = PROJECT / "var/landing/app/2026-01-05/0000000001-ui-test"
    folder.mkdir(parents=True)
    try:
        (folder / "patients.parquet").write_text("Ada")
        assert ui.status(f"files/{(folder / 'patients.parquet').relative_to(PROJECT)}") == 404
        assert ui.status("files/README.md") == 200
        assert "patients.parquet" not in json.dumps(ui.get("files"))
    finally:
        (folder / "patients.parquet").unlink()
        folder.rmdir()


def test_ticks_write_while_it_is_open(ui: UI) -> None:
    ui.status("commands/fetchdf", {"sql": "SELECT 1 AS one"})

    for file in (ui.warehouse, ui.state):
        with duckdb.connect(str(file)) as connection:  # refused while another process holds the file
            connection.execute("CREATE TABLE written AS SELECT 1 AS one")


def test_a_click_on_a_column_of_a_mart_shows_its_lineage(ui: UI) -> None:
    """The boxes are laid out anew and leave the pane, until they are fitted into it."""
    with watched_page(width=2400, height=1300) as watched:
        page = watched.page
        page.set_default_timeout(120_000)
        page.goto(f"{ui.url}/data-catalog/models/marts_growth.mart_cohort_retention")
        node = page.locator(".react-flow__node", has_text="marts_growth.mart_cohort_retention")
        node.wait_for()
        with page.expect_response("**/api/lineage/**/COHORT_MONTH*") as answered:
            node.get_by_text("COHORT_MONTH", exact=True).click()
        assert "FCT_MRR_MOVEMENT" in answered.value.text()
        upstream = page.locator(".react-flow__node", has_text="core.fct_mrr_movement")
        upstream.get_by_text("MONTH_START", exact=True).wait_for()
        deadline = time.monotonic() + 60
        while not (_in_sight(upstream) and _in_sight(node)):
            assert time.monotonic() < deadline, "the lineage is out of sight"
            page.click(".react-flow__controls-fitview")
            page.wait_for_timeout(500)
        assert page.locator(".react-flow__edge path").count() > 0
        SCREENSHOT.parent.mkdir(exist_ok=True)
        page.screenshot(path=str(SCREENSHOT))


def _in_sight(box: Locator) -> bool:
    """Whether a box of the graph lies in the pane that shows it."""
    inner, pane = box.bounding_box(), box.page.locator(".react-flow").bounding_box()
    if inner is None or pane is None:
        return False
    across = pane["x"] <= inner["x"] and inner["x"] + inner["width"] <= pane["x"] + pane["width"]
    return across and pane["y"] <= inner["y"] and inner["y"] + inner["height"] <= pane["y"] + pane["height"]
