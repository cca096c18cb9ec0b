"""Seed of insurance: who is insured, what was claimed, and what insurers paid."""

from __future__ import annotations

import numpy as np

from northstar.simulator.oltp import settlement as rules
from northstar.simulator.oltp import words
from northstar.simulator.oltp.chance import Chance, Ints, Times, none_where
from northstar.simulator.oltp.layout import PATIENTS_PER_CLINIC, Layout
from northstar.simulator.oltp.localtime import naive
from northstar.simulator.oltp.seed_appointments import FIRST_PATIENT
from northstar.simulator.oltp.seed_billing import Invoices, Tables
from northstar.simulator.oltp.seed_payments import Payments, payer_of
from northstar.simulator.oltp.tables import Columns

NAT = rules.NAT
DENIAL_CODES = ("not_covered", "no_authorization", "late_filing")
DIAGNOSES = ("Z00.00", "M54.5", "I10", "J06.9", "E11.9", "F41.1", None)


def tables(layout: Layout, bills: Invoices, paid: Payments, chance: Chance) -> Tables:
    """Policies, claims and remittances."""
    patients = FIRST_PATIENT + np.arange(len(layout.clinics) * PATIENTS_PER_CLINIC, dtype=np.int64)
    american = np.array([c.place.country == "US" for c in layout.clinics])
    american = american[(patients - FIRST_PATIENT) // PATIENTS_PER_CLINIC]
    insured = patients[rules.has_policy(chance, patients, american)]
    yield "insurance.policies", policies(chance, insured, np.datetime64(layout.first_day) - 400, None)
    yield from _claims(layout, bills, paid, chance)


def policies(chance: Chance, patient: Ints, since: np.datetime64, registered: Times | None) -> Columns:
    """Policies of insured patients; the key is that of the patient."""
    start = since + chance.between("policy since", patient, 0, 200).astype("timedelta64[D]")
    created = start.astype("datetime64[us]") + np.timedelta64(12, "h") if registered is None else registered
    group = np.char.mod("GRP%04d", chance.between("group", patient, 1, 400)).astype(object)
    return {
        "policy_id": patient,
        "patient_id": patient,
        "payer_id": payer_of(chance, patient),
        "member_number": "MB" + np.char.mod("%d", patient).astype(object),
        "group_number": group,
        "relationship": chance.choice("insured as", patient, ("self", "spouse", "child"), (70, 15, 15)),
        "valid_from": start.astype("datetime64[D]"),
        "created_at": created,
        "updated_at": created,
    }


def _claims(layout: Layout, bills: Invoices, paid: Payments, chance: Chance) -> Tables:
    done, anchor = bills.settled, naive(layout.company.anchor)
    claimed = rules.has_claim(chance, bills.key, done.fate, bills.insured)
    made = np.flatnonzero(claimed & ~np.isnat(done.opened_at))
    key, submitted = bills.key[made], done.opened_at[made]
    pays = done.fate[made] == rules.SPLIT
    denied_at = np.where(~pays & (submitted + rules.DENIAL_AFTER <= anchor), submitted + rules.DENIAL_AFTER, NAT)
    paid_at = np.where(pays, done.first_at[made], NAT)
    denied, settled = ~np.isnat(denied_at), ~np.isnat(paid_at)
    codes = chance.choice("denial", key, DENIAL_CODES)
    adjudicated = np.where(denied, denied_at, paid_at)
    payer = payer_of(chance, bills.patient[made])
    yield (
        "insurance.claims",
        {
            "claim_id": key,
            "account_id": bills.account[made],
            "clinic_id": bills.clinic[made],
            "patient_id": bills.patient[made],
            "policy_id": bills.patient[made],
            "payer_id": payer,
            "invoice_id": key,
            "claim_number": "CLM-" + np.char.mod("%d", key).astype(object),
            "status": np.where(denied, "denied", np.where(settled, "paid", "submitted")),
            "currency": bills.currency[made],
            "billed_minor": bills.total[made],
            "paid_minor": np.where(settled, done.first_minor[made], 0),
            "denial_code": none_where(~denied, codes),
            "submitted_at": submitted,
            "adjudicated_at": adjudicated,
            "updated_at": np.fmax(submitted, adjudicated),
        },
    )
    yield (
        "insurance.claim_lines",
        {
            "claim_line_id": key,
            "claim_id": key,
            "line_number": np.ones(len(made), dtype=np.int64),
            "appointment_id": bills.appointment[made],
            "procedure_code": np.array([f"NS-{t[0]}" for t in words.APPOINTMENT_TYPES], dtype=object)[bills.kind[made]],
            "diagnosis_code": chance.choice("diagnosis", key, DIAGNOSES),
            "service_date": bills.service_date[made],
            "billed_minor": bills.total[made],
            "updated_at": submitted,
        },
    )
    by_insurer = np.flatnonzero(paid.payer > 0)
    invoice = bills.key[paid.invoice[by_insurer]]
    yield (
        "insurance.remittances",
        {
            "remittance_id": paid.key[by_insurer],
            "claim_id": invoice,
            "payer_id": paid.payer[by_insurer],
            "payment_id": paid.key[by_insurer],
            "trace_number": "TRN" + np.char.mod("%d", paid.key[by_insurer]).astype(object),
            "currency": bills.currency[paid.invoice[by_insurer]],
            "paid_minor": paid.amount[by_insurer],
            "received_at": paid.at[by_insurer],
            "updated_at": paid.at[by_insurer],
        },
    )
