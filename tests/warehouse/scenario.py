"""The same life of a company, read along three paths: tick by tick, in one catch-up, and by a snapshot at its end.

Each warehouse is compared with what the oracles make of the source, after every tick; tests look at the findings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import facts_oracle
from facts_oracle import Memory
from golden import Golden, Season, disagreements
from lab import HALF_HOUR, Lab, LabWarehouse, Row, differences
from utilization_oracle import KEY, utilization

from northstar.clock import to_naive_utc

MART = "marts_operations.mart_provider_utilization"
MODELS = (MART, "core.fct_appointment", "core.fct_appointment_event", "core.dim_provider", "core.dim_clinic")
"""What is compared."""
SPRING = Season(
    "spring", date(2026, 3, 8), -3600,
    # Friday in working hours; past midnight in New York; the change itself; Monday in Tokyo; Monday in America.
    tuple(datetime(2026, 3, day, hour, minute, tzinfo=UTC)
          for day, hour, minute in ((6, 20, 0), (7, 5, 30), (8, 7, 0), (9, 0, 30), (9, 15, 0))),
)  # fmt: skip
FALL = Season(
    "fall", date(2026, 11, 1), 3600,
    (datetime(2026, 10, 30, 19, 0, tzinfo=UTC), datetime(2026, 10, 31, 4, 30, tzinfo=UTC),
     datetime(2026, 11, 1, 6, 0, tzinfo=UTC), datetime(2026, 11, 2, 0, 30, tzinfo=UTC),
     datetime(2026, 11, 2, 15, 0, tzinfo=UTC)),
)  # fmt: skip


@dataclass
class Check:
    """What one comparison of a warehouse with the source found."""

    path: str
    at: datetime
    subject: str
    rows: int
    differences: list[Any]


@dataclass
class Scenario:
    """One run through a season."""

    season: Season
    lab: Lab
    paths: dict[str, LabWarehouse] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)

    def run(self, open_warehouse: Callable[[Lab, str], LabWarehouse], with_trouble: bool) -> None:
        """Live through the season, with a warehouse for each path; ``with_trouble`` adds one whose ticks fail."""
        golden = Golden(self.lab, self.season)
        names = ("ticks", "catch_up", "trouble") if with_trouble else ("ticks", "catch_up")
        self.paths = {name: open_warehouse(self.lab, self._slot(name)) for name in names}
        golden.edits[0]()
        facts_oracle.watch(self.lab)
        for name in names:
            self._tick(name)
        for number, (edit, at) in enumerate(zip(golden.edits[1:], self.season.ticks[1:], strict=True), 1):
            self.lab.live(at - HALF_HOUR)
            edit()
            self.lab.live(at)
            self._tick("ticks")
            if with_trouble:
                self._trouble(number)
        self._tick("catch_up")
        self.paths["snapshot"] = open_warehouse(self.lab, self._slot("snapshot"))
        self._tick("snapshot")
        for name, warehouse in self.paths.items():
            self._note(name, "golden cases", len(golden.expected()), disagreements(mart(warehouse), golden.expected()))

    def _slot(self, path: str) -> str:
        """Of the whole server, which both seasons may be on."""
        return f"{self.season.name}_{path}"

    def _trouble(self, number: int) -> None:
        """The first tick cannot reach the source, the second never happens, the third fails, the fourth succeeds."""
        if number in (1, 3):
            report = self.paths["trouble"].try_tick(NORTHSTAR_APP_DSN="postgresql://postgres@127.0.0.1:1/nowhere")
            assert report.status == "source_failed"
        elif number == 4:
            self._tick("trouble")

    def _tick(self, name: str) -> None:
        self.paths[name].tick()
        self._compare(name, Memory.present(self.lab) if name == "snapshot" else Memory.watched(self.lab))

    def _compare(self, name: str, memory: Memory) -> None:
        lab, warehouse = self.lab, self.paths[name]
        expected = facts_oracle.with_attributes(utilization(lab, to_naive_utc(lab.now)), lab, memory)
        self._note(name, "utilization", len(expected), differences(mart(warehouse), expected, KEY))

        alive = facts_oracle.appointments(lab, facts_oracle.pseudonym_key(warehouse))
        got = warehouse.rows("SELECT * FROM core.fct_appointment WHERE NOT is_deleted")
        self._note(name, "appointments", len(alive), differences(got, alive, ["appointment_id"]))

        gone = memory.appointments - {row["appointment_id"] for row in alive}
        flagged = warehouse.rows("SELECT appointment_id FROM core.fct_appointment WHERE is_deleted")
        unlike = gone ^ {row["appointment_id"] for row in flagged}
        self._note(name, "deleted appointments", len(gone), sorted(unlike))

        events = lab.source("SELECT * FROM scheduling.appointment_events")
        got = warehouse.rows("SELECT * FROM core.fct_appointment_event")
        self._note(name, "events", len(events), differences(got, events, ["event_id"]))

        for subject, history in (("provider", memory.providers), ("clinic", memory.clinics)):
            versions = history.rows()
            got = warehouse.rows(f"SELECT * FROM core.dim_{subject} WHERE {subject}_id <> -1 AND NOT is_deleted")
            self._note(name, f"{subject}s", len(versions), differences(got, versions, [f"{subject}_id", "valid_from"]))

    def _note(self, path: str, subject: str, rows: int, found: list[Any]) -> None:
        self.checks.append(Check(path, self.lab.now, subject, rows, found))


def mart(warehouse: LabWarehouse) -> list[Row]:
    """All rows of the utilization mart."""
    return warehouse.rows(f"SELECT * FROM {MART}")
