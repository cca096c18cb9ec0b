"""Seed of the patients: wholly made up, with the oddities that de-identification has to cope with."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from northstar.simulator.oltp import words
from northstar.simulator.oltp.chance import Bools, Chance, Ints, Objects, Times, none_where
from northstar.simulator.oltp.layout import PATIENTS_PER_CLINIC, Layout
from northstar.simulator.oltp.localtime import naive
from northstar.simulator.oltp.places import PLACES, places_in
from northstar.simulator.oltp.seed_appointments import FIRST_PATIENT
from northstar.simulator.oltp.tables import Columns

_MINUTE = np.timedelta64(1, "m")


def tables(layout: Layout, chance: Chance, seen: tuple[Ints, Times]) -> Iterator[tuple[str, Columns]]:
    """Patients and what hangs on them.  ``seen``: patients and times of bookings; nobody registers after one."""
    count = len(layout.clinics) * PATIENTS_PER_CLINIC
    key = FIRST_PATIENT + np.arange(count, dtype=np.int64)
    clinic = np.arange(count, dtype=np.int64) // PATIENTS_PER_CLINIC
    created = _created(layout, chance, key, seen)
    corrected = chance.happens("corrected", key, 0.1)
    span = (naive(layout.company.anchor) - created).astype(np.int64)
    later = created + (chance.uniform("corrected at", key) * span).astype("timedelta64[us]")
    foreign = np.array([c.place.country != "US" for c in layout.clinics])[clinic]
    yield (
        "patients.patients",
        {
            "patient_id": key,
            "account_id": np.array([c.account.account_id for c in layout.clinics])[clinic],
            "primary_clinic_id": np.array([c.clinic_id for c in layout.clinics])[clinic],
            **personal(chance, key, np.datetime64(layout.company.anchor.date()), foreign),
            **_addresses(layout, chance, key, clinic),
            "created_at": created,
            "updated_at": np.where(corrected, later, created),
        },
    )
    yield from _contacts(chance, key, created)


def _created(layout: Layout, chance: Chance, key: Ints, seen: tuple[Ints, Times]) -> Times:
    opened = naive(min(account.created_at for account in layout.company.accounts))
    span = (naive(layout.company.anchor) - opened).astype(np.int64)
    created = opened + (chance.uniform("created", key) ** 0.7 * span).astype("timedelta64[us]")
    first = np.full(len(key), naive(layout.company.anchor))
    np.minimum.at(first, seen[0] - FIRST_PATIENT, seen[1])
    return np.minimum(created, first - 3 * _MINUTE).astype("datetime64[s]").astype("datetime64[us]")


def personal(chance: Chance, key: Ints, today: np.datetime64, foreign: Bools) -> Columns:
    """Names, birth date, contact and numbers; ages run to over 100, with many of exactly 89 and 90."""
    age = np.where(
        chance.happens("old", key, 0.03), chance.between("old age", key, 85, 104), chance.between("age", key, 0, 85)
    )
    age = np.where(chance.happens("border", key, 0.01), 89 + chance.between("border age", key, 0, 2), age)
    born = today - (age * 365.25 + 1 + 362 * chance.uniform("birthday", key)).astype(np.int64)
    number = np.char.mod("%d", key).astype(object)
    ssn = [
        f"{900 + area}-{1 + group:02d}-{serial:04d}"
        for area, group, serial in zip(
            chance.between("ssn area", key, 0, 100), chance.between("ssn group", key, 0, 49),
            chance.between("ssn serial", key, 1, 9999), strict=True,
        )
    ]  # fmt: skip
    missing = chance.happens("no ssn", key, 0.3) | foreign
    domain = chance.choice("domain", key, ("@example.com", "@example.net", "@example.org"))
    return {
        "medical_record_number": "MRN" + number,
        "first_name": chance.choice("first name", key, words.FIRST_NAMES),
        "last_name": chance.choice("last name", key, words.LAST_NAMES),
        "birth_date": np.where(chance.happens("no birthday", key, 0.005), np.datetime64("NaT"), born),
        "sex": chance.choice("sex", key, ("female", "male", "other", "unknown", None), (50, 46, 2, 1, 1)),
        "email": none_where(chance.happens("no email", key, 0.15), "patient" + number + domain),
        "phone": none_where(chance.happens("no phone", key, 0.05), _phones(chance, key)),
        "social_security_number": none_where(missing, ssn),
        "member_id": none_where(chance.happens("no member", key, 0.25), "MB" + number),
    }


def _phones(chance: Chance, key: Ints) -> Objects:
    area, line = chance.between("area", key, 200, 900), chance.between("line", key, 0, 100)
    phones = [f"+1-{first}-555-01{last:02d}" for first, last in zip(area, line, strict=True)]
    return np.array(phones, dtype=object)


def _addresses(layout: Layout, chance: Chance, key: Ints, clinic: Ints) -> Columns:
    """Addresses near the clinic: some postal codes are missing, cut short, or of another country."""
    size = len(key)
    postal, city, state = (np.empty(size, dtype=object) for _ in range(3))
    for number, c in enumerate(layout.clinics):
        mine = np.flatnonzero(clinic == number)
        picked = key[mine]
        postal[mine] = chance.choice("postal", picked, c.place.postal_codes)
        city[mine], state[mine] = c.place.city, c.place.state or None
    american = [code for place in places_in("US") for code in place.postal_codes]
    anywhere = [code for place in PLACES for code in place.postal_codes]
    postal = np.where(chance.happens("other US", key, 0.05), chance.choice("other postal", key, american), postal)
    postal = np.where(chance.happens("abroad", key, 0.01), chance.choice("foreign postal", key, anywhere), postal)
    short = np.array([code[:4] for code in postal], dtype=object)
    postal = np.where(chance.happens("short", key, 0.01), short, postal)
    house = np.char.mod("%d", chance.between("house", key, 1, 2000)).astype(object)
    return {
        "street_address": house + " " + chance.choice("street", key, words.STREETS),
        "city": city,
        "state_code": state,
        "postal_code": none_where(chance.happens("no postal", key, 0.02), postal),
    }


def _contacts(chance: Chance, key: Ints, created: Times) -> Iterator[tuple[str, Columns]]:
    with_contact = chance.happens("contact", key, 0.4)
    owner, since = key[with_contact], created[with_contact]
    name = chance.choice("contact first", owner, words.FIRST_NAMES) + " "
    yield (
        "patients.patient_contacts",
        {
            "patient_contact_id": owner,
            "patient_id": owner,
            "relationship": chance.choice("relationship", owner, ("spouse", "parent", "child", "friend")),
            "full_name": name + chance.choice("contact last", owner, words.LAST_NAMES),
            "phone": _phones(chance, owner + 7),
            "is_emergency": chance.happens("emergency", owner, 0.8),
            "updated_at": since,
        },
    )
    yield (
        "patients.patient_consents",
        {
            "patient_consent_id": key,
            "patient_id": key,
            "kind": chance.choice("consent", key, ("treatment", "messaging", "research")),
            "is_granted": chance.happens("granted", key, 0.9),
            "signed_at": created,
            "updated_at": created,
        },
    )
