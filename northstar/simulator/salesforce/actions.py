"""What people do in the CRM: leads, opportunities, contracts, owners.  An action is one or more changes of the org."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from northstar.simulator.salesforce.org import Org, Record

STAGES = {
    "Prospecting": (10, "Pipeline", "Pipeline"),
    "Qualification": (20, "Pipeline", "Pipeline"),
    "Needs Analysis": (35, "Pipeline", "Pipeline"),
    "Proposal/Price Quote": (60, "BestCase", "Best Case"),
    "Negotiation/Review": (80, "Forecast", "Commit"),
    "Closed Won": (100, "Closed", "Closed"),
    "Closed Lost": (0, "Omitted", "Omitted"),
}
"""Stage: probability in percent, forecast category, and its name."""
OPEN_STAGES = tuple(STAGES)[:5]

LEAD_OPEN = ("Open - Not Contacted", "Working - Contacted", "Nurturing")
LEAD_CONVERTED = "Closed - Converted"
LEAD_LOST = "Closed - Not Converted"
LEAD_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Conference", "Customer Referral")

_FIRST_NAMES = (
    "Ada", "Bela", "Cora", "Dara", "Elio", "Faye", "Gus", "Hana", "Ivo", "June", "Kofi", "Lena", "Mira", "Nils",
    "Olga", "Pia", "Quin", "Rosa", "Sven", "Tala", "Uma", "Vera", "Wim", "Xena", "Yara", "Zeno",
)  # fmt: skip
_LAST_NAMES = (
    "Abelard", "Brightwater", "Castellan", "Dunmore", "Eastgate", "Fairweather", "Greenhalgh", "Hollis", "Ingleby",
    "Jessamy", "Kingsley", "Longacre", "Merriweather", "Northcote", "Oakhurst", "Pemberly", "Quillan", "Rosethorn",
    "Silverdale", "Thistlewood", "Underhill", "Vantongeren", "Wycombe", "Yellowley", "O'Zandt",
)  # fmt: skip
_TITLES = ("Practice Manager", "Chief Medical Officer", "IT Director", "Office Manager", "CFO", "Operations Lead")
_TOWNS = (
    ("Fairmont", "MN", "56031"),
    ("Lakeview", "OR", "97630"),
    ("Milford", "CT", "06460"),
    ("Salem", "VA", "24153"),
)
_AMOUNTS = {"smb": (6_000, 20_000), "mid_market": (30_000, 90_000), "enterprise": (150_000, 600_000)}
_LOSS_REASONS = ("Price", "No decision", "Competitor", "Missing feature")


@dataclass(frozen=True)
class Person:
    """A synthetic business contact."""

    first: str
    last: str
    title: str
    email: str
    phone: str


def person(roll: random.Random, organisation: str) -> Person:
    """Somebody who works at an organisation."""
    first, last = roll.choice(_FIRST_NAMES), roll.choice(_LAST_NAMES)
    domain = "".join(c for c in organisation.lower() if c.isalnum())
    email = f"{first}.{last}@{domain}.example".lower().replace("'", "")
    return Person(first, last, roll.choice(_TITLES), email, f"+1 555 01{roll.randrange(100):02d}")


class Crm:
    """Actions upon an org; every choice comes from the generator that is passed in."""

    def __init__(self, org: Org) -> None:
        self.org = org

    def new_account(self, name: str, owner: str, at: datetime, roll: random.Random, **fields: object) -> str:
        """Create an account; ``fields`` go over what is chosen here."""
        town, state, postal_code = roll.choice(_TOWNS)
        record: Record = {
            "Name": name, "Type": "Prospect", "Industry": "Healthcare", "OwnerId": owner,
            "BillingStreet": f"{roll.randrange(1, 999)} Main Street\nSuite {roll.randrange(1, 40)}",
            "BillingCity": town, "BillingState": state, "BillingPostalCode": postal_code, "BillingCountry": "US",
            "Phone": f"+1 555 01{roll.randrange(100):02d}", "AnnualRevenue": float(roll.randrange(1, 400) * 250_000),
            "NumberOfEmployees": roll.randrange(5, 900), "AccountSource": roll.choice(LEAD_SOURCES),
            "Segment__c": roll.choice(tuple(_AMOUNTS)), "Health_Score__c": None, "Is_Reference__c": False,
            **fields,
        }  # fmt: skip
        return self.org.insert("Account", [record], at, by=owner)[0]

    def new_contact(self, account: str, owner: str, at: datetime, roll: random.Random) -> str:
        """Create a contact at an account."""
        who = person(roll, str(self.org.record("Account", account)["Name"]))
        record: Record = {
            "AccountId": account, "FirstName": who.first, "LastName": who.last, "Name": f"{who.first} {who.last}",
            "Title": who.title, "Email": who.email, "Phone": who.phone, "OwnerId": owner,
            "LeadSource": roll.choice(LEAD_SOURCES), "HasOptedOutOfEmail": roll.random() < 0.1,
        }  # fmt: skip
        return self.org.insert("Contact", [record], at, by=owner)[0]

    def new_lead(self, organisation: str, owner: str, at: datetime, roll: random.Random) -> str:
        """Create a lead."""
        who = person(roll, organisation)
        record: Record = {
            "FirstName": who.first, "LastName": who.last, "Name": f"{who.first} {who.last}", "Title": who.title,
            "Company": organisation, "Country": "US", "Phone": who.phone, "Email": who.email,
            "LeadSource": roll.choice(LEAD_SOURCES), "Status": LEAD_OPEN[0],
            "Rating": roll.choice(("Hot", "Warm", "Cold")), "NumberOfEmployees": roll.randrange(3, 400),
            "OwnerId": owner, "IsConverted": False,
        }  # fmt: skip
        return self.org.insert("Lead", [record], at, by=owner)[0]

    def convert_lead(self, lead: str, at: datetime, roll: random.Random) -> str:
        """Turn a lead into an account, a contact and an opportunity; returns the account."""
        record = self.org.record("Lead", lead)
        owner = record["OwnerId"]
        account = self.new_account(record["Company"], owner, at, roll, AccountSource=record["LeadSource"])
        contact = self.new_contact(account, owner, at, roll)
        opportunity = self.open_opportunity(account, "New Business", at, roll)
        changes = {
            "Status": LEAD_CONVERTED, "IsConverted": True, "ConvertedDate": at.date(), "ConvertedAccountId": account,
            "ConvertedContactId": contact, "ConvertedOpportunityId": opportunity,
        }  # fmt: skip
        self.org.update("Lead", lead, changes, at, by=owner)
        return account

    def open_opportunity(
        self, account: str, kind: str, at: datetime, roll: random.Random, currency: str = "USD"
    ) -> str:
        """Open an opportunity in the first stage."""
        record = self.org.record("Account", account)
        low, high = _AMOUNTS.get(record["Segment__c"], _AMOUNTS["smb"])
        fields: Record = {
            "AccountId": account, "Name": f"{record['Name']} - {kind}", "Type": kind, "OwnerId": record["OwnerId"],
            "Amount": round(roll.uniform(low, high), 2), "LeadSource": record["AccountSource"],
            "CurrencyIsoCode": currency, "NextStep": None,
            **_close_date(at.date() + timedelta(days=roll.randrange(20, 120))),
        }  # fmt: skip
        fields |= _stage(OPEN_STAGES[0], fields["Amount"])
        return self.org.insert("Opportunity", [fields], at, by=record["OwnerId"])[0]

    def move_stage(self, opportunity: str, at: datetime, roll: random.Random, lose: float = 0.12) -> str:
        """Move an opportunity on, or lose it with a chance of ``lose``; returns its stage.  Closed ones stay."""
        record = self.org.record("Opportunity", opportunity)
        if record["IsClosed"]:
            return str(record["StageName"])
        if roll.random() < lose:
            stage = "Closed Lost"
        elif record["StageName"] == OPEN_STAGES[-1]:
            stage = "Closed Won"
        else:
            stage = OPEN_STAGES[OPEN_STAGES.index(record["StageName"]) + 1]
        amount = round(record["Amount"] * roll.choice((1.0, 1.0, 1.0, 0.9, 1.1)), 2)
        changes: Record = {"Amount": amount, **_stage(stage, amount)}
        if changes["IsClosed"]:
            changes |= _close_date(at.date())
        if stage == "Closed Lost":
            changes["Loss_Reason__c"] = roll.choice(_LOSS_REASONS)
        self.org.update("Opportunity", opportunity, changes, at, by=record["OwnerId"])
        if stage == "Closed Won":
            self._sign(record, amount, at)
        return stage

    def change_owner(self, account: str, owner: str, at: datetime) -> None:
        """Hand an account over, with its open opportunities and its contacts, as Salesforce does by default."""
        self.org.update("Account", account, {"OwnerId": owner}, at)
        open_ones = '"AccountId" = ? AND NOT "IsClosed" AND NOT "IsDeleted"'
        for opportunity in self.org.ids("Opportunity", open_ones, (account,)):
            self.org.update("Opportunity", opportunity, {"OwnerId": owner}, at)
        for contact in self.org.ids("Contact", '"AccountId" = ? AND NOT "IsDeleted"', (account,)):
            self.org.update("Contact", contact, {"OwnerId": owner}, at)

    def _sign(self, opportunity: Record, amount: float, at: datetime) -> None:
        """A won deal: the account is a customer, and there is a contract for a year."""
        account = opportunity["AccountId"]
        self.org.update("Account", account, {"Type": "Customer"}, at, by=opportunity["OwnerId"])
        start = at.date() + timedelta(days=1)
        contract: Record = {
            "AccountId": account, "OwnerId": opportunity["OwnerId"], "StartDate": start,
            "EndDate": start + timedelta(days=364), "ContractTerm": 12, "Status": "Activated",
            "StatusCode": "Activated", "ActivatedDate": at, "CurrencyIsoCode": opportunity["CurrencyIsoCode"],
            "Annual_Value__c": amount,
        }  # fmt: skip
        contract["Id"] = self.org.new_id("Contract")
        contract["ContractNumber"] = f"{int(contract['Id'][5:15]):08d}"
        self.org.insert("Contract", [contract], at, by=opportunity["OwnerId"])


def _stage(stage: str, amount: float) -> Record:
    probability, category, category_name = STAGES[stage]
    return {
        "StageName": stage, "Probability": float(probability), "ForecastCategory": category,
        "ForecastCategoryName": category_name, "ExpectedRevenue": round(amount * probability / 100, 2),
        "IsClosed": stage.startswith("Closed"), "IsWon": stage == "Closed Won",
    }  # fmt: skip


def _close_date(day: date) -> Record:
    return {"CloseDate": day, "FiscalYear": day.year, "FiscalQuarter": (day.month + 2) // 3}
