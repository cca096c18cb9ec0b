"""The org: records, the recycle bin, history tracking and the schema.  Every change names its simulated time."""

from __future__ import annotations

import itertools
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from northstar.simulator.salesforce.schema import COMPOUND, Field, SObject, standard_objects
from northstar.simulator.salesforce.soql import Query, instant_text

Record = dict[str, Any]

FIRST_NUMBER = 500_001
"""Records that the org numbers itself begin here; those below belong to the company's accounts."""

_CHILDREN = {
    "Account": ("AccountId", ("Contact", "Opportunity", "Contract", "AccountHistory")),
    "Opportunity": ("OpportunityId", ("OpportunityHistory",)),
}
_STAGE_FIELDS = ("StageName", "Amount", "ExpectedRevenue", "CloseDate", "Probability", "ForecastCategory")


class Org:
    """A Salesforce org in memory.  Thread-safe: the server reads while the world changes it."""

    def __init__(self, make_id: Callable[[str, int], str], now: datetime, system_user: str) -> None:
        self.now = now
        """The org's clock, which answers carry in their Date header."""
        self.org_id = make_id("00D", 1)
        self.lock = threading.RLock()
        self.objects: dict[str, SObject] = standard_objects()
        self._system_user = system_user
        self.make_id = make_id
        self._numbers = {name: itertools.count(FIRST_NUMBER) for name in self.objects}
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        for sobject in self.objects.values():
            # Without declared types SQLite keeps a value as it is given, which lets a field change its type.
            columns = ", ".join(f'"{f.name}"' for f in sobject.fields.values() if f.name != "Id")
            self._db.execute(f'CREATE TABLE "{sobject.name}" ("Id" PRIMARY KEY, {columns}) WITHOUT ROWID')
            stamp = "SystemModstamp" if "SystemModstamp" in sobject.fields else "CreatedDate"
            self._db.execute(f'CREATE INDEX "{sobject.name}_stamp" ON "{sobject.name}" ("{stamp}", "Id")')
        self._db.execute("CREATE TABLE _deleted (object, id, deleted_date)")

    def new_id(self, name: str) -> str:
        """The next record Id of an object."""
        return self.make_id(self.objects[name].key_prefix, next(self._numbers[name]))

    def insert(self, name: str, records: Iterable[Record], at: datetime, by: str | None = None) -> list[str]:
        """Create records, with the history rows that come of it; returns their Ids."""
        rows = [self._created(name, record, at, by) for record in records]
        with self.lock:
            self._write(name, rows)
            if name == "Account":
                self._write("AccountHistory", [self._account_history(row, "created", at) for row in rows])
            elif name == "Opportunity":
                self._write("OpportunityHistory", [self._stage_history(row, at) for row in rows])
        return [row["Id"] for row in rows]

    def update(self, name: str, id: str, changes: Record, at: datetime, by: str | None = None) -> None:
        """Change a record and track what is tracked.  Raises KeyError when it does not exist or is deleted."""
        user = by or self._system_user
        with self.lock:
            before = self.record(name, id)
            if before.get("IsDeleted"):
                raise KeyError(id)
            audit = {"LastModifiedDate": at, "LastModifiedById": user, "SystemModstamp": at}
            self._set(name, id, {**changes, **audit})
            after = {**before, **self._encoded(name, {**changes, **audit})}
            if name == "Account" and before["OwnerId"] != after["OwnerId"]:
                self._write("AccountHistory", self._owner_history(before, after, at))
            if name == "Opportunity" and any(before[f] != after[f] for f in _STAGE_FIELDS):
                self._write("OpportunityHistory", [self._stage_history(after, at)])

    def delete(self, name: str, id: str, at: datetime) -> None:
        """Move a record to the recycle bin, and what belongs to it."""
        with self.lock:
            if self.record(name, id)["IsDeleted"]:
                raise KeyError(id)
            self._set(name, id, {"IsDeleted": True, **self._stamp(name, at)})
            self._db.execute("INSERT INTO _deleted VALUES (?, ?, ?)", (name, id, instant_text(at)))
            for child, child_id in self._children(name, id, deleted=False):
                if child.endswith("History"):
                    self._set(child, child_id, {"IsDeleted": True})
                else:
                    self.delete(child, child_id, at)

    def undelete(self, name: str, id: str, at: datetime) -> None:
        """Take a record out of the recycle bin, with its history and what was deleted along with it.

        What belongs to an account that is in the bin itself comes back with that one only: KeyError.
        """
        with self.lock:
            before = self.record(name, id)
            if not before["IsDeleted"] or self.is_bereft(name, id):
                raise KeyError(id)
            self._set(name, id, {"IsDeleted": False, **self._stamp(name, at)})
            for child, child_id in self._children(name, id, deleted=True):
                if child.endswith("History"):
                    self._set(child, child_id, {"IsDeleted": False})
                elif self.record(child, child_id)["SystemModstamp"] == before["SystemModstamp"]:
                    self.undelete(child, child_id, at)

    def is_bereft(self, name: str, id: str) -> bool:
        """Whether the account that a record belongs to is in the recycle bin."""
        account = self.record(name, id).get("AccountId")
        return account is not None and bool(self.record("Account", account)["IsDeleted"])

    def purge(self, name: str, id: str) -> None:
        """Empty the recycle bin of a deleted record: it is gone, and so is what belongs to it."""
        with self.lock:
            if not self.record(name, id)["IsDeleted"]:
                raise KeyError(id)
            for child, child_id in self._children(name, id, deleted=True):
                self.purge(child, child_id)
            self._db.execute(f'DELETE FROM "{name}" WHERE "Id" = ?', (id,))

    def add_field(self, name: str, field: Field) -> None:
        """Give an object a field, NULL everywhere; one that vanished before comes back with its values."""
        with self.lock:
            known = {row[1] for row in self._db.execute(f'PRAGMA table_info("{name}")')}
            if field.name not in known:
                self._db.execute(f'ALTER TABLE "{name}" ADD COLUMN "{field.name}"')
            self.objects[name].fields[field.name] = field

    def drop_field(self, name: str, field: str) -> None:
        """Make a field vanish, as when it is deleted or hidden from the integration user."""
        with self.lock:
            del self.objects[name].fields[field]

    def retype_field(self, name: str, field: Field, convert: Callable[[Any], Any]) -> None:
        """Change a field's type and its values; as in Salesforce, SystemModstamp stays."""
        with self.lock:
            self.objects[name].fields[field.name] = field
            values = self._db.execute(f'SELECT "Id", "{field.name}" FROM "{name}"').fetchall()
            self._db.executemany(
                f'UPDATE "{name}" SET "{field.name}" = ? WHERE "Id" = ?',
                [(None if value is None else convert(value), id) for id, value in values],
            )

    def record(self, name: str, id: str) -> Record:
        """One record as it is stored.  Raises KeyError when it does not exist."""
        fields = stored_fields(self.objects[name])
        found = self.fetch(name, [id], fields)
        if not found:
            raise KeyError(id)
        return dict(zip((f.name for f in fields), found[0], strict=True))

    def ids(self, name: str, where: str = "TRUE", parameters: Sequence[Any] = ()) -> list[str]:
        """Ids of the records for which an SQL condition holds, in order of Id; the recycle bin is included."""
        with self.lock:
            sql = f'SELECT "Id" FROM "{name}" WHERE {where} ORDER BY "Id"'
            return [id for (id,) in self._db.execute(sql, parameters)]

    def matching(self, query: Query, deleted: bool) -> list[str]:
        """Ids that a query yields, in its order."""
        with self.lock:
            return [id for (id,) in self._db.execute(query.ids_sql(deleted), query.parameters)]

    def fetch(self, name: str, ids: Sequence[str], fields: Sequence[Field]) -> list[tuple[Any, ...]]:
        """The present values of records, in the order of ``ids``; records that are gone are left out."""
        columns = ", ".join(f'"{f.name}"' for f in fields)
        found: dict[str, tuple[Any, ...]] = {}
        with self.lock:
            for start in range(0, len(ids), 500):
                part = ids[start : start + 500]
                marks = ", ".join("?" * len(part))
                for id, *values in self._db.execute(
                    f'SELECT "Id", {columns} FROM "{name}" WHERE "Id" IN ({marks})', part
                ):
                    found[id] = tuple(values)
        return [found[id] for id in ids if id in found]

    def deleted_between(self, name: str, start: datetime, end: datetime) -> list[tuple[str, str]]:
        """Ids and instants of deletions in a half-open span of time."""
        sql = "SELECT id, deleted_date FROM _deleted WHERE object = ? AND deleted_date >= ? AND deleted_date < ?"
        with self.lock:
            return self._db.execute(sql, (name, instant_text(start), instant_text(end))).fetchall()

    def _created(self, name: str, record: Record, at: datetime, by: str | None) -> Record:
        user = by or self._system_user
        defaults = {
            "Id": record.get("Id") or self.new_id(name), "IsDeleted": False,
            "CreatedDate": at, "CreatedById": user, "LastModifiedDate": at, "LastModifiedById": user,
            "SystemModstamp": at,
        }  # fmt: skip
        fields = self.objects[name].fields
        return self._encoded(name, {k: v for k, v in {**defaults, **record}.items() if k in fields})

    def _encoded(self, name: str, record: Record) -> Record:
        fields = self.objects[name].fields
        return {key: _encode(value) for key, value in record.items() if key in fields}

    def _stamp(self, name: str, at: datetime) -> Record:
        return {"SystemModstamp": at} if "SystemModstamp" in self.objects[name].fields else {}

    def _set(self, name: str, id: str, values: Record) -> None:
        encoded = self._encoded(name, values)
        assignments = ", ".join(f'"{key}" = ?' for key in encoded)
        self._db.execute(f'UPDATE "{name}" SET {assignments} WHERE "Id" = ?', (*encoded.values(), id))

    def _write(self, name: str, rows: Sequence[Record]) -> None:
        names = [f.name for f in stored_fields(self.objects[name])]
        columns = ", ".join(f'"{n}"' for n in names)
        self._db.executemany(
            f'INSERT INTO "{name}" ({columns}) VALUES ({", ".join("?" * len(names))})',
            [[row.get(n) for n in names] for row in rows],
        )

    def _children(self, name: str, id: str, deleted: bool) -> list[tuple[str, str]]:
        column, children = _CHILDREN.get(name, ("", ()))
        return [
            (child, child_id)
            for child in children
            for child_id in self.ids(child, f'"{column}" = ? AND "IsDeleted" = ?', (id, int(deleted)))
        ]

    def _account_history(self, account: Record, field: str, at: datetime, **values: Any) -> Record:
        row = {"AccountId": account["Id"], "Field": field, "DataType": "Text", **values}
        return self._created("AccountHistory", row, at, account["LastModifiedById"])

    def _owner_history(self, before: Record, after: Record, at: datetime) -> list[Record]:
        """A tracked look-up writes two rows: one with the names, one with the Ids."""
        old, new = before["OwnerId"], after["OwnerId"]
        old_name, new_name = (self.record("User", owner)["Name"] for owner in (old, new))
        return [
            self._account_history(after, "Owner", at, OldValue=old_name, NewValue=new_name),
            self._account_history(after, "Owner", at, OldValue=old, NewValue=new, DataType="EntityId"),
        ]

    def _stage_history(self, opportunity: Record, at: datetime) -> Record:
        row = {"OpportunityId": opportunity["Id"], **{f: opportunity.get(f) for f in _STAGE_FIELDS}}
        return self._created("OpportunityHistory", row, at, opportunity["LastModifiedById"])


def shown(field: Field, value: Any) -> Any:
    """A stored value as JSON shows it."""
    return bool(value) if field.type == "boolean" and value is not None else value


def stored_fields(sobject: SObject) -> list[Field]:
    """The fields that hold values of their own."""
    return [f for f in sobject.fields.values() if f.type not in COMPOUND]


def _encode(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return int(value)
    return None if value == "" else value
