"""What the account has that it should not, and what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from northstar.access.account import Account
from northstar.access.sql import grants

Rows = Iterable[Mapping[str, Any]]


class Held(NamedTuple):
    """A privilege as ``SHOW GRANTS`` and ``SHOW FUTURE GRANTS`` tell it."""

    role: str
    privilege: str
    kind: str
    name: str


def wanted(account: Account) -> set[Held]:
    """What these should tell, each privilege by itself; grants on all objects are told object by object, not here."""
    return {
        Held(grant.role, privilege.strip(), grant.kind, _plain(grant.name))
        for grant in grants(account)
        if not grant.kind.startswith("ALL ")
        for privilege in grant.privilege.split(",")
    }


def held(account: Account, show: Callable[[str], Rows]) -> set[Held]:
    """What the account tells of its roles.  ``show`` runs a SHOW statement and returns rows by column name."""
    found = set()
    for role in account.roles:
        for row in show(f"SHOW GRANTS TO ROLE {role}"):
            if row["granted_on"] in ("DATABASE", "WAREHOUSE", "SCHEMA"):
                found.add(Held(role, row["privilege"], row["granted_on"], _plain(row["name"])))
        for row in show(f"SHOW FUTURE GRANTS TO ROLE {role}"):
            schema = _plain(row["name"]).rpartition(".")[0]
            found.add(Held(role, row["privilege"], f"FUTURE {row['grant_on']}S", schema))
    return found


def drift(account: Account, show: Callable[[str], Rows]) -> list[str]:
    """Each difference as a sentence; the ones that give too much first."""
    should, has = wanted(account), held(account, show)
    too_much = sorted(one for one in has - should if one.privilege != "OWNERSHIP")
    return [
        *(f"{one.role} has {one.privilege} on {one.kind.lower()} {one.name}, which it should not" for one in too_much),
        *(f"{one.role} lacks {one.privilege} on {one.kind.lower()} {one.name}" for one in sorted(should - has)),
    ]


def _plain(name: str) -> str:
    return name.replace('"', "").upper()
