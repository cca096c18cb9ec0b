"""The words of a model, taken apart: what a row is, the questions it answers, what it is for and what not."""

from __future__ import annotations

import re
from typing import NamedTuple

_HEADS = {"Answers": "answers", "Use it for": "use", "Not for": "avoid"}
_HEAD = re.compile(r"(?:(?<=[.;?)])|^)\s*(" + "|".join(_HEADS) + r"):\s*")

_CADENCES = {
    "*/30 * * * *": "half-hourly",
    "@hourly": "hourly",
    "@daily": "daily",
    "@weekly": "weekly",
    "@monthly": "monthly",
}


class Words(NamedTuple):
    """A description by its parts; what is missing is empty."""

    row: str
    """What one row is, and everything else that is said before the first of the parts below."""
    answers: str = ""
    use: str = ""
    avoid: str = ""
    notes: str = ""
    """What is said besides, in sentences behind an answer or behind the last of these parts."""


def words_of(description: str) -> Words:
    """Take a description apart as the house style writes it."""
    pieces = _HEAD.split(_flowing(description))
    found = {"row": _flowing(pieces[0])}
    for head, text in zip(pieces[1::2], pieces[2::2], strict=True):
        found[_HEADS[head]] = text
    for head in dict.fromkeys(("answers", next(reversed(found)))):
        if head in found and head != "row":
            found[head], rest = _first_sentence(found[head])
            found["notes"] = f"{found.get('notes', '')} {rest}"
    return Words(**{name: _flowing(text) for name, text in found.items()})


def cadence_of(cron: str) -> str:
    """A cron expression in a word, or as it is."""
    return _CADENCES.get(cron, cron)


def _first_sentence(text: str) -> tuple[str, str]:
    """The first sentence, and the rest."""
    sentence, stop, rest = text.partition(". ")
    return sentence + stop.strip(), rest


def _flowing(text: str) -> str:
    return " ".join(text.split())
