"""Patients register, are corrected and merged."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from northstar.simulator.oltp import words
from northstar.simulator.oltp.localtime import naive
from northstar.simulator.oltp.openings import Openings
from northstar.simulator.oltp.places import places_in
from northstar.simulator.oltp.seed_insurance import policies
from northstar.simulator.oltp.seed_patients import personal
from northstar.simulator.oltp.settlement import has_policy
from northstar.simulator.oltp.tables import reserve
from northstar.simulator.oltp.tick import Statement, Tick, keys

# Expected number per clinic at work and half hour.
REGISTRATIONS = 0.05
CORRECTIONS = 0.08
MERGES = 0.004

# Everything that belongs to a patient, and goes over to the survivor of a merge.
_OWNED = (
    "scheduling.appointments", "scheduling.waitlist_entries", "billing.invoices", "billing.payments",
    "billing.patient_statements", "insurance.policies", "insurance.claims", "patients.patient_contacts",
    "patients.patient_consents", "office.messages", "office.referrals", "office.tasks",
)  # fmt: skip


def plan(tick: Tick, openings: Openings) -> None:
    """Plan registrations and corrections; merges come last, see :func:`merge`."""
    if openings.open:
        _register(tick, openings)
        _correct(tick, openings)


def _insert(table: str, row: dict[str, object]) -> Statement:
    marks = ", ".join(["%s"] * len(row))
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values())


def _register(tick: Tick, openings: Openings) -> None:
    """A new patient, insured or not, in one transaction."""
    clinics = openings.hit("register", REGISTRATIONS)
    for number, clinic in zip(reserve(tick.conn, "patients.patients", len(clinics)), clinics, strict=True):
        key, at, american = keys([number]), tick.moment("register", number), np.array([clinic.country == "US"])
        made = personal(tick.steady, key, np.datetime64(tick.start.date()), ~american)
        place = tick.steady.choice("place", key, places_in(clinic.country))[0]
        patient = {
            "patient_id": number, "account_id": clinic.account_id, "primary_clinic_id": clinic.clinic_id,
            **{name: values.tolist()[0] for name, values in made.items()},
            "street_address": f"{number % 900 + 1} {words.STREETS[number % len(words.STREETS)]}", "city": place.city,
            "state_code": place.state or None, "postal_code": place.postal_codes[0], "created_at": at, "updated_at": at,
        }  # fmt: skip
        statements = [_insert("patients.patients", patient)]
        if has_policy(tick.steady, key, american)[0]:
            policy = policies(tick.steady, key, np.datetime64(tick.start.date()) - 300, np.array([naive(at)]))
            row = {name: values.tolist()[0] for name, values in policy.items()}
            statements.append(_insert("insurance.policies", {**row, "created_at": at, "updated_at": at}))
        tick.add(at, *statements)


def _correct(tick: Tick, openings: Openings) -> None:
    """Front desks correct what they know of a patient."""
    query = "SELECT patient_id FROM patients.patients WHERE primary_clinic_id = ANY(%(clinics)s)"
    count = tick.count("correct", CORRECTIONS * len(openings.open))
    for (patient,) in tick.pick(query, count, "patient_id", {"clinics": openings.open_ids}):
        key, at = keys([patient]), tick.moment("correct", patient)
        column, options = (
            ("last_name", words.LAST_NAMES), ("street_address", words.STREETS),
            ("postal_code", ("02108", "60601", None)), ("email", (f"new{patient}@example.org", None)),
            ("phone", ("+1-212-555-0123", None)), ("sex", ("other", None)),
        )[int(tick.chance.between("field", key, 0, 6)[0])]  # fmt: skip
        value = tick.chance.choice("value", key, options)[0]
        update = f"UPDATE patients.patients SET {column} = %s, updated_at = %s WHERE patient_id = %s"
        tick.add(at, (update, [value, at, patient]))
        if tick.chance.happens("twice", key, 0.1)[0]:
            later = at + timedelta(seconds=40)
            tick.add(later, (update, [options[0], later, patient]))


def merge(tick: Tick, openings: Openings) -> None:
    """Two rows were one person: what belonged to one goes over to the other, and the row is deleted.

    To be planned last: it is the last transaction of the half hour, so that nothing written before is left behind.
    """
    for clinic in openings.hit("merge", MERGES):
        query = "SELECT patient_id FROM patients.patients WHERE primary_clinic_id = %(clinic)s"
        pair = tick.pick(query, 2, "patient_id", {"clinic": clinic.clinic_id})
        if len(pair) < 2:
            continue
        (survivor,), (merged,) = sorted(pair)
        at = tick.end
        moves = [
            (f"UPDATE {table} SET patient_id = %s, updated_at = %s WHERE patient_id = %s", [survivor, at, merged])
            for table in _OWNED
        ]
        tick.add(
            at,
            *moves,
            ("DELETE FROM patients.patients WHERE patient_id = %s", [merged]),
            ("UPDATE patients.patients SET updated_at = %s WHERE patient_id = %s", [at, survivor]),
            ("INSERT INTO patients.patient_merges VALUES (nextval('simulator_ids.patient_merges'), %s, %s, %s, %s)",
             [survivor, merged, at, at]),
        )  # fmt: skip
