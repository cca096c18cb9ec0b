"""Seed of the daily work around visits: reminders, messages, tasks, referrals, waiting lists, the log of access."""

from __future__ import annotations

import numpy as np

from northstar.simulator.oltp import words
from northstar.simulator.oltp.chance import Chance, Ints, Times
from northstar.simulator.oltp.layout import PATIENTS_PER_CLINIC, Layout
from northstar.simulator.oltp.localtime import naive
from northstar.simulator.oltp.seed_appointments import FIRST_PATIENT, Book
from northstar.simulator.oltp.seed_billing import NAT, Tables
from northstar.simulator.oltp.seed_directory import USERS_PER_CLINIC, appointment_type_id
from northstar.simulator.oltp.tables import Columns, nullable

PER_CLINIC = {"messages": 12, "tasks": 10, "referrals": 6, "waiting": 4, "audit": 30}
REMINDER_BEFORE = np.timedelta64(24, "h")


def tables(layout: Layout, book: Book, chance: Chance) -> Tables:
    """All tables of the office."""
    yield "scheduling.appointment_reminders", _reminders(layout, book, chance)
    yield "office.messages", _messages(layout, chance)
    yield "office.tasks", _tasks(layout, chance)
    yield "office.referrals", _referrals(layout, chance)
    yield "scheduling.waitlist_entries", _waiting(layout, chance)
    yield "audit.audit_log", _audit(layout, chance)


def _reminders(layout: Layout, book: Book, chance: Chance) -> Columns:
    """Reminders a day ahead, of the last two weeks."""
    sent, anchor = book.slots.start - REMINDER_BEFORE, naive(layout.company.anchor)
    recent = (sent <= anchor) & (sent > anchor - np.timedelta64(14, "D")) & (sent > book.booked)
    chosen = np.flatnonzero(recent & ~(book.cancelled < sent) & ~(book.mistaken < sent))
    key = book.key[chosen]
    return {
        "appointment_id": key,
        "reminder_number": np.ones(len(key), dtype=np.int64),
        "channel": chance.choice("channel", key, ("sms", "email", "voice"), (70, 25, 5)),
        "status": chance.choice("delivery", key, ("delivered", "bounced"), (97, 3)),
        "sent_at": sent[chosen],
        "updated_at": sent[chosen],
    }


def _frame(layout: Layout, what: str, chance: Chance) -> tuple[Ints, Ints, Ints, Times]:
    """Keys, positions of clinics, patients and times of some rows per clinic."""
    count = len(layout.clinics) * PER_CLINIC[what]
    key = np.arange(1, count + 1, dtype=np.int64)
    clinic = (key - 1) // PER_CLINIC[what]
    patient = FIRST_PATIENT + clinic * PATIENTS_PER_CLINIC + chance.between(f"{what} of", key, 0, PATIENTS_PER_CLINIC)
    age = (60 + chance.uniform(f"{what} at", key) * 5_000_000).astype(np.int64).astype("timedelta64[s]")
    return key, clinic, patient, naive(layout.company.anchor) - age


def _clinic_ids(layout: Layout) -> Ints:
    return np.array([clinic.clinic_id for clinic in layout.clinics], dtype=np.int64)


def _provider_at(clinic: Ints, key: Ints) -> Ints:
    """A provider of the clinic: the seed has five in a row for each."""
    return 10_001 + clinic * 5 + key % 5


def _messages(layout: Layout, chance: Chance) -> Columns:
    key, clinic, patient, at = _frame(layout, "messages", chance)
    read = chance.happens("read", key, 0.8)
    return {
        "message_id": key,
        "patient_id": patient,
        "provider_id": _provider_at(clinic, key),
        "direction": chance.choice("direction", key, ("in", "out")),
        "body": chance.choice("body", key, words.MESSAGES),
        "read_at": np.where(read, at + np.timedelta64(50, "s"), NAT),
        "sent_at": at,
        "updated_at": np.where(read, at + np.timedelta64(50, "s"), at),
    }


def _tasks(layout: Layout, chance: Chance) -> Columns:
    key, clinic, patient, at = _frame(layout, "tasks", chance)
    done = chance.happens("done", key, 0.7)
    finished = np.where(done, at + np.timedelta64(55, "s"), NAT)
    return {
        "task_id": key,
        "clinic_id": _clinic_ids(layout)[clinic],
        "patient_id": nullable(patient, chance.happens("no patient", key, 0.2)),
        "assigned_user_id": _clinic_ids(layout)[clinic] * 10 + key % USERS_PER_CLINIC,
        "title": chance.choice("task", key, words.TASKS),
        "status": np.where(done, "done", "open"),
        "due_on": at.astype("datetime64[D]") + 3,
        "completed_at": finished,
        "created_at": at,
        "updated_at": np.fmax(at, finished),
    }


def _referrals(layout: Layout, chance: Chance) -> Columns:
    key, clinic, patient, at = _frame(layout, "referrals", chance)
    return {
        "referral_id": key,
        "patient_id": patient,
        "from_provider_id": _provider_at(clinic, key),
        "to_specialty_code": chance.choice("to", key, [code for code, _, _ in words.SPECIALTIES]),
        "status": chance.choice("referral", key, ("sent", "accepted", "completed", "declined")),
        "reason": chance.choice("referral reason", key, words.REASONS_FOR_VISIT),
        "created_at": at,
        "updated_at": at,
    }


def _waiting(layout: Layout, chance: Chance) -> Columns:
    key, clinic, patient, at = _frame(layout, "waiting", chance)
    accounts = np.array([clinic.account.account_id for clinic in layout.clinics], dtype=np.int64)
    return {
        "waitlist_entry_id": key,
        "clinic_id": _clinic_ids(layout)[clinic],
        "patient_id": patient,
        "appointment_type_id": accounts[clinic] * 10 + appointment_type_id(0, 0) + key % len(words.APPOINTMENT_TYPES),
        "status": chance.choice("waiting", key, ("waiting", "offered", "booked", "withdrawn")),
        "preferred_from": at.astype("datetime64[D]") + 7,
        "note": chance.choice("waiting note", key, (None, *words.NOTES)),
        "created_at": at,
        "updated_at": at,
    }


def _audit(layout: Layout, chance: Chance) -> Columns:
    key, clinic, patient, at = _frame(layout, "audit", chance)
    return {
        "audit_log_id": key,
        "user_id": _clinic_ids(layout)[clinic] * 10 + key % USERS_PER_CLINIC,
        "action": chance.choice("action", key, ("view", "update", "export"), (80, 18, 2)),
        "object_type": np.full(len(key), "patient", dtype=object),
        "object_id": patient,
        "ip_address": "198.51.100." + np.char.mod("%d", chance.between("ip", key, 1, 255)).astype(object),
        "details": np.full(len(key), '{"screen": "chart"}', dtype=object),
        "occurred_at": at,
    }
