"""The SQL of infra/snowflake: every statement can be run again, and leaves what is there as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from northstar.access.account import ZONES, Account, Role
from northstar.access.compute import databases, monitors, schema_name, warehouses
from northstar.access.masks import TAG, ZONE_TAG, Policy, Tagged, model_zones, policies, tags
from northstar.access.place import ANY_PLACE, integration, stage, stage_name, tick_role_sql, tick_user
from northstar.contracts import Contracts
from northstar.contracts.classes import all_classes


class Grant(NamedTuple):
    """One privilege on a kind of thing; ``FUTURE TABLES`` or ``ALL VIEWS`` stand for what a schema holds."""

    role: str
    privilege: str
    kind: str
    name: str

    @property
    def sql(self) -> str:
        """The statement."""
        where = "IN SCHEMA " if self.kind.startswith(("ALL ", "FUTURE ")) else ""
        return f"GRANT {self.privilege} ON {self.kind} {where}{self.name} TO ROLE {self.role};"


def grants(account: Account) -> list[Grant]:
    """Every grant that there should be, and no others."""
    found: list[Grant] = []
    for role in account.roles.values():
        found.append(Grant(role.name, "USAGE", "DATABASE", account.database))
        found += [
            Grant(role.name, "USAGE", "WAREHOUSE", one.name)
            for one in account.warehouses.values()
            if role.name in one.roles
        ]
        if role.creates:
            found.append(Grant(role.name, "CREATE SCHEMA", "DATABASE", account.database))
        found += _of_zones(account, role)
        if "raw" in role.writes:
            found.append(Grant(role.name, "USAGE", "STAGE", stage_name(account)))
    return found


def _of_zones(account: Account, role: Role) -> Iterator[Grant]:
    for zone, schemas in ZONES.items():
        for schema in schemas:
            name = schema_name(account, schema)
            if zone in (*role.reads, *role.writes, *role.creates):
                yield Grant(role.name, "USAGE", "SCHEMA", name)
            if zone in role.reads:
                for kind in ("TABLES", "VIEWS"):
                    yield Grant(role.name, "SELECT", f"ALL {kind}", name)
                    yield Grant(role.name, "SELECT", f"FUTURE {kind}", name)
            if zone in role.writes:
                for when in ("ALL", "FUTURE"):
                    yield Grant(role.name, "INSERT, UPDATE, DELETE, TRUNCATE", f"{when} TABLES", name)
            if zone in (*role.writes, *role.creates):
                for created in ("TABLE", "VIEW"):
                    yield Grant(role.name, f"CREATE {created}", "SCHEMA", name)


def roles_sql(account: Account) -> Iterator[str]:
    """All roles."""
    for role in account.roles.values():
        yield from role_sql(role)


def role_sql(role: Role) -> tuple[str, str, str]:
    """Make a role, say what it is for, and put it under SYSADMIN so that somebody can administer what it owns."""
    purpose = role.purpose.replace("'", "''")
    return (
        f"CREATE ROLE IF NOT EXISTS {role.name};",
        f"ALTER ROLE IF EXISTS {role.name} SET COMMENT = '{purpose}';",
        f"GRANT ROLE {role.name} TO ROLE SYSADMIN;",
    )


def warehouses_sql(account: Account) -> Iterator[str]:
    """Resource monitors, then the warehouses that they watch."""
    for thing in (*monitors(account), *warehouses(account)):
        yield from (thing.create, *thing.alter)


def schemas_sql(account: Account) -> Iterator[str]:
    """The database and its schemas, with managed access: an owner of a table cannot hand it on."""
    yield from (statement for thing in databases(account) for statement in (thing.create, *thing.alter))


def place_sql(account: Account) -> Iterator[str]:
    """The landing zone and the user that runs ticks, of no place in particular."""
    for thing in (integration(ANY_PLACE), stage(account, ANY_PLACE), tick_user(ANY_PLACE)):
        yield from (thing.create, *thing.alter)
    yield tick_role_sql()


def grants_sql(account: Account) -> Iterator[str]:
    """All grants."""
    yield from (grant.sql for grant in grants(account))


def policies_sql(account: Account) -> Iterator[str]:
    """The tags, a masking policy for each type, and one on the other; bodies are changed in place, never dropped."""
    yield from (create for _, create in tag_names_sql(account))
    for policy in policies(account):
        yield from policy_sql(account, policy)


def tag_names_sql(account: Account) -> Iterator[tuple[str, str]]:
    """Each tag without its schema, and the statement that makes it."""
    for tag, allowed in ((TAG, [str(found) for found in all_classes()]), (ZONE_TAG, model_zones())):
        values = ", ".join(f"'{value}'" for value in allowed)
        yield tag.rpartition(".")[2], f"CREATE TAG IF NOT EXISTS {account.database}.{tag} ALLOWED_VALUES {values};"


def policy_sql(account: Account, policy: Policy) -> tuple[str, str, str]:
    """Make a mask, set what it says, and hang it on its tag."""
    name, kind, body, tag = policy
    return (
        f"CREATE MASKING POLICY IF NOT EXISTS {name} AS (val {kind}) RETURNS {kind} -> {body};",
        f"ALTER MASKING POLICY {name} SET BODY -> {body};",
        f"ALTER TAG {account.database}.{tag} SET MASKING POLICY {name} FORCE;",
    )


def tags_sql(account: Account, contracts: Contracts) -> Iterator[str]:
    """All tags."""
    for tagged in tags(account, contracts):
        yield tag_sql(account, tagged)


def tag_sql(account: Account, tagged: Tagged) -> str:
    """Set a tag on a schema or on a column."""
    value = f"SET TAG {account.database}.{tagged.tag} = '{tagged.value}';"
    schema = schema_name(account, tagged.schema)
    if tagged.table is None or tagged.column is None:
        return f"ALTER SCHEMA {schema} {value}"
    table = f"{schema}.{identifier(tagged.table)}"
    return f"ALTER TABLE IF EXISTS {table} MODIFY COLUMN {identifier(tagged.column)} {value}"


def identifier(name: str) -> str:
    """A name for Snowflake: as it folds, or quoted where it must be."""
    plain = name.upper()
    return plain if plain.replace("_", "A").isalnum() and plain.isascii() else f'"{plain}"'


def render(account: Account, contracts: Contracts) -> dict[str, str]:
    """Every file's text by name, in the order in which they are run."""
    files = {
        "0_warehouses.sql": ("Warehouses by workload, and what each may spend in a month.", warehouses_sql(account)),
        "1_roles.sql": ("Roles.", roles_sql(account)),
        "2_schemas.sql": ("The database and its schemas.", schemas_sql(account)),
        "3_place.sql": ("The landing zone and the tick's user; &{...} stands for a setting.", place_sql(account)),
        "4_grants.sql": ("Who may read and write which schemas.", grants_sql(account)),
        "5_policies.sql": ("The tags of classes and of zones, and the masks that hang on them.", policies_sql(account)),
        "6_tags.sql": ("Classes of raw columns, zones of the tables behind views.", tags_sql(account, contracts)),
    }
    head = "-- {about}  Written by `northstar access render`; run in the order of the numbers, as often as you like.\n"
    return {
        name: head.format(about=about) + "".join(f"{statement}\n" for statement in statements)
        for name, (about, statements) in files.items()
    }
