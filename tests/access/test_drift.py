"""Running infra/snowflake twice changes nothing, and what differs from it is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from paper_account import PaperAccount

from northstar.access.account import Account
from northstar.access.drift import drift
from northstar.contracts import Contracts

Change = Callable[[PaperAccount], object]


def test_running_it_again_changes_nothing(made: Callable[[], PaperAccount], files: dict[str, str]) -> None:
    once, twice = made(), made()
    for text in files.values():
        twice.run(text)

    assert twice == once


def test_an_account_as_it_should_be_shows_no_drift(
    made: Callable[[], PaperAccount], account: Account, contracts: Contracts
) -> None:
    assert drift(account, contracts, made().ask) == []


def test_an_empty_account_lacks_everything(account: Account, contracts: Contracts) -> None:
    said = "\n".join(drift(account, contracts, PaperAccount({role: set() for role in (*account.roles, "PUBLIC")}).ask))

    assert "BI_READER lacks USAGE on schema NORTHSTAR.MARTS_FINANCE" in said
    assert "mask NORTHSTAR.RESTRICTED.MASK_TEXT is not there" in said
    assert 'tag MODEL_ZONE should be core on NORTHSTAR."sqlmesh__CORE", and is not set' in said


def _grant(*grant: str) -> Change:
    return lambda paper: paper.grants.add((grant[0], grant[1], grant[2], grant[3]))


def _revoke(*grant: str) -> Change:
    return lambda paper: paper.grants.remove((grant[0], grant[1], grant[2], grant[3]))


def _open_mask(paper: PaperAccount) -> None:
    kind, _ = paper.policies["RESTRICTED.MASK_TEXT"]
    paper.policies["RESTRICTED.MASK_TEXT"] = (kind, "val")


def _weaker_tag(paper: PaperAccount) -> None:
    paper.tags["RESTRICTED.PHI_CLASS", "RAW_APP", "PATIENTS__PATIENTS", "EMAIL"] = "public"


CHANGES: dict[str, tuple[Change, str]] = {
    "a schema": (
        _grant("RELEASE_READER", "USAGE", "SCHEMA", "SQLMESH__CORE"),
        "RELEASE_READER has USAGE on schema NORTHSTAR.SQLMESH__CORE, which it should not",
    ),
    "all that a schema will hold": (
        _grant("BI_READER", "SELECT", "FUTURE TABLES", "RAW_APP"),
        "BI_READER has SELECT on future tables NORTHSTAR.RAW_APP, which it should not",
    ),
    "one table of raw": (
        _grant("BI_READER", "SELECT", "TABLE", "NORTHSTAR.RAW_APP.PATIENTS__PATIENTS"),
        "BI_READER has SELECT on table NORTHSTAR.RAW_APP.PATIENTS__PATIENTS, which it should not",
    ),
    "the key of pseudonyms": (
        _grant("DATA_ENGINEER", "SELECT", "TABLE", "NORTHSTAR.RESTRICTED.PSEUDONYM_KEY"),
        "DATA_ENGINEER has SELECT on table NORTHSTAR.RESTRICTED.PSEUDONYM_KEY, which it should not",
    ),
    "a view of a dev environment": (
        _grant("BI_READER", "SELECT", "VIEW", "NORTHSTAR.CORE__ADA.VIEW"),
        "BI_READER has SELECT on view NORTHSTAR.CORE__ADA.VIEW, which it should not",
    ),
    "everybody": (
        _grant("PUBLIC", "SELECT", "VIEW", "NORTHSTAR.CORE.VIEW"),
        "PUBLIC has SELECT on view NORTHSTAR.CORE.VIEW, which it should not",
    ),
    "a role in a role": (
        lambda paper: paper.inherits["BI_READER"].add("PHI_OFFICER"),
        "BI_READER has USAGE on role PHI_OFFICER, which it should not",
    ),
    "a grant that is gone": (
        _revoke("BI_READER", "USAGE", "SCHEMA", "MARTS_GROWTH"),
        "BI_READER lacks USAGE on schema NORTHSTAR.MARTS_GROWTH",
    ),
    "a mask that shows all": (_open_mask, "mask NORTHSTAR.RESTRICTED.MASK_TEXT says something else than 5_policies.sql"),
    "a mask that is gone": (
        lambda paper: paper.policies.pop("RESTRICTED.ZONE_MASK_DATE"),
        "mask NORTHSTAR.RESTRICTED.ZONE_MASK_DATE is not there",
    ),
    "a mask that was taken off": (
        lambda paper: paper.hanging.pop(("RESTRICTED.MODEL_ZONE", "VARCHAR")),
        "mask NORTHSTAR.RESTRICTED.ZONE_MASK_TEXT does not hang on tag MODEL_ZONE, so it masks nothing",
    ),
    "a weaker class": (
        _weaker_tag,
        "tag PHI_CLASS should be phi_direct.contact on NORTHSTAR.RAW_APP.PATIENTS__PATIENTS.EMAIL, and is public",
    ),
    "a schema that is denied no more": (
        lambda paper: paper.tags.pop(("RESTRICTED.PHI_CLASS", "RAW_APP", None, None)),
        "tag PHI_CLASS should be denied on NORTHSTAR.RAW_APP, and is not set",
    ),
    "a tag on what has no class": (
        lambda paper: paper.tags.update({("RESTRICTED.PHI_CLASS", "RAW_APP", "NOT_CLASSED", "OF_VARCHAR"): "public"}),
        "tag PHI_CLASS is public on RAW_APP.NOT_CLASSED.OF_VARCHAR, which should have none",
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", CHANGES)
def test_what_differs_is_named(
    made: Callable[[], PaperAccount], account: Account, contracts: Contracts, title: str
) -> None:
    change, said = CHANGES[title]
    paper = made()
    change(paper)

    assert drift(account, contracts, paper.ask) == [said]
