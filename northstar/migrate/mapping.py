"""``contracts/legacy.yaml``: how tables of the old warehouse map to raw, and its reports to marts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from northstar.contracts.check import declared_types

FILE = Path("contracts/legacy.yaml")
KINDS = ("repeated", "other_day", "not_over")
_TECHNICAL = "_"


@dataclass(frozen=True)
class History:
    """One legacy table whose rows become snapshot rows of a raw table."""

    legacy: str
    raw: str
    key: tuple[str, ...]
    at: str
    """Expression: when the row was true of the source, UTC."""
    columns: Mapping[str, str]
    """Expressions by raw column."""
    types: Mapping[str, str]
    """Types of all raw columns, as models rely on them (external_models/)."""

    @property
    def source(self) -> str:
        """The source whose raw schema it is: ``app``."""
        return self.raw.partition(".")[0].removeprefix("raw_")

    @property
    def object(self) -> str:
        """The raw table without its schema."""
        return self.raw.partition(".")[2]


@dataclass(frozen=True)
class Explained:
    """A class of differences, and why they are."""

    name: str
    why: str
    kind: str
    """``expected``, or one of KINDS."""
    figure: str | None = None
    expected: str | None = None


@dataclass(frozen=True)
class Report:
    """A legacy report beside a mart."""

    legacy: str
    mart: str
    day: str
    keys: Mapping[str, str]
    figures: Mapping[str, str]
    classes: tuple[Explained, ...]


@dataclass(frozen=True)
class LegacyContract:
    """The whole contract."""

    history: tuple[History, ...]
    reports: tuple[Report, ...]


def load_mapping(project: Path) -> LegacyContract:
    """Read the contract.  Raises ValueError naming the entry and what is wrong with it."""
    file = project / FILE
    if not file.exists():
        raise ValueError(f"there is no {FILE}: it says which legacy table becomes which table of raw")
    found = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    types = declared_types(project)
    history = tuple(_history(entry, types) for entry in found.get("history") or ())
    seen: set[str] = set()
    for one in history:
        if one.legacy in seen:
            raise ValueError(f"{FILE}: {one.legacy} is mapped twice under history")
        seen.add(one.legacy)
    return LegacyContract(history, tuple(_report(entry) for entry in found.get("reports") or ()))


def _needed(entry: Mapping[str, Any], part: str, names: tuple[str, ...]) -> str:
    where = f"{FILE}: {part} {entry.get('legacy', '?')}"
    if missing := [name for name in names if not entry.get(name)]:
        raise ValueError(f"{where}: {missing[0]} is missing")
    if unknown := sorted(entry.keys() - set(names)):
        raise ValueError(f"{where}: {unknown[0]} is none of {', '.join(names)}")
    return where


def _history(entry: Mapping[str, Any], types: Mapping[str, Mapping[str, str]]) -> History:
    where = _needed(entry, "history", ("legacy", "raw", "key", "at", "columns"))
    raw = entry["raw"]
    if raw not in types:
        raise ValueError(f"{where}: no model reads {raw} (external_models/), so its history would be of no use")
    columns = {name: str(expression) for name, expression in entry["columns"].items()}
    if not {"_op", "_commit_lsn", "_seq", "_commit_ts"} <= types[raw].keys():
        raise ValueError(f"{where}: {raw} is not a change log of the app; only its tables take history")
    for name in columns:
        if name.startswith(_TECHNICAL) or name not in types[raw]:
            raise ValueError(f"{where}: {raw} has no column {name} that a mapping may fill")
    if missing := [name for name in entry["key"] if name not in columns]:
        raise ValueError(f"{where}: key column {missing[0]} is not among its columns")
    return History(entry["legacy"], raw, tuple(entry["key"]), str(entry["at"]), columns, types[raw])


def _report(entry: Mapping[str, Any]) -> Report:
    where = _needed(entry, "report", ("legacy", "mart", "day", "keys", "figures", "classes"))
    if entry["day"] not in entry["keys"]:
        raise ValueError(f"{where}: day {entry['day']} is not among its keys")
    classes = []
    for one in entry["classes"]:
        if not one.get("name") or not one.get("why"):
            raise ValueError(f"{where}: a class needs a name and a why")
        kind = one.get("is", "expected")
        if kind not in (*KINDS, "expected"):
            raise ValueError(f"{where}: class {one['name']}: is must be one of {', '.join(KINDS)}")
        if kind == "expected" and (one.get("figure") not in entry["figures"] or not one.get("expected")):
            raise ValueError(f"{where}: class {one['name']}: name a figure of the report and what is expected of it")
        classes.append(Explained(one["name"], one["why"], kind, one.get("figure"), one.get("expected")))
    return Report(
        entry["legacy"], entry["mart"], entry["day"], dict(entry["keys"]), dict(entry["figures"]), tuple(classes)
    )
