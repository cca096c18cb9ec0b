"""What becomes of a booked appointment: decided by its key and times alone, so the seed and every tick agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from northstar.simulator.oltp.chance import Bools, Chance, Floats, Ints, Times

NO_SHOW = 0.075
NEVER_CLOSED = 0.004
"""Share of visits that staff forget to close: they stay as they were."""


@dataclass(frozen=True)
class Course:
    """When each appointment is going to change, NaT where it never does (UTC without a zone)."""

    arrived_at: Times
    checked_in_at: Times
    fulfilled_at: Times
    missed_at: Times
    """When staff find that the patient did not come."""


def _minutes(values: Floats) -> Times:
    return (values * 60_000_000).astype("timedelta64[us]")


def _only(times: Times, mask: Bools) -> Times:
    return np.where(mask, times, np.datetime64("NaT", "us"))


def course(
    chance: Chance, keys: Ints, booked: Times, starts: Times, ends: Times, telehealth: Bools, present: Bools
) -> Course:
    """The course of appointments: all times lie after ``booked``; most around the slot itself.

    ``present``: the patient is there already, whatever chance would have said.
    """
    comes = ~chance.happens("no-show", keys, NO_SHOW) | present
    forgotten = chance.happens("never closed", keys, NEVER_CLOSED)
    late = chance.happens("late", keys, 0.13)
    early = -14 + 14 * chance.uniform("early", keys)
    offset = np.where(late, 3 + 24 * chance.uniform("late by", keys), np.where(telehealth, early / 4, early))
    arrived = np.maximum(starts + _minutes(offset), booked + np.timedelta64(45, "s"))
    checked_in = arrived + _minutes(1 + 8 * chance.uniform("check-in", keys))
    begun = np.maximum(np.where(telehealth, arrived, checked_in), starts)
    length = (ends - starts).astype("timedelta64[us]").astype(np.float64) / 60_000_000
    fulfilled = begun + _minutes(length * (0.8 + 0.35 * chance.uniform("length", keys)))
    missed = np.maximum(ends, booked) + _minutes(5 + 80 * chance.uniform("missed", keys))
    return Course(
        arrived_at=_only(arrived, comes),
        checked_in_at=_only(checked_in, comes & ~telehealth),
        fulfilled_at=_only(fulfilled, comes & ~forgotten),
        missed_at=_only(missed, ~comes & ~forgotten),
    )
