"""A few hours of three clinics' appointments as the app's log tells them, and a small warehouse whose ticks read it.

The slice holds both kinds of table behind core: fct_clinic_day is merged, fct_appointment_event shows an appended log.
The log stands in for the reader of PostgreSQL; landing, ledger, seals, models and tick are the real ones.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from fresh import MAY_DIFFER, OF_ARRIVAL
from projects import PROJECT
from slices import copy_slice

from northstar.ingest import together
from northstar.ingest.contract import Batch, Cursor, LedgerView
from northstar.ingest.landing import LandingZone
from northstar.settings import Settings
from northstar.simulator.services import settings_under
from northstar.tick import TickReport, tick
from northstar.warehouse import Warehouse

WANTED = ("marts_operations.mart_appointment_outcome", "intermediate.int_scheduling__appointment_event_change")
_EVENTS = "models/core/fct_appointment_event.sql"
_AUDITS = re.compile(r"  (?:depends_on|audits) \(\n.*?\n  \),\n", re.DOTALL)
BEGINS = datetime(2026, 3, 2, 9)
HALF_HOUR = timedelta(minutes=30)
TYPES, ZONES = (1, 2, 3), ("UTC", "Asia/Tokyo", "America/New_York")
APPOINTMENTS, EVENTS = "scheduling__appointments", "scheduling__appointment_events"
Entry = tuple[str, dict[str, Any]]
"""A raw table, and a row of it."""
Contents = Mapping[str, Counter[tuple[Any, ...]]]


def boundary(number: int) -> datetime:
    """The end of the numbered half hour."""
    return (BEGINS + (number + 1) * HALF_HOUR).replace(tzinfo=UTC)


class Life:
    """What the app's log says, half hour by half hour: booked, moved, done, cancelled, deleted, and booked again."""

    def __init__(self, half_hours: int, seed: int = 7) -> None:
        self._random, self._lsn, self._event = Random(seed), 100, 0
        self._known: dict[int, dict[str, Any]] = {}
        self._deleted: dict[int, dict[str, Any]] = {}
        self.half_hours: list[list[Entry]] = []
        for number in range(half_hours):
            self._now = BEGINS + number * HALF_HOUR
            entries = self._directory() if number == 0 else self._moved_clinic(number)
            for _ in range(14):
                entries += self._step()
            self.half_hours.append(entries)

    def _stamped(self, operation: str, row: Mapping[str, Any]) -> dict[str, Any]:
        self._lsn += 10
        self._now += timedelta(minutes=1)
        return {**row, "_op": operation, "_commit_lsn": self._lsn, "_seq": 0, "_commit_ts": self._now}

    def _directory(self) -> list[Entry]:
        clinics = [self._clinic(number, zone, "north", "R") for number, zone in enumerate(ZONES, 1)]
        kinds = [
            ("scheduling__appointment_types", self._stamped("R", {
                "appointment_type_id": kind, "account_id": 1, "code": f"t{kind}", "name": f"Type {kind}",
                "default_minutes": 30, "is_telehealth": False, "is_active": True, "updated_at": BEGINS,
            }))
            for kind in TYPES
        ]  # fmt: skip
        return [*clinics, *kinds]

    def _clinic(self, number: int, zone: str, region: str, operation: str) -> Entry:
        return ("directory__clinics", self._stamped(operation, {
            "clinic_id": number, "account_id": 1, "clinic_code": f"c{number}", "name": f"Clinic {number}",
            "region_code": region, "time_zone": zone, "country": "US", "created_at": BEGINS, "updated_at": self._now,
        }))  # fmt: skip

    def _moved_clinic(self, number: int) -> list[Entry]:
        """One clinic changes its region, another has its time zone corrected."""
        return [self._clinic(1, ZONES[0], f"region {number}", "U"), self._clinic(2, ZONES[number % 3], "north", "U")]

    def _step(self) -> list[Entry]:
        if len(self._known) < 8 or self._random.random() < 0.4:
            return self._book()
        number = self._random.choice(sorted(self._known))
        row = self._known[number]
        if self._random.random() < 0.15:
            self._deleted[number] = self._known.pop(number)
            return [(APPOINTMENTS, self._stamped("D", {"appointment_id": number}))]
        changed = dict(row, updated_at=self._now)
        match self._random.randrange(3):
            case 0:
                changed.update(status="cancelled", cancelled_at=self._now, cancellation_reason_code="pat")
            case 1:
                changed.update(status="fulfilled", arrived_at=row["starts_at"], fulfilled_at=row["ends_at"])
            case _:
                later = timedelta(hours=self._random.choice((2, 24, 30)))
                changed.update(starts_at=row["starts_at"] + later, ends_at=row["ends_at"] + later)
        self._known[number] = changed
        return [(APPOINTMENTS, self._stamped("U", changed)), self._told(number, row["status"], changed["status"])]

    def _book(self) -> list[Entry]:
        number = len(self._known) + len(self._deleted) + 1
        if self._deleted and self._random.random() < 0.3:
            number, row = self._deleted.popitem()
        starts_at = BEGINS + timedelta(hours=self._random.randrange(-40, 40))
        row = {
            "appointment_id": number, "account_id": 1, "clinic_id": self._random.choice((1, 2, 3)), "provider_id": 5,
            "patient_id": 100 + number % 4, "appointment_type_id": self._random.choice((*TYPES, None)),
            "status": "booked", "starts_at": starts_at, "ends_at": starts_at + HALF_HOUR, "booked_at": self._now,
            "is_telehealth": False, "created_at": self._now, "updated_at": self._now,
        }  # fmt: skip
        self._known[number] = row
        return [(APPOINTMENTS, self._stamped("I", row)), self._told(number, None, "booked")]

    def _told(self, number: int, before: str | None, after: str) -> Entry:
        self._event += 1
        return (EVENTS, self._stamped("I", {
            "event_id": self._event, "appointment_id": number, "from_status": before, "to_status": after,
            "actor": "staff", "occurred_at": self._now,
        }))  # fmt: skip


@dataclass
class LogSource:
    """Stands in for the app: files of entries, read from where the ledger's cursor stands."""

    files: list[list[Entry]] = field(default_factory=list)
    after_write: Callable[[Path], None] = lambda folder: None
    """Called with the landing zone when a file is written and not yet loaded."""
    name: str = "app"

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        begins = (ledger.cursor or {"files": 0})["files"]
        for number, entries in enumerate(self.files[begins:], begins + 1):
            with landing.begin(self.name, f"{number:09d}", loaded_at) as load:
                for table in dict.fromkeys(table for table, _ in entries):
                    load.write(table, _as_table([row for name, row in entries if name == table]))
            self.after_write(Path(str(landing.root)))
            yield Batch(f"{number:09d}", load.files, {"files": number}, loaded_at)

    def acknowledge(self, cursor: Cursor) -> None:
        pass

    def close(self) -> None:
        pass


def _as_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [row.get(name) for row in rows] for name in names}
    return pa.table({name: values for name, values in columns.items() if any(value is not None for value in values)})


class ClinicDays:
    """A small warehouse, its source, and one place to begin anew from."""

    def __init__(self, home: Path, warehouse: Warehouse, environment: Mapping[str, str], source: LogSource) -> None:
        self.home, self.warehouse, self.environment, self.source = home, warehouse, environment, source

    def tick(self, number: int) -> TickReport:
        """The tick at the end of a half hour, whatever comes of it."""
        return tick(self.warehouse, ("app",), self.environment, boundary(number))

    def must(self, number: int) -> None:
        """A tick that goes well."""
        report = self.tick(number)
        assert report.status == "ok", (report.source_errors, report.run and report.run.failures)

    def keep(self, name: str) -> None:
        """Remember how everything stands."""
        self.warehouse.release()
        for file in ("northstar.duckdb", "state.duckdb"):
            shutil.copy(self.home / file, self.home / f"{name}.{file}")
        self.warehouse.open()

    def go_back(self, name: str) -> None:
        """Let everything stand as it was remembered."""
        self.warehouse.release()
        for file in ("northstar.duckdb", "state.duckdb"):
            shutil.copy(self.home / f"{name}.{file}", self.home / file)
        shutil.rmtree(self.home / "landing", ignore_errors=True)
        self.warehouse.open()

    def contents(self) -> Contents:
        """Every row of core and the marts, as BI sees it, without what says when it was worked out or arrived."""
        connection = self.warehouse.connection
        found: dict[str, Counter[tuple[Any, ...]]] = {}
        for schema, name in connection.execute(
            "SELECT lower(schema_name), lower(view_name) FROM duckdb_views() WHERE database_name = current_database() "
            "AND lower(schema_name) SIMILAR TO 'core|marts_[a-z]+' ORDER BY ALL"
        ).fetchall():
            left_out = ", ".join(({**MAY_DIFFER, **OF_ARRIVAL}).get(f"{schema}.{name}", ()))
            columns = f"* EXCLUDE ({left_out})" if left_out else "*"
            found[f"{schema}.{name}"] = Counter(connection.execute(f"SELECT {columns} FROM {schema}.{name}").fetchall())
        return found


@contextmanager
def open_clinic_days(home: Path) -> Iterator[ClinicDays]:
    """A warehouse of the slice that has never been ticked; ``go_back("empty")`` makes it so again."""
    copy_slice(home / "project", *WANTED)
    # Without its audits, which look at every appointment's patient: half the project would come along
    (home / "project" / _EVENTS).write_text(_AUDITS.sub("", (PROJECT / _EVENTS).read_text()))
    config = home / "project" / "config.yaml"
    config.write_text(config.read_text().replace("linter:\n  enabled: true", "linter:\n  enabled: false"))
    environment = {
        "NORTHSTAR_PROJECT": str(home / "project"),
        **settings_under(home),
        "NORTHSTAR_SOURCE_WAIT": "0.01",
        "NORTHSTAR_SOURCE_ATTEMPTS": "1",
    }
    source = LogSource()
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in environment.items():
            patch.setenv(variable, value)
        patch.setattr(together, "open_source", lambda name, _: source)
        with Warehouse(Settings.from_environment(environment)) as warehouse:
            warehouse.initialise(boundary(0))
            opened = ClinicDays(home, warehouse, environment, source)
            opened.keep("empty")
            yield opened


def unlike(left: Contents, right: Contents) -> dict[str, list[tuple[Any, ...]]]:
    """Models that differ, with a few rows that only one of the two has."""
    return {
        name: [*(left[name] - right[name]), *(right[name] - left[name])][:4]
        for name in left.keys() | right.keys()
        if left.get(name) != right.get(name)
    }
