"""An account on paper: it runs the SQL of infra/snowflake, keeps what Snowflake would, and answers who reads what.

It knows the statements that the files hold and refuses any other.  Bodies of masks are executed on DuckDB.  What it
takes from Snowflake's documentation, and nobody has tried on an account: a tag on a schema is inherited by every column
in it, a tag masks the columns of its policy's type, and through a view the invoker is the view's owner while the
session's role stays who asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import duckdb
from paper_compute import PaperCompute
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp, parse_one

DATABASE = "NORTHSTAR"
Grant = tuple[str, str, str, str]
"""Role, privilege, kind, name."""
Value = tuple[str, str]
"""Snowflake's type, and a literal of it as DuckDB reads it."""

ON_DUCKDB = {
    "VARCHAR": "VARCHAR", "NUMBER": "BIGINT", "FLOAT": "DOUBLE", "BOOLEAN": "BOOLEAN", "DATE": "DATE", "TIME": "TIME",
    "TIMESTAMP_NTZ": "TIMESTAMP", "TIMESTAMP_LTZ": "TIMESTAMPTZ", "TIMESTAMP_TZ": "TIMESTAMPTZ", "BINARY": "BLOB",
    "VARIANT": "JSON", "OBJECT": "JSON", "ARRAY": "JSON",
}  # fmt: skip
VALUES: dict[str, str] = {
    "VARCHAR": "'Ada'", "NUMBER": "42", "FLOAT": "4.2", "BOOLEAN": "true", "DATE": "'1936-02-29'", "TIME": "'09:30:00'",
    "TIMESTAMP_NTZ": "'2026-03-02 09:00:00'", "TIMESTAMP_LTZ": "'2026-03-02 09:00:00+00'",
    "TIMESTAMP_TZ": "'2026-03-02 09:00:00+00'", "BINARY": "'ab'", "VARIANT": "'{\"name\": \"Ada\"}'",
    "OBJECT": "'{\"name\": \"Ada\"}'", "ARRAY": "'[\"Ada\"]'",
}  # fmt: skip
"""A value of each type that a mask has to hide."""


class Refused(Exception):
    """The role may not."""


@dataclass
class _Thing:
    """A table, or a view over one."""

    owner: str
    columns: dict[str, Value]
    over: tuple[str, str] | None = None


@dataclass
class PaperAccount:
    """Everything that the statements made."""

    inherits: dict[str, set[str]] = field(default_factory=lambda: {"SYSADMIN": set(), "PUBLIC": set()})
    """Role, and the roles granted to it."""
    users: dict[str, set[str]] = field(default_factory=dict)
    """User, and the roles granted to it."""
    role: str = "PUBLIC"
    """Of the session, whose user has all that are not in ``not_granted``, and which may do what ``also`` may."""
    also: set[str] = field(default_factory=lambda: {"TRANSFORMER"})
    not_granted: set[str] = field(default_factory=set)
    comments: dict[str, str] = field(default_factory=dict)
    compute: PaperCompute = field(default_factory=PaperCompute)
    schemas: set[str] = field(default_factory=set)
    grants: set[Grant] = field(default_factory=set)
    allowed: dict[str, set[str]] = field(default_factory=dict)
    policies: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Name, and type with body."""
    hanging: dict[tuple[str, str], str] = field(default_factory=dict)
    """Tag and type, and the policy on it."""
    tags: dict[tuple[str, str, str | None, str | None], str] = field(default_factory=dict)
    """Tag, schema, table and column, and the value."""
    things: dict[tuple[str, str], _Thing] = field(default_factory=dict)

    def run(self, text: str) -> None:
        """Every statement of a file."""
        for line in text.splitlines():
            if line and not line.startswith("--"):
                self._statement(line)

    def _statement(self, line: str) -> None:
        if self.compute.run(line):
            if found := re.match(rf"CREATE SCHEMA IF NOT EXISTS {_NAME}", line):
                self.schemas.add(_plain(found[1]))
            return
        for pattern, method in _STATEMENTS:
            if found := re.fullmatch(pattern, line):
                plain = found.groups() if method in ("_policy", "_body", "_comment") else map(_plain, found.groups())
                getattr(self, method)(*plain)
                return
        raise AssertionError(f"unknown statement: {line}")

    def _role(self, name: str) -> None:
        self.inherits.setdefault(name, set())

    def _comment(self, role: str, text: str) -> None:
        assert role in self.inherits
        self.comments[role] = text

    def _role_to_role(self, granted: str, to: str) -> None:
        assert granted in self.inherits
        self.inherits[to].add(granted)

    def _role_to_user(self, granted: str, to: str) -> None:
        assert granted in self.inherits and ("USER", to) in self.compute.objects
        self.users.setdefault(to, set()).add(granted)

    def _grant(self, privileges: str, kind: str, name: str, role: str) -> None:
        assert role in self.inherits, role
        known = {(kind, name), (kind, f"{DATABASE}.{name}")}
        assert name in self.schemas or known & self.compute.objects.keys(), name
        for privilege in privileges.split(", "):
            if kind.startswith("ALL "):
                of = "TABLE" if kind == "ALL TABLES" else "VIEW"
                for (schema, thing), made in self.things.items():
                    if schema == name and (made.over is None) == (of == "TABLE"):
                        self.grants.add((role, privilege, of, f"{DATABASE}.{schema}.{thing}"))
            else:
                self.grants.add((role, privilege, kind, name))

    def _tag(self, name: str, values: str) -> None:
        self.allowed.setdefault(name, {value.strip("' ").lower() for value in values.split(",")})

    def _policy(self, name: str, kind: str, body: str) -> None:
        self.policies.setdefault(_plain(name), (kind, body))

    def _body(self, name: str, body: str) -> None:
        self.policies[_plain(name)] = (self.policies[_plain(name)][0], body)

    def _hang(self, tag: str, policy: str) -> None:
        assert tag in self.allowed
        self.hanging[tag, self.policies[policy][0]] = policy

    def _tag_schema(self, schema: str, tag: str, value: str) -> None:
        assert schema in self.schemas and value.lower() in self.allowed[tag]
        self.tags[tag, schema, None, None] = value.lower()

    def _tag_column(self, schema: str, table: str, column: str, tag: str, value: str) -> None:
        assert value.lower() in self.allowed[tag]
        if column in self.things.get((schema, table), _Thing("", {})).columns:  # ALTER TABLE IF EXISTS
            self.tags[tag, schema, table, column] = value.lower()

    def make(self, schema: str, name: str, columns: Mapping[str, Value], owner: str = "TRANSFORMER") -> None:
        """A table, with what is granted on all that its schema will hold."""
        self._make(schema, name, _Thing(owner, dict(columns)), "TABLE")

    def view(self, schema: str, name: str, over: tuple[str, str], owner: str = "TRANSFORMER") -> None:
        """A view of all columns of a table or view."""
        under = (over[0].upper(), over[1])
        self._make(schema, name, _Thing(owner, self.things[under].columns, under), "VIEW")

    def _make(self, schema: str, name: str, thing: _Thing, kind: str) -> None:
        schema = schema.upper()
        self.schemas.add(schema)
        self.things[schema, name] = thing
        for role, privilege, of, place in list(self.grants):
            if of == f"FUTURE {kind}S" and place == schema:
                self.grants.add((role, privilege, kind, f"{DATABASE}.{schema}.{name}"))

    def roles_of(self, role: str) -> set[str]:
        """A role, and those that it inherits."""
        found, waiting = set(), [role]
        while waiting:
            if (one := waiting.pop()) not in found:
                found.add(one)
                waiting += [*self.inherits.get(one, ()), *(["PUBLIC"] if one != "PUBLIC" else [])]
        return found

    def read(self, role: str, schema: str, name: str) -> dict[str, Any]:
        """What a role gets of the only row, by column.  Raises Refused."""
        schema = schema.upper()
        kind = "VIEW" if self.things[schema, name].over else "TABLE"
        for privilege, of, place in (
            ("USAGE", "DATABASE", DATABASE),
            ("USAGE", "SCHEMA", schema),
            ("SELECT", kind, f"{DATABASE}.{schema}.{name}"),
        ):
            owns = of != "DATABASE" and self.things[schema, name].owner in self.roles_of(role)
            if not owns and not any((one, privilege, of, place) in self.grants for one in self.roles_of(role)):
                raise Refused(f"{role} has no {privilege} on {of} {place}")
        return self._values(role, role, schema, name)

    def _values(self, session: str, invoker: str, schema: str, name: str) -> dict[str, Any]:
        thing = self.things[schema, name]
        if thing.over:
            under = self._values(session, thing.owner, *thing.over)
        else:
            under = {column: _literal(kind, value) for column, (kind, value) in thing.columns.items()}
        return {
            column: self._masked(session, invoker, (schema, name, column), kind, under[column])
            for column, (kind, _) in thing.columns.items()
        }

    def _masked(self, session: str, invoker: str, place: tuple[str, str, str], kind: str, shown: Any) -> Any:
        schema, table, column = place
        for tag in self.allowed:
            value = self.tags.get((tag, schema, table, column)) or self.tags.get((tag, schema, None, None))
            policy = self.hanging.get((tag, kind))
            if value and policy and shown is not None:
                shown = self._evaluated(self.policies[policy][1], session, invoker, value, kind, shown)
        return shown

    def _evaluated(self, body: str, session: str, invoker: str, tag: str, kind: str, shown: Any) -> Any:
        roles = (frozenset(self.roles_of(session)), frozenset(self.roles_of(invoker)))
        return _computed(body, *roles, tag, kind, shown)

    def ask(self, statement: str) -> Iterable[Mapping[str, Any]]:
        """Answers the statements of the drift check and of the plan; runs any other."""
        if statement.startswith("USE "):
            self._use(statement)
            return []
        if not statement.startswith(("SHOW", "DESCRIBE", "SELECT")):
            self.run(statement)
            return []
        if (shown := self.compute.ask(statement)) is not None:
            return shown
        if found := re.fullmatch(r'SELECT COUNT.* FROM NORTHSTAR."(\w+)"."(\w+)"', statement):
            return [self._counted(found[1], found[2])]
        if statement == "SHOW ROLES":
            return [{"name": role, "comment": self.comments.get(role, "")} for role in self.inherits]
        if statement.startswith("SHOW TAGS"):
            return [{"name": name.rpartition(".")[2]} for name in self.allowed]
        if "FUTURE GRANTS" in statement:
            return self._told(statement.rpartition(" ")[2], future=True)
        if statement.startswith("SHOW GRANTS TO USER"):
            return [{"role": role} for role in self.users.get(statement.rpartition(" ")[2], ())]
        if statement.startswith("SHOW GRANTS"):
            return self._told(statement.rpartition(" ")[2], future=False)
        if statement.startswith("SHOW MASKING POLICIES"):
            return [{"name": name.rpartition(".")[2]} for name in self.policies]
        if statement.startswith("DESCRIBE"):
            return [{"body": self.policies[_plain(statement.rpartition(" ")[2])][1]}]
        if "policy_references" in statement:
            return [{"POLICY_NAME": policy.rpartition(".")[2], "TAG_NAME": tag.rpartition(".")[2]} for (tag, _), policy in self.hanging.items()]  # fmt: skip
        if "information_schema.columns" in statement:
            wanted = {schema.upper() for schema in re.findall(r"'(\w+)'", statement.partition(" IN ")[2])}
            return [
                {"TABLE_SCHEMA": schema, "TABLE_NAME": name, "COLUMN_NAME": column}
                for (schema, name), thing in self.things.items()
                if schema in wanted
                for column in thing.columns
            ]
        assert "tag_references" in statement
        return [
            {"TAG_NAME": tag.rpartition(".")[2], "TAG_VALUE": value, "DOMAIN": "COLUMN" if column else "SCHEMA",
             "OBJECT_SCHEMA": schema if column else None, "OBJECT_NAME": table or schema, "COLUMN_NAME": column}
            for (tag, schema, table, column), value in self.tags.items()
        ]  # fmt: skip

    def _use(self, statement: str) -> None:
        if statement == "USE SECONDARY ROLES NONE":
            self.also = set()
            return
        role = statement.removeprefix("USE ROLE ")
        if role in self.not_granted:
            raise ProgrammingError(f"Requested role '{role}' is not assigned to the executing user.")
        self.role = role

    def _counted(self, schema: str, name: str) -> dict[str, int]:
        for role in (self.role, *self.also):
            with suppress(Refused):
                row = self.read(role, schema, name)
                return {column: int(value is not None) for column, value in row.items()}
        raise ProgrammingError(f"{schema}.{name} does not exist or not authorized.", errno=2003)

    def _told(self, role: str, future: bool) -> list[dict[str, str]]:
        told = []
        for one, privilege, kind, name in sorted(self.grants):
            if one == role and kind.startswith("FUTURE ") == future:
                full = f"{DATABASE}.{name}" if kind in ("SCHEMA", "STAGE") or future else name
                told.append(
                    {"privilege": privilege, "grant_on": kind.removeprefix("FUTURE ").removesuffix("S"), "name": f"{full}.<X>"}
                    if future
                    else {"privilege": privilege, "granted_on": kind, "name": full}
                )  # fmt: skip
        if not future:
            told += [{"privilege": "USAGE", "granted_on": "ROLE", "name": name} for name in self.inherits[role]]
        return told


def _plain(name: str) -> str:
    return name.replace('"', "").upper().removeprefix(f"{DATABASE}.")


@cache
def _computed(body: str, session: frozenset[str], invoker: frozenset[str], tag: str, kind: str, shown: Any) -> Any:
    """What a mask makes of a value, for the roles of a session and of who invokes a view."""
    expression = parse_one(body, dialect="snowflake")
    asks = {"IS_ROLE_IN_SESSION": session, "IS_GRANTED_TO_INVOKER_ROLE": invoker}
    for call in list(expression.find_all(exp.Anonymous)):
        if (roles := asks.get(call.name.upper())) is not None:
            call.replace(exp.convert(call.expressions[0].name in roles))
    text = re.sub(r"SYSTEM\$GET_TAG_ON_CURRENT_COLUMN\('[^']*'\)", f"'{tag}'", expression.sql(dialect="duckdb"))
    row = duckdb.execute(f"SELECT {text} FROM (SELECT CAST(? AS {ON_DUCKDB[kind]}) AS val)", [shown]).fetchone()
    assert row is not None
    return row[0]


@cache
def _literal(kind: str, value: str) -> Any:
    row = duckdb.execute(f"SELECT CAST({value} AS {ON_DUCKDB[kind]})").fetchone()
    assert row is not None
    return row[0]


_NAME = r'NORTHSTAR\.((?:"[^"]+"|\w+))'
_STATEMENTS = (
    (r"CREATE ROLE IF NOT EXISTS (\w+);", "_role"),
    (r"ALTER ROLE IF EXISTS (\w+) SET COMMENT = '(.*)';", "_comment"),
    (r"GRANT ROLE (\w+) TO ROLE (\w+);", "_role_to_role"),
    (r"GRANT ROLE (\w+) TO USER (\w+);", "_role_to_user"),
    (r"GRANT ([A-Z, ]+) ON (STAGE) (NORTHSTAR\.OPS\.\w+) TO ROLE (\w+);", "_grant"),
    (r"GRANT ([A-Z, ]+) ON (DATABASE|WAREHOUSE) (\w+) TO ROLE (\w+);", "_grant"),
    (rf"GRANT ([A-Z, ]+) ON (SCHEMA) {_NAME} TO ROLE (\w+);", "_grant"),
    (rf"GRANT ([A-Z, ]+) ON ((?:ALL|FUTURE) (?:TABLES|VIEWS)) IN SCHEMA {_NAME} TO ROLE (\w+);", "_grant"),
    (r"CREATE TAG IF NOT EXISTS (\S+) ALLOWED_VALUES (.*);", "_tag"),
    (r"CREATE MASKING POLICY IF NOT EXISTS (\S+) AS \(val \w+\) RETURNS (\w+) -> (.*);", "_policy"),
    (r"ALTER MASKING POLICY (\S+) SET BODY -> (.*);", "_body"),
    (r"ALTER TAG (\S+) SET MASKING POLICY (\S+) FORCE;", "_hang"),
    (rf"ALTER SCHEMA {_NAME} SET TAG (\S+) = '([^']+)';", "_tag_schema"),
    (
        rf"ALTER TABLE IF EXISTS {_NAME}\.(\"[^\"]+\"|\w+) MODIFY COLUMN (\"[^\"]+\"|\w+) SET TAG (\S+) = '([^']+)';",
        "_tag_column",
    ),
)
