"""What would have to be run so that an account is what infra/snowflake says: the difference, statement by statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from northstar.access.account import Account
from northstar.access.compute import Thing, databases, monitors, warehouses
from northstar.access.drift import Ask, Fault, held, plain_name, policy_faults, tag_faults, wanted
from northstar.access.masks import policies
from northstar.access.place import TICK_ROLE, TICK_USER, Place, integration, stage, tick_role_sql, tick_user
from northstar.access.sql import grants, policy_sql, role_sql, tag_names_sql, tag_sql, tags_sql
from northstar.contracts import Contracts


@dataclass(frozen=True)
class Step:
    """One statement, and what it changes."""

    mark: str
    """``+`` makes something, ``~`` changes it."""
    what: str
    statement: str


@dataclass(frozen=True)
class Plan:
    """Statements in the order in which they have to run, and what is there beyond them."""

    steps: tuple[Step, ...]
    surplus: tuple[str, ...]
    """Privileges and tags that should not be there: told, and left to a person to take away."""


def plan(account: Account, contracts: Contracts, place: Place, ask: Ask) -> Plan:
    """Compare an account with infra/snowflake; nothing is changed."""
    there = _There(account, ask)
    steps = [
        *there.steps("SHOW RESOURCE MONITORS", monitors(account)),
        *there.steps("SHOW WAREHOUSES", warehouses(account)),
        *there.roles(),
        *there.databases(),
        *there.landing(place),
        *there.tick_user(place),
    ]
    known = replace(account, roles={name: role for name, role in account.roles.items() if name in there.role_names})
    has, should = held(known, ask), wanted(account)
    lacking = should - has
    for grant in grants(account):
        told = grant.kind.replace("ALL ", "FUTURE ")  # grants on all of now are not told, those on what comes are
        if any((one.role, one.kind, one.name) == (grant.role, told, plain_name(grant.name)) for one in lacking):
            steps.append(Step("+", f"{grant.role}: {grant.privilege} on {grant.kind.lower()}", grant.sql))
    surplus = [
        f"{one.role} has {one.privilege} on {one.kind.lower()} {one.name}"
        for one in sorted(has - should)
        if one.privilege != "OWNERSHIP"
    ]
    surplus += [f"user {TICK_USER} has role {role}" for role in sorted(there.tick_roles - {TICK_ROLE})]
    if there.has_schema("RESTRICTED"):
        steps += _masks(account, ask)
        for tag, where, tagged, now in tag_faults(account, contracts, ask):
            if tagged is None:
                surplus.append(f"tag {tag} is {now} on {where}")
            else:
                steps.append(Step("~" if now else "+", f"tag {tag} on {where}", tag_sql(account, tagged)))
    else:
        steps += _all_masks(account, contracts)
    return Plan(tuple(steps), tuple(surplus))


def _masks(account: Account, ask: Ask) -> Iterator[Step]:
    shown = {plain_name(row["name"]) for row in ask(f"SHOW TAGS IN SCHEMA {account.database}.RESTRICTED")}
    for name, create in tag_names_sql(account):
        if name not in shown:
            yield Step("+", f"tag {name}", create)
    for policy, fault in policy_faults(account, ask):
        create, body, hang = policy_sql(account, policy)
        if fault is Fault.MISSING:
            yield Step("+", f"mask {policy.name}", create)
        if fault is Fault.OTHER:
            yield Step("~", f"mask {policy.name}", body)
        if fault in (Fault.MISSING, Fault.LOOSE):
            yield Step("~", f"mask {policy.name} on its tag", hang)


def _all_masks(account: Account, contracts: Contracts) -> Iterator[Step]:
    """Of an account that has no place for them yet."""
    yield from (Step("+", f"tag {name}", create) for name, create in tag_names_sql(account))
    for policy in policies(account):
        create, _, hang = policy_sql(account, policy)
        yield Step("+", f"mask {policy.name}", create)
        yield Step("+", f"mask {policy.name} on its tag", hang)
    yield from (Step("+", "tags of schemas", text) for text in tags_sql(account, contracts) if "ALTER SCHEMA" in text)


_TIMEOUT = "statement_timeout_in_seconds"
_DESCRIBED = {"STORAGE INTEGRATION": "property_value", "USER": "value"}
"""Kinds whose properties DESCRIBE tells, and in which column."""


class _There:
    """What the account has."""

    def __init__(self, account: Account, ask: Ask) -> None:
        self._account, self._ask = account, ask
        self._roles = {plain_name(row["name"]): row for row in ask("SHOW ROLES")}
        self.role_names = set(self._roles)
        self._databases = {plain_name(row["name"]): row for row in ask("SHOW DATABASES")}
        self._schemas: dict[str, Mapping[str, Any]] = {}
        if account.database in self._databases:
            shown = ask(f"SHOW SCHEMAS IN DATABASE {account.database}")
            self._schemas = {plain_name(row["name"]): row for row in shown}
        self._users = {plain_name(row["name"]): row for row in ask(f"SHOW USERS LIKE '{TICK_USER}'")}
        self.tick_roles: set[str] = set()
        if self._users:
            self.tick_roles = {plain_name(row["role"]) for row in ask(f"SHOW GRANTS TO USER {TICK_USER}")}

    def steps(self, show: str, things: Iterator[Thing]) -> Iterator[Step]:
        """Make what is missing, alter what is otherwise."""
        shown = {plain_name(row["name"]): row for row in self._ask(show)}
        for thing in things:
            yield from self._step(thing, shown.get(plain_name(thing.name)))

    def _step(self, thing: Thing, row: Mapping[str, Any] | None) -> Iterator[Step]:
        what = f"{thing.kind.lower()} {thing.name}"
        if row is None:
            yield Step("+", what, thing.create)
            return
        shown = self._properties(thing, row)
        now = {key: _value(key, shown[key]) for key in thing.properties}
        other = [
            f"{key} {now[key] or 'none'} -> {value}" for key, value in thing.properties.items() if now[key] != value
        ]
        if other:
            yield from (Step("~", f"{what}: {', '.join(other)}", statement) for statement in thing.alter)

    def _properties(self, thing: Thing, row: Mapping[str, Any]) -> Mapping[str, Any]:
        if column := _DESCRIBED.get(thing.kind):
            return {one["property"]: one[column] for one in self._ask(f"DESCRIBE {thing.kind} {thing.name}")}
        if thing.kind != "WAREHOUSE":
            return row
        (parameter,) = self._ask(f"SHOW PARAMETERS LIKE '{_TIMEOUT.upper()}' IN WAREHOUSE {thing.name}")
        return {**row, _TIMEOUT: parameter["value"]}

    def roles(self) -> Iterator[Step]:
        """Roles with what they are for, under SYSADMIN."""
        under = {
            plain_name(row["name"]) for row in self._ask("SHOW GRANTS TO ROLE SYSADMIN") if row["granted_on"] == "ROLE"
        }
        for role in self._account.roles.values():
            create, comment, put = role_sql(role)
            row = self._roles.get(role.name)
            if row is None:
                yield Step("+", f"role {role.name}", create)
            if row is None or row["comment"] != role.purpose:
                yield Step("~", f"comment of role {role.name}", comment)
            if role.name not in under:
                yield Step("+", f"role {role.name} under SYSADMIN", put)

    def databases(self) -> Iterator[Step]:
        """The database and its schemas."""
        database, *schemas = databases(self._account)
        yield from self._step(database, self._databases.get(database.name))
        for thing in schemas:
            yield from self._step(thing, self._schemas.get(plain_name(thing.name).rpartition(".")[2]))

    def landing(self, place: Place) -> Iterator[Step]:
        """What reads the landing zone."""
        yield from self.steps("SHOW STORAGE INTEGRATIONS", iter([integration(place)]))
        shown = self._ask(f"SHOW STAGES IN SCHEMA {self._account.database}.OPS") if self.has_schema("OPS") else ()
        thing = stage(self._account, place)
        names = {plain_name(row["name"]): row for row in shown}
        yield from self._step(thing, names.get(thing.name.rpartition(".")[2]))

    def tick_user(self, place: Place) -> Iterator[Step]:
        """Who runs ticks."""
        yield from self._step(tick_user(place), self._users.get(TICK_USER))
        if TICK_ROLE not in self.tick_roles:
            yield Step("+", f"role {TICK_ROLE} of user {TICK_USER}", tick_role_sql())

    def has_schema(self, name: str) -> bool:
        """Whether the database has it."""
        return name in self._schemas


def _value(key: str, shown: Any) -> str:
    """A property as compute.py writes it: SHOW says X-Small and 2X-Large, 100.00, true, and 75% or nothing."""
    text = str("" if shown is None else shown)
    if key == "size":
        return text.upper().replace("-", "").replace("2X", "XX")
    if key == "credit_quota":
        return str(int(float(text or 0)))
    if key in ("auto_resume", "ENABLED"):
        return text.upper()
    if key == "options":
        return "MANAGED ACCESS" if "MANAGED ACCESS" in text else text
    return text
