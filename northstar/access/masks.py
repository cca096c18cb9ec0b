"""Tags, and the masks that hang on them: by class on raw, by zone on the tables behind the models' views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from northstar.access.account import ZONES, Account, Role, zone_behind
from northstar.contracts import Contracts
from northstar.contracts.classes import all_classes

TAG = "RESTRICTED.PHI_CLASS"
"""One tag for all: its value is the class of the contract, ``denied`` for what nobody has classed."""

ZONE_TAG = "RESTRICTED.MODEL_ZONE"
"""On physical schemas, and by inheritance on every column of every table in them: the zone of the views in front."""

MASKS = {
    "TEXT": ("VARCHAR", "NULL"),
    "NUMBER": ("NUMBER", "NULL"),
    "FLOAT": ("FLOAT", "NULL"),
    "BOOLEAN": ("BOOLEAN", "NULL"),
    "DATE": ("DATE", "NULL"),
    "TIME": ("TIME", "NULL"),
    "TIMESTAMP": ("TIMESTAMP_NTZ", "NULL"),
    "TIMESTAMP_LOCAL": ("TIMESTAMP_LTZ", "NULL"),
    "TIMESTAMP_ZONE": ("TIMESTAMP_TZ", "NULL"),
    "BINARY": ("BINARY", "NULL"),
    "VARIANT": ("VARIANT", "NULL"),
    "OBJECT": ("OBJECT", "NULL"),
    "ARRAY": ("ARRAY", "NULL"),
}
"""A masking policy for each data type: a tag holds one policy per type."""


def mask_body(account: Account, masked: str) -> str:
    """What a policy returns for the value ``val``: open classes to all, the rest to the roles that may."""
    tag = f"SYSTEM$GET_TAG_ON_CURRENT_COLUMN('{account.database}.{TAG}')"
    open_classes = ", ".join(f"'{found}'" for found in all_classes() if found.is_open)
    roles = [role.name for role in account.roles.values() if role.unmasked]
    allowed = " OR ".join(f"IS_ROLE_IN_SESSION('{role}')" for role in roles)
    return f"CASE WHEN {tag} IN ({open_classes}) THEN val WHEN {allowed} THEN val ELSE {masked} END"


def zone_mask_body(account: Account, masked: str) -> str:
    """What a policy on a physical table returns: the value to who reads the zone, else nothing.

    Asked of the invoker, who of a view's query is the view's owner: BI reads marts that are views on core, and must
    see what they compute from it, but not core's tables.  Whoever builds tables must see all of them: what he builds
    from masked values may be promoted to prod.
    """
    tag = f"SYSTEM$GET_TAG_ON_CURRENT_COLUMN('{account.database}.{ZONE_TAG}')"
    groups: dict[str, list[str]] = {}
    for zone in model_zones():
        allowed = " OR ".join(f"IS_GRANTED_TO_INVOKER_ROLE('{role.name}')" for role in readers_behind(account, zone))
        groups.setdefault(allowed, []).append(f"'{zone}'")
    cases = " ".join(
        f"WHEN {tag} IN ({', '.join(zones)}) AND ({allowed}) THEN val" for allowed, zones in groups.items() if allowed
    )
    return f"CASE {cases} ELSE {masked} END"


def readers_behind(account: Account, zone: str) -> list[Role]:
    """Who may see the tables behind a zone's views: who reads both, and who writes them."""
    return [role for role in account.roles.values() if "physical" in role.reads and zone in role.reads]


def model_zones() -> list[str]:
    """The zones that models are in."""
    return list(dict.fromkeys(zone_behind(schema) for schema in ZONES["physical"]))


class Policy(NamedTuple):
    """A masking policy, and the tag on which it hangs."""

    name: str
    kind: str
    body: str
    tag: str


def policies(account: Account) -> Iterator[Policy]:
    """Every masking policy that there should be."""
    for prefix, tag, body_of in (("MASK", TAG, mask_body), ("ZONE_MASK", ZONE_TAG, zone_mask_body)):
        for name, (kind, masked) in MASKS.items():
            yield Policy(f"{account.database}.RESTRICTED.{prefix}_{name}", kind, body_of(account, masked), tag)


class Tagged(NamedTuple):
    """A tag's value on a schema, or on a column of a table."""

    tag: str
    schema: str
    table: str | None
    column: str | None
    value: str


def tags(account: Account, contracts: Contracts) -> Iterator[Tagged]:
    """Every tag that there should be.

    Raw is denied as a whole, new columns included; what models may read is classed column by column.  Tables that no
    contract classes by hand stay denied: nothing reads them.  Physical schemas bear the zone of the views in front.
    """
    for schema in ZONES["raw"]:
        yield Tagged(TAG, schema, None, None, "denied")
    for schema in ZONES["physical"]:
        yield Tagged(ZONE_TAG, schema, None, None, zone_behind(schema))
    for contract in contracts:
        if contract.schema.startswith("raw_") and not contract.by_rules:
            for column, found in contract.columns.items():
                yield Tagged(TAG, contract.schema.upper(), contract.name.upper(), column.upper(), str(found))
