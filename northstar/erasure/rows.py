"""Which rows of one raw table are a patient's, or tell of him, and what becomes of them; in raw and in files alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from northstar.contracts import ObjectContract
from northstar.contracts.model import DELETE
from northstar.ingest.duckdb_sink import quoted

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

    deleted: str | None
    """Condition of the rows that go."""
    wiped: str | None
    """Condition of the rows that stay without what identifies."""
    assignments: dict[str, str]
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


def _any(conditions: Sequence[str]) -> str | None:
    return f"coalesce({' OR '.join(conditions)}, false)" if conditions else None


def _numbers(traces: Traces) -> str:
    return ", ".join(str(int(number)) for number in traces.patient_ids)


def _own(contract: ObjectContract, columns: Mapping[str, str], traces: Traces) -> list[str]:
    where = f" AND ({contract.patient_where})" if contract.patient_where else ""
    if not traces.patient_ids:
        return []
    return [
        f"({quoted(columns[column])} IN ({_numbers(traces)}){where})"
        for column in contract.patient_columns
        if column in columns
    ]


def _through_parent(contract: ObjectContract, columns: Mapping[str, str], traces: Traces) -> list[str]:
    via = contract.patient_via
    if via is None or via.column not in columns:
        return []
    keys = traces.keys.get(f"raw_{via.object}.{via.key}", [])
    return [f"CAST({quoted(columns[via.column])} AS VARCHAR) IN ({', '.join(map(literal, keys))})"] if keys else []


def _by_value(contract: ObjectContract, columns: Mapping[str, str], traces: Traces) -> list[str]:
    """Rows in which a telling value stands: as a whole in a column of its own, anywhere in free text."""
    conditions: list[str] = []
    if contract.relation == REJECTED and RECORD in columns and traces.records:
        conditions.append(f"{quoted(columns[RECORD])} IN ({', '.join(map(literal, traces.records))})")
    if not traces.values:
        return conditions
    values = ", ".join(map(literal, traces.values))
    for column, found in contract.columns.items():
        if column not in columns:
            continue
        text = f"CAST({quoted(columns[column])} AS VARCHAR)"
        if found.name == "free_text":
            conditions += [f"contains({text}, {literal(value)})" for value in traces.values]
        elif found.name == "phi_direct" and found.kind != "patient":
            conditions.append(f"{text} IN ({values})")
    return conditions


def _assignments(contract: ObjectContract, columns: Mapping[str, str], traces: Traces) -> dict[str, str]:
    numbers = _numbers(traces)
    assigned = {}
    for column, found in contract.columns.items():
        if column not in columns or column in contract.key:
            continue
        if column in contract.patient_columns:
            if numbers:
                name = quoted(columns[column])
                assigned[column] = f"CASE WHEN {name} IN ({numbers}) THEN {ERASED} ELSE {name} END"
        elif found.name in _WIPED or found.kind in _WIPED_KINDS:
            assigned[column] = "NULL"
    return assigned


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"
