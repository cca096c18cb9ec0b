"""Reads contracts/: every mistake is answered with the file and what to write instead."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from northstar.contracts.classes import DENIED, PATIENT, Classification
from northstar.contracts.model import DELETE, UNLINK, Contracts, ObjectContract, PatientPath

RULES = "rules.yaml"
_FILE_KEYS = {"source", "schema", "rules", "freshness_minutes", "objects"}
_OBJECT_KEYS = {"key", "columns", "rules", "freshness_minutes", "erase", "patient_where", "patient_via"}
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ContractError(ValueError):
    """A contract cannot be understood.  The message names the file and what is wrong."""


@dataclass(frozen=True)
class _Rule:
    match: re.Pattern[str]
    found: Classification
    of_patient: bool


@dataclass(frozen=True)
class _Rules:
    technical: Mapping[str, Mapping[str, Classification]]
    named: Mapping[str, tuple[_Rule, ...]]


def load_contracts(folder: Path) -> Contracts:
    """Read every contract under ``folder``.  Raises ContractError.

    Files are read anew whenever one has changed, so that a change takes effect at once, also in a process that lives.
    """
    files = sorted(folder.rglob("*.yaml"))
    if not files:
        raise ContractError(f"there are no contracts in {folder}")
    states = [(file, file.stat()) for file in files]
    return _read(folder, tuple((file, state.st_mtime_ns, state.st_size) for file, state in states))


@lru_cache(maxsize=4)
def _read(folder: Path, versions: tuple[tuple[Path, int, int], ...]) -> Contracts:
    content = [(file, file.read_bytes()) for file, _, _ in versions]
    digest = hashlib.sha256(b"\0".join(str(file).encode() + b"\0" + data for file, data in content)).hexdigest()
    texts = dict(content)
    rules = _read_rules(folder / RULES, texts.get(folder / RULES, b"{}"))
    objects: dict[str, ObjectContract] = {}
    for file, data in content:
        if file.name == RULES:
            continue
        for found in _read_file(file, data, rules):
            if found.relation in objects:
                raise ContractError(f"{file}: {found.relation} is in {objects[found.relation].path} too")
            objects[found.relation] = found
    for found in objects.values():
        via = found.patient_via
        if via and f"raw_{via.object}" not in objects:
            raise ContractError(f"{found.path}: {found.name}: patient_via names {via.object}, which has no contract")
    return Contracts(objects, digest)


def _mapping(file: Path, data: bytes) -> dict[str, Any]:
    try:
        found = yaml.load(data, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ContractError(f"{file}: {error}") from error
    if not isinstance(found, dict):
        raise ContractError(f"{file}: must be a mapping with {', '.join(sorted(_FILE_KEYS))}")
    return found


def _classified(file: Path, where: str, text: object) -> Classification:
    try:
        return Classification.parse(str(text))
    except ValueError as error:
        raise ContractError(f"{file}: {where}: {error}") from error


def _read_rules(file: Path, data: bytes) -> _Rules:
    found = _mapping(file, data)
    technical = {
        source: {str(name): _classified(file, f"technical.{source}.{name}", text) for name, text in columns.items()}
        for source, columns in (found.get("technical") or {}).items()
    }
    named = {
        name: tuple(
            _Rule(
                re.compile(str(rule["match"])),
                _classified(file, f"rules.{name}: {rule['match']}", rule["class"]),
                rule.get("of") == "patient",
            )
            for rule in rules
        )
        for name, rules in (found.get("rules") or {}).items()
    }
    return _Rules(technical, named)


def _read_file(file: Path, data: bytes, rules: _Rules) -> Iterable[ObjectContract]:
    found = _mapping(file, data)
    if unknown := found.keys() - _FILE_KEYS:
        raise ContractError(f"{file}: {sorted(unknown)[0]!r} is none of {', '.join(sorted(_FILE_KEYS))}")
    if "source" not in found or not isinstance(found.get("objects"), dict):
        raise ContractError(f"{file}: needs source and objects")
    for name, entry in found["objects"].items():
        yield _read_object(file, found, str(name), entry or {}, rules)


def _read_object(
    file: Path, whole: Mapping[str, Any], name: str, entry: Mapping[str, Any], rules: _Rules
) -> ObjectContract:
    if unknown := entry.keys() - _OBJECT_KEYS:
        raise ContractError(f"{file}: {name}: {sorted(unknown)[0]!r} is none of {', '.join(sorted(_OBJECT_KEYS))}")
    source = str(whole["source"])
    technical = rules.technical.get(source, {})
    columns = _columns(file, name, entry, rules.named.get(str(entry.get("rules", whole.get("rules"))), ()))
    erase = entry.get("erase", DELETE)
    if erase not in (DELETE, UNLINK):
        raise ContractError(f"{file}: {name}: erase is {DELETE} or {UNLINK}, not {erase!r}")
    via = entry.get("patient_via")
    key = tuple(str(column).lower() for column in entry.get("key") or ())
    if missing := [column for column in key if column not in columns and column not in technical]:
        raise ContractError(f"{file}: {name}: key column {missing[0]!r} is not among the columns")
    return ObjectContract(
        source=source,
        schema=str(whole.get("schema", f"raw_{source}")),
        name=name,
        key=key,
        columns={**columns, **technical},
        technical=frozenset(technical),
        by_rules=not isinstance(entry.get("columns") or {}, dict),
        freshness_minutes=entry.get("freshness_minutes", whole.get("freshness_minutes")),
        erase=erase,
        patient_where=entry.get("patient_where"),
        patient_via=PatientPath(str(via["column"]), str(via["object"]), str(via["key"])) if via else None,
        path=file,
    )


def _columns(file: Path, name: str, entry: Mapping[str, Any], rules: tuple[_Rule, ...]) -> dict[str, Classification]:
    """Columns with a class each, or a list of them that rules class."""
    columns = entry.get("columns") or {}
    if isinstance(columns, dict):
        return {str(column).lower(): _classified(file, f"{name}.{column}", text) for column, text in columns.items()}
    names = [str(column).lower() for column in columns]
    firm = {column: _by_rule(column, rules, of_patient=False) for column in names}
    of_patient = PATIENT in firm.values()
    return {column: _by_rule(column, rules, of_patient) for column in names}


def _by_rule(column: str, rules: tuple[_Rule, ...], of_patient: bool) -> Classification:
    for rule in rules:
        if (of_patient or not rule.of_patient) and rule.match.fullmatch(column):
            return rule.found
    return DENIED
