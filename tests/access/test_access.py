"""What infra/snowflake says: made from contracts and choices, grammatical, and no more than was meant."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
import sqlfluff
from reads import READS

from northstar.access.account import FOLDER, ZONES, Account, load_account
from northstar.access.matrix import PAGE, table, written
from northstar.access.sql import render
from northstar.contracts import Contracts
from northstar.ingest.snowflake_sink import STAGE

ROOT = Path(__file__).parents[2]
ZONE_OF = {schema.upper(): zone for zone, schemas in ZONES.items() for schema in schemas}

WRITES = {"LOADER": {"raw", "ops"}, "TRANSFORMER": set(ZONES)}


def test_the_files_are_what_contracts_and_choices_give(
    account: Account, contracts: Contracts, texts: dict[str, str]
) -> None:
    """Mended by `northstar access render`."""
    assert texts == render(account, contracts)
    assert written((ROOT / PAGE).read_text()) == table(account)


def _privileges(text: str) -> dict[str, dict[str, set[str]]]:
    """Role, zone, privileges: read from the statements as Snowflake would read them."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for line in text.splitlines():
        grant = re.fullmatch(
            r"GRANT ([A-Z, ]+) ON (?:SCHEMA|(?:ALL|FUTURE) (?:TABLES|VIEWS) IN SCHEMA) NORTHSTAR\.(\S+) TO ROLE (\w+);",
            line,
        )
        if grant:
            zone = ZONE_OF[grant[2].replace('"', "").upper()]
            found[grant[3]][zone] |= {privilege.strip() for privilege in grant[1].split(",")}
    return found


def test_each_role_reads_and_writes_its_zones_and_no_others(files: dict[str, str]) -> None:
    found = _privileges(files["4_grants.sql"])

    assert {
        role: {zone for zone, privileges in zones.items() if "SELECT" in privileges} for role, zones in found.items()
    } == {role: zones for role, zones in READS.items() if zones}
    writers = {
        role: {zone for zone, privileges in zones.items() if "INSERT" in privileges} for role, zones in found.items()
    }
    assert {role: zones for role, zones in writers.items() if zones} == WRITES
    assert {zone for zone, privileges in found["DATA_ENGINEER"].items() if "CREATE TABLE" in privileges} == {"physical"}
    assert all("USAGE" in privileges for zones in found.values() for privileges in zones.values())
    loads = re.findall(rf"GRANT USAGE ON STAGE {re.escape(STAGE)} TO ROLE (\w+);", files["4_grants.sql"])
    assert set(loads) == {role for role, zones in WRITES.items() if "raw" in zones}


def test_every_schema_is_given_now_and_for_what_comes(files: dict[str, str]) -> None:
    """The physical schemas too: names of mixed case, which must be quoted."""
    lines = files["4_grants.sql"].splitlines()
    for line in lines:
        if " ON ALL " in line:
            assert line.replace(" ON ALL ", " ON FUTURE ") in lines
    named = {name for line in lines for name in re.findall(r"SCHEMA NORTHSTAR\.(\S+) TO", line)}
    assert {name.strip('"') for name in named} == {schema for schemas in ZONES.values() for schema in schemas}
    assert all(name.startswith('"') == name.startswith('"sqlmesh__') for name in named)


def test_schemas_of_the_models_have_a_zone() -> None:
    """A new schema of models must be somebody's decision."""
    schemas = {
        match[1].upper()
        for file in (ROOT / "models").rglob("*.sql")
        if (match := re.search(r"^\s*name (\w+)\.", file.read_text(), re.MULTILINE))
    }
    logical = {schema for zone, schemas_of in ZONES.items() if zone != "physical" for schema in schemas_of}

    assert schemas <= logical
    assert {f"sqlmesh__{schema}" for schema in schemas} <= set(ZONES["physical"])


def test_a_column_that_nobody_has_classed_is_denied_by_its_schema(files: dict[str, str]) -> None:
    tags = files["6_tags.sql"]

    for schema in ZONES["raw"]:
        assert f"ALTER SCHEMA NORTHSTAR.{schema} SET TAG NORTHSTAR.RESTRICTED.PHI_CLASS = 'denied';" in tags
    assert (
        "MODIFY COLUMN SOCIAL_SECURITY_NUMBER SET TAG NORTHSTAR.RESTRICTED.PHI_CLASS = 'phi_direct.social_security'"
        in tags
    )


def test_every_statement_can_be_run_again(files: dict[str, str]) -> None:
    for text in files.values():
        for line in text.splitlines():
            if line.startswith("CREATE "):
                assert " IF NOT EXISTS " in line
            assert not line.startswith(("DROP", "REVOKE")) and "OR REPLACE" not in line


@pytest.mark.parametrize("name", sorted(file.name for file in (ROOT / FOLDER).glob("*.sql")))
def test_snowflakes_grammar_accepts_the_sql(files: dict[str, str], name: str) -> None:
    """One statement of each shape, as sqlfluff parses it in dialect snowflake.

    Its grammar of ALTER TAG knows neither qualified policies nor FORCE, which Snowflake documents.
    """
    shapes: dict[str, str] = {}
    for line in files[name].splitlines():
        if not line.startswith("--"):
            shape = re.sub(r"'[^']*'|\"[^\"]*\"|NORTHSTAR\.\S+|(?<=TO ROLE )\w+|(?<=COLUMN )\S+", "?", line)
            shapes.setdefault(shape[:200], line)
    assert shapes
    for line in shapes.values():
        known = re.sub(r"SET MASKING POLICY NORTHSTAR\.RESTRICTED\.(\w+) FORCE", r"SET MASKING POLICY \1", line)
        tree = sqlfluff.parse(known + "\n", dialect="snowflake")
        assert "unparsable" not in repr(tree), line


def test_a_zone_that_there_is_none_of_is_refused(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    text = (ROOT / FOLDER / "account.yaml").read_text().replace("reads: [deid]", "reads: [release]")
    (tmp_path / FOLDER / "account.yaml").write_text(text)

    with pytest.raises(ValueError, match="role RELEASE_READER: zone 'release' is none of raw"):
        load_account(tmp_path)
