"""The real project reduced to some models and what they are made from: a tick of all models takes minutes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from projects import PARTS, PROJECT, copy_project

from macros.quality import BATCHES

_NAME = re.compile(r"MODEL \(\s*name ([\w.@{}]+)")
_BLUEPRINTS = re.compile(r"  blueprints \((.*?)\),\n(?=  \w+[ (]|\);)", re.DOTALL)
_ITEM = re.compile(r"\(([^()]*)\)")
_MACRO = re.compile(r"def (\w+)\(evaluator.*?(?=\n@macro|\Z)", re.DOTALL)
_CALL = re.compile(r"@(\w+)\(")
_WORDS = re.compile(r"/\*.*?\*/|--[^\n]*|'(?:[^']|'')*'", re.DOTALL)
_REFERENCE = re.compile(r"\b[a-z_]+\.[a-z]\w+\b")


@dataclass(frozen=True)
class _Model:
    """One model as written: of a blueprint, one of its items."""

    name: str
    file: Path
    text: str
    item: str | None


def copy_slice(destination: Path, *wanted: str) -> None:
    """Copy the project with no other models than those ``wanted`` and all that they read, by their text."""
    models = {model.name: model for file in sorted((PROJECT / "models").rglob("*.sql")) for model in _read(file)}
    kept = _upstream(models, wanted)
    copy_project(destination, tuple(part for part in PARTS if part != "models"))
    for file in {models[name].file for name in kept}:
        items = [models[name].item for name in sorted(kept) if models[name].file == file]
        target = destination / file.relative_to(PROJECT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_only(_text(file), [item for item in items if item is not None]))


def _text(file: Path) -> str:
    """A file with its blueprints written out."""
    names = (batch.partition(".")[2] for batches in BATCHES.values() for batch in batches)
    return file.read_text().replace("@each_batch()", f"({', '.join(f'(batch := {name})' for name in names)})")


def _read(file: Path) -> Iterator[_Model]:
    text = _text(file)
    found = _NAME.search(text)
    assert found, file
    blueprints = _BLUEPRINTS.search(text)
    if blueprints is None:
        yield _Model(found[1], file, text, None)
        return
    rest = text.replace(blueprints[0], "")
    for item in _ITEM.findall(blueprints[1]):
        values = dict(pair.strip().split(" := ") for pair in item.split(","))
        name, body = found[1], rest
        for variable, value in values.items():
            name, body = name.replace(f"@{{{variable}}}", value), body.replace(f"@{{{variable}}}", value)
        yield _Model(name, file, body, item)


def _upstream(models: dict[str, _Model], wanted: Iterable[str]) -> set[str]:
    macros = _references_of_macros(models)
    kept: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept.add(name)
            text = _WORDS.sub("", models[name].text)  # what a description mentions is not read
            named = set(_REFERENCE.findall(text))
            # Macros read, of a batch, the record of its audits.
            read = models.keys() & (named | {f"{batch}_audited" for batch in named})
            waiting.extend(read.union(*(macros.get(call, set()) for call in _CALL.findall(text))))
    return kept


def _references_of_macros(models: dict[str, _Model]) -> dict[str, set[str]]:
    """The models that macros name in their own text, also through a helper in the same file."""
    found: dict[str, set[str]] = {}
    for file in (PROJECT / "macros").glob("*.py"):
        text = file.read_text()
        named = {name for name in _REFERENCE.findall(text) if name in models}
        for call in _MACRO.findall(text):
            found[call] = named
    return found


def _only(text: str, items: list[str]) -> str:
    """A file with only those items of its blueprint."""
    blueprints = _BLUEPRINTS.search(text)
    if blueprints is None:
        return text
    entries = ", ".join(f"({item.strip()})" for item in items)
    return text.replace(blueprints[0], f"  blueprints ({entries}),\n")
