"""Which times of providers are taken in the seeded period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from northstar.simulator.oltp import words
from northstar.simulator.oltp.calendars import Calendars
from northstar.simulator.oltp.chance import Bools, Chance, Floats, Ints, Objects, Times
from northstar.simulator.oltp.layout import FUTURE_DAYS, Layout
from northstar.simulator.oltp.localtime import naive, walls_to_utc

STEP_MINUTES = 15
KEEP_BLOCKED = 0.05
"""Share of the visits that stay in the book although the provider is away or the clinic closed."""
# Added to the key of a slot for the key of one that is made from it: far above all keys of sessions.
DOUBLE, OUTSIDE, AGAIN = 1 << 50, 1 << 51, 1 << 52
_MINUTE = np.timedelta64(1, "m")


@dataclass(frozen=True)
class Slots:
    """Taken times, one element each; ``provider`` and ``clinic`` are positions in the layout."""

    key: Ints
    provider: Ints
    clinic: Ints
    kind: Ints
    """Position in words.APPOINTMENT_TYPES."""
    start: Times
    end: Times
    blocked: Bools
    """The provider is away or the clinic is closed at that time."""

    def take(self, index: Ints | Bools) -> Slots:
        """Some of the slots."""
        return Slots(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class _Sessions:
    """Templates laid out over days: one element per session and day."""

    key: Ints
    provider: Ints
    clinic: Ints
    day: Times
    start: Ints
    end: Ints


def _sessions(layout: Layout, calendars: Calendars) -> _Sessions:
    providers = {p.provider_id: n for n, p in enumerate(layout.providers)}
    clinics = {c.clinic_id: n for n, c in enumerate(layout.clinics)}
    days = np.arange(np.datetime64(layout.first_day), np.datetime64(layout.last_day))
    weekday = (days.astype(np.int64) + 3) % 7 + 1
    parts = []
    for number, t in enumerate(calendars.templates):
        until = np.datetime64(t.valid_to) if t.valid_to else days[-1] + 1
        chosen = days[(weekday == t.weekday) & (days >= np.datetime64(t.valid_from)) & (days < until)]
        owner, place = providers[t.provider.provider_id], clinics[t.clinic.clinic_id]
        parts.append((number, owner, place, t.session[0], t.session[1], chosen))
    sizes = [len(part[5]) for part in parts]
    day = np.concatenate([part[5] for part in parts])
    template, provider, clinic, start, end = (
        np.repeat(np.array([part[n] for part in parts], dtype=np.int64), sizes) for n in range(5)
    )
    return _Sessions(template * 100_000 + day.astype(np.int64), provider, clinic, day, start, end)


def _demand(layout: Layout, chance: Chance, sessions: _Sessions) -> Floats:
    """How likely a stretch of a session is taken: some providers are busier; far-off days fill up later."""
    busy = 0.68 + 0.29 * chance.uniform("busy", sessions.provider)
    ahead = (sessions.day - np.datetime64(layout.company.anchor.date())).astype(np.int64)
    return np.asarray(busy * np.where(ahead > 0, np.maximum(0.2, 0.85 - 0.7 * ahead / FUTURE_DAYS), 1.0))


def taken(layout: Layout, calendars: Calendars, chance: Chance) -> Slots:
    """Fill the sessions of all templates, one visit after the other, leaving gaps."""
    sessions = _sessions(layout, calendars)
    minutes = np.array([row[2] for row in words.APPOINTMENT_TYPES], dtype=np.int64)
    weights = [row[5] for row in words.APPOINTMENT_TYPES]
    demand = _demand(layout, chance, sessions)
    cursor, parts, turn = sessions.start.copy(), [], 0
    while True:
        key = sessions.key * 100 + turn
        kind = chance.index("type", key, weights)
        stop = cursor + minutes[kind]
        # The last visit of an evening may run past midnight; few others run past the end of a session.
        overrun = chance.happens("overrun", key, np.where(sessions.end == 1440, 0.5, 0.02))
        fits = (cursor < sessions.end) & ((stop <= sessions.end) | overrun)
        if not fits.any() and not (cursor < sessions.end).any():
            break
        hit = np.flatnonzero(fits & chance.happens("taken", key, demand))
        parts.append(
            (key[hit], sessions.provider[hit], sessions.clinic[hit], kind[hit], sessions.day[hit], cursor[hit])
        )
        # What does not fit is a short gap, so that a shorter visit may still come.
        cursor = np.where(fits, stop, cursor + STEP_MINUTES)
        turn += 1
    key, provider, clinic, kind, day, start = (np.concatenate(column) for column in zip(*parts, strict=True))
    zones = np.array([c.zone for c in layout.clinics], dtype=object)
    begin = walls_to_utc(day.astype("datetime64[us]") + start * _MINUTE, zones[clinic])
    slots = Slots(key, provider, clinic, kind, begin, begin + minutes[kind] * _MINUTE, np.zeros(len(key), dtype=bool))
    return _unusual(_without_blocked(layout, calendars, chance, slots), chance)


def _unusual(slots: Slots, chance: Chance) -> Slots:
    """Add double bookings and visits outside of the template's hours."""
    double = slots.take(chance.happens("double", slots.key, 0.02))
    outside = slots.take(chance.happens("outside", slots.key, 0.01))
    shift = np.timedelta64(9, "h")
    moved = Slots(
        outside.key + OUTSIDE, outside.provider, outside.clinic, outside.kind, outside.start + shift,
        outside.end + shift, outside.blocked,
    )  # fmt: skip
    again = Slots(
        double.key + DOUBLE, double.provider, double.clinic, double.kind, double.start, double.end,
        double.blocked,
    )  # fmt: skip
    return Slots(
        *(
            np.concatenate([getattr(part, name) for part in (slots, again, moved)])
            for name in Slots.__dataclass_fields__
        )
    )


class _Timeline:
    """Per owner, the stretches of time that are blocked, on a grid of STEP_MINUTES."""

    def __init__(self, owners: int, start: np.datetime64, days: int) -> None:
        self._start = start
        self._steps = days * 24 * 60 // STEP_MINUTES
        self._blocked = np.zeros((owners, self._steps + 1), dtype=np.int16)

    def _position(self, moments: Times) -> Ints:
        steps = (moments - self._start) // np.timedelta64(STEP_MINUTES, "m")
        return np.clip(steps.astype(np.int64), 0, self._steps)

    def block(self, owner: int, start: np.datetime64, end: np.datetime64) -> None:
        low, high = self._position(np.array([start, end]))
        self._blocked[owner, low + 1 : high + 1] = 1

    def hits(self, owner: Ints, start: Times, end: Times) -> Bools:
        total = np.cumsum(self._blocked, axis=1, dtype=np.int16)
        return np.asarray(total[owner, self._position(end)] > total[owner, self._position(start)])


def _without_blocked(layout: Layout, calendars: Calendars, chance: Chance, slots: Slots) -> Slots:
    """Drop most visits at times at which the provider is away or the clinic is closed; mark those that stay."""
    origin = np.datetime64(layout.first_day, "us") - np.timedelta64(2, "D")
    days = (layout.last_day - layout.first_day).days + 4
    away = _Timeline(len(layout.providers), origin, days)
    shut = _Timeline(len(layout.clinics), origin, days)
    for b in calendars.blocks:
        if not b.cancelled:
            away.block(b.provider.provider_id - layout.providers[0].provider_id, naive(b.start), naive(b.end))
    zones: Objects = np.array([c.clinic.zone for c in calendars.closures], dtype=object)
    starts = walls_to_utc(np.array([c.start for c in calendars.closures], dtype="datetime64[us]"), zones)
    ends = walls_to_utc(np.array([c.end for c in calendars.closures], dtype="datetime64[us]"), zones)
    for c, start, end in zip(calendars.closures, starts, ends, strict=True):
        shut.block(c.clinic.number - 1, start, end)
    blocked = away.hits(slots.provider, slots.start, slots.end) | shut.hits(slots.clinic, slots.start, slots.end)
    keep = ~blocked | chance.happens("kept", slots.key, KEEP_BLOCKED)
    marked = Slots(slots.key, slots.provider, slots.clinic, slots.kind, slots.start, slots.end, blocked)
    return marked.take(keep)
