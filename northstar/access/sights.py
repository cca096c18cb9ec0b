"""What each role really gets: read as that role, and compared with what the account's choices say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from snowflake.connector.errors import ProgrammingError

from northstar.access.account import ZONES, Account, Role
from northstar.access.drift import Ask
from northstar.access.matrix import CLEAR, NOTHING, sees
from northstar.contracts import Contracts

OWNER = "TRANSFORMER"
"""The role that gets everything: what others get is a share of it."""
Counts = Mapping[str, int]
"""By column: how many values are not NULL."""


class Sample(NamedTuple):
    """A table or view of a schema, to be read by everybody."""

    zone: str
    schema: str
    table: str

    @property
    def name(self) -> str:
        """For a sentence."""
        return f"{self.schema}.{self.table}"


def sights(account: Account, contracts: Contracts, ask: Ask) -> Iterator[str]:
    """Read something of each schema as each role, and say what is otherwise than meant.

    Only counts of values are asked for, so that no value leaves the account; a mask shows as NULL.  Whoever asks needs
    every role.  Schemas that hold no row yet are passed over.
    """
    ask("USE SECONDARY ROLES NONE")  # or the session may do what any role of its user may
    ask(f"USE ROLE {OWNER}")
    samples = _samples(account, ask)
    every = {sample: _counts(account, sample, columns, ask) or {} for sample, columns in samples.items()}
    for role in account.roles.values():
        try:
            ask(f"USE ROLE {role.name}")
        except ProgrammingError:
            yield f"role {role.name} is not granted to this user: what it sees was not looked at"
            continue
        for sample, columns in samples.items():
            got = _counts(account, sample, columns, ask)
            yield from _otherwise(role, sample, got, every[sample], contracts)
    ask(f"USE ROLE {OWNER}")


def _otherwise(role: Role, sample: Sample, got: Counts | None, every: Counts, contracts: Contracts) -> Iterator[str]:
    may = sees(role, sample.zone) != NOTHING
    if may and got is None:
        yield f"{role.name} cannot read {sample.name}, which it should"
    if got is not None and not may:
        yield f"{role.name} reads {sample.name}, which it should not"
    if got is None or not may:
        return
    contract = contracts.objects.get(sample.name.lower())
    for column, count in got.items():
        found = contract.columns.get(column.lower()) if contract else None
        if sees(role, sample.zone, found) == CLEAR and count != every[column]:
            yield f"{role.name} gets {sample.name}.{column} masked, which it should see"
        elif sees(role, sample.zone, found) != CLEAR and count:
            yield f"{role.name} sees {sample.name}.{column}, which should be masked"


def _samples(account: Account, ask: Ask) -> dict[Sample, list[str]]:
    """The first table or view of each schema by name that is not known to be empty, with its columns."""
    zones = {schema.upper(): zone for zone, schemas in ZONES.items() for schema in schemas}
    named = ", ".join(repr(schema) for schemas in ZONES.values() for schema in schemas)
    catalog = f"{account.database}.information_schema"
    columns: dict[Sample, list[str]] = defaultdict(list)
    for row in ask(
        f"SELECT table_schema, table_name, column_name FROM {catalog}.columns "
        f"JOIN {catalog}.tables USING (table_catalog, table_schema, table_name) "
        f"WHERE table_schema IN ({named}) AND COALESCE(row_count, 1) > 0"
    ):
        schema = row["TABLE_SCHEMA"]
        columns[Sample(zones[schema.upper()], schema, row["TABLE_NAME"])].append(row["COLUMN_NAME"])
    first = {sample.schema: sample for sample in sorted(columns, reverse=True)}
    return {sample: columns[sample] for sample in first.values()}


def _counts(account: Account, sample: Sample, columns: list[str], ask: Ask) -> Counts | None:
    """What the role of the session gets; None when it may not read it."""
    counts = ", ".join(f'COUNT("{column}") AS "{column}"' for column in columns)
    try:
        (row,) = ask(f'SELECT {counts} FROM {account.database}."{sample.schema}"."{sample.table}"')
    except ProgrammingError:
        return None
    return dict(row)
