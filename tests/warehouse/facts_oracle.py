"""What the facts and dimensions of the app must hold: from the source's tables, and from every change of them."""

from __future__ import annotations

import hashlib
import hmac
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lab import Lab, LabWarehouse, Row
from utilization_oracle import midnight

OPEN_PAST, OPEN_END = datetime(1900, 1, 1), datetime(9999, 12, 31)
AS_OF_COLUMNS = ("account_id", "provider_name", "specialty_code", "specialty_name", "clinic_name", "region_code")
"""Columns of the utilization mart that say how things were at the start of the day."""

_COPIED = (
    "appointment_id", "account_id", "clinic_id", "provider_id", "appointment_type_id", "rescheduled_from_id",
    "created_at", "booked_at", "starts_at", "ends_at", "arrived_at", "checked_in_at", "fulfilled_at", "cancelled_at",
    "status", "cancellation_reason_code", "is_telehealth",
)  # fmt: skip
_PROVIDERS = """
    SELECT provider_id, updated_at, account_id, home_clinic_id, npi, first_name || ' ' || last_name AS provider_name,
        specialty_code, credential, hired_on, terminated_on
    FROM """
_CLINICS = """
    SELECT clinic_id, updated_at, account_id, clinic_code, name AS clinic_name, region_code, city, state_code,
        country::text AS country, opened_on, closed_on
    FROM """
_ACCOUNTS = "SELECT account_id, updated_at, account_number, name, segment, plan_code, status, created_at FROM "

_WATCH = """
CREATE SCHEMA watch;
CREATE UNLOGGED TABLE watch.providers (LIKE directory.providers, change_number bigserial);
CREATE UNLOGGED TABLE watch.clinics (LIKE directory.clinics, change_number bigserial);
CREATE UNLOGGED TABLE watch.accounts (LIKE directory.accounts, change_number bigserial);
CREATE UNLOGGED TABLE watch.appointments (appointment_id bigint);
INSERT INTO watch.providers SELECT * FROM directory.providers;
INSERT INTO watch.clinics SELECT * FROM directory.clinics;
INSERT INTO watch.accounts SELECT * FROM directory.accounts;
INSERT INTO watch.appointments SELECT appointment_id FROM scheduling.appointments;
CREATE FUNCTION watch.providers() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO watch.providers SELECT NEW.*; RETURN NULL; END';
CREATE FUNCTION watch.clinics() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO watch.clinics SELECT NEW.*; RETURN NULL; END';
CREATE FUNCTION watch.accounts() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO watch.accounts SELECT NEW.*; RETURN NULL; END';
CREATE FUNCTION watch.appointments() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO watch.appointments SELECT NEW.appointment_id; RETURN NULL; END';
CREATE TRIGGER watch AFTER INSERT OR UPDATE ON directory.providers FOR EACH ROW EXECUTE FUNCTION watch.providers();
CREATE TRIGGER watch AFTER INSERT OR UPDATE ON directory.clinics FOR EACH ROW EXECUTE FUNCTION watch.clinics();
CREATE TRIGGER watch AFTER INSERT OR UPDATE ON directory.accounts FOR EACH ROW EXECUTE FUNCTION watch.accounts();
CREATE TRIGGER watch AFTER INSERT ON scheduling.appointments FOR EACH ROW EXECUTE FUNCTION watch.appointments();
"""


def watch(lab: Lab) -> None:
    """Have the source itself note every change from now on, in unlogged tables, which no reader of its log sees."""
    lab.edit(_WATCH)


class History:
    """The versions of each row: from each state that a key went through, in order."""

    def __init__(self, states: Sequence[Row], key: str) -> None:
        """A version holds from the row's updated_at, the first one since ever; states that repeat make none."""
        self._versions: defaultdict[int, list[tuple[datetime, Row]]] = defaultdict(list)
        for state in states:
            row = {name: value for name, value in state.items() if name != "updated_at"}
            known = self._versions[row[key]]
            if not known or known[-1][1] != row:
                known.append((state["updated_at"] if known else OPEN_PAST, row))

    def as_of(self, key: int, moment: datetime) -> Row:
        """The version at a moment."""
        known = self._versions[key]
        return known[bisect_right([since for since, _ in known], moment) - 1][1]

    def changed(self, key: int) -> bool:
        """Whether more than one version is known."""
        return len(self._versions[key]) > 1

    def rows(self) -> list[Row]:
        """All versions, each until the next."""
        found = []
        for known in self._versions.values():
            ends = [since for since, _ in known[1:]] + [OPEN_END]
            for (since, row), end in zip(known, ends, strict=True):
                found.append({**row, "valid_from": since, "valid_to": end, "is_current": end == OPEN_END})
        return found


@dataclass(frozen=True)
class Memory:
    """What can be known of the source's past."""

    providers: History
    clinics: History
    accounts: History
    appointments: set[int]
    """Keys of all appointments that there ever were."""

    @staticmethod
    def watched(lab: Lab) -> Memory:
        """What :func:`watch` has noted."""
        return _memory(lab, "watch", " ORDER BY change_number", "watch")

    @staticmethod
    def present(lab: Lab) -> Memory:
        """What the source holds now: all that a snapshot can know."""
        return _memory(lab, "directory", "", "scheduling")


def _memory(lab: Lab, directory: str, order: str, scheduling: str) -> Memory:
    return Memory(
        History(lab.source(f"{_PROVIDERS}{directory}.providers{order}"), "provider_id"),
        History(lab.source(f"{_CLINICS}{directory}.clinics{order}"), "clinic_id"),
        History(lab.source(f"{_ACCOUNTS}{directory}.accounts{order}"), "account_id"),
        {row["appointment_id"] for row in lab.source(f"SELECT appointment_id FROM {scheduling}.appointments")},
    )


def with_attributes(rows: Sequence[Row], lab: Lab, memory: Memory) -> list[Row]:
    """Rows of utilization with the columns of ``AS_OF_COLUMNS``."""
    zones = {row["clinic_id"]: row["time_zone"] for row in lab.source("SELECT * FROM directory.clinics")}
    names = {row["specialty_code"]: row["name"] for row in lab.source("SELECT * FROM directory.specialties")}
    found = []
    for row in rows:
        moment = midnight(row["local_date"], zones[row["clinic_id"]])
        provider = memory.providers.as_of(row["provider_id"], moment)
        clinic = memory.clinics.as_of(row["clinic_id"], moment)
        found.append(
            {
                **row,
                "account_id": clinic["account_id"],
                "provider_name": provider["provider_name"],
                "specialty_code": provider["specialty_code"],
                "specialty_name": names.get(provider["specialty_code"]),
                "clinic_name": clinic["clinic_name"],
                "region_code": clinic["region_code"],
            }
        )
    return found


def appointments(lab: Lab, key: bytes) -> list[Row]:
    """What core.fct_appointment must hold of the appointments that there are."""
    return [
        {
            **{name: row[name] for name in _COPIED},
            "patient_key": patient_key(key, row["patient_id"]),
            "scheduled_seconds": _elapsed(row["starts_at"], row["ends_at"]),
            "booking_lead_seconds": _elapsed(row["booked_at"], row["starts_at"]),
            "cancellation_lead_seconds": _elapsed(row["cancelled_at"], row["starts_at"]),
            "changed_at": row["updated_at"],
            "is_deleted": False,
        }
        for row in lab.source("SELECT * FROM scheduling.appointments")
    ]


def patient_key(key: bytes, patient_id: int) -> int:
    """The pseudonym of a patient: 60 bits of an HMAC-SHA-256."""
    return int(hmac.new(key, f"patient:{patient_id}".encode(), hashlib.sha256).hexdigest()[:15], 16)


def pseudonym_key(warehouse: LabWarehouse) -> bytes:
    """The key of a warehouse's pseudonyms, taken back out of its two pads."""
    ((inner, outer),) = (
        row.values() for row in warehouse.rows("SELECT inner_pad, outer_pad FROM restricted.pseudonym_key")
    )
    key = bytes(byte ^ 0x36 for byte in inner)
    assert key == bytes(byte ^ 0x5C for byte in outer), "the two pads are of different keys"
    return key


def _elapsed(start: datetime | None, end: datetime | None) -> Any:
    """Whole seconds between two moments that are whole seconds themselves."""
    return None if start is None or end is None else int((end - start).total_seconds())
