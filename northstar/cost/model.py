"""Credits of a month, from what was measured and the assumptions of infra/snowflake/cost.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from northstar.access.account import Account
from northstar.cost.measured import Measure, Measured
from northstar.cost.scans import FILE, SCAN, Parts

DAYS = 30
TICKS_A_DAY = 48
_MEGA = 1_000_000


@dataclass(frozen=True)
class Month:
    """One way to keep the marts, for a month."""

    name: str
    age: str
    """How old data is at most, in words."""
    credits: Mapping[str, float]
    """By warehouse."""
    gigabytes: float
    """Read and written in the month."""

    @property
    def total(self) -> float:
        """Credits of all warehouses."""
        return sum(self.credits.values())


@dataclass(frozen=True)
class Tick:
    """What a tick of this design gives warehouse TRANSFORM to do, on the average of a day."""

    statements: float
    megabytes: float
    """Read and written."""
    statement_seconds: float
    """Until the statements are compiled, planned and committed."""
    volume_seconds: float
    """For what is read and written."""

    @property
    def seconds(self) -> float:
        """How long the warehouse is busy."""
        return self.statement_seconds + self.volume_seconds


@dataclass(frozen=True)
class Reckoning:
    """Everything that a reckoning needs."""

    account: Account
    measured: Measured
    assumed: Mapping[str, Any]
    whole: Parts

    @property
    def growth(self) -> float:
        """Production's rows a tick by the measured ones."""
        return float(self.assumed["production"]["landed_a_tick"] / self.measured.landed_a_tick)

    def tick(self) -> Tick:
        """One that computes what an interval touched."""
        snow = self.assumed["snowflake"]
        statements, read, wrote = 0.0, 0.0, 0.0
        for name, one in self.measured.models.items():
            share = one.runs_a_day / TICKS_A_DAY
            statements += share * (snow["statements_a_model"] + one.audits)
            written = self._rows_a_run(one) * self._row(name) * share
            wrote += written
            read += written * snow["touched"]
            read += share * sum(self._read_whole(parent) for parent in self.whole.get(name, ()))
        statements += self.measured.audits_of_views
        each, size = snow["statement_seconds"], self._size()
        return Tick(
            statements,
            (read + wrote) / _MEGA,
            self._seconds(statements, each, 0, size),
            self._seconds(0, each, read + wrote, size),
        )

    def this_design(self) -> Month:
        """Ticks that compute what an interval touched."""
        snow, tick = self.assumed["snowflake"], self.tick()
        transform = self._resumed(tick.seconds, "TRANSFORM", TICKS_A_DAY * DAYS)
        credits = {
            "LOAD": self._resumed(snow["load_seconds"], "LOAD", TICKS_A_DAY * DAYS),
            "TRANSFORM": transform * (1 + snow["recluster_share"]),
        }
        gigabytes = tick.megabytes * TICKS_A_DAY * DAYS / 1000
        return Month("this design", "30 to 45 minutes", credits | self._readers(), gigabytes)

    def nightly_rebuild(self) -> Month:
        """Every stored table made anew each night, from all of raw."""
        snow = self.assumed["snowflake"]
        statements = float(len(self.measured.models) * 2) + self.measured.audits_of_views
        statements += sum(one.audits for one in self.measured.models.values())
        history = self._all_history()
        volume = 2 * history + self._raw()  # each table is written, and read by the next
        busy = self._seconds(statements, snow["statement_seconds"], volume, self._size())
        load = self._resumed(snow["load_seconds"], "LOAD", DAYS)
        credits = {"LOAD": load, "TRANSFORM": self._resumed(busy, "TRANSFORM", DAYS)}
        return Month("nightly rebuild", "a day", credits | self._readers(), volume * DAYS / _MEGA / 1000)

    def dynamic_tables(self) -> Month:
        """A dynamic table for each stored model: incremental where Snowflake can, else a full refresh."""
        snow, dynamic = self.assumed["snowflake"], self.assumed["dynamic_tables"]
        refreshes = dynamic["refreshes_a_day"] * DAYS
        written = sum(self._rows_a_run(one) * self._row(name) for name, one in self.measured.models.items())
        full = 2 * self._all_history() * dynamic["full_refresh_share"]
        part = written * (1 + snow["touched"]) * (1 - dynamic["full_refresh_share"])
        statements = len(self.measured.models) * dynamic["statements_a_refresh"]
        busy = self._seconds(statements, snow["statement_seconds"], full + part, self._size())
        credits = {
            "LOAD": self._resumed(snow["load_seconds"], "LOAD", refreshes),
            "TRANSFORM": self._resumed(busy, "TRANSFORM", refreshes),
        }
        volume = (full + part) * refreshes
        return Month("dynamic tables", "30 minutes", credits | self._readers(), volume / _MEGA / 1000)

    def over_budget(self) -> list[str]:
        """Warehouses that this design would bring above their part of the budget, as sentences."""
        month, share = self.this_design(), self.assumed["budget_share"]
        return [
            f"warehouse {name} would use {used:,.0f} credits a month, its budget is {budget:,.0f} "
            f"({share:.0%} of the quota in infra/snowflake/account.yaml)"
            for name, used in month.credits.items()
            if used > (budget := self.account.warehouses[name].credits * share)
        ]

    def _size(self) -> str:
        return self.account.warehouses["TRANSFORM"].size

    def _rows_a_run(self, one: Measure) -> float:
        """In production; a mark of how far a batch has come is one row whatever the volume."""
        return one.rows_a_run * (self.growth if one.rows_a_run > 1 else 1)

    def _row(self, name: str) -> float:
        one = self.measured.models[name]
        return one.bytes / one.rows if one.rows > 10_000 else 40.0  # blocks of a small table are mostly empty

    def _history(self, name: str) -> float:
        """Bytes of a table after years: what ticks add, and for a view or raw the rows that a tick lands."""
        days = self.assumed["production"]["history_days"]
        one = self.measured.models.get(name)
        if one is None:
            return 0.0
        return float(self._rows_a_run(one) * self._row(name) * one.runs_a_day * days)

    def _read_whole(self, parent: str) -> float:
        """Bytes of a table read without its interval: all its rows, or the days of touched keys; of few columns."""
        snow, days = self.assumed["snowflake"], self.assumed["production"]["history_days"]
        if parent.endswith(SCAN):
            return float(self._history(parent.removesuffix(SCAN)) * snow["scan_columns"])
        return float(self._history(parent) * min(1.0, snow["lookup_days"] / days) * snow["lookup_columns"])

    def _all_history(self) -> float:
        return sum(self._history(name) for name in self.measured.models)

    def _raw(self) -> float:
        row = self.measured.raw_bytes / max(self.measured.raw_rows, 1)
        production = self.assumed["production"]
        return float(production["landed_a_tick"] * row * TICKS_A_DAY * production["history_days"])

    def _seconds(self, statements: float, each: float, volume: float, size: str) -> float:
        snow = self.assumed["snowflake"]
        return float(statements * each / snow["concurrent"] + volume / _MEGA / snow["megabytes_a_second"][size])

    def _resumed(self, busy: float, warehouse: str, times: int) -> float:
        """Credits of a warehouse that is resumed so often, busy so long, and idle until it suspends."""
        one, snow = self.account.warehouses[warehouse], self.assumed["snowflake"]
        seconds = max(busy + one.suspend_seconds, snow["least_seconds"])
        every = DAYS * 86_400 / times
        return float(min(seconds, max(every, busy)) * times / 3600 * snow["credits_an_hour"][one.size])

    def _readers(self) -> dict[str, float]:
        rate = self.assumed["snowflake"]["credits_an_hour"]
        return {
            name: float(hours * DAYS * rate[self.account.warehouses[name].size])
            for name, hours in self.assumed["readers"].items()
        }


def assumptions(project: Path) -> Mapping[str, Any]:
    """Read infra/snowflake/cost.yaml."""
    found: Mapping[str, Any] = yaml.safe_load((project / FILE).read_text(encoding="utf-8"))
    return found
