"""The simulated CRM: the same from the same seed, consistent with the company, and alive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from northstar.simulator.company import Company
from northstar.simulator.salesforce import Org, SalesforceWorld
from northstar.simulator.salesforce.org import stored_fields


def everything(org: Org) -> dict[str, list[tuple[Any, ...]]]:
    return {name: org.fetch(name, org.ids(name), stored_fields(sobject)) for name, sobject in org.objects.items()}


def test_the_same_seed_lives_the_same_life(world: SalesforceWorld) -> None:
    """However time is cut."""
    anchor = world.company.anchor
    other = SalesforceWorld(world.company)
    world.advance(anchor, anchor + timedelta(days=3))
    for n in range(6):
        other.advance(anchor + n * timedelta(hours=12), anchor + (n + 1) * timedelta(hours=12))
    assert everything(world.org) == everything(other.org)
    assert everything(SalesforceWorld(Company(8, 0.5, anchor)).org) != everything(other.org)


def test_accounts_match_the_companys_as_in_life(world: SalesforceWorld) -> None:
    company = Company(seed=7, scale=2.0, anchor=world.company.anchor)
    org = SalesforceWorld(company).org
    accounts = {id: org.record("Account", id) for id in org.ids("Account")}
    linked = [a for a in company.accounts if a.salesforce_account_id]
    assert all(a.salesforce_account_id in accounts for a in linked)
    names = {str(a["Name"]).lower().removesuffix(", llc") for a in accounts.values()}
    unlinked = [a.name.lower() in names for a in company.accounts if not a.salesforce_account_id]
    assert {True, False} == set(unlinked), "some can be found by name, some cannot"
    assert any(a["Northstar_Account_Number__c"] for a in accounts.values())
    strangers = set(accounts) - {a.salesforce_account_id for a in company.accounts}
    assert len(strangers) > 5


def test_life_brings_every_kind_of_change(world: SalesforceWorld) -> None:
    org = world.org
    before = {name: set(org.ids(name)) for name in org.objects}
    world.advance(org.now, org.now + timedelta(days=6))
    assert org.now == world.company.anchor + timedelta(days=6)
    gone = {name for name in org.objects if before[name] - set(org.ids(name))}
    assert "Lead" in gone, "hard deletions"
    assert org.ids("Lead", '"IsDeleted"'), "soft deletions"
    assert org.ids("Lead", '"IsConverted" AND "LastModifiedDate" > \'2026-11-02T12\'')
    assert set(org.ids("Contract")) - before["Contract"], "deals won"
    assert "Lead_Score__c" in org.objects["Lead"].fields
    assert "Fax" not in org.objects["Lead"].fields
    owners = org.ids("AccountHistory", "\"Field\" = 'Owner' AND \"DataType\" = 'EntityId'")
    assert set(owners) - before["AccountHistory"]
    for id in owners:
        row = org.record("AccountHistory", id)
        assert row["OldValue"][:3] == row["NewValue"][:3] == "005"


def test_history_ends_with_the_present(world: SalesforceWorld) -> None:
    """The last owner change of an account names its owner; the last stage of an opportunity is its stage."""
    org = world.org
    world.advance(org.now, org.now + timedelta(days=3))
    by_time = lambda row: (row["CreatedDate"], row["Id"])  # noqa: E731
    owners = [org.record("AccountHistory", id) for id in org.ids("AccountHistory", "\"DataType\" = 'EntityId'")]
    for row in {r["AccountId"]: r for r in sorted(owners, key=by_time)}.values():
        assert org.record("Account", row["AccountId"])["OwnerId"] == row["NewValue"]
    stages = [org.record("OpportunityHistory", id) for id in org.ids("OpportunityHistory")]
    for row in {r["OpportunityId"]: r for r in sorted(stages, key=by_time)}.values():
        assert org.record("Opportunity", row["OpportunityId"])["StageName"] == row["StageName"]


def test_stamps_are_of_simulated_time(world: SalesforceWorld) -> None:
    world.advance(world.org.now, world.org.now + timedelta(days=1))
    org = world.org
    late = f"{org.now:%Y-%m-%dT%H:%M:%S}.000+0000"
    for name, sobject in org.objects.items():
        stamp = "SystemModstamp" if "SystemModstamp" in sobject.fields else "CreatedDate"
        assert org.ids(name, f'"{stamp}" > ? OR "CreatedDate" > "{stamp}"', (late,)) == [], name


def test_nothing_comes_back_without_its_account() -> None:
    """What was deleted with an account comes out of the recycle bin with it, and is gone with it."""
    anchor = datetime(2026, 10, 12, 14, tzinfo=UTC)
    chosen = tuple(range(1, 11))
    world = SalesforceWorld(Company(27, 0.05, anchor, chosen=chosen, clinics_by_segment=(1, 2, 3)))
    org = world.org
    world.advance(anchor, anchor + timedelta(days=11))
    present = set(org.ids("Account", 'NOT "IsDeleted"'))
    for name in ("Contact", "Opportunity", "Contract"):
        alive = [org.record(name, id) for id in org.ids(name, 'NOT "IsDeleted"')]
        assert {row["AccountId"] for row in alive} <= present | {None}, name
