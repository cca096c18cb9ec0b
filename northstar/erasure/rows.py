"""Which rows of one raw table are a patient's, or tell of him, and what becomes of them; in raw and in files alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from northstar.contracts import ObjectContract
from northstar.contracts.model import DELETE
from northstar.ingest.duckdb_sink import quoted
from northstar.statements import Sql, joined, listed

ERASED = -2
"""The number of everybody who was forgotten: a member of core.dim_patient that stands for nobody."""

REJECTED, RECORD = "raw_partner.rejected_record", "content_base64"
"""Where partners' unreadable records are kept, byte for byte."""

_WIPED = ("phi_direct", "free_text")
_WIPED_KINDS = ("birth_date", "postal_code", "geography")


@dataclass(frozen=True)
class Traces:
    """What gives a patient away: his numbers, the keys of what is his, and values that only he has."""

    patient_ids: Collection[int]
    keys: dict[str, list[str]]
    """By contract's relation and key column, ``raw_app.billing__invoices.invoice_number``: keys as text."""
    values: Sequence[str] = ()
    """Telephone, e-mail, policy number and the like."""
    records: Sequence[str] = ()
    """Rejected records of partners' files, as they are kept, that name the patient."""


@dataclass(frozen=True)
class Scrub:
    """What to do with the rows of one table, as SQL conditions and assignments over its own columns."""

    deleted: Sql | None
    """Condition of the rows that go."""
    wiped: Sql | None
    """Condition of the rows that stay without what identifies."""
    assignments: dict[str, Sql]
    """Column, in lower case, and new value, for rows that stay."""


def scrub(contract: ObjectContract, columns: Mapping[str, str], traces: Traces) -> Scrub | None:
    """What a table needs whose columns, in lower case, are called so; None when it cannot tell of a patient."""
    own = _own(contract, columns, traces)
    others = [*_through_parent(contract, columns, traces), *_by_value(contract, columns, traces)]
    deletes = contract.erase == DELETE
    wiped = others if deletes else [*own, *others]
    assignments = _assignments(contract, columns, traces)
    found = Scrub(
        deleted=_any(own) if deletes else None,
        wiped=_any(wiped) if assignments else None,
        assignments=assignments,
    )
    return found if found.deleted or found.wiped else None


def _any(conditions: Sequence[Sql]) -> Sql | None:
    return Sql("coalesce(") + joined(" OR ", conditions) + ", false)" if conditions else None


def _is_one_of(value: str, values: Iterable[Any]) -> Sql:
    return Sql(f"{value} IN (") + listed(values) + ")"


def _own(contract: ObjectContract, columns: Mapping[str, str], traces: Traces) -> list[Sql]:
    where = f" AND ({contract.patient_where})" if contract.patient_where else ""
    if not traces.patient_ids:
        return []
    return [
        Sql("(") + _is_one_of(quoted(columns[column]), traces.patient_ids) + f"{where})"
        for column in contract.patient_columns
        if column in columns
    ]


def _through_parent(contract: ObjectContract, columns: Mapping[str, str], traces: Traces) -> list[Sql]:
    via = contract.patient_via
    if via is None or via.column not in columns:
        return []
    keys = traces.keys.get(f"raw_{via.object}.{via.key}", [])
    return [_is_one_of(f"CAST({quoted(columns[via.column])} AS VARCHAR)", keys)] if keys else []


def _by_value(contract: ObjectContract, columns: Mapping[str, str], traces: Traces) -> list[Sql]:
    """Rows in which a telling value stands: as a whole in a column of its own, anywhere in free text."""
    conditions: list[Sql] = []
    if contract.relation == REJECTED and RECORD in columns and traces.records:
        conditions.append(_is_one_of(quoted(columns[RECORD]), traces.records))
    if not traces.values:
        return conditions
    for column, found in contract.columns.items():
        if column not in columns:
            continue
        text = f"CAST({quoted(columns[column])} AS VARCHAR)"
        if found.name == "free_text":
            conditions += [Sql(f"contains({text}, ?)", (value,)) for value in traces.values]
        elif found.name == "phi_direct" and found.kind != "patient":
            conditions.append(_is_one_of(text, traces.values))
    return conditions


def _assignments(contract: ObjectContract, columns: Mapping[str, str], traces: Traces) -> dict[str, Sql]:
    assigned = {}
    for column, found in contract.columns.items():
        if column not in columns or column in contract.key:
            continue
        if column in contract.patient_columns:
            if traces.patient_ids:
                name = quoted(columns[column])
                is_theirs = _is_one_of(name, traces.patient_ids)
                assigned[column] = Sql("CASE WHEN ") + is_theirs + f" THEN {ERASED} ELSE {name} END"
        elif found.name in _WIPED or found.kind in _WIPED_KINDS:
            assigned[column] = Sql("NULL")
    return assigned
