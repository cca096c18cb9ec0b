"""Warehouses, resource monitors, the database and its schemas: what each should be, and how to make it so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from northstar.access.account import ZONES, Account

NOTIFY, SUSPEND, CANCEL = 75, 100, 110
"""Per cent of a resource monitor's quota at which it tells, suspends, and cancels what runs."""


@dataclass(frozen=True)
class Thing:
    """One object with properties, as ``SHOW`` names them."""

    kind: str
    name: str
    create: str
    alter: tuple[str, ...]
    properties: Mapping[str, str]


def schema_name(account: Account, schema: str) -> str:
    """A schema with its database; SQLMesh's own have names of mixed case."""
    quoted = f'"{schema}"' if schema != schema.upper() else schema
    return f"{account.database}.{quoted}"


def monitors(account: Account) -> Iterator[Thing]:
    """One a warehouse, which stops it; an altered one goes on counting from when it began."""
    triggers = (
        f"TRIGGERS ON {NOTIFY} PERCENT DO NOTIFY ON {SUSPEND} PERCENT DO SUSPEND "
        f"ON {CANCEL} PERCENT DO SUSPEND_IMMEDIATE"
    )
    for warehouse in account.warehouses.values():
        name, quota = warehouse.monitor, f"CREDIT_QUOTA = {warehouse.credits}"
        since = "FREQUENCY = MONTHLY START_TIMESTAMP = IMMEDIATELY"
        yield Thing(
            "RESOURCE MONITOR",
            name,
            f"CREATE RESOURCE MONITOR IF NOT EXISTS {name} WITH {quota} {since} {triggers};",
            (f"ALTER RESOURCE MONITOR {name} SET {quota} {triggers};",),
            {
                "credit_quota": str(warehouse.credits),
                "notify_at": f"{NOTIFY}%",
                "suspend_at": f"{SUSPEND}%",
                "suspend_immediately_at": f"{CANCEL}%",
            },
        )


def warehouses(account: Account) -> Iterator[Thing]:
    """Suspended when made, so that none costs before it is used."""
    for one in account.warehouses.values():
        what = (
            f"WAREHOUSE_SIZE = {one.size} MIN_CLUSTER_COUNT = 1 MAX_CLUSTER_COUNT = {one.clusters} "
            f"AUTO_SUSPEND = {one.suspend_seconds} AUTO_RESUME = TRUE RESOURCE_MONITOR = {one.monitor} "
            f"STATEMENT_TIMEOUT_IN_SECONDS = {one.timeout_seconds}"
        )
        comment = one.purpose.replace("'", "''")
        yield Thing(
            "WAREHOUSE",
            one.name,
            f"CREATE WAREHOUSE IF NOT EXISTS {one.name} WITH {what} INITIALLY_SUSPENDED = TRUE COMMENT = '{comment}';",
            (f"ALTER WAREHOUSE {one.name} SET {what} COMMENT = '{comment}';",),
            {
                "size": one.size,
                "min_cluster_count": "1",
                "max_cluster_count": str(one.clusters),
                "auto_suspend": str(one.suspend_seconds),
                "auto_resume": "TRUE",
                "resource_monitor": one.monitor,
                "statement_timeout_in_seconds": str(one.timeout_seconds),
                "comment": one.purpose,
            },
        )


def databases(account: Account) -> Iterator[Thing]:
    """The database, then its schemas."""
    retention = f"DATA_RETENTION_TIME_IN_DAYS = {account.time_travel_days}"
    shown = {"retention_time": str(account.time_travel_days)}
    name = account.database
    yield Thing(
        "DATABASE", name, f"CREATE DATABASE IF NOT EXISTS {name} {retention};",
        (f"ALTER DATABASE {name} SET {retention};",), shown,
    )  # fmt: skip
    for schemas in ZONES.values():
        for schema in schemas:
            full = schema_name(account, schema)
            yield Thing(
                "SCHEMA", full, f"CREATE SCHEMA IF NOT EXISTS {full} WITH MANAGED ACCESS {retention};",
                (f"ALTER SCHEMA {full} SET {retention};", f"ALTER SCHEMA {full} ENABLE MANAGED ACCESS;"),
                {**shown, "options": "MANAGED ACCESS"},
            )  # fmt: skip
