"""What partners write about: rows of remittances, survey responses and referral leads, before they become files.

With the app's database they refer to its claims, invoices and appointments; without, to made-up ones of the same form.
What a day's file says depends on that day's rows alone, so that it can be written again later, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg

from northstar.simulator.company import Account, Company, dice

Row = dict[str, str]

_EXPONENTS = {"JPY": 0, "KWD": 3}
"""Digits after the point of the currencies that do not have two."""
_REASONS = ("CO-45", "CO-45", "CO-45", "PR-1", "PR-2", "CO-97")
_REMARKS = (
    "",
    "",
    "",
    "",
    'paid per contract, "tier 2"',
    "see letter\nof 3 March",
    "coordonnées à vérifier",
    "Größe geändert",
)
_COMMENTS = (
    "", "", "", "Short wait, kind staff.", 'The nurse said "next week", nobody called.', "Parking, again.",
    "Très bien, merci!", "Sehr zufrieden, gerne wieder", "First line\nsecond line", "待ち時間が長い",
)  # fmt: skip
_FIRST = ("Zoë", "Amal", "Björn", "Chidi", "Dana", "Eun-ji", "Farid", "Ines", "Jonas", "Noor")
_LAST = ("Aldersen", "Bergström", "Castellan", "Dubrovik", "Estévez", "Fairweather", "Grünwald", "Ito-Marsh")
_CLINIC_KINDS = ("Dental Care", "Eye Clinic", "Physiotherapy", "Dermatology", "Urgent Care", "Imaging")

_REMITTANCES = """
SELECT r.trace_number, c.claim_number, i.invoice_number, p.member_number, r.currency, c.billed_minor, r.paid_minor,
       c.submitted_at::date
FROM insurance.remittances AS r
JOIN billing.payers AS y USING (payer_id)
JOIN insurance.claims AS c ON c.claim_id = r.claim_id
JOIN billing.invoices AS i ON i.invoice_id = c.invoice_id
JOIN insurance.policies AS p ON p.policy_id = c.policy_id
WHERE y.payer_code = %s AND r.received_at >= %s AND r.received_at < %s
ORDER BY r.remittance_id
"""
_VISITS = """
SELECT a.appointment_id, c.clinic_code, a.fulfilled_at
FROM scheduling.appointments AS a
JOIN directory.clinics AS c USING (clinic_id)
WHERE a.account_id = %s AND a.fulfilled_at >= %s AND a.fulfilled_at < %s
ORDER BY a.appointment_id
"""


@dataclass(frozen=True)
class _Paid:
    trace: str
    claim: str
    invoice: str
    member: str
    currency: str
    billed_minor: int
    paid_minor: int
    service_date: date


class Contents:
    """Rows by feed, partner and day."""

    def __init__(self, company: Company, app_dsn: str | None) -> None:
        self._company = company
        self._dsn = app_dsn

    def remittances(self, payer: str, start: datetime) -> list[Row]:
        """What a payer paid on the day that begins at ``start``."""
        return [
            self._remittance(payer, paid, number, start.date())
            for number, paid in enumerate(self._paid(payer, start), start=1)
        ]

    def surveys(self, account: Account, start: datetime) -> list[Row]:
        """What patients of an account said about their visits in the week that begins at ``start``."""
        rows = []
        for appointment, clinic, fulfilled in self._visits(account, start):
            roll = dice(self._company.seed, "survey", appointment)
            if roll.random() < 0.4:
                rating = roll.choices((1, 2, 3, 4, 5), weights=(4, 6, 12, 33, 45))[0]
                rows.append({
                    "response_id": f"SR-{appointment}",
                    "appointment_id": str(appointment),
                    "responded_at": (fulfilled + timedelta(minutes=roll.randrange(90, 4000))).isoformat(),
                    "overall_rating": str(rating),
                    "survey_code": "visit-v3",
                    "account_number": account.account_number,
                    "clinic_code": clinic,
                    "sent_at": (fulfilled + timedelta(minutes=60)).isoformat(),
                    "recommend_score": str(min(10, max(0, rating * 2 + roll.randrange(-2, 2)))),
                    "provider_rating": str(min(5, max(1, rating + roll.randrange(-1, 2)))),
                    "wait_rating": "" if roll.random() < 0.2 else str(roll.randrange(1, 6)),
                    "channel": roll.choice(("sms", "email", "kiosk")),
                    "language": roll.choice(("en", "en", "en", "es", "fr", "de", "ja")),
                    "comment": roll.choice(_COMMENTS),
                })  # fmt: skip
        return rows

    def referrals(self, partner: str, start: datetime) -> list[Row]:
        """Leads of one day; some are accounts of the company already."""
        roll = dice(self._company.seed, "referrals", partner, start.date())
        rows = []
        for number in range(1, roll.randrange(1, 7)):
            first, last = roll.choice(_FIRST), roll.choice(_LAST)
            known = roll.random() < 0.2
            name = f"{last} {roll.choice(_CLINIC_KINDS)}"
            rows.append({
                "partner_code": partner,
                "lead_reference": f"{partner[:3].upper()}-{start:%Y%m%d}-{number:03d}",
                "referred_at": (start + timedelta(minutes=roll.randrange(480, 1200))).isoformat(),
                "organization_name": roll.choice(self._company.accounts).name if known else name,
                "contact_name": f"{first} {last}",
                "contact_email": f"{first}.{last}@example.com".lower(),
                "contact_phone": f"555-01{roll.randrange(100):02d}",
                "country": roll.choice(("US", "US", "US", "CA", "GB", "DE")),
                "segment": roll.choice(("smb", "smb", "mid_market", "enterprise")),
                "clinic_count": str(roll.randrange(1, 40)),
                "provider_count": str(roll.randrange(1, 200)),
                "referral_fee": f"{roll.randrange(50, 900)}.00",
                "currency": "USD",
                "notes": roll.choice(("", "met at a trade fair", "asked for a demo, then\nfor a price", 'said "soon"')),
            })  # fmt: skip
        return rows

    def _remittance(self, payer: str, paid: _Paid, number: int, day: date) -> Row:
        roll = dice(self._company.seed, "remittance", paid.claim, paid.trace)
        patient = min(paid.billed_minor - paid.paid_minor, round(paid.billed_minor * 0.1))
        return {
            "payer_code": payer,
            "trace_number": paid.trace,
            "line_number": str(number),
            "claim_number": paid.claim,
            "payment_date": day.isoformat(),
            "currency": paid.currency,
            "billed_amount": _major(paid.billed_minor, paid.currency),
            "paid_amount": _major(paid.paid_minor, paid.currency),
            "claim_status": "paid" if paid.paid_minor else "denied",
            "invoice_number": paid.invoice,
            "member_id": paid.member,
            "service_date": paid.service_date.isoformat(),
            "allowed_amount": _major(paid.paid_minor + patient, paid.currency),
            "patient_responsibility": _major(patient, paid.currency),
            "adjustment_amount": _major(paid.billed_minor - paid.paid_minor - patient, paid.currency),
            "adjustment_reason_code": roll.choice(_REASONS),
            "payment_method": roll.choice(("EFT", "EFT", "CHK")),
            "remark": roll.choice(_REMARKS),
        }

    def _paid(self, payer: str, start: datetime) -> list[_Paid]:
        if self._dsn is not None:
            return [_Paid(*row) for row in self._query(_REMITTANCES, (payer, start, start + timedelta(days=1)))]
        roll = dice(self._company.seed, "paid", payer, start.date())
        numbers = (roll.randrange(1, 1_000_000) for _ in range(roll.randrange(3, 12 + len(self._company.accounts))))
        return [
            _Paid(
                f"TRN{number}", f"CLM-{number}", f"INV-{number}", f"M{number:09d}", "USD",
                billed := 1000 + number % 90_000, billed - number % 1000, start.date() - timedelta(days=number % 30),
            )
            for number in numbers
        ]  # fmt: skip

    def _visits(self, account: Account, start: datetime) -> Sequence[tuple[int, str, datetime]]:
        if self._dsn is not None:
            return self._query(_VISITS, (account.account_id, start, start + timedelta(days=7)))
        roll = dice(self._company.seed, "visits", account.account_id, start.date())
        first = account.account_id * 1_000_000 + start.toordinal() * 100
        return [
            (first + n, f"{account.account_number}-C1", start + timedelta(minutes=n * 60 + roll.randrange(60)))
            for n in range(100)
        ]

    def _query(self, sql: str, parameters: tuple[object, ...]) -> list[Any]:
        assert self._dsn is not None
        with psycopg.connect(self._dsn, options="-c timezone=UTC") as connection:
            return connection.execute(sql.encode(), parameters).fetchall()


def _major(minor: int, currency: str) -> str:
    """An amount as people write it, with the currency's own number of digits."""
    return str(Decimal(minor).scaleb(-_EXPONENTS.get(currency, 2)))
