"""Data broken under each model of core in turn: the kept matrix says which audit sees it, or why none does."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from company_lab import SOURCES, open_company
from lab import open_warehouse
from month_scenario import ANCHOR, STRIDES
from mutations import audits_of
from sqlglot import exp

from northstar.clock import to_naive_utc
from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer

# The first test waits for the warehouse of a whole company.
pytestmark = [pytest.mark.timeout(3600), pytest.mark.slow]

MATRIX = Path(__file__).with_name("audit_mutations.csv")
"""Model, mutation, column, audits that see it; or else, in the last column, why none does."""
HEAD = ("model", "mutation", "column", "seen by", "or why not")

_DERIVED = (
    r"core\.(dim_date|fct_\w+_(day|mrr|engagement|stage|standing|movement|month|availability|balance|entry)|wide_\w+)"
)
_OF_PATIENTS = r"core\.fct_(patient_\w+|receivable_\w+|revenue_\w+|account_standing)"
REASONS: tuple[tuple[str, str, str, str], ...] = (
    (r"core\.watermark\w*", ".*", ".*", "a row per subject, written out in the query"),
    (
        r".*",
        "drop rows",
        ".*",
        "what is there does not tell what is not: volume_in_line, or a comparison with the source",
    ),
    (r"core\.wide_\w+", "null|orphan", ".*", "the column is that of the fact that it shows, which has the audit"),
    (_OF_PATIENTS, "null|orphan", ".*", "the audit stands below, on the state or the postings that it shows"),
    (r".*", "null|orphan", "source_id", "it may be of a charge, a refund, a dispute or a payout, or of nothing"),
    (r".*", "orphan", ".*", "the reference hangs on another source, for which the model does not wait"),
    (r".*mrr_movement", "null", ".*", "NULL is right for an account that is known"),
    (r".*", "null", ".*", "null_share judges from 100 rows on; what hangs on another source is not asked at all"),
    (
        _DERIVED,
        ".*",
        ".*",
        "computed from audited state, where identities stand; the oracles compare it with the source",
    ),
    (r".*", "shift by 400 days", ".*", "a plausible time of the source is its truth; the batch diverts what cannot be"),
    (r".*", "flip sign", ".*", "a number that the source may tell is its truth; the batch diverts what it may not"),
)
"""Model, mutation and column (patterns), and the sentence that explains why no audit sees it.  The first fit counts."""

Row = tuple[str, str, str, str, str]


def why(model: str, mutation: str, column: str) -> str:
    """Why nothing sees a mutation."""
    for *patterns, sentence in REASONS:
        if all(map(re.fullmatch, patterns, (model, mutation, column))):
            return sentence
    return ""


@dataclass(frozen=True)
class Found:
    """The models of core, and the matrix of this run."""

    models: set[str]
    rows: list[Row]


@pytest.fixture(scope="module")
def found(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Every mutation of every model of core, over the warehouse of a small company."""
    company = Company(27, 0.05, ANCHOR, chosen=STRIDES.accounts, clinics_by_segment=STRIDES.clinics)
    with (
        open_company(postgres_server, company) as lab,
        open_warehouse(lab, tmp_path_factory.mktemp("mutations"), sources=SOURCES) as opened,
    ):
        opened.tick()
        context = opened.warehouse.context
        models = {model.name for fqn, model in context.models.items() if exp.to_table(fqn).db.lower() == "core"}
        audits = audits_of(context, opened.warehouse.connection, to_naive_utc(lab.now))
        return Found(models, audits.matrix(why))


def _kept() -> list[Row]:
    with MATRIX.open(encoding="utf-8", newline="") as file:
        return [(row[0], row[1], row[2], row[3], row[4]) for row in list(csv.reader(file))[1:]]


def test_matrix_is_as_kept(found: Found, tmp_path: Path) -> None:
    """When audits change, look at the lines that differ, and copy the file of this run over the kept one."""
    renewed = tmp_path / MATRIX.name
    with renewed.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEAD, *found.rows])

    differing = sorted(set(found.rows) ^ set(_kept()))
    assert differing == [], f"{renewed}: {len(differing)} lines differ"


def test_every_model_of_core_is_broken_and_every_gap_explained(found: Found) -> None:
    assert {row[0] for row in found.rows} == found.models
    assert [row for row in found.rows if not row[3] and not row[4]] == []


def test_rows_twice_and_keys_lost_are_seen_everywhere(found: Found) -> None:
    """What no reason excuses."""
    doubled = {row[0] for row in found.rows if row[1] == "duplicate rows" and row[3]}

    assert doubled == found.models
