"""infra/snowflake, run on an account on paper that holds one row of everything."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from paper_account import VALUES, PaperAccount
from places import SETTINGS

from northstar.access.account import FOLDER, PHYSICAL, ZONES, Account, load_account
from northstar.access.place import AWS_ROLE, LANDING, TICK_KEY, Place
from northstar.contracts import CONTRACTS, Contracts, load_contracts

ROOT = Path(__file__).parents[2]
EVERY_TYPE = {f"OF_{kind}": (kind, value) for kind, value in VALUES.items()}


@pytest.fixture(scope="session")
def account() -> Account:
    return load_account(ROOT)


@pytest.fixture(scope="session")
def contracts() -> Contracts:
    return load_contracts(ROOT / CONTRACTS)


@pytest.fixture(scope="session")
def place() -> Place:
    return Place.from_environment(SETTINGS)


@pytest.fixture(scope="session")
def texts() -> dict[str, str]:
    return {file.name: file.read_text() for file in sorted((ROOT / FOLDER).glob("*.sql"))}


@pytest.fixture(scope="session")
def files(texts: dict[str, str], place: Place) -> dict[str, str]:
    """The texts with the settings of a place, as Snowflake's command line puts them in."""
    values = {LANDING: place.landing.rstrip("/"), AWS_ROLE: place.aws_role, TICK_KEY: place.tick_key}
    return {
        name: re.sub(r"&\{(\w+)\}", lambda found: values[found[1]], text) if name == "3_place.sql" else text
        for name, text in texts.items()
    }


@pytest.fixture(scope="session")
def made(contracts: Contracts, files: dict[str, str]) -> Callable[[], PaperAccount]:
    """Makes an account: some tables are there before the grants, some come after."""
    raw = [contract for contract in contracts if contract.schema.startswith("raw_") and not contract.by_rules]

    def make() -> PaperAccount:
        paper = PaperAccount()
        for contract in raw[::2]:
            paper.make(contract.schema, contract.name.upper(), {name.upper(): ("VARCHAR", "'Ada'") for name in contract.columns})  # fmt: skip
        for text in files.values():
            paper.run(text)
        for contract in raw[1::2]:
            paper.make(contract.schema, contract.name.upper(), {name.upper(): ("VARCHAR", "'Ada'") for name in contract.columns})  # fmt: skip
        for schema in ZONES["raw"]:
            paper.make(schema, "NOT_CLASSED", EVERY_TYPE)
        for schema in (*ZONES["restricted"], *ZONES["ops"]):
            paper.make(schema, "THING", EVERY_TYPE)
        for physical in ZONES["physical"]:
            logical = physical.removeprefix(PHYSICAL)
            paper.make(physical, "OF_PROD", EVERY_TYPE)
            paper.make(physical, "OF_DEV", EVERY_TYPE, owner="DATA_ENGINEER")
            paper.view(logical, "VIEW", (physical, "OF_PROD"))
            paper.view(f"{logical}__ADA", "VIEW", (physical, "OF_DEV"), owner="DATA_ENGINEER")
        paper.run(files["6_tags.sql"])  # run again once the tables are there
        return paper

    return make
