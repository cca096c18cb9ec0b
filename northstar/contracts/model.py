"""Contracts as the rest of the package sees them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from northstar.contracts.classes import DENIED, PATIENT, Classification

DELETE, UNLINK = "delete", "unlink"


@dataclass(frozen=True)
class PatientPath:
    """How rows without a patient's number are known to be a patient's: their column meets a key of another object."""

    column: str
    object: str
    """``app.billing__invoices``"""
    key: str


@dataclass(frozen=True)
class ObjectContract:
    """One raw table."""

    source: str
    schema: str
    """Schema in the warehouse, ``raw_app``."""
    name: str
    key: tuple[str, ...]
    columns: Mapping[str, Classification]
    """Columns by name, technical ones included.  What is not here is denied."""
    technical: frozenset[str]
    by_rules: bool
    """Whether rules class its columns; False where each has been classed by hand."""
    freshness_minutes: int | None
    erase: str
    """What forgetting a patient does to his rows: ``delete``, or ``unlink`` where totals must stay true."""
    patient_where: str | None
    """Condition under which the patient column holds a patient, where it may hold something else."""
    patient_via: PatientPath | None
    path: Path

    @property
    def relation(self) -> str:
        """``raw_app.billing__invoices``"""
        return f"{self.schema}.{self.name}"

    def classification(self, column: str) -> Classification:
        """The class of a column; denied when nobody has classed it."""
        return self.columns.get(column.lower(), DENIED)

    @property
    def patient_columns(self) -> tuple[str, ...]:
        """The columns that hold the number of a patient."""
        return tuple(name for name, found in self.columns.items() if found == PATIENT)


@dataclass(frozen=True)
class Contracts:
    """The contracts of all sources."""

    objects: Mapping[str, ObjectContract]
    """By relation."""
    fingerprint: str
    """Changes whenever a file under contracts/ does."""

    def __iter__(self) -> Iterator[ObjectContract]:
        return iter(self.objects.values())

    def of(self, source: str) -> list[ObjectContract]:
        """The objects of one source."""
        return [found for found in self if found.source == source]

    def find(self, relation: str) -> ObjectContract | None:
        """The contract of ``raw_app.billing__invoices``; case does not matter."""
        return self.objects.get(relation.lower())
