"""SQLMesh's bot, as the pull request's workflow calls it and with the project's settings, against a local GitHub."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from github_server import HEAD, GitHub
from shop import Shop, open_shop
from steps import ROOT, jobs, steps

from northstar.environments import environment_states
from northstar.gate.run import run_gate
from northstar.simulator.loopback import LoopbackServer

pytestmark = pytest.mark.slow

BOT = (ROOT / "config.yaml").read_text().partition("cicd_bot:\n")[2].partition("\n\n")[0]
MART = "models/mart_sale_day.sql"


@dataclass
class PullRequest:
    """A pull request of the shop, and GitHub, which is told what the bot finds."""

    shop: Shop
    github: GitHub
    environment: dict[str, str]

    def run(self) -> tuple[str, list[subprocess.CompletedProcess[str]]]:
        """The workflow's own step, command by command; what GitHub's runner is given as outputs, and how each ended."""
        [step] = [step for step in steps(jobs()["pull-request.snowflake"], VALUES) if step.name == "SQLMesh's bot"]
        self.shop.release()
        done = [
            subprocess.run(
                ["bash", "-c", command],
                cwd=self.shop.home / "project",
                env={**self.environment, "GITHUB_TOKEN": step.env["GITHUB_TOKEN"]},
                capture_output=True,
                text=True,
                check=False,
            )
            for command in step.run.strip().splitlines()
        ]
        self.shop.reopen()
        return Path(self.environment["GITHUB_OUTPUT"]).read_text(), done

    def concluded(self) -> dict[str, str]:
        """The checks' conclusions, by name."""
        assert all(check["head_sha"] == HEAD and check["status"] == "completed" for check in self.github.checks)
        return {check["name"].removeprefix("SQLMesh - "): check["conclusion"] for check in self.github.checks}


VALUES = {
    "github.token": "of-this-run",
    "runner.temp": "",
    **{f"secrets.NORTHSTAR_{part}": "" for part in ("SNOWFLAKE_KEY", "STATE_PASSWORD")},
    **{f"vars.NORTHSTAR_{part}": "" for part in ("SNOWFLAKE_ACCOUNT", "SNOWFLAKE_USER", "STATE_HOST", "STATE_USER")},
}


@pytest.fixture
def pull_request(tmp_path: Path) -> Iterator[PullRequest]:
    """A shop with the project's settings of the bot, and a GitHub to talk to."""
    github = GitHub()
    with open_shop(tmp_path) as shop, LoopbackServer(github.answer) as server:
        config = shop.home / "project/config.yaml"
        config.write_text(f"{config.read_text()}cicd_bot:\n{BOT.replace('*categories', '{sql: full, seed: full}')}\n")
        (shop.home / "project/.venv").symlink_to(Path(sys.executable).parents[1])
        github.url = server.url
        github.write_event(tmp_path / "event.json")
        (tmp_path / "outputs").touch()
        environment = {
            **os.environ,
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": server.url,
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_OUTPUT": str(tmp_path / "outputs"),
            "PYTHONPATH": str(ROOT),
        }
        assert shop.context.run().is_success  # prod is of today, as the bot previews the last days
        yield PullRequest(shop, github, environment)


def test_the_bot_previews_a_change_and_tells_what_prod_would_become(pull_request: PullRequest) -> None:
    shop = pull_request.shop
    rows = shop.rows("SELECT * FROM marts_shop.mart_sale_day ORDER BY sold_on")
    shop.edit(MART, "FROM core.fct_sale", "FROM core.fct_sale WHERE sale_id % 2 = 0")

    outputs, done = pull_request.run()

    github = pull_request.github
    assert github.unknown == []
    assert [process.returncode for process in done] == [0, 0], github.checks
    assert pull_request.concluded() == {"PR Environment Synced": "success", "Prod Plan Preview": "success"}
    assert "created_pr_environment=true" in outputs
    [comment] = pull_request.github.comments
    assert "`pr_7`" in comment["body"] and "/deploy" not in comment["body"]
    [preview] = [check for check in pull_request.github.checks if "Prod Plan" in check["name"]]
    assert "mart_sale_day" in preview["output"]["summary"].lower() + preview["output"].get("text", "").lower()
    assert [state.name for state in environment_states(shop.context)] == ["prod", "pr_7"]
    previewed = shop.rows("SELECT SUM(sale_count) FROM marts_shop__pr_7.mart_sale_day")
    assert previewed == [(48,)]
    assert shop.rows("SELECT * FROM marts_shop.mart_sale_day ORDER BY sold_on") == rows


def test_what_the_bot_only_warns_of_closes_the_gate(pull_request: PullRequest) -> None:
    """On an engine that cannot clone, a failing audit of a preview of the last days is a warning to SQLMesh."""
    shop = pull_request.shop
    shop.edit("models/int_shop__owed.sql", "SUM(amount)", "NULL")
    shop.edit("models/int_shop__owed.sql", "grain shop_id", "grain shop_id, audits (not_null(columns := amount))")

    pull_request.run()

    assert pull_request.concluded()["PR Environment Synced"] == "success"
    [check] = [check for check in pull_request.github.checks if "PR Environment" in check["name"]]
    assert "'not_null' audit error: 3 rows failed" in check["output"]["summary"]
    report = run_gate(shop.context)
    assert [problem for check in report.checks for problem in check.problems] != [] and not report.passed


def test_a_preview_that_cannot_be_built_fails_the_check(pull_request: PullRequest) -> None:
    shop = pull_request.shop
    shop.edit("models/int_shop__owed.sql", "SUM(amount)", "ERROR('cannot be computed')")

    _, done = pull_request.run()

    assert done[0].returncode != 0
    assert pull_request.concluded()["PR Environment Synced"] == "failure"
