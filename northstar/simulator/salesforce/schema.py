"""The objects and fields of the simulated org, and how describe shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

COMPOUND = ("address", "location")
NUMERIC = ("currency", "double", "percent")


@dataclass(frozen=True)
class Field:
    """One field of an object."""

    name: str
    type: str
    """As describe names it: id, reference, string, picklist, boolean, int, currency, date, datetime, address ..."""
    precision: int = 0
    scale: int = 0
    components: tuple[str, ...] = ()
    """Of an address: the fields that it is made of."""
    filterable: bool = True

    def describe(self, compound: str | None) -> dict[str, Any]:
        """The field as describe shows it: the properties that a reader of data looks at."""
        return {
            "name": self.name,
            "label": self.name,
            "type": self.type,
            "precision": self.precision,
            "scale": self.scale,
            "digits": 9 if self.type == "int" else 0,
            "length": 18 if self.type in ("id", "reference") else 0,
            "custom": self.name.endswith("__c"),
            "nillable": self.type not in ("id", "boolean"),
            "filterable": self.filterable and self.type not in COMPOUND,
            "sortable": self.type not in (*COMPOUND, "textarea"),
            "compoundFieldName": compound,
        }


@dataclass
class SObject:
    """One object: its fields in describe's order, by name."""

    name: str
    key_prefix: str
    fields: dict[str, Field] = field(default_factory=dict)
    replicateable: bool = True
    """Whether /deleted and /updated may be asked of it."""

    def describe(self) -> dict[str, Any]:
        """The object with its fields, as /sobjects/X/describe answers."""
        compound = {part: f.name for f in self.fields.values() for part in f.components}
        return {
            **self.summary(),
            "fields": [f.describe(compound.get(f.name)) for f in self.fields.values()],
        }

    def summary(self) -> dict[str, Any]:
        """The object as the list of all objects shows it."""
        return {
            "name": self.name,
            "label": self.name,
            "keyPrefix": self.key_prefix,
            "custom": self.name.endswith("__c"),
            "queryable": True,
            "replicateable": self.replicateable,
            "retrieveable": True,
        }


def _audit(deletable: bool = True) -> list[Field]:
    deleted = [Field("IsDeleted", "boolean")] if deletable else []
    return [
        Field("Id", "id"), *deleted, Field("CreatedDate", "datetime"), Field("CreatedById", "reference"),
        Field("LastModifiedDate", "datetime"), Field("LastModifiedById", "reference"),
        Field("SystemModstamp", "datetime"),
    ]  # fmt: skip


def _address(prefix: str) -> list[Field]:
    parts = tuple(f"{prefix}{part}" for part in ("Street", "City", "State", "PostalCode", "Country"))
    return [
        Field(parts[0], "textarea", filterable=False),
        *(Field(part, "string") for part in parts[1:]),
        Field(f"{prefix}Address", "address", components=parts),
    ]


def _money(name: str, scale: int = 2) -> Field:
    return Field(name, "currency", precision=18, scale=scale)


def standard_objects() -> dict[str, SObject]:
    """The objects that the company's CRM uses, as they are at the anchor."""
    plan: dict[str, tuple[str, list[Field]]] = {
        "User": ("005", [
            *_audit(deletable=False), Field("Username", "string"), Field("LastName", "string"),
            Field("FirstName", "string"), Field("Name", "string", components=("FirstName", "LastName")),
            Field("Email", "email"), Field("Title", "string"), Field("Department", "string"),
            Field("IsActive", "boolean"), Field("ManagerId", "reference"), Field("UserType", "picklist"),
            Field("TimeZoneSidKey", "picklist"), Field("LastLoginDate", "datetime"),
        ]),
        "Account": ("001", [
            *_audit(), Field("Name", "string"), Field("Type", "picklist"), Field("ParentId", "reference"),
            *_address("Billing"), Field("Phone", "phone"), Field("Website", "url"), Field("Industry", "picklist"),
            _money("AnnualRevenue", 0), Field("NumberOfEmployees", "int"), Field("Description", "textarea"),
            Field("OwnerId", "reference"), Field("LastActivityDate", "date"), Field("AccountSource", "picklist"),
            Field("Northstar_Account_Number__c", "string"), Field("Segment__c", "picklist"),
            Field("Health_Score__c", "double", precision=5, scale=2), Field("Is_Reference__c", "boolean"),
        ]),
        "Contact": ("003", [
            *_audit(), Field("AccountId", "reference"), Field("LastName", "string"), Field("FirstName", "string"),
            Field("Name", "string", components=("FirstName", "LastName")), *_address("Mailing"),
            Field("Phone", "phone"), Field("Email", "email"), Field("Title", "string"), Field("OwnerId", "reference"),
            Field("LeadSource", "picklist"), Field("HasOptedOutOfEmail", "boolean"), Field("ReportsToId", "reference"),
        ]),
        "Lead": ("00Q", [
            *_audit(), Field("LastName", "string"), Field("FirstName", "string"),
            Field("Name", "string", components=("FirstName", "LastName")), Field("Title", "string"),
            Field("Company", "string"), Field("Country", "string"), Field("Phone", "phone"), Field("Fax", "phone"),
            Field("Email", "email"), Field("LeadSource", "picklist"), Field("Status", "picklist"),
            Field("Rating", "picklist"), Field("NumberOfEmployees", "int"), Field("OwnerId", "reference"),
            Field("IsConverted", "boolean"), Field("ConvertedDate", "date"),
            Field("ConvertedAccountId", "reference"), Field("ConvertedContactId", "reference"),
            Field("ConvertedOpportunityId", "reference"),
        ]),
        "Opportunity": ("006", [
            *_audit(), Field("AccountId", "reference"), Field("Name", "string"), Field("Type", "picklist"),
            Field("StageName", "picklist"), _money("Amount"), Field("Probability", "percent", precision=3),
            _money("ExpectedRevenue"), Field("CloseDate", "date"), Field("LeadSource", "picklist"),
            Field("NextStep", "string"), Field("IsClosed", "boolean"), Field("IsWon", "boolean"),
            Field("ForecastCategory", "picklist"), Field("ForecastCategoryName", "picklist"),
            Field("OwnerId", "reference"), Field("FiscalYear", "int"), Field("FiscalQuarter", "int"),
            Field("CurrencyIsoCode", "picklist"), Field("Loss_Reason__c", "picklist"),
        ]),
        "OpportunityHistory": ("008", [
            Field("Id", "id"), Field("IsDeleted", "boolean"), Field("OpportunityId", "reference"),
            Field("CreatedById", "reference"), Field("CreatedDate", "datetime"), Field("StageName", "picklist"),
            _money("Amount"), _money("ExpectedRevenue"), Field("CloseDate", "date"),
            Field("Probability", "percent", precision=3), Field("ForecastCategory", "picklist"),
            Field("SystemModstamp", "datetime"),
        ]),
        "Contract": ("800", [
            *_audit(), Field("AccountId", "reference"), Field("ContractNumber", "string"),
            Field("OwnerId", "reference"), Field("Status", "picklist"), Field("StatusCode", "picklist"),
            Field("StartDate", "date"), Field("EndDate", "date"), Field("ContractTerm", "int"),
            Field("ActivatedDate", "datetime"), Field("CurrencyIsoCode", "picklist"), _money("Annual_Value__c"),
        ]),
        # History objects have no SystemModstamp: a row is written once, and only IsDeleted can change afterwards.
        "AccountHistory": ("017", [
            Field("Id", "id"), Field("IsDeleted", "boolean"), Field("AccountId", "reference"),
            Field("CreatedById", "reference"), Field("CreatedDate", "datetime"), Field("Field", "picklist"),
            Field("DataType", "picklist"), Field("OldValue", "anyType", filterable=False),
            Field("NewValue", "anyType", filterable=False),
        ]),
    }  # fmt: skip
    return {name: SObject(name, prefix, {f.name: f for f in fields}) for name, (prefix, fields) in plan.items()}
