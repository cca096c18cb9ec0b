"""Data broken under each model of core in turn: the kept matrix says which audit sees it, or why none does."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from company_lab import SOURCES, open_company
from lab import open_warehouse
from month_scenario import ANCHOR, STRIDES
from mutations import audits_of

from northstar.clock import to_naive_utc
from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer

# The first test waits for the warehouse of a whole company.
pytestmark = [pytest.mark.timeout(3600), pytest.mark.slow]

MATRIX = Path(__file__).with_name("audit_mutations.csv")
"""model, mutation, column, audits that see it; or else, in the last column, why none does."""

REASONS: tuple[tuple[str, str, str], ...] = ()
"""Mutation, column (patterns) and the sentence that explains why no audit sees it."""

Row = tuple[str, str, str, str, str]


def _why(mutation: str, column: str) -> str:
    for kind, names, sentence in REASONS:
        if re.fullmatch(kind, mutation) and re.fullmatch(names, column):
            return sentence
    return ""


@pytest.fixture(scope="module")
def matrix(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Row]]:
    """Every mutation of every model of core, over the warehouse of a small company."""
    company = Company(27, 0.05, ANCHOR, chosen=STRIDES.accounts, clinics_by_segment=STRIDES.clinics)
    with (
        open_company(postgres_server, company) as lab,
        open_warehouse(lab, tmp_path_factory.mktemp("mutations"), sources=SOURCES) as warehouse,
    ):
        warehouse.tick()
        audits = audits_of(warehouse.warehouse.context, warehouse.warehouse.connection, to_naive_utc(lab.now))
        yield audits.matrix(_why)


def _kept() -> list[Row]:
    with MATRIX.open(encoding="utf-8", newline="") as file:
        return [(row[0], row[1], row[2], row[3], row[4]) for row in list(csv.reader(file))[1:]]


def test_matrix_is_as_kept(matrix: list[Row], tmp_path: Path) -> None:
    """When audits change, look at the lines that differ, and copy the file of this run over the kept one."""
    found = tmp_path / MATRIX.name
    with found.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [("model", "mutation", "column", "seen by", "or why not"), *matrix]
        )

    differing = sorted(set(matrix) ^ set(_kept()))
    assert differing == [], f"{found}: {len(differing)} lines differ"


def test_what_nothing_sees_is_explained(matrix: list[Row]) -> None:
    assert [row for row in matrix if not row[3] and not row[4]] == []


def test_keys_and_references_of_every_fact_are_watched(matrix: list[Row]) -> None:
    """What no reason may excuse: rows twice, keys lost, references to nothing."""
    unseen = {row[:3] for row in matrix if not row[3] and row[1] in ("duplicate rows", "orphan")}

    assert unseen == set()
