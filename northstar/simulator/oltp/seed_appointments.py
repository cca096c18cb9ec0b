"""Seed of the appointments: what was booked, moved, cancelled, kept and missed until the anchor."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from northstar.simulator.oltp import words
from northstar.simulator.oltp.chance import Bools, Chance, Floats, Ints, Objects, Times, none_where
from northstar.simulator.oltp.layout import PATIENTS_PER_CLINIC, Layout
from northstar.simulator.oltp.localtime import naive
from northstar.simulator.oltp.slots import AGAIN, Slots
from northstar.simulator.oltp.visits import Course, course

FIRST_APPOINTMENT = 1_000_001
FIRST_PATIENT = 100_001
NAT = np.datetime64("NaT", "us")
_MINUTE = np.timedelta64(1, "m")
REASONS = ("pat", "prov", "rescheduled", "other")


@dataclass
class Book:
    """All appointments as parallel arrays, sorted by creation; times are UTC without a zone."""

    key: Ints
    slots: Slots
    patient: Ints
    status: Objects
    created: Times
    booked: Times
    moved: Times
    """When the time was changed in place, NaT for most."""
    moved_from: Times
    cancelled: Times
    mistaken: Times
    """When it was marked as entered in error."""
    reason: Objects
    origin: Ints
    """Position of the appointment that this one replaces, or -1."""
    first_status: Objects
    course: Course = field(repr=False)
    """What had happened until the anchor; NaT for what lies ahead."""

    @property
    def updated(self) -> Times:
        """The latest change of each."""
        times = [self.booked, self.moved, self.cancelled, self.mistaken, self.course.arrived_at,
                 self.course.checked_in_at, self.course.fulfilled_at, self.course.missed_at]  # fmt: skip
        latest = self.created
        for other in times:
            latest = np.fmax(latest, other)
        return latest


def _span(share: Floats, start: Times, end: Times) -> Times:
    """The moment that lies ``share`` of the way from start to end, to the second."""
    length = np.maximum((end - start).astype(np.int64), 0)
    moment = start + (share * length).astype("timedelta64[us]")
    return np.asarray(moment.astype("datetime64[s]").astype("datetime64[us]"))


def book(layout: Layout, slots: Slots, chance: Chance) -> Book:
    """Decide for every taken slot who booked it when, and what became of it until the anchor."""
    anchor = naive(layout.company.anchor)
    key, start = slots.key, slots.start
    cancel = chance.happens("cancel", key, np.where(start > anchor, 0.08, np.where(slots.blocked, 0.8, 0.165)))
    reason = none_where(~cancel, chance.choice("reason", key, REASONS, (50, 10, 34, 6)))
    reason[cancel & slots.blocked] = "prov"
    limit = np.minimum(start, anchor)
    lead = chance.exponential("lead", key, 9 * 1440) + 45
    walk_in = chance.happens("walk-in", key, 0.03) & ~cancel & (start < anchor)
    lead = np.where(walk_in, 2 + 10 * chance.uniform("walk-in", key), np.minimum(lead, 60 * 1440))
    created = limit - (lead * 60).astype(np.int64).astype("timedelta64[s]")
    patient = _patients(slots, chance)
    reason, origin = _reschedule(slots, chance, limit, created, patient, reason)
    cancelled = np.where(cancel, _span(0.02 + 0.97 * chance.uniform("cancelled", key), created, limit), NAT)
    # A few are cancelled only after the visit should have begun.
    tardy = cancel & (reason == "pat") & chance.happens("tardy", key, 0.01) & (start + 30 * _MINUTE < anchor)
    cancelled[tardy] = start[tardy] + 15 * _MINUTE
    # A freed slot is often given to somebody else.
    again = np.flatnonzero(cancel & ~tardy & ~slots.blocked & chance.happens("backfill", key, 0.45))
    extra = slots.take(again)
    extra = Slots(extra.key + AGAIN, extra.provider, extra.clinic, extra.kind, extra.start, extra.end, extra.blocked)
    filled = _span(0.05 + 0.9 * chance.uniform("backfilled", extra.key), cancelled[again], limit[again])
    nothing = np.full(len(again), NAT)
    merged = Slots(*(np.concatenate([getattr(slots, n), getattr(extra, n)]) for n in Slots.__dataclass_fields__))
    return _settle(
        anchor, chance, merged,
        np.concatenate([patient, _patients(extra, chance)]), np.concatenate([created, filled]),
        np.concatenate([cancelled, nothing]), np.concatenate([reason, np.full(len(again), None, dtype=object)]),
        np.concatenate([origin, np.full(len(again), -1)]),
        np.concatenate([walk_in, np.zeros(len(again), dtype=bool)]),
    )  # fmt: skip


def _patients(slots: Slots, chance: Chance) -> Ints:
    """Patients of the clinic; some come much more often than others."""
    share = chance.uniform("patient", slots.key) ** 1.5
    return FIRST_PATIENT + slots.clinic * PATIENTS_PER_CLINIC + (share * PATIENTS_PER_CLINIC).astype(np.int64)


def _reschedule(
    slots: Slots, chance: Chance, limit: Times, created: Times, patient: Ints, reason: Objects
) -> tuple[Objects, Ints]:
    """Tie each rescheduled appointment to the one that replaces it, a later one of the same provider.

    The replacement is created at the moment at which the old one is cancelled, for the same patient; ``created`` and
    ``patient`` are changed in place.  Where there is no later one, the patient just cancelled.
    """
    origin = np.full(len(slots.key), -1, dtype=np.int64)
    order = np.lexsort((slots.start, slots.provider))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    ahead = chance.between("reschedule", slots.key, 3, 18)
    share = 0.02 + 0.97 * chance.uniform("cancelled", slots.key)
    rescheduled = np.flatnonzero(reason == "rescheduled")
    for old in rescheduled[np.argsort(slots.start[rescheduled], kind="stable")]:
        for step in range(ahead[old], ahead[old] + 6):
            position = place[old] + step
            new = order[position] if position < len(order) else old
            usable = slots.provider[new] == slots.provider[old] and slots.clinic[new] == slots.clinic[old]
            if usable and origin[new] < 0 and slots.start[new] > slots.start[old] and not slots.blocked[new]:
                origin[new] = old
                patient[new] = patient[old]
                created[new] = _span(share[old : old + 1], created[old : old + 1], limit[old : old + 1])[0]
                break
        else:
            reason[old] = "pat"
    return reason, origin


def _settle(
    anchor: np.datetime64, chance: Chance, slots: Slots, patient: Ints, created: Times, cancelled: Times,
    reason: Objects, origin: Ints, walk_in: Bools,
) -> Book:  # fmt: skip
    """Sort by creation, give keys, and let everything until the anchor happen."""
    order = np.lexsort((slots.key, created))
    new_place = np.empty(len(order), dtype=np.int64)
    new_place[order] = np.arange(len(order))
    slots, patient, created, cancelled = slots.take(order), patient[order], created[order], cancelled[order]
    reason, walk_in, origin = reason[order], walk_in[order], origin[order]
    origin = np.where(origin >= 0, new_place[origin], -1)
    key = FIRST_APPOINTMENT + np.arange(len(order), dtype=np.int64)
    is_cancelled = ~np.isnat(cancelled)
    limit = np.where(is_cancelled, np.minimum(cancelled, slots.start), np.minimum(slots.start, anchor))
    plain = ~walk_in & (origin < 0)
    asked = plain & chance.happens("asked first", slots.key, 0.1)
    first = np.where(
        asked, chance.choice("first status", slots.key, ("pending", "proposed", "waitlist"), (5, 3, 2)), "booked"
    )
    unanswered = (
        asked & ~is_cancelled & chance.happens("unanswered", slots.key, np.where(slots.start > anchor, 0.3, 0.01))
    )
    booked = np.where(asked, _span(0.3 * chance.uniform("answered", slots.key), created, limit), created)
    booked[unanswered] = NAT
    usual = plain & ~unanswered
    moved_at = _span(0.2 + 0.6 * chance.uniform("moved at", slots.key), booked, limit)
    moved = np.where(usual & chance.happens("moved", slots.key, 0.025), moved_at, NAT)
    shift = chance.choice("moved by", slots.key, (-60, -30, 30, 60)).astype(np.int64) * _MINUTE
    mistake = usual & ~is_cancelled & np.isnat(moved) & chance.happens("mistake", slots.key, 0.005)
    mistaken = np.where(mistake, _span(0.1 + 0.3 * chance.uniform("mistake at", slots.key), booked, limit), NAT)
    telehealth = np.array([row[3] for row in words.APPOINTMENT_TYPES])[slots.kind]
    lively = ~is_cancelled & ~unanswered & ~mistake
    plan = course(chance, key, np.fmax(booked, moved), slots.start, slots.end, telehealth, walk_in)
    happened = _until(plan, anchor, lively)
    status = np.where(unanswered, first, "booked").astype(object)
    for at, name in (
        (happened.arrived_at, "arrived"), (happened.checked_in_at, "checked-in"), (happened.fulfilled_at, "fulfilled"),
        (happened.missed_at, "noshow"), (cancelled, "cancelled"), (mistaken, "entered-in-error"),
    ):  # fmt: skip
        status[~np.isnat(at)] = name
    return Book(
        key=key, slots=slots, patient=patient, status=status, created=created, booked=booked, moved=moved,
        moved_from=np.where(np.isnat(moved), NAT, slots.start + shift), cancelled=cancelled, mistaken=mistaken,
        reason=reason, origin=origin, first_status=first, course=happened,
    )  # fmt: skip


def _until(plan: Course, anchor: np.datetime64, lively: Bools) -> Course:
    return Course(
        *(
            np.where(lively & (getattr(plan, name) <= anchor), getattr(plan, name), NAT)
            for name in Course.__dataclass_fields__
        )
    )
