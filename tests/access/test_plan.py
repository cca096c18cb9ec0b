"""northstar infra: the plan names what an account lacks, applying it makes the account, and again there is nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from paper_account import PaperAccount
from places import answer
from typer.testing import CliRunner

from northstar.access.account import Account
from northstar.access.drift import Rows, drift
from northstar.access.place import Place
from northstar.access.plan import plan
from northstar.cli import app
from northstar.contracts import Contracts


def test_an_empty_account_becomes_what_the_files_make(
    account: Account, contracts: Contracts, place: Place, files: dict[str, str]
) -> None:
    applied, by_files = PaperAccount(), PaperAccount()
    for text in files.values():
        by_files.run(text)
    found = plan(account, contracts, place, applied.ask)
    assert found.steps[0].what == "resource monitor LOAD_MONITOR" and not found.surplus

    for step in found.steps:
        applied.ask(step.statement)

    assert applied == by_files
    assert plan(account, contracts, place, applied.ask) == plan(account, contracts, place, by_files.ask)
    assert plan(account, contracts, place, applied.ask).steps == ()
    assert drift(account, contracts, applied.ask) == []


def _of(paper: PaperAccount, kind: str, name: str) -> dict[str, str]:
    return paper.compute.objects[kind, name]


Change = Callable[[PaperAccount], object]
CHANGES: dict[str, tuple[Change, str, int]] = {
    "a larger warehouse": (
        lambda paper: _of(paper, "WAREHOUSE", "BI").update(WAREHOUSE_SIZE="XXLARGE"),
        "warehouse BI: size XXLARGE -> XSMALL",
        1,
    ),
    "one that never suspends": (
        lambda paper: _of(paper, "WAREHOUSE", "TRANSFORM").update(AUTO_SUSPEND="0"),
        "warehouse TRANSFORM: auto_suspend 0 -> 60",
        1,
    ),
    "one without a monitor": (
        lambda paper: _of(paper, "WAREHOUSE", "LOAD").pop("RESOURCE_MONITOR"),
        "warehouse LOAD: resource_monitor null -> LOAD_MONITOR",
        1,
    ),
    "statements without an end": (
        lambda paper: _of(paper, "WAREHOUSE", "BI").pop("STATEMENT_TIMEOUT_IN_SECONDS"),
        "warehouse BI: statement_timeout_in_seconds 172800 -> 600",
        1,
    ),
    "a higher quota": (
        lambda paper: _of(paper, "RESOURCE MONITOR", "BI_MONITOR").update(CREDIT_QUOTA="5000"),
        "resource monitor BI_MONITOR: credit_quota 5000 -> 300",
        1,
    ),
    "longer Time Travel than erasure reckons with": (
        lambda paper: _of(paper, "SCHEMA", "NORTHSTAR.RAW_APP").update(DATA_RETENTION_TIME_IN_DAYS="90"),
        "schema NORTHSTAR.RAW_APP: retention_time 90 -> 1",
        2,
    ),
    "owners that may grant": (
        lambda paper: _of(paper, "SCHEMA", "NORTHSTAR.SQLMESH__CORE").pop("options"),
        'schema NORTHSTAR."sqlmesh__CORE": options none -> MANAGED ACCESS',
        2,
    ),
    "a landing zone elsewhere": (
        lambda paper: _of(paper, "STAGE", "NORTHSTAR.OPS.LANDING").update(URL="s3://elsewhere/"),
        "stage NORTHSTAR.OPS.LANDING: url s3://elsewhere/ -> s3://northstar-landing/landing/",
        1,
    ),
    "a stage by a key instead of a role": (
        lambda paper: _of(paper, "STAGE", "NORTHSTAR.OPS.LANDING").pop("STORAGE_INTEGRATION"),
        "stage NORTHSTAR.OPS.LANDING: storage_integration none -> NORTHSTAR_LANDING",
        1,
    ),
    "an integration that is let in anywhere": (
        lambda paper: _of(paper, "STORAGE INTEGRATION", "NORTHSTAR_LANDING").update(STORAGE_ALLOWED_LOCATIONS="*"),
        "storage integration NORTHSTAR_LANDING: STORAGE_ALLOWED_LOCATIONS * -> s3://northstar-landing/landing/",
        1,
    ),
    "an integration that is off": (
        lambda paper: _of(paper, "STORAGE INTEGRATION", "NORTHSTAR_LANDING").update(ENABLED="FALSE"),
        "storage integration NORTHSTAR_LANDING: ENABLED FALSE -> TRUE",
        1,
    ),
    "a tick that may log in by password": (
        lambda paper: _of(paper, "USER", "NORTHSTAR_TICK").update(TYPE="LEGACY_SERVICE"),
        "user NORTHSTAR_TICK: TYPE LEGACY_SERVICE -> SERVICE",
        1,
    ),
    "a tick without its role": (
        lambda paper: paper.users["NORTHSTAR_TICK"].remove("TRANSFORMER"),
        "role TRANSFORMER of user NORTHSTAR_TICK",
        1,
    ),
    "a stage that the loader may not read": (
        lambda paper: paper.grants.remove(("LOADER", "USAGE", "STAGE", "OPS.LANDING")),
        "LOADER: USAGE on stage",
        1,
    ),
    "a role that is gone from SYSADMIN": (
        lambda paper: paper.inherits["SYSADMIN"].remove("BI_READER"),
        "role BI_READER under SYSADMIN",
        1,
    ),
    "a grant that is gone": (
        lambda paper: paper.grants.remove(("BI_READER", "USAGE", "WAREHOUSE", "BI")),
        "BI_READER: USAGE on warehouse",
        1,
    ),
    "a mask that shows all": (
        lambda paper: paper.policies.update({"RESTRICTED.MASK_TEXT": ("VARCHAR", "val")}),
        "mask NORTHSTAR.RESTRICTED.MASK_TEXT",
        1,
    ),
    "a weaker tag": (
        lambda paper: paper.tags.update({("RESTRICTED.MODEL_ZONE", "SQLMESH__CORE", None, None): "marts"}),
        'tag MODEL_ZONE on NORTHSTAR."sqlmesh__CORE"',
        1,
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_differs_is_shown_and_mended(
    made: Callable[[], PaperAccount], account: Account, contracts: Contracts, place: Place, name: str
) -> None:
    change, what, statements = CHANGES[name]
    paper = made()
    change(paper)

    found = plan(account, contracts, place, paper.ask)
    assert [step.what for step in found.steps] == [what] * statements
    for step in found.steps:
        paper.ask(step.statement)

    assert plan(account, contracts, place, paper.ask).steps == ()


def test_apply_shows_first_and_asks(
    made: Callable[[], PaperAccount], monkeypatch: pytest.MonkeyPatch, account: Account
) -> None:
    paper = made()
    _of(paper, "WAREHOUSE", "BI").update(MAX_CLUSTER_COUNT="10")
    answer(paper.ask, monkeypatch)
    run = CliRunner().invoke

    refused = run(app, ["infra", "apply"], input="n\n")
    assert "~ warehouse BI: max_cluster_count 10 -> 3" in refused.stdout and "ALTER WAREHOUSE BI SET" in refused.stdout
    assert _of(paper, "WAREHOUSE", "BI")["MAX_CLUSTER_COUNT"] == "10"
    assert run(app, ["infra", "plan"]).exit_code == 1

    assert run(app, ["infra", "apply", "--yes"]).exit_code == 0
    assert _of(paper, "WAREHOUSE", "BI")["MAX_CLUSTER_COUNT"] == "3"
    assert run(app, ["infra", "plan"]).exit_code == 0


def test_what_should_not_be_there_is_told_and_stays(
    made: Callable[[], PaperAccount], monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = made()
    paper.grants.add(("RELEASE_READER", "USAGE", "SCHEMA", "SQLMESH__CORE"))
    paper.users["NORTHSTAR_TICK"].add("SYSADMIN")
    answer(paper.ask, monkeypatch)

    applied = CliRunner().invoke(app, ["infra", "apply", "--yes"])

    assert applied.exit_code == 0
    assert "! RELEASE_READER has USAGE on schema NORTHSTAR.SQLMESH__CORE, which it should not" in applied.stdout
    assert ("RELEASE_READER", "USAGE", "SCHEMA", "SQLMESH__CORE") in paper.grants
    assert "! user NORTHSTAR_TICK has role SYSADMIN, which it should not" in applied.stdout
    assert "SYSADMIN" in paper.users["NORTHSTAR_TICK"]


def test_a_statement_that_fails_stops_and_can_be_taken_up(
    monkeypatch: pytest.MonkeyPatch, account: Account, contracts: Contracts, place: Place
) -> None:
    """Nothing can be rolled back on Snowflake, and nothing needs to be."""
    paper = PaperAccount()
    half = len(plan(account, contracts, place, paper.ask).steps) // 2
    ran: list[str] = []

    def ask(statement: str) -> Rows:
        if not statement.startswith(("SHOW", "SELECT", "DESCRIBE")):
            ran.append(statement)
            if len(ran) == half:
                raise RuntimeError("Insufficient privileges")
        return paper.ask(statement)

    answer(ask, monkeypatch)
    failed = CliRunner().invoke(app, ["infra", "apply", "--yes"])
    assert failed.exit_code != 0 and f"{ran[-1]}: Insufficient privileges" in " ".join(failed.output.split())

    assert CliRunner().invoke(app, ["infra", "apply", "--yes"]).exit_code == 0
    assert plan(account, contracts, place, paper.ask).steps == ()
