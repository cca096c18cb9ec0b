"""What describe says of an object, as the columns that raw will have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from northstar.ingest.contract import IngestError, Notice

TEXT = pa.string()
INSTANT = pa.timestamp("us")

_NOT_LANDED = frozenset({"address", "location", "complexvalue", "base64"})
"""Compound types, whose components are fields of their own; and files, which no query can return in bulk."""
_TYPES: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "int": pa.int64(),
    "long": pa.int64(),
    "date": pa.date32(),
    "datetime": INSTANT,
}
_DECIMALS = frozenset({"currency", "double", "percent"})


@dataclass(frozen=True)
class SalesforceField:
    """One field that is read."""

    name: str
    column: str
    """Its column in raw."""
    type: str
    """Describe's type, with precision and scale for numbers: ``currency(18,2)``."""
    arrow: pa.DataType


@dataclass(frozen=True)
class SalesforceObject:
    """One object as describe shows it now."""

    name: str
    fields: tuple[SalesforceField, ...]
    stamp: str
    """The field that orders its changes: SystemModstamp, or CreatedDate of history objects, which have no other."""
    has_deleted_log: bool
    """Whether /deleted may be asked of it."""

    @property
    def table(self) -> str:
        """Its raw table."""
        return snake_case(self.name)

    @property
    def field_names(self) -> list[str]:
        """The fields in the order in which they are queried."""
        return [field.name for field in self.fields]

    @property
    def types(self) -> dict[str, str]:
        """Type by field."""
        return {field.name: field.type for field in self.fields}

    def column(self, field: str) -> str | None:
        """A field's column, None when the object has no such field."""
        return next((f.column for f in self.fields if f.name == field), None)


def snake_case(name: str) -> str:
    """The column of a field: ``SystemModstamp`` is ``system_modstamp``, ``Health_Score__c`` is ``health_score__c``.

    Names given by the org keep their own underscores, so that two of them never become one.
    """
    if "__" in name:
        return name.lower()
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def described(answer: Mapping[str, Any]) -> SalesforceObject:
    """Read the answer of describe.  Raises IngestError when the object has no Id or nothing that orders its changes."""
    name = str(answer["name"])
    fields = tuple(_field(f) for f in answer["fields"] if f["type"] not in _NOT_LANDED)
    names = {field.name for field in fields}
    stamp = next((s for s in ("SystemModstamp", "CreatedDate") if s in names), None)
    if "Id" not in names or stamp is None:
        raise IngestError(
            f"Salesforce object {name} shows no Id or neither SystemModstamp nor CreatedDate, and cannot be read "
            "forward; leave it out of NORTHSTAR_SALESFORCE_OBJECTS"
        )
    return SalesforceObject(name, fields, stamp, bool(answer.get("replicateable")))


def schema_notices(sobject: SalesforceObject, known: Mapping[str, str]) -> list[Notice]:
    """What changed since the fields were last seen; nothing when they never were."""
    if not known:
        return []
    now = sobject.types
    changes = [("field_added", f"field {name} appeared, of type {now[name]}") for name in now if name not in known]
    changes += [("field_removed", f"field {name} is not visible any more") for name in known if name not in now]
    changes += [
        ("field_type_changed", f"field {name} was {known[name]} and is {now[name]}")
        for name in now
        if name in known and known[name] != now[name]
    ]
    return [Notice(sobject.table, kind, detail) for kind, detail in changes]


def _field(described: Mapping[str, Any]) -> SalesforceField:
    name, kind = str(described["name"]), str(described["type"])
    arrow = _TYPES.get(kind, TEXT)
    if kind in _DECIMALS:
        precision, scale = int(described.get("precision") or 0), int(described.get("scale") or 0)
        fits = 0 < precision <= 38 and 0 <= scale <= precision
        arrow = pa.decimal128(precision, scale) if fits else pa.float64()
        kind = f"{kind}({precision},{scale})"
    return SalesforceField(name, snake_case(name), kind, arrow)
