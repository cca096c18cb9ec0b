"""The choices of infra/snowflake/account.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path("infra/snowflake")

ZONES: dict[str, tuple[str, ...]] = {
    "raw": ("RAW_APP", "RAW_STRIPE", "RAW_SALESFORCE", "RAW_PARTNER"),
    "restricted": ("RESTRICTED",),
    "ops": ("OPS",),
    "reference": ("REFERENCE",),
    "staging": ("STAGING",),
    "intermediate": ("INTERMEDIATE",),
    "core": ("CORE",),
    "marts": ("MARTS_FINANCE", "MARTS_OPERATIONS", "MARTS_GROWTH"),
    "deid": ("MARTS_DEID",),
    "physical": (
        "sqlmesh__REFERENCE", "sqlmesh__STAGING", "sqlmesh__INTERMEDIATE", "sqlmesh__CORE", "sqlmesh__MARTS_FINANCE",
        "sqlmesh__MARTS_OPERATIONS", "sqlmesh__MARTS_GROWTH", "sqlmesh__MARTS_DEID", "sqlmesh__OPS",
    ),
}  # fmt: skip
"""Groups of schemas that a role is given or not.  Schemas of dev environments belong to whoever makes them."""

PHYSICAL = "sqlmesh__"
"""How SQLMesh names the schema of the tables behind a schema's views: tables of prod and of every dev environment."""


def zone_behind(physical: str) -> str:
    """The zone of the views of a physical schema: ``core`` for ``sqlmesh__CORE``."""
    schema = physical.removeprefix(PHYSICAL)
    return next(zone for zone, schemas in ZONES.items() if schema in schemas)


@dataclass(frozen=True)
class Role:
    """Who it is for, and the zones that it reads, writes, and may create objects of its own in."""

    name: str
    purpose: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    creates: tuple[str, ...] = ()
    unmasked: bool = False
    """Whether it sees identifiers as they are; every other role that reads raw sees NULL."""


SIZES = ("XSMALL", "SMALL", "MEDIUM", "LARGE", "XLARGE", "XXLARGE")
"""Sizes of warehouses: each costs twice the one before, the first a credit an hour."""


@dataclass(frozen=True)
class Warehouse:
    """Compute for one workload, with the resource monitor of its name."""

    name: str
    purpose: str
    size: str
    suspend_seconds: int
    clusters: int
    """The most that run at once; more than one needs Snowflake's Enterprise Edition."""
    timeout_seconds: int
    credits: int
    """A month's quota."""
    roles: tuple[str, ...]

    @property
    def monitor(self) -> str:
        """The name of its resource monitor."""
        return f"{self.name}_MONITOR"


@dataclass(frozen=True)
class Account:
    """One Snowflake account."""

    database: str
    time_travel_days: int
    fail_safe_days: int
    roles: Mapping[str, Role]
    warehouses: Mapping[str, Warehouse]


def load_account(project: Path) -> Account:
    """Read the choices.  Raises ValueError for a zone that there is none of."""
    found = yaml.safe_load((project / FOLDER / "account.yaml").read_text(encoding="utf-8"))
    roles = {}
    for name, entry in found["roles"].items():
        role = Role(
            name, entry["is"], tuple(entry.get("reads", ())), tuple(entry.get("writes", ())),
            tuple(entry.get("creates", ())), bool(entry.get("unmasked", False)),
        )  # fmt: skip
        if unknown := [zone for zone in (*role.reads, *role.writes, *role.creates) if zone not in ZONES]:
            raise ValueError(f"{FOLDER}/account.yaml: role {name}: zone {unknown[0]!r} is none of {', '.join(ZONES)}")
        roles[name] = role
    warehouses = {name: _warehouse(name, entry, roles) for name, entry in found["warehouses"].items()}
    return Account(found["database"], int(found["time_travel_days"]), int(found["fail_safe_days"]), roles, warehouses)


def _warehouse(name: str, entry: Mapping[str, Any], roles: Mapping[str, Role]) -> Warehouse:
    where = f"{FOLDER}/account.yaml: warehouse {name}"
    if entry["size"] not in SIZES:
        raise ValueError(f"{where}: size {entry['size']!r} is none of {', '.join(SIZES)}")
    if unknown := [role for role in entry["roles"] if role not in roles]:
        raise ValueError(f"{where}: there is no role {unknown[0]}")
    numbers = {key: int(entry[key]) for key in ("suspend_seconds", "clusters", "timeout_seconds", "credits")}
    if bad := [key for key, number in numbers.items() if number < 1]:
        raise ValueError(f"{where}: {bad[0]} must be at least 1: 0 would mean never, or without a limit")
    return Warehouse(name, entry["is"], entry["size"], roles=tuple(entry["roles"]), **numbers)
