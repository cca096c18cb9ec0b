"""The CRM of the simulated company: seeded at the anchor, then alive."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from northstar.simulator.company import Account, Company, dice
from northstar.simulator.salesforce.actions import LEAD_LOST, LEAD_OPEN, Crm, person
from northstar.simulator.salesforce.life import Life
from northstar.simulator.salesforce.org import Org

_FOUNDED = timedelta(days=1_300)
"""Before the anchor: when the org was set up."""
_WORDS = ("Amber", "Basalt", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Heron", "Indigo", "Jasper", "Krill")
_TRADES = ("Dental Care", "Eye Clinic", "Physiotherapy", "Dermatology", "Urgent Care", "Imaging")


class SalesforceWorld:
    """The org of a company, and its life.  Everything follows from the company: same seed, same Ids and instants."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.org = Org(company.salesforce_id, company.anchor, company.salesforce_id("005", 1))
        self.crm = Crm(self.org)
        """What people can do in the org, beside what they do by themselves."""
        self._sellers = self._hire()
        self._enter_accounts()
        self._enter_prospects()
        self._enter_leads()
        self._life = Life(company, self.crm)

    def advance(self, start: datetime, end: datetime) -> None:
        """Live through a half-open span of time; the org's clock then shows its end.

        Spans may be cut anywhere at multiples of five minutes from the anchor: what happens is the same.
        """
        self._life.live(start, end)
        self.org.now = end

    def _dice(self, *labels: object) -> random.Random:
        return dice(self.company.seed, "salesforce", *labels)

    def _hire(self) -> list[str]:
        """The integration user, a vice president, two managers and the account executives; returns the last."""
        at = self.company.anchor - _FOUNDED
        executives = max(4, round(6 * self.company.scale**0.5))
        titles = ["Integration", "VP Sales", "Sales Manager", "Sales Manager"] + ["Account Executive"] * executives
        ids = [self.company.salesforce_id("005", n) for n in range(1, len(titles) + 1)]
        users = []
        for n, (id, title) in enumerate(zip(ids, titles, strict=True)):
            who = person(self._dice("user", n), "Northstar Health")
            manager = None if n < 2 else ids[1] if n < 4 else ids[2 + n % 2]
            users.append({
                "Id": id, "Username": f"user{n}@northstar.example", "FirstName": who.first, "LastName": who.last,
                "Name": f"{who.first} {who.last}", "Email": f"user{n}@northstar.example", "Title": title,
                "Department": "Systems" if n == 0 else "Sales", "IsActive": True, "ManagerId": manager,
                "UserType": "Standard", "TimeZoneSidKey": "America/Chicago",
            })  # fmt: skip
        self.org.insert("User", users, at)
        return ids[4:]

    def _enter_accounts(self) -> None:
        """The customers, as the CRM knows them: most are linked with the app, some only by name, some not at all."""
        for account in self.company.accounts:
            number = account.account_id - self.company.accounts[0].account_id + 1
            kind = "linked" if account.salesforce_account_id else ("same", "near", "absent")[number // 10 % 3]
            if kind == "absent":
                continue
            roll = self._dice("account", number)
            self._enter_account(account, number, kind, roll)
            if number % 40 == 2:
                at = account.created_at + timedelta(days=20)
                self.crm.new_account(account.name, roll.choice(self._sellers), at, roll)

    def _enter_account(self, account: Account, number: int, kind: str, roll: random.Random) -> None:
        name = account.name
        if kind == "near":
            name = f"{account.name.upper().replace('  ', ' ')}, LLC"
        elif number % 7 == 3:
            name = f"{account.name} Inc."
        at = account.created_at - timedelta(days=roll.randrange(20, 90))
        id = self.crm.new_account(
            name, roll.choice(self._sellers), at, roll,
            Id=account.salesforce_account_id or self.company.salesforce_id("001", number),
            Northstar_Account_Number__c=account.account_number if kind == "linked" and roll.random() < 0.7 else None,
            Segment__c=account.segment, BillingCountry=account.country,
            Health_Score__c=round(roll.uniform(20, 99), 2),
        )  # fmt: skip
        for _ in range(roll.randrange(2, 6)):
            self._contact(id, at, roll)
        self._deal(id, "New Business", at + timedelta(hours=1), roll, account.currency, lose=0)
        for _ in range(roll.randrange(0, 3)):
            self._deal(id, roll.choice(("Expansion", "Renewal")), self._between(at, roll), roll, account.currency)
        if roll.random() < 0.4:
            self.crm.change_owner(id, roll.choice(self._sellers), self._between(self._last_change(id), roll))

    def _enter_prospects(self) -> None:
        """Accounts that have no counterpart in the app."""
        for n in range(max(3, len(self.company.accounts) // 4)):
            roll = self._dice("prospect", n)
            at = self.company.anchor - timedelta(days=roll.randrange(10, 300), minutes=roll.randrange(1440))
            account = self.crm.new_account(self._stranger(roll, n), roll.choice(self._sellers), at, roll)
            self._contact(account, at, roll)
            self._deal(account, "New Business", self._between(at, roll), roll, "USD", lose=0.3)

    def _enter_leads(self) -> None:
        for n in range(12 * len(self.company.accounts)):
            roll = self._dice("lead", n)
            at = self.company.anchor - timedelta(days=roll.randrange(1, 180), minutes=roll.randrange(1440))
            lead = self.crm.new_lead(self._stranger(roll, n), roll.choice(self._sellers), at, roll)
            fate = roll.random()
            if fate < 0.06:
                self.crm.convert_lead(lead, self._between(at, roll), roll)
            elif fate < 0.7:
                status = roll.choice((*LEAD_OPEN[1:], LEAD_LOST))
                self.org.update("Lead", lead, {"Status": status}, self._between(at, roll))

    def _contact(self, account: str, after: datetime, roll: random.Random) -> None:
        owner = self.org.record("Account", account)["OwnerId"]
        self.crm.new_contact(account, owner, self._between(after, roll), roll)

    def _deal(
        self, account: str, kind: str, at: datetime, roll: random.Random, currency: str, lose: float = 0.12
    ) -> None:
        """An opportunity with its past: moved on every few days until closed, or until the anchor."""
        opportunity = self.crm.open_opportunity(account, kind, at, roll, currency)
        while (at := at + timedelta(days=roll.randrange(3, 15), minutes=roll.randrange(600))) < self.company.anchor:
            if self.crm.move_stage(opportunity, at, roll, lose).startswith("Closed"):
                return

    def _last_change(self, account: str) -> datetime:
        """When an account, or what an owner change would touch along with it, was last changed."""
        stamps = [self.org.record("Account", account)["SystemModstamp"]]
        for name in ("Contact", "Opportunity"):
            stamps += [
                self.org.record(name, id)["SystemModstamp"] for id in self.org.ids(name, '"AccountId" = ?', (account,))
            ]
        return datetime.fromisoformat(max(stamps))

    def _between(self, start: datetime, roll: random.Random) -> datetime:
        """An instant between ``start`` and the anchor, to the second."""
        span = max(1, int((self.company.anchor - start).total_seconds()))
        return start + timedelta(seconds=roll.randrange(span))

    def _stranger(self, roll: random.Random, number: int) -> str:
        return f"{roll.choice(_WORDS)} {roll.choice(_WORDS)} {roll.choice(_TRADES)} {number}"
