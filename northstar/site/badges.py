"""How sensitive a column is, in one word: by its class in a contract, or by the labels that reached it."""

from __future__ import annotations

from collections.abc import Iterable

from northstar.contracts.model import ObjectContract
from northstar.phi.labels import DENIED, Label

OPEN, RESTRICTED, PHI, UNCLASSED = "open", "restricted", "phi", "unclassed"
"""About no patient; of a patient, without naming him; identifies or may identify him; may not be read at all."""

_STRONG = ("phi_direct", "free_text", "phi_quasi.birth_date", "phi_quasi.postal_code", "phi_quasi.geography")


def badge_of(labels: Iterable[Label]) -> str:
    """The badge of a column with these labels."""
    labels = set(labels)
    if DENIED in labels:
        return UNCLASSED
    if any(label.startswith(_STRONG) for label in labels):
        return PHI
    return RESTRICTED if labels else OPEN


def raw_labels(contract: ObjectContract | None, column: str) -> set[Label]:
    """The labels of a column of a raw table: its class, unless that is open."""
    if contract is None:
        return {DENIED}
    classification = contract.classification(column)
    return set() if classification.is_open else {str(classification)}
