"""What the account has that it should not, and what it lacks: grants, masks, tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

from northstar.access.account import ZONES, Account
from northstar.access.compute import schema_name
from northstar.access.masks import TAG, ZONE_TAG, Policy, Tagged, policies, tags
from northstar.access.sql import grants
from northstar.contracts import Contracts

Rows = Iterable[Mapping[str, Any]]
Ask = Callable[[str], Rows]
"""Runs a statement and returns its rows by column name."""


class Fault(Enum):
    """What may be wrong with a mask."""

    MISSING = "missing"
    OTHER = "other"
    LOOSE = "loose"


_CONTAINERS = ("DATABASE", "SCHEMA")


class Held(NamedTuple):
    """A privilege as ``SHOW GRANTS`` and ``SHOW FUTURE GRANTS`` tell it."""

    role: str
    privilege: str
    kind: str
    name: str


def wanted(account: Account) -> set[Held]:
    """What these should tell, each privilege by itself; grants on all objects are told object by object, not here."""
    return {
        Held(grant.role, privilege.strip(), grant.kind, plain_name(grant.name))
        for grant in grants(account)
        if not grant.kind.startswith("ALL ")
        for privilege in grant.privilege.split(",")
    }


def held(account: Account, ask: Ask) -> set[Held]:
    """What the account tells of its roles, and of what everybody has in its database.

    Grants on single tables and views are left out where the role has the same of all that its schema will ever hold;
    a table in a dev environment's schema, or one that somebody granted by hand, is told.
    """
    everywhere = {
        (one.role, one.privilege, one.name) for one in wanted(account) if one.kind in ("FUTURE TABLES", "FUTURE VIEWS")
    }
    found = set()
    for role in (*account.roles, "PUBLIC"):
        for row in ask(f"SHOW GRANTS TO ROLE {role}"):
            kind, name, privilege = row["granted_on"], plain_name(row["name"]), row["privilege"]
            inside = name == account.database or name.startswith(f"{account.database}.")
            beyond = kind == "ROLE" or (role != "PUBLIC" and kind == "WAREHOUSE")
            here = inside and (kind in _CONTAINERS or (role, privilege, _schema(name)) not in everywhere)
            if beyond or here:
                found.add(Held(role, privilege, kind, name))
        for row in ask(f"SHOW FUTURE GRANTS TO ROLE {role}"):
            found.add(Held(role, row["privilege"], f"FUTURE {row['grant_on']}S", _schema(plain_name(row["name"]))))
    return found


def drift(account: Account, contracts: Contracts, ask: Ask) -> list[str]:
    """Each difference as a sentence; the ones that give too much first."""
    return [*_of_grants(account, ask), *_of_policies(account, ask), *_of_tags(account, contracts, ask)]


def _of_grants(account: Account, ask: Ask) -> Iterator[str]:
    should, has = wanted(account), held(account, ask)
    for one in sorted(one for one in has - should if one.privilege != "OWNERSHIP"):
        yield f"{one.role} has {one.privilege} on {one.kind.lower()} {one.name}, which it should not"
    for one in sorted(should - has):
        yield f"{one.role} lacks {one.privilege} on {one.kind.lower()} {one.name}"


def _of_policies(account: Account, ask: Ask) -> Iterator[str]:
    said = {
        Fault.MISSING: "is not there",
        Fault.OTHER: "says something else than 5_policies.sql",
        Fault.LOOSE: "does not hang on tag {tag}, so it masks nothing",
    }
    for policy, fault in policy_faults(account, ask):
        yield f"mask {policy.name} {said[fault].format(tag=policy.tag.rpartition('.')[2])}"


def policy_faults(account: Account, ask: Ask) -> Iterator[tuple[Policy, Fault]]:
    """Masks that are not there, say something else, or hang on no tag."""
    schema = f"{account.database}.RESTRICTED"
    there = {plain_name(row["name"]) for row in ask(f"SHOW MASKING POLICIES IN SCHEMA {schema}")}
    hanging = {
        (row["POLICY_NAME"], row["TAG_NAME"])
        for row in ask(
            "SELECT policy_name, tag_name FROM snowflake.account_usage.policy_references "
            f"WHERE policy_db = '{account.database}' AND policy_kind = 'MASKING_POLICY'"
        )
    }
    for policy in policies(account):
        name, tag = policy.name.rpartition(".")[2], policy.tag.rpartition(".")[2]
        if name not in there:
            yield policy, Fault.MISSING
            continue
        (row,) = ask(f"DESCRIBE MASKING POLICY {policy.name}")
        if _words(row["body"]) != _words(policy.body):
            yield policy, Fault.OTHER
        if (name, tag) not in hanging:
            yield policy, Fault.LOOSE


def _of_tags(account: Account, contracts: Contracts, ask: Ask) -> Iterator[str]:
    for tag, place, tagged, now in tag_faults(account, contracts, ask):
        if tagged is None:
            yield f"tag {tag} is {now} on {place}, which should have none"
        else:
            yield f"tag {tag} should be {tagged.value} on {_written(account, tagged)}, and is {now or 'not set'}"


def tag_faults(
    account: Account, contracts: Contracts, ask: Ask
) -> Iterator[tuple[str, str, Tagged | None, str | None]]:
    """Tags with another value than the contracts', on what the account has; inherited ones are not told.

    Each is a tag, where it is, what should be there (None when nothing should), and the value that is.
    """
    database = account.database
    columns = {
        (row["TABLE_SCHEMA"], row["TABLE_NAME"], row["COLUMN_NAME"])
        for row in ask(
            f"SELECT table_schema, table_name, column_name FROM {database}.information_schema.columns "
            f"WHERE table_schema IN ({', '.join(repr(schema) for schema in ZONES['raw'])})"
        )
    }
    names = ", ".join(repr(tag.rpartition(".")[2]) for tag in (TAG, ZONE_TAG))
    has = {
        (row["TAG_NAME"], *_place(row)): row["TAG_VALUE"]
        for row in ask(
            "SELECT tag_name, tag_value, domain, object_schema, object_name, column_name "
            f"FROM snowflake.account_usage.tag_references WHERE tag_database = '{database}' "
            f"AND tag_name IN ({names}) AND object_deleted IS NULL"
        )
    }
    should = {
        (tagged.tag.rpartition(".")[2], tagged.schema.upper(), tagged.table, tagged.column): tagged
        for tagged in tags(account, contracts)
        if tagged.column is None or (tagged.schema, tagged.table, tagged.column) in columns
    }
    for key in sorted(has.keys() - should.keys(), key=str):
        yield key[0], ".".join(part for part in key[1:] if part), None, has[key]
    for key, tagged in should.items():
        if has.get(key) != tagged.value:
            yield key[0], _written(account, tagged), tagged, has.get(key)


def _place(row: Mapping[str, Any]) -> tuple[str, str | None, str | None]:
    """Schema, table and column: of a schema its name is the object's."""
    if row["DOMAIN"] == "SCHEMA":
        return row["OBJECT_NAME"].upper(), None, None
    return row["OBJECT_SCHEMA"], row["OBJECT_NAME"], row["COLUMN_NAME"]


def _written(account: Account, tagged: Tagged) -> str:
    parts = (schema_name(account, tagged.schema), tagged.table, tagged.column)
    return ".".join(part for part in parts if part)


def _words(body: str) -> str:
    return " ".join(body.split()).upper()


def plain_name(name: str) -> str:
    """A name as Snowflake folds it; ours differ by more than case."""
    return name.replace('"', "").upper()


def _schema(name: str) -> str:
    return name.rpartition(".")[0]
