"""The daily work around visits: reminders, messages, tasks, referrals, waiting lists, and looking things up."""

from __future__ import annotations

from datetime import timedelta

from northstar.simulator.oltp import words
from northstar.simulator.oltp.openings import OpenClinic, Openings
from northstar.simulator.oltp.seed_directory import USERS_PER_CLINIC, appointment_type_id
from northstar.simulator.oltp.tick import Tick, keys

# Expected number per clinic at work and half hour.
MESSAGES = 0.2
TASKS = 0.12
REFERRALS = 0.05
WAITING = 0.03
LOOK_UPS = 0.8


def plan(tick: Tick, openings: Openings) -> None:
    """Plan the work of this half hour."""
    _remind(tick)
    if openings.open:
        _office(tick, openings)


def _remind(tick: Tick) -> None:
    """Remind of visits a day ahead."""
    query = """
        SELECT appointment_id, starts_at FROM scheduling.appointments
        WHERE starts_at > %s AND starts_at <= %s AND status = 'booked' ORDER BY appointment_id
    """
    day = timedelta(days=1)
    for appointment, starts_at in tick.rows(query, [tick.start + day, tick.end + day]):
        if appointment in tick.claimed:
            continue
        channel = tick.steady.choice("channel", keys([appointment]), ("sms", "email", "voice"), (70, 25, 5))[0]
        insert = "INSERT INTO scheduling.appointment_reminders VALUES (%s, 1, %s, 'delivered', %s, %s)"
        at = starts_at - day
        tick.add(at, (f"{insert} ON CONFLICT DO NOTHING", [appointment, channel, at, at]))


def _office(tick: Tick, openings: Openings) -> None:
    query = """
        SELECT DISTINCT ON (primary_clinic_id) primary_clinic_id, patient_id, provider_id
        FROM patients.patients p JOIN directory.providers r ON r.home_clinic_id = p.primary_clinic_id
        WHERE primary_clinic_id = ANY(%(clinics)s)
        ORDER BY primary_clinic_id, hashint8extended(patient_id * 1000003 + provider_id, %(salt)s)
    """
    salt = int(tick.chance.between("office", keys([0]), 0, 1 << 31)[0])
    rows = tick.rows(query, {"clinics": openings.open_ids, "salt": salt})
    people = {clinic: (patient, provider) for clinic, patient, provider in rows}
    for what, rate in (
        ("message", MESSAGES), ("task", TASKS), ("referral", REFERRALS), ("waiting", WAITING), ("look up", LOOK_UPS),
    ):  # fmt: skip
        for clinic in openings.hit(what, rate):
            if clinic.clinic_id in people:
                _write(tick, what, clinic, *people[clinic.clinic_id])
    query = "SELECT task_id FROM office.tasks WHERE status = 'open'"
    for (task,) in tick.pick(query, tick.count("finish", TASKS * len(openings.open)), "task_id"):
        at = tick.moment("finish", task)
        update = "UPDATE office.tasks SET status = 'done', completed_at = %s, updated_at = %s WHERE task_id = %s"
        tick.add(at, (update, [at, at, task]))


def _write(tick: Tick, what: str, clinic: OpenClinic, patient: int, provider: int) -> None:
    """One small thing that somebody at a clinic does."""
    key, at = keys([clinic.clinic_id]), tick.moment(what, clinic.clinic_id)
    user, day = clinic.clinic_id * 10 + patient % USERS_PER_CLINIC, tick.start.date()
    choose = tick.chance.choice
    if what == "message":
        values = [patient, provider, choose("body", key, words.MESSAGES)[0], at, at]
        insert = f"INSERT INTO office.messages VALUES ({_next('messages')}, %s, %s, 'in', %s, NULL, %s, %s)"
        tick.add(at, (insert, values))
    elif what == "task":
        title, due = choose("task", key, words.TASKS)[0], day + timedelta(days=3)
        insert = f"INSERT INTO office.tasks VALUES ({_next('tasks')}, %s, %s, %s, %s, 'open', %s, NULL, %s, %s)"
        tick.add(at, (insert, [clinic.clinic_id, patient, user, title, due, at, at]))
    elif what == "referral":
        code = choose("to", key, [code for code, _, _ in words.SPECIALTIES])[0]
        insert = f"INSERT INTO office.referrals VALUES ({_next('referrals')}, %s, %s, %s, 'sent', %s, %s, %s)"
        tick.add(at, (insert, [patient, provider, code, choose("why", key, words.REASONS_FOR_VISIT)[0], at, at]))
    elif what == "waiting":
        kind = appointment_type_id(clinic.account_id, patient % len(words.APPOINTMENT_TYPES))
        insert = (f"INSERT INTO scheduling.waitlist_entries VALUES ({_next('waitlist_entries')}, %s, %s, %s, 'waiting',"
                  " %s, NULL, %s, %s)")  # fmt: skip
        tick.add(at, (insert, [clinic.clinic_id, patient, kind, day + timedelta(days=7), at, at]))
    else:
        insert = (f"INSERT INTO audit.audit_log VALUES ({_next('audit_log')}, %s, 'view', 'patient', %s,"
                  " '198.51.100.7', '{\"screen\": \"chart\"}', %s)")  # fmt: skip
        update = "UPDATE directory.users SET last_login_at = %s, updated_at = %s WHERE user_id = %s"
        tick.add(at, (insert, [user, patient, at]), (update, [at, at, user]))


def _next(table: str) -> str:
    """SQL that takes the next key of a table."""
    return f"nextval('simulator_ids.{table}')"
