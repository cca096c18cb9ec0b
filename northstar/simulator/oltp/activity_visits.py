"""Visits go their way: booked, arrived, checked in, fulfilled, or missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from northstar.simulator.oltp import words
from northstar.simulator.oltp.tick import Row, Statement, Tick, instants, keys
from northstar.simulator.oltp.visits import Course, course

LOOK_BACK = timedelta(hours=12)
_STEPS = (
    ("arrived", "arrived_at"),
    ("checked-in", "checked_in_at"),
    ("fulfilled", "fulfilled_at"),
    ("noshow", "missed_at"),
)
_RANK = {"booked": 0, "arrived": 1, "checked-in": 2}
_OPEN = """
    SELECT appointment_id, status, starts_at, ends_at, booked_at, is_telehealth
    FROM scheduling.appointments
    WHERE starts_at BETWEEN %s AND %s AND status IN ('booked', 'arrived', 'checked-in')
    ORDER BY appointment_id
"""


def event(appointment: int, old: str | None, new: str, old_start: datetime | None, start: datetime, actor: str,
          at: datetime) -> Statement:  # fmt: skip
    """The statement that records a change of an appointment."""
    return (
        "INSERT INTO scheduling.appointment_events VALUES"
        " (nextval('simulator_ids.appointment_events'), %s, %s, %s, %s, %s, %s, %s)",
        [appointment, old, new, old_start, start, actor, at],
    )


def plan(tick: Tick) -> None:
    """Plan the changes of all visits that are due around this half hour."""
    rows = tick.rows(_OPEN, [tick.start - LOOK_BACK, tick.end + timedelta(minutes=20)])
    if not rows:
        return
    number, status, starts, ends, booked, telehealth = zip(*rows, strict=True)
    present = np.array([state != "booked" for state in status])
    future = course(
        tick.steady, keys(number), instants(booked), instants(starts), instants(ends), np.array(telehealth), present
    )
    for position, row in enumerate(rows):
        _progress(tick, row, future, position)


def _progress(tick: Tick, row: Row, future: Course, position: int) -> None:
    """Apply the steps of one visit that fall into the half hour; steps close together share a transaction."""
    appointment, status, start = row[0], row[1], row[2]
    batch: list[Statement] = []
    last: datetime | None = None
    for name, field in _STEPS:
        planned = getattr(future, field)[position]
        if np.isnat(planned) or (name in _RANK and _RANK[name] <= _RANK[status]):
            continue
        at = planned.item().replace(tzinfo=UTC)
        if at > tick.end:
            break
        at = max(at, (last or tick.start) + timedelta(seconds=1))
        if at > tick.end:
            break
        if last and batch and at - last > timedelta(minutes=3):
            tick.add(last, *batch)
            batch = []
        batch += _step(tick, appointment, status, name, start, at)
        status, last = name, at
    if last:
        tick.claimed.add(appointment)
        tick.add(last, *batch)


def _step(tick: Tick, appointment: int, old: str, new: str, start: datetime, at: datetime) -> list[Statement]:
    column = {"arrived": "arrived_at", "checked-in": "checked_in_at", "fulfilled": "fulfilled_at"}.get(new)
    stamp, values = (f", {column} = %s", [at]) if column else ("", [])
    update = f"UPDATE scheduling.appointments SET status = %s{stamp}, updated_at = %s WHERE appointment_id = %s"
    statements: list[Statement] = [
        (update, [new, *values, at, appointment]),
        event(appointment, old, new, start, start, "system" if new == "noshow" else "staff", at),
    ]
    if new == "fulfilled" and tick.chance.happens("writes a note", keys([appointment]), 0.3)[0]:
        note: Any = tick.chance.choice("note", keys([appointment]), words.NOTES)[0]
        statements.append(
            ("UPDATE scheduling.appointments SET notes = %s, updated_at = %s WHERE appointment_id = %s",
             [note, at, appointment])
        )  # fmt: skip
    return statements
