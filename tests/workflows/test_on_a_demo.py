"""On a demo: the workflows' jobs, then every command of the page on changes, as a newcomer types them."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator

import pytest
from checkout import PULL_REQUEST, Checkout, open_checkout
from steps import ROOT

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs/workflow.md").read_text()
CLOSURE = "models/intermediate/directory/int_directory__clinic_closure.sql"
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
FIGURE = re.compile(r"[-+]?\d[\d,.:]*( ?[kMG]?B\b|%)?")
TEN_MINUTES = 600.0


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


def test_the_page_is_done_in_ten_minutes_and_prints_what_it_says(checkout: Checkout) -> None:
    environment = {
        **checkout.environment,
        "COLUMNS": "250",
        "SQLMESH_RUNTIME_ENVIRONMENT": "terminal",
        **{f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    printed, compared = "", 0
    for kind, text in BLOCK.findall(PAGE):
        match kind:
            case "sql":
                with (checkout.project / CLOSURE).open("a") as file:
                    file.write(f"\n{text}")
            case "sh":
                printed = "".join(checkout.shell(line, environment) for line in text.splitlines())
            case _:
                assert [line for line in text.splitlines() if not _is_printed(line, printed)] == [], printed
                compared += 1

    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert compared >= 3
    # The processors' seconds: on a machine of its own they are about as many as the clock's.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < TEN_MINUTES
    holidays = "SELECT COUNT(*) FROM intermediate.int_directory__clinic_closure WHERE UPPER(reason_code) = 'HOLIDAY'"
    assert checkout.rows(holidays) == [(0,)]


def _is_printed(line: str, printed: str) -> bool:
    """Whether a line of the page was printed, with whatever figures; of a table its first columns are enough."""
    *first, last = _cells(line) or [""]
    return last in ("", "...") or any(
        shown[: len(first)] == first and shown[len(first)].startswith(last)
        for shown in map(_cells, printed.splitlines())
        if len(shown) > len(first)
    )


def _cells(line: str) -> list[str]:
    cells = re.split("[│┃]", line.strip().strip("│┃"))
    return [" ".join(FIGURE.sub("0", cell).lower().split()) for cell in cells if cell.strip() or len(cells) > 1]
