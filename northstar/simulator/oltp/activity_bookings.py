"""Patients and staff book, move, cancel and reschedule; now and then somebody walks in or a row is deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

from northstar.simulator.oltp import words
from northstar.simulator.oltp.activity_visits import event
from northstar.simulator.oltp.localtime import local
from northstar.simulator.oltp.openings import OpenClinic, Openings
from northstar.simulator.oltp.seed_directory import TYPE_COUNT, appointment_type_id
from northstar.simulator.oltp.tables import reserve
from northstar.simulator.oltp.tick import Row, Statement, Tick, keys

# Expected number per clinic at work and half hour.
BOOKINGS = 0.86
CANCELLATIONS = 0.075
RESCHEDULES = 0.05
MOVES = 0.02
MISTAKES = 0.004
DELETIONS = 0.004
CONFIRMATIONS = 0.03
WALK_INS = 0.025

_INSERT = """
    INSERT INTO scheduling.appointments (
        appointment_id, account_id, clinic_id, provider_id, patient_id, appointment_type_id, status, starts_at,
        ends_at, booked_at, rescheduled_from_id, is_telehealth, reason_for_visit, created_at, updated_at
    ) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_BOOKED = """
    SELECT appointment_id, account_id, clinic_id, provider_id, patient_id, appointment_type_id, starts_at, ends_at,
        is_telehealth, reason_for_visit
    FROM scheduling.appointments a
    WHERE status = %(status)s AND starts_at BETWEEN %(from)s AND %(until)s AND clinic_id = ANY(%(clinics)s)
"""


def plan(tick: Tick, openings: Openings) -> None:
    """Plan all changes of the book in this half hour."""
    if not openings.open:
        return
    _change_booked(tick, openings)
    _confirm(tick, openings)
    _book(tick, openings)


def _choose(tick: Tick, openings: Openings, status: str, count: int) -> list[Row]:
    """Appointments of clinics at work that begin in more than an hour and that nothing else happens to."""
    parameters = {"status": status, "from": tick.end + timedelta(hours=1), "until": tick.end + timedelta(days=40),
                  "clinics": openings.open_ids}  # fmt: skip
    rows = [row for row in tick.pick(_BOOKED, count, "appointment_id", parameters) if row[0] not in tick.claimed]
    tick.claimed.update(row[0] for row in rows)
    return rows


def _change_booked(tick: Tick, openings: Openings) -> None:
    size = len(openings.open)
    rates = (("cancel", CANCELLATIONS), ("reschedule", RESCHEDULES), ("move", MOVES), ("mistake", MISTAKES),
             ("delete", DELETIONS))  # fmt: skip
    kinds = [kind for kind, rate in rates for _ in range(tick.count(kind, rate * size))]
    rows = _choose(tick, openings, "booked", len(kinds))
    for kind, row in zip(kinds, rows, strict=False):
        at = tick.moment(kind, row[0])
        if kind == "cancel":
            reason = tick.chance.choice("reason", keys([row[0]]), ("pat", "prov", "other"), (78, 14, 8))[0]
            tick.add(at, *cancellation(row[0], row[6], reason, at))
        elif kind == "reschedule":
            _reschedule(tick, openings, row, at)
        elif kind == "move":
            _move(tick, row, at)
        elif kind == "mistake":
            tick.add(
                at,
                ("UPDATE scheduling.appointments SET status = 'entered-in-error', updated_at = %s"
                 " WHERE appointment_id = %s", [at, row[0]]),
                event(row[0], "booked", "entered-in-error", row[6], row[6], "staff", at),
            )  # fmt: skip
        else:
            _delete(tick, row[0], at)


def cancellation(
    appointment: int, start: datetime, reason: str, at: datetime, status: str = "booked"
) -> list[Statement]:
    """The statements that cancel an appointment."""
    actor = "patient" if reason in ("pat", "rescheduled") else "staff"
    return [
        ("UPDATE scheduling.appointments SET status = 'cancelled', cancelled_at = %s, cancellation_reason_code = %s,"
         " updated_at = %s WHERE appointment_id = %s", [at, reason, at, appointment]),
        event(appointment, status, "cancelled", start, start, actor, at),
    ]  # fmt: skip


def _reschedule(tick: Tick, openings: Openings, row: Row, at: datetime) -> None:
    """Cancel the old appointment and book a new one in one transaction; without a free time nothing happens."""
    old, account, clinic, provider, patient, kind, start, end, telehealth, reason = row
    minutes = int((end - start).total_seconds()) // 60
    for attempt in range(8):
        ahead = int(tick.chance.between(f"reschedule {attempt}", keys([old]), 1, 15)[0])
        share = float(tick.chance.uniform("reschedule time", keys([old]))[0])
        day = local(start, openings.zones[clinic]).date() + timedelta(days=ahead)
        begin = openings.free_start(provider, clinic, day, minutes, share)
        if begin:
            break
    else:
        return
    new = reserve(tick.conn, "scheduling.appointments", 1)[0]
    tick.add(
        at,
        *cancellation(old, start, "rescheduled", at),
        (_INSERT, [new, account, clinic, provider, patient, kind, "booked", begin,
                   begin + timedelta(minutes=minutes), at, old, telehealth, reason, at, at]),
        event(new, None, "booked", None, begin, "patient", at),
    )  # fmt: skip


def _move(tick: Tick, row: Row, at: datetime) -> None:
    """Staff shift the visit by a little: the same appointment, another time."""
    appointment, start, end = row[0], row[6], row[7]
    shift = timedelta(minutes=int(tick.chance.choice("shift", keys([appointment]), (-30, -15, 15, 30))[0]))
    tick.add(
        at,
        ("UPDATE scheduling.appointments SET starts_at = %s, ends_at = %s, updated_at = %s WHERE appointment_id = %s",
         [start + shift, end + shift, at, appointment]),
        event(appointment, "booked", "booked", start, start + shift, "staff", at),
    )  # fmt: skip


def _delete(tick: Tick, appointment: int, at: datetime) -> None:
    tables = ("appointment_events", "appointment_reminders", "appointments")
    tick.add(at, *((f"DELETE FROM scheduling.{table} WHERE appointment_id = %s", [appointment]) for table in tables))


def _confirm(tick: Tick, openings: Openings) -> None:
    """What was asked for is booked."""
    for status in ("pending", "proposed", "waitlist"):
        for row in _choose(
            tick, openings, status, tick.count(f"confirm {status}", CONFIRMATIONS * len(openings.open) / 3)
        ):
            at = tick.moment("confirm", row[0])
            tick.add(
                at,
                ("UPDATE scheduling.appointments SET status = 'booked', booked_at = %s, updated_at = %s"
                 " WHERE appointment_id = %s", [at, at, row[0]]),
                event(row[0], status, "booked", row[6], row[6], "staff", at),
            )  # fmt: skip


def _book(tick: Tick, openings: Openings) -> None:
    """New bookings at each clinic at work, and people who walk in."""
    patients: dict[int, list[int]] = dict(
        tick.rows(
            "SELECT primary_clinic_id, array_agg(patient_id ORDER BY patient_id) FROM patients.patients"
            " WHERE primary_clinic_id = ANY(%s) GROUP BY 1", [openings.open_ids],
        )
    )  # fmt: skip
    open_with_patients = [c for c in openings.open if patients.get(c.clinic_id) and openings.shifts[c.clinic_id]]
    draws = tick.chance.uniform("bookings", keys([clinic.clinic_id for clinic in open_with_patients]))
    walks = tick.chance.happens("walks in", keys([clinic.clinic_id for clinic in open_with_patients]), WALK_INS)
    wanted = [
        (c, False) for c, draw in zip(open_with_patients, draws, strict=True) for _ in range(int(BOOKINGS + draw))
    ]
    wanted += [(c, True) for c, walks_in in zip(open_with_patients, walks, strict=True) if walks_in]
    numbers = reserve(tick.conn, "scheduling.appointments", len(wanted))
    for number, (clinic, walk_in) in zip(numbers, wanted, strict=True):
        pool = patients[clinic.clinic_id]
        patient = pool[int(tick.chance.uniform("patient", keys([number]))[0] ** 1.5 * len(pool))]
        (_walk_in if walk_in else _booking)(tick, openings, clinic, number, patient)


def _kind(tick: Tick, number: int) -> int:
    return int(tick.chance.index("type", keys([number]), [row[5] for row in words.APPOINTMENT_TYPES])[0]) % TYPE_COUNT


def _booking(tick: Tick, openings: Openings, clinic: OpenClinic, number: int, patient: int) -> None:
    """Book at the first of some tries that finds a free time; else the patient gives up."""
    kind = _kind(tick, number)
    minutes, telehealth = words.APPOINTMENT_TYPES[kind][2:4]
    shifts = openings.shifts[clinic.clinic_id]
    crowd = bool(tick.chance.happens("double", keys([number]), 0.02)[0])
    today = local(tick.start, clinic.zone).date()
    for attempt in range(6):
        provider, ahead, share = (float(tick.chance.uniform(f"{what} {attempt}", keys([number]))[0]) for what in "pas")
        shift = shifts[int(provider * len(shifts))]
        # Weeks ahead are chosen with falling chance; the weekday is the shift's own.
        day = today + timedelta(days=int(30 * ahead**2.2))
        day += timedelta(days=(shift.weekday - day.isoweekday()) % 7)
        begin = openings.free_start(shift.provider_id, clinic.clinic_id, day, minutes, share, crowd=crowd)
        if begin:
            break
    else:
        return
    at = tick.moment("book", number)
    pending = bool(tick.chance.happens("asks first", keys([number]), 0.05)[0])
    status = "pending" if pending else "booked"
    reason = tick.chance.choice("visit", keys([number]), words.REASONS_FOR_VISIT)[0]
    account = clinic.account_id
    tick.add(
        at,
        (_INSERT, [number, account, clinic.clinic_id, shift.provider_id, patient, appointment_type_id(account, kind),
                   status, begin, begin + timedelta(minutes=minutes), None if pending else at, None, telehealth,
                   reason, at, at]),
        event(number, None, status, None, begin, "patient", at),
    )  # fmt: skip


def _walk_in(tick: Tick, openings: Openings, clinic: OpenClinic, number: int, patient: int) -> None:
    """Somebody comes without an appointment: booked and arrived in one transaction."""
    shifts = openings.shifts[clinic.clinic_id]
    provider = shifts[number % len(shifts)].provider_id
    at = tick.moment("walk in", number)
    start = at.replace(second=0) + timedelta(minutes=5)
    account, minutes = clinic.account_id, words.APPOINTMENT_TYPES[5][2]
    tick.add(
        at,
        (_INSERT, [number, account, clinic.clinic_id, provider, patient, appointment_type_id(account, 5), "booked",
                   start, start + timedelta(minutes=minutes), at, None, False, "walk-in", at, at]),
        event(number, None, "booked", None, start, "staff", at),
        ("UPDATE scheduling.appointments SET status = 'arrived', arrived_at = %s, updated_at = %s"
         " WHERE appointment_id = %s", [at, at, number]),
        event(number, "booked", "arrived", start, start, "staff", at),
    )  # fmt: skip
