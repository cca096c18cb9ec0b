"""What each role sees is looked at by reading as each: a role that gets too much, too little or nothing is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from paper_account import PaperAccount

from northstar.access.account import Account
from northstar.access.sights import sights
from northstar.contracts import Contracts


def test_all_is_as_it_should_be(made: Callable[[], PaperAccount], account: Account, contracts: Contracts) -> None:
    paper = made()
    assert list(sights(account, contracts, paper.ask)) == []
    assert paper.role == "TRANSFORMER"


Change = Callable[[PaperAccount], object]
CHANGES: dict[str, tuple[Change, str]] = {
    "a view that a role should not read": (
        lambda paper: paper.grants.update({
            ("RELEASE_READER", "USAGE", "SCHEMA", "CORE"),
            ("RELEASE_READER", "SELECT", "VIEW", "NORTHSTAR.CORE.VIEW"),
        }),
        "RELEASE_READER reads CORE.VIEW, which it should not",
    ),
    "a view that a role cannot read": (
        lambda paper: paper.grants.discard(("BI_READER", "SELECT", "VIEW", "NORTHSTAR.MARTS_FINANCE.VIEW")),
        "BI_READER cannot read MARTS_FINANCE.VIEW, which it should",
    ),
    "a role that its user lacks": (
        lambda paper: paper.not_granted.add("PHI_OFFICER"),
        "role PHI_OFFICER is not granted to this user: what it sees was not looked at",
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", CHANGES)
def test_what_is_otherwise_is_named(
    made: Callable[[], PaperAccount], account: Account, contracts: Contracts, title: str
) -> None:
    change, said = CHANGES[title]
    paper = made()
    change(paper)
    assert list(sights(account, contracts, paper.ask)) == [said]


def test_a_mask_that_hides_what_a_role_should_see_is_named(
    made: Callable[[], PaperAccount], account: Account, contracts: Contracts
) -> None:
    """Were the invoker behind a view taken to be who asks, readers of views would get nothing but NULL."""
    paper = made()
    kind, body = paper.policies["RESTRICTED.ZONE_MASK_DATE"]
    of_session = body.replace("IS_GRANTED_TO_INVOKER_ROLE", "IS_ROLE_IN_SESSION")
    paper.policies["RESTRICTED.ZONE_MASK_DATE"] = (kind, of_session)
    found = list(sights(account, contracts, paper.ask))
    assert "BI_READER gets MARTS_GROWTH.VIEW.OF_DATE masked, which it should see" in found
    assert {sentence.rpartition(".")[2] for sentence in found} == {"OF_DATE masked, which it should see"}


def test_a_role_that_reads_raw_sees_open_columns_only(
    made: Callable[[], PaperAccount], account: Account, contracts: Contracts
) -> None:
    """None does today: the account's choices are changed by one word here."""
    paper = made()
    reads = replace(account.roles["BI_READER"], reads=(*account.roles["BI_READER"].reads, "raw"))
    changed = replace(account, roles={**account.roles, "BI_READER": reads})
    for schema in ("RAW_APP", "RAW_STRIPE", "RAW_SALESFORCE", "RAW_PARTNER"):
        paper.run(f"GRANT USAGE ON SCHEMA NORTHSTAR.{schema} TO ROLE BI_READER;")
        paper.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA NORTHSTAR.{schema} TO ROLE BI_READER;")
    assert list(sights(changed, contracts, paper.ask)) == []

    kind, _ = paper.policies["RESTRICTED.MASK_TEXT"]
    paper.policies["RESTRICTED.MASK_TEXT"] = (kind, "val")
    assert any(
        sentence.startswith("BI_READER sees RAW_APP.") and sentence.endswith("which should be masked")
        for sentence in sights(changed, contracts, paper.ask)
    )
