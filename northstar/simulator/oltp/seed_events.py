"""The appointments of the seed as rows, and their events, which tell the same story."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from northstar.simulator.oltp import words
from northstar.simulator.oltp.chance import Bools, Chance, Objects, Times, none_where
from northstar.simulator.oltp.layout import Layout
from northstar.simulator.oltp.seed_appointments import Book
from northstar.simulator.oltp.seed_directory import appointment_type_id
from northstar.simulator.oltp.tables import Columns, nullable

ACTORS = ("patient", "staff", "system")


def tables(layout: Layout, book: Book, chance: Chance) -> Iterator[tuple[str, Columns]]:
    """Appointments and their events."""
    yield "scheduling.appointments", _appointments(layout, book, chance)
    yield "scheduling.appointment_events", _events(book, chance)


def _appointments(layout: Layout, book: Book, chance: Chance) -> Columns:
    slots = book.slots
    accounts = np.array([clinic.account.account_id for clinic in layout.clinics])[slots.clinic]
    telehealth = np.array([row[3] for row in words.APPOINTMENT_TYPES])
    origin = np.where(book.origin >= 0, book.key[book.origin], 0)
    noted = chance.happens("noted", book.key, 0.2)
    return {
        "appointment_id": book.key,
        "account_id": accounts,
        "clinic_id": np.array([clinic.clinic_id for clinic in layout.clinics])[slots.clinic],
        "provider_id": np.array([provider.provider_id for provider in layout.providers])[slots.provider],
        "patient_id": book.patient,
        "appointment_type_id": appointment_type_id(0, 0) + accounts * 10 + slots.kind,
        "status": book.status,
        "starts_at": slots.start,
        "ends_at": slots.end,
        "booked_at": book.booked,
        "arrived_at": book.course.arrived_at,
        "checked_in_at": book.course.checked_in_at,
        "fulfilled_at": book.course.fulfilled_at,
        "cancelled_at": book.cancelled,
        "cancellation_reason_code": book.reason,
        "rescheduled_from_id": nullable(origin, book.origin < 0),
        "is_telehealth": telehealth[slots.kind],
        "reason_for_visit": chance.choice("reason for visit", book.key, words.REASONS_FOR_VISIT),
        "notes": none_where(~noted, chance.choice("note", book.key, words.NOTES)),
        "created_at": book.created,
        "updated_at": book.updated,
    }


def _events(book: Book, chance: Chance) -> Columns:
    parts: list[dict[str, Any]] = []
    original = np.where(np.isnat(book.moved), book.slots.start, book.moved_from)
    asked = book.first_status != "booked"
    current: Objects = np.full(len(book.key), None, dtype=object)
    at_start: Times = np.full(len(book.key), np.datetime64("NaT", "us"))

    def add(mask: Bools, status: Any, to_start: Times, at: Times, actors: tuple[int, int, int]) -> None:
        chosen = np.flatnonzero(mask)
        to_status = np.broadcast_to(np.asarray(status, dtype=object), len(book.key))
        parts.append(
            {
                "appointment_id": book.key[chosen],
                "from_status": current[chosen],
                "to_status": to_status[chosen],
                "from_starts_at": at_start[chosen],
                "to_starts_at": to_start[chosen],
                "actor": chance.choice(f"actor {len(parts)}", book.key[chosen], ACTORS, actors),
                "occurred_at": at[chosen],
                "turn": np.full(len(chosen), len(parts)),
            }
        )
        current[chosen] = to_status[chosen]
        at_start[chosen] = to_start[chosen]

    start, course = book.slots.start, book.course
    add(np.ones(len(book.key), dtype=bool), book.first_status, original, book.created, (5, 4, 1))
    add(asked & ~np.isnat(book.booked), "booked", original, book.booked, (2, 8, 0))
    add(~np.isnat(book.moved), "booked", start, book.moved, (3, 7, 0))
    add(~np.isnat(book.mistaken), "entered-in-error", start, book.mistaken, (0, 1, 0))
    add(~np.isnat(book.cancelled), "cancelled", start, book.cancelled, (6, 4, 0))
    add(~np.isnat(course.arrived_at), "arrived", start, course.arrived_at, (3, 7, 0))
    add(~np.isnat(course.checked_in_at), "checked-in", start, course.checked_in_at, (0, 1, 0))
    add(~np.isnat(course.fulfilled_at), "fulfilled", start, course.fulfilled_at, (0, 1, 0))
    add(~np.isnat(course.missed_at), "noshow", start, course.missed_at, (0, 7, 3))
    merged = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((merged["turn"], merged["appointment_id"], merged["occurred_at"]))
    merged.pop("turn")
    return {"event_id": np.arange(1, len(order) + 1), **{name: values[order] for name, values in merged.items()}}
