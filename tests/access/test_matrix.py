"""Who sees what: infra/snowflake run on an account on paper, every column read by every role.

On DuckDB there are no roles, so there is nothing to execute: docs/security.md says who may open the file.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from paper_account import PaperAccount, Refused
from reads import READS

from northstar.access.account import PHYSICAL, ZONES, Account
from northstar.access.matrix import CLEAR, MASKED, NOTHING, sees
from northstar.contracts import Contracts

UNMASKED = {"LOADER", "TRANSFORMER", "PHI_OFFICER"}
BUILDERS = {"TRANSFORMER", "DATA_ENGINEER"}


@pytest.fixture(scope="module")
def paper(made: Callable[[], PaperAccount]) -> PaperAccount:
    return made()


def _seen(paper: PaperAccount, role: str, schema: str, name: str) -> dict[str, str]:
    """What a role gets of each column."""
    try:
        row = paper.read(role, schema, name)
    except Refused:
        return dict.fromkeys(paper.things[schema.upper(), name].columns, NOTHING)
    return {column: MASKED if value is None else CLEAR for column, value in row.items()}


@pytest.mark.parametrize("role", READS)
def test_columns_of_raw(paper: PaperAccount, account: Account, contracts: Contracts, role: str) -> None:
    """Every column that a contract classes by hand, by its class."""
    columns = 0
    for contract in contracts:
        if not contract.schema.startswith("raw_") or contract.by_rules:
            continue
        seen = _seen(paper, role, contract.schema, contract.name.upper())
        for column, found in contract.columns.items():
            expected = NOTHING if "raw" not in READS[role] else CLEAR if role in UNMASKED or found.is_open else MASKED
            assert seen[column.upper()] == expected, f"{contract.relation}.{column}"
            assert role == "PUBLIC" or expected == sees(account.roles[role], "raw", found)
            columns += 1
    assert columns > 400


@pytest.mark.parametrize("role", READS)
def test_columns_that_nobody_has_classed(paper: PaperAccount, role: str) -> None:
    """A new column of any type, before anyone has seen it."""
    for schema in ZONES["raw"]:
        expected = NOTHING if "raw" not in READS[role] else CLEAR if role in UNMASKED else MASKED
        assert set(_seen(paper, role, schema, "NOT_CLASSED").values()) == {expected}


@pytest.mark.parametrize("role", READS)
def test_restricted_and_ops(paper: PaperAccount, role: str) -> None:
    for zone in ("restricted", "ops"):
        for schema in ZONES[zone]:
            expected = CLEAR if zone in READS[role] else NOTHING
            assert set(_seen(paper, role, schema, "THING").values()) == {expected}


@pytest.mark.parametrize("role", READS)
def test_views_of_prod_tables_behind_them_and_dev_environments(paper: PaperAccount, role: str) -> None:
    for physical in ZONES["physical"]:
        schema = physical.removeprefix(PHYSICAL)
        zone = next(zone for zone, schemas in ZONES.items() if schema in schemas)
        builds = CLEAR if role in BUILDERS else NOTHING

        assert set(_seen(paper, role, schema, "VIEW").values()) == {CLEAR if zone in READS[role] else NOTHING}
        assert set(_seen(paper, role, physical, "OF_PROD").values()) == {builds}
        assert set(_seen(paper, role, physical, "OF_DEV").values()) == {builds}
        dev = CLEAR if role == "DATA_ENGINEER" else NOTHING
        assert set(_seen(paper, role, f"{schema}__ADA", "VIEW").values()) == {dev}


@pytest.mark.parametrize("role", sorted(set(READS) - BUILDERS))
def test_a_grant_given_by_mistake_on_a_physical_schema_shows_nothing(
    made: Callable[[], PaperAccount], role: str
) -> None:
    """Tables of prod and of dev environments, every type: the schema's tag masks them."""
    paper = made()
    for physical in ZONES["physical"]:
        paper.run(f'GRANT USAGE ON SCHEMA NORTHSTAR."{physical}" TO ROLE {role};')
        paper.run(f'GRANT SELECT ON ALL TABLES IN SCHEMA NORTHSTAR."{physical}" TO ROLE {role};')
    paper.grants.add((role, "USAGE", "DATABASE", "NORTHSTAR"))

    for physical in ZONES["physical"]:
        for table in ("OF_PROD", "OF_DEV"):
            assert set(_seen(paper, role, physical, table).values()) == {MASKED}, physical


def test_a_role_that_is_granted_raw_by_mistake_sees_no_identifier(
    made: Callable[[], PaperAccount], contracts: Contracts
) -> None:
    paper = made()
    paper.run("GRANT USAGE ON SCHEMA NORTHSTAR.RAW_APP TO ROLE BI_READER;")
    paper.run("GRANT SELECT ON ALL TABLES IN SCHEMA NORTHSTAR.RAW_APP TO ROLE BI_READER;")
    patients = contracts.objects["raw_app.patients__patients"]

    seen = _seen(paper, "BI_READER", "RAW_APP", "PATIENTS__PATIENTS")

    assert {column for column, what in seen.items() if what == CLEAR} == {
        column.upper() for column, found in patients.columns.items() if found.is_open
    }
    assert seen["FIRST_NAME"] == seen["BIRTH_DATE"] == MASKED
    assert set(_seen(paper, "BI_READER", "RAW_APP", "NOT_CLASSED").values()) == {MASKED}
