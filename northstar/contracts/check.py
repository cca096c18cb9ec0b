"""Contracts against what the sources have: what is new, gone or changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from northstar.contracts.live import LiveObject, LiveSource
from northstar.contracts.model import Contracts, ObjectContract

NEW, GONE, CHANGED = "new", "gone", "changed"
_SAME_TYPE = {"TEXT": "VARCHAR", "INT": "INTEGER", "BINARY": "BLOB"}


@dataclass(frozen=True)
class Difference:
    """One thing that a contract and its source do not agree on."""

    source: str
    kind: str
    """``new``, ``gone`` or ``changed``."""
    object: str
    column: str | None
    detail: str

    @property
    def name(self) -> str:
        """The object, or the column with its object."""
        return f"{self.object}.{self.column}" if self.column else self.object


def differences(
    contracts: Contracts,
    source: str,
    live: LiveSource,
    raw: Mapping[str, LiveObject],
    declared: Mapping[str, Mapping[str, str]],
) -> list[Difference]:
    """Compare one source's contracts with its live objects, with raw, and with the types that models rely on."""
    found = list(_of_objects(contracts, source, live, raw))
    found += _of_types(source, live, declared)
    return sorted(found, key=lambda difference: (difference.source, difference.kind, difference.name))


def _of_objects(
    contracts: Contracts, source: str, live: LiveSource, raw: Mapping[str, LiveObject]
) -> Iterator[Difference]:
    schema = f"raw_{source}"
    brought = {
        relation.partition(".")[2]: found for relation, found in raw.items() if relation.startswith(f"{schema}.")
    }
    known = {found.name: found for found in contracts.of(source)}
    for name in sorted(live.objects.keys() | brought.keys()):
        contract = known.get(name)
        here = live.objects.get(name)
        columns = {**(here.columns if here else {}), **(brought[name].columns if name in brought else {})}
        if contract is None:
            yield Difference(source, NEW, name, None, "has no contract: no model can read it (northstar scaffold)")
            continue
        yield from _of_columns(contract, columns, here, live.is_complete)
    if live.is_complete:
        for name in sorted(known.keys() - live.objects.keys()):
            yield Difference(source, GONE, name, None, "is not at the source any more; its rows stay in raw")


def _of_columns(
    contract: ObjectContract, columns: Mapping[str, str], here: LiveObject | None, is_complete: bool
) -> Iterator[Difference]:
    for column in sorted(columns.keys() - contract.columns.keys()):
        yield Difference(contract.source, NEW, contract.name, column, f"{columns[column]}; denied until it has a class")
    if here is None:
        return
    if is_complete:
        for column in sorted(contract.columns.keys() - contract.technical - here.columns.keys() - _parked(contract)):
            yield Difference(
                contract.source, GONE, contract.name, column, "is not at the source any more; NULL in raw from then on"
            )
    if here.key is not None and set(here.key) != set(contract.key):
        what = f"its key is {', '.join(here.key) or 'none'}, not {', '.join(contract.key) or 'none'}"
        yield Difference(contract.source, CHANGED, contract.name, None, what)


def _parked(contract: ObjectContract) -> set[str]:
    """Columns that ingestion made for values of another type: ``valid_until__varchar``."""
    return {name for name in contract.columns if name.partition("__")[0] in contract.columns and "__" in name}


def _of_types(source: str, live: LiveSource, declared: Mapping[str, Mapping[str, str]]) -> Iterator[Difference]:
    for relation, columns in declared.items():
        schema, _, name = relation.partition(".")
        here = live.objects.get(name)
        if schema != f"raw_{source}" or here is None:
            continue
        for column, wanted in columns.items():
            kind = here.columns.get(column.lower())
            if kind is not None and kind != _SAME_TYPE.get(wanted, wanted.replace(", ", ",")):
                yield Difference(source, CHANGED, name, column.lower(), f"is {kind}; models read it as {wanted}")


def declared_types(project: Path) -> dict[str, dict[str, str]]:
    """The types of raw columns that models rely on, from external_models/."""
    return {
        model["name"]: model["columns"]
        for file in sorted((project / "external_models").glob("*.yaml"))
        for model in yaml.safe_load(file.read_text(encoding="utf-8"))
    }
