"""Change logs of the app's directory as hypothesis makes them up, and how the dimensions name what is in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from history_oracle import Change, Image, Row, history, last_image
from hypothesis import strategies as st

NOON = datetime(2026, 1, 1, 12)
MINUTE = timedelta(minutes=1)
KEYS = (1, 2, 3)
TICKS = 4
TEXT = (None, "", "a", "b")
CODE = (None, "family", "oncology")
SPECIALTIES = {"family": ("Family medicine", "Primary care"), "oncology": ("Oncology", "Specialist")}
ZONES = ("UTC", "Asia/Tokyo")


@dataclass(frozen=True)
class Entity:
    """A table of the app and the dimension that is made of it."""

    name: str
    table: str
    columns: Mapping[str, Sequence[Any]]
    """Columns that change, and the values that they take."""
    shown: Callable[[Image], Row]
    """What the dimension shows of an image."""

    @property
    def key(self) -> str:
        """Name of the natural key."""
        return f"{self.name}_id"

    @property
    def dimension(self) -> str:
        """Name of the model."""
        return f"core.dim_{self.name}"

    @property
    def change(self) -> str:
        """Name of the model that holds the audited log."""
        return f"intermediate.int_directory__{self.name}_change"

    def expected(self, log: Sequence[Change]) -> list[Row]:
        """What the dimension must hold, the unknown member apart."""
        shown = [Change(*_fields(change), image=self.shown(change.image)) for change in log]
        rows = history(shown)
        if self.name == "provider":
            for row in rows:
                row["specialty_name"], row["specialty_group"] = SPECIALTIES.get(row.get("specialty_code"), (None, None))
        if self.name == "clinic":  # without an image there is no clinic
            images = {key: image for key in KEYS if (image := last_image(log, key)) is not None}
            rows = [{**row, "time_zone": images[row["key"]]["time_zone"]} for row in rows if row["key"] in images]
        return rows


def _fields(change: Change) -> tuple[Any, ...]:
    return change.lsn, change.seq, change.operation, change.committed_at, change.key, change.updated_at


def _provider(image: Image) -> Row:
    shown = dict(image)
    first, last = shown.pop("first_name", None), shown.pop("last_name", None)
    return {**shown, "provider_name": None if first is None or last is None else f"{first} {last}"} if image else {}


def _clinic(image: Image) -> Row:
    shown = {("clinic_name" if name == "name" else name): value for name, value in image.items()}
    shown.pop("time_zone", None)  # it has no history (decision 7)
    return shown


def _account(image: Image) -> Row:
    names = {"name": "account_name", "status": "account_status"}
    return {names.get(name, name): value for name, value in image.items()}


PROVIDER = Entity(
    "provider", "directory__providers",
    {"specialty_code": CODE, "credential": TEXT, "first_name": TEXT, "last_name": ("", "x"),
     "home_clinic_id": (None, 0, 7), "terminated_on": (None, date(2026, 1, 31))},
    _provider,
)  # fmt: skip
CLINIC = Entity(
    "clinic", "directory__clinics",
    {"region_code": TEXT, "name": TEXT, "time_zone": ZONES, "account_id": (None, 0, 7),
     "closed_on": (None, date(2026, 1, 31))},
    _clinic,
)  # fmt: skip
ACCOUNT = Entity(
    "account", "directory__accounts",
    {"plan_code": TEXT, "segment": TEXT, "name": TEXT, "status": ("trial", "active")},
    _account,
)  # fmt: skip
ENTITIES = (PROVIDER, CLINIC, ACCOUNT)


@dataclass(frozen=True)
class Told:
    """A log of one table, and at which tick each change arrives."""

    log: tuple[Change, ...]
    ticks: tuple[int, ...]

    def through(self, tick: int) -> list[Change]:
        """What has arrived by the end of a tick."""
        return [change for change, arrives in zip(self.log, self.ticks, strict=True) if arrives <= tick]


@st.composite
def logs(draw: st.DrawFn, entity: Entity) -> Told:
    """Several changes of few keys, close together.

    Times repeat, go back and run ahead of the commit; rows are deleted, come back, also in the same transaction, are
    truncated away, or change without a difference.  They arrive in the log's order cut into ticks, or anyhow.
    """
    steps = draw(st.lists(_steps(entity), min_size=1, max_size=12))
    in_order = draw(st.booleans())
    known: dict[int, Image] = {}
    log: list[Change] = []
    lsn, seq, minutes = 100, 0, 0
    for joins, passed, kind, key, skew, values in steps:
        if not joins or not log:
            lsn, seq, minutes = lsn + 10, 0, minutes + passed
        committed_at = NOON + minutes * MINUTE
        if kind == "truncate":
            if not in_order:
                continue  # what a truncate removed is known when it arrives, so nothing before it may come later
            log.append(Change(lsn, seq, "T", committed_at, None, None, {}))
            known.clear()
        elif kind == "delete":
            log.append(Change(lsn, seq, "D", committed_at, key, None, {}))
            known.pop(key, None)
        else:
            operation = "U" if key in known else ("I" if log else "R")
            same = kind == "same" and key in known
            known[key] = known[key] if same else dict(zip(entity.columns, values, strict=True))
            log.append(Change(lsn, seq, operation, committed_at, key, committed_at + skew * MINUTE, known[key]))
        seq += 1
    return Told(tuple(log), _arrivals(draw, log, in_order))


def _steps(entity: Entity) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(
        st.booleans(),
        st.integers(0, 2),
        st.sampled_from(("change", "change", "change", "same", "delete", "delete", "truncate")),
        st.sampled_from(KEYS),
        st.sampled_from((0, 0, -1, -3, 1)),
        st.tuples(*map(st.sampled_from, entity.columns.values())),
    )


def _arrivals(draw: st.DrawFn, log: Sequence[Change], in_order: bool) -> tuple[int, ...]:
    """The tick of each change; a transaction arrives whole."""
    transactions = sorted({change.lsn for change in log})
    drawn = [draw(st.integers(0, TICKS - 1)) for _ in transactions]
    ticks = dict(zip(transactions, sorted(drawn) if in_order else drawn, strict=True))
    return tuple(ticks[change.lsn] for change in log)
