"""What the four source systems hold at one moment, read once for all oracles that are asked about that moment."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from company_lab import CompanyLab, Json
from facts_oracle import Memory
from lab import Row
from utilization_oracle import DayKey, Measured, local_date, measured_days

from northstar.clock import to_naive_utc

_MICROSECOND = timedelta(microseconds=1)


def moment(seconds: int | None) -> datetime:
    """An instant of Stripe's as UTC without a zone."""
    assert seconds is not None
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def day(seconds: int | None) -> date:
    """Its UTC date."""
    return moment(seconds).date()


def month(of: date) -> date:
    """The first day of a day's month."""
    return of.replace(day=1)


def next_month(start: date, count: int = 1) -> date:
    """The first day of the month so many months later."""
    number = start.year * 12 + start.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)


@dataclass
class Sources:
    """The company at the lab's present; instants are UTC without a zone."""

    lab: CompanyLab
    through: datetime = field(init=False)
    """The tick's boundary: everything before it is known."""

    def __post_init__(self) -> None:
        self.lab.told.note(self.lab.services)
        self.through = to_naive_utc(self.lab.now)

    @property
    def last_day(self) -> date:
        """The UTC day of the last instant that is known."""
        return (self.through - _MICROSECOND).date()

    # The app

    def table(self, name: str) -> list[Row]:
        """All rows of a table of the app."""
        if name not in self._tables:
            self._tables[name] = self.lab.source(f"SELECT * FROM {name}")
        return self._tables[name]

    @cached_property
    def _tables(self) -> dict[str, list[Row]]:
        return {}

    @cached_property
    def accounts(self) -> dict[int, Row]:
        """The app's accounts."""
        return {row["account_id"]: row for row in self.table("directory.accounts")}

    @cached_property
    def zones(self) -> dict[int, str]:
        """Each clinic's time zone."""
        return {row["clinic_id"]: row["time_zone"] for row in self.table("directory.clinics")}

    @cached_property
    def account_of_clinic(self) -> dict[int, int]:
        """Each clinic's account."""
        return {row["clinic_id"]: row["account_id"] for row in self.table("directory.clinics")}

    @cached_property
    def appointments(self) -> dict[int, Row]:
        """The appointments that there are, each with ``local_date``: the clinic's day of the scheduled start."""
        return {
            row["appointment_id"]: {**row, "local_date": local_date(row["starts_at"], self.zones[row["clinic_id"]])}
            for row in self.table("scheduling.appointments")
        }

    @cached_property
    def provider_days(self) -> dict[DayKey, Measured]:
        """Providers' days at clinics."""
        return measured_days(self.lab, self.through)

    @cached_property
    def memory(self) -> Memory:
        """How the directory was: the lab has to be watched."""
        return Memory.watched(self.lab)

    # The partners

    @cached_property
    def survey_responses(self) -> list[Row]:
        """The records of all survey files that have as many fields as their header; values as text, None for none."""
        bucket = self.lab.services.partner.bucket
        found = []
        for key in bucket.list():
            if key.startswith("surveys/"):
                header, *records = csv.reader(io.StringIO(bucket.get(key).decode("utf-8-sig"), newline=""))
                names = [name.lower().replace(" ", "_") for name in header]
                found += [
                    {name: value or None for name, value in zip(names, record, strict=True)}
                    for record in records
                    if len(record) == len(names)
                ]
        return found

    # Stripe

    def stripe(self, kind: str) -> list[Json]:
        """All objects of a kind in live mode, oldest first."""
        return [row for row in self.lab.services.stripe.store.kinds[kind] if row.get("livemode", True)]

    @cached_property
    def customers(self) -> dict[str, int]:
        """The account of each Stripe customer that there is or was, -1 where none matches."""
        found: defaultdict[str, int] = defaultdict(lambda: -1)
        numbers = {row["account_number"]: key for key, row in self.accounts.items()}
        names = _unique({key: row["name"] for key, row in self.accounts.items()})
        for customer in self.stripe("customer"):
            by_number = numbers.get(customer["metadata"].get("account_number"))
            found[customer["id"]] = by_number or names.get(_plain(customer["name"])) or -1
        # The app's own link is the most trusted, also for a customer that is deleted.
        for key, row in self.accounts.items():
            if row["stripe_customer_id"]:
                found[row["stripe_customer_id"]] = key
        return found

    @cached_property
    def charges(self) -> dict[str, Json]:
        """Charges by id."""
        return {row["id"]: row for row in self.stripe("charge")}

    @cached_property
    def invoices(self) -> dict[str, Json]:
        """Invoices that there are, by id, drafts included."""
        return {row["id"]: row for row in self.stripe("invoice")}

    # Salesforce

    def salesforce(self, name: str) -> list[Row]:
        """All records of an object, the recycle bin included; instants stay as Salesforce writes them."""
        org = self.lab.services.salesforce.org
        return [org.record(name, id) for id in org.ids(name)]

    @cached_property
    def salesforce_accounts(self) -> Mapping[str, int]:
        """The app's account of each Salesforce account, -1 where none matches."""
        found: defaultdict[str, int] = defaultdict(lambda: -1)
        linked = {row["salesforce_account_id"]: key for key, row in self.accounts.items()}
        numbers = {row["account_number"]: key for key, row in self.accounts.items()}
        names = _unique({key: row["name"] for key, row in self.accounts.items()})
        for row in self.salesforce("Account"):
            found[row["Id"]] = (
                linked.get(row["Id"])
                or numbers.get(row["Northstar_Account_Number__c"])
                or names.get(_plain(row["Name"]))
                or -1
            )
        return found


def _plain(name: str) -> str:
    """A company's name without case, punctuation and legal form."""
    words = re.sub(r"[^a-z0-9]+", " ", name.lower()).split()
    while words and words[-1] in ("inc", "llc"):
        words.pop()
    return " ".join(words)


def _unique(names: dict[int, str]) -> dict[str, int]:
    """Names that only one account has."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for key, name in names.items():
        found[_plain(name)].append(key)
    return {name: keys[0] for name, keys in found.items() if len(keys) == 1}
