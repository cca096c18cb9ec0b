"""What a value still tells of a patient, where that may stand, and which steps of SQL make it tell less.

A label is the class of the raw column that a value comes from, or one of the two derived labels below.  A step either
passes a label on, turns it into a weaker one, or ends it.  Only steps that are named here weaken anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sqlglot import exp

from northstar.contracts.classes import Classification, all_classes

Label = str

PSEUDONYM: Label = "pseudonym"
"""HMAC of a patient's number under the locked key."""
SERVICE_DATE: Label = "service_date"
"""When something happened to a patient, no finer than a day, or a part of a date other than the year."""
SERVICE_TIME: Label = "phi_quasi.service_time"
RECORD: Label = "phi_quasi.record"
BIRTH_DATE: Label = "phi_quasi.birth_date"
POSTAL_CODE: Label = "phi_quasi.postal_code"
GEOGRAPHY: Label = "phi_quasi.geography"
DENIED: Label = "denied"
PATIENT: Label = "phi_direct.patient"
FREE_TEXT: Label = "free_text"

_RESTRICTED = frozenset({PSEUDONYM, SERVICE_TIME, SERVICE_DATE, RECORD})

ALLOWED: dict[str, frozenset[Label]] = {
    "staging": _RESTRICTED | {BIRTH_DATE},
    "intermediate": _RESTRICTED | {BIRTH_DATE},
    "core": _RESTRICTED,
    "marts": frozenset({SERVICE_DATE}),
    "deid": frozenset(),
}
"""Labels that a column may carry, by zone.  A zone that is not here may carry none."""

_IDENTIFYING = frozenset({str(found) for found in all_classes() if found.is_identifier} | {POSTAL_CODE, GEOGRAPHY})
NEVER_FILTERED_BY: dict[str, frozenset[Label]] = {
    "staging": _IDENTIFYING,
    "intermediate": _IDENTIFYING,
}
"""Labels by which rows may not be filtered, joined, grouped or ordered, by zone."""
_NEVER_FILTERED_ELSEWHERE = _IDENTIFYING | {BIRTH_DATE}


def zone_of(schema: str) -> str:
    """The zone of a schema: ``marts_finance`` is in ``marts``, ``marts_deid`` in ``deid``."""
    name = schema.lower()
    if name == "marts_deid":
        return "deid"
    return "marts" if name.startswith("marts_") else name


def allowed_in(schema: str) -> frozenset[Label]:
    """Labels that columns of a schema may carry."""
    return ALLOWED.get(zone_of(schema), frozenset())


def never_filtered_in(schema: str) -> frozenset[Label]:
    """Labels by which models of a schema may not choose or group rows."""
    return NEVER_FILTERED_BY.get(zone_of(schema), _NEVER_FILTERED_ELSEWHERE)


class Step(NamedTuple):
    """One step on the way of a value through an expression."""

    name: str
    argument: int = 0
    """Which argument of an approved macro the value is."""


APPROVED: dict[str, tuple[tuple[str, dict[Label, Label | None]], ...]] = {
    "patient_key": (("patient_id", {PATIENT: PSEUDONYM}),),
    "zip3": (("postal_code", {POSTAL_CODE: None}), ("state_code", {})),
    "age_at": (("birth_date", {BIRTH_DATE: None}), ("event_date", {SERVICE_TIME: None, SERVICE_DATE: None})),
    "salesforce_user_id": (("value", {FREE_TEXT: None}),),
    "pooled_birth_year": (("birth_date", {BIRTH_DATE: None}), ("as_of", {})),
}
"""Approved macros: their parameters, and what becomes of which label there.  None: it is ended."""

MARKER = "APPROVED__"
"""Prefix of the function that stands for an approved macro while lineage is read."""

_TIMES = (SERVICE_TIME, SERVICE_DATE)
_COUNTED = (*_TIMES, RECORD, PSEUDONYM)
_DAY_UNITS = {"DAY", "WEEK", "WEEKISO", "MONTH", "QUARTER"}
_WHOLE_DAYS = {"DATE", "DATE32"}
_FINE_PARTS = {"EPOCH", "EPOCH_SECOND", "EPOCH_MILLISECOND", "EPOCH_MICROSECOND", "EPOCH_NANOSECOND", "JULIAN"}

COMPARED, COUNTED, NULL_TESTED, RANKED, TO_DAY, TO_YEAR = "compared", "counted", "null_tested", "ranked", "day", "year"
DIFFERENCE = "difference"

_STEPS: dict[str, Callable[[Label], Label | None]] = {
    COMPARED: lambda label: None if label in _COUNTED else label,
    RANKED: lambda label: None if label in _COUNTED else label,
    COUNTED: lambda label: label if label == DENIED else None,
    NULL_TESTED: lambda label: label if label == DENIED else None,
    TO_DAY: lambda label: SERVICE_DATE if label in _TIMES else label,
    TO_YEAR: lambda label: None if label in _TIMES else label,
    DIFFERENCE: lambda label: None if label in _TIMES else label,
}

_COMPARISONS = (
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.EqualNull, exp.Exists,
)  # fmt: skip
_COUNTS = (exp.Count, exp.CountIf, exp.ApproxDistinct)
_RANKS = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile)
_PARTS_OF_A_DATE = (
    exp.Month, exp.Quarter, exp.Week, exp.WeekOfYear, exp.Day, exp.DayOfMonth, exp.DayOfWeek, exp.DayOfWeekIso,
    exp.DayOfYear, exp.LastDay, exp.Date, exp.TsOrDsToDate,
)  # fmt: skip
DIFFERENCES = (exp.DateDiff, exp.TimestampDiff, exp.DatetimeDiff, exp.TsOrDsDiff, exp.TimeDiff)


def step_of(node: exp.Expr) -> Step | None:
    """The step that an expression takes with the values in it, None when it passes every label on."""
    if isinstance(node, _COUNTS):
        return Step(COUNTED)
    if isinstance(node, exp.Is):
        return Step(NULL_TESTED)
    if isinstance(node, _COMPARISONS):
        return Step(COMPARED)
    if isinstance(node, _RANKS):
        return Step(RANKED)
    if isinstance(node, (exp.Year, exp.YearOfWeekIso)):
        return Step(TO_YEAR)
    if isinstance(node, _PARTS_OF_A_DATE):
        return Step(TO_DAY)
    if isinstance(node, (exp.Cast, exp.TryCast)) and node.to.this.name in _WHOLE_DAYS:
        return Step(TO_DAY)
    if isinstance(node, (exp.TimestampTrunc, exp.DateTrunc, exp.DatetimeTrunc)):
        unit = node.text("unit").upper()
        return Step(TO_YEAR) if unit == "YEAR" else Step(TO_DAY) if unit in _DAY_UNITS else None
    if isinstance(node, exp.Extract):
        part = node.name.upper()
        return Step(TO_YEAR) if part in ("YEAR", "YEARS") else None if part in _FINE_PARTS else Step(TO_DAY)
    return None


def after(label: Label, step: Step) -> Label | None:
    """What is left of a label after a step."""
    if step.name in _STEPS:
        return _STEPS[step.name](label)
    parameters = APPROVED[step.name]
    return parameters[step.argument][1].get(label, label) if step.argument < len(parameters) else label


def label_of(classification: Classification) -> Label | None:
    """The label of a raw column, None when it tells nothing of a patient."""
    return None if classification.is_open else str(classification)
