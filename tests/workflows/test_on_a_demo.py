"""The workflows' jobs, run on a demo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from checkout import PULL_REQUEST, Checkout, open_checkout

pytestmark = pytest.mark.slow

CLOSURE = "models/intermediate/directory/int_directory__clinic_closure.sql"


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    """A pull request that changes how reasons are written."""
    with open_checkout(CLOSURE, "reason_code::VARCHAR", "UPPER(reason_code)::VARCHAR") as found:
        yield found


def test_a_pull_request_is_gated_commented_merged_and_promoted(checkout: Checkout) -> None:
    checkout.job("pull-request.gate")

    assert (checkout.home / "gh.log").read_text().startswith(f"pr comment {PULL_REQUEST} --edit-last --create-if-none")
    comment = (checkout.home / "comment.md").read_text()
    assert comment.startswith("### The gate is open")
    assert "in environment pr_7" in comment and "int_directory__clinic_closure" in comment
    assert (checkout.home / "summary.md").read_text() == comment
    shouted = "SELECT BOOL_AND(reason_code = UPPER(reason_code)) FROM intermediate{}.int_directory__clinic_closure"
    assert (checkout.rows(shouted.format("")), checkout.rows(shouted.format("__pr_7"))) == ([(False,)], [(True,)])

    checkout.job("merge.promote")

    assert checkout.rows(shouted.format("")) == [(True,)]
    schemas = "SELECT COUNT(*) FROM duckdb_schemas() WHERE schema_name LIKE '%\\_\\_merge\\_%' ESCAPE '\\'"
    assert checkout.rows(schemas) == [(0,)]

    checkout.job("nightly.clean")


def test_the_documentation_is_as_the_models_are(checkout: Checkout) -> None:
    checkout.job("nightly.docs")

    assert (checkout.project / "var/site/index.html").is_file()
