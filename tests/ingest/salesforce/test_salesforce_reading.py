"""Reading an org over TLS: what raw holds is what the org holds, and every change is there once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from salesforce_helpers import Warehouse, assert_equal, live_in_org, live_in_raw

from northstar.ingest.contract import IngestError
from northstar.simulator.loopback import Request
from northstar.simulator.salesforce import Org, SalesforceServer, SalesforceWorld

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
STAMPED = ("User", "Account", "Contact", "Lead", "Opportunity", "Contract")
"""Objects whose deletions have a stamp; history rows that go with their parent wait for the comparison."""


def live(world: SalesforceWorld, span: timedelta) -> None:
    world.advance(world.org.now, world.org.now + span)


def some(org: Org, name: str, number: int = 0) -> str:
    return org.ids(name, '"IsDeleted" = 0')[number]


def ops(warehouse: Warehouse, name: str) -> dict[str, int]:
    rows = warehouse.connection.execute(f"SELECT _op, count(*) FROM raw_salesforce.{name} GROUP BY 1").fetchall()
    return dict(rows)


def test_first_load_and_increments_equal_the_org(world: SalesforceWorld, warehouse: Warehouse) -> None:
    first = warehouse.read()
    assert_equal(warehouse)
    assert set(ops(warehouse, "lead")) == {"R"}
    assert sum(first.objects.values()) == sum(len(world.org.ids(name)) for name in warehouse.settings.objects)
    for _ in range(8):
        live(world, 12 * HOUR)
        warehouse.read()
        assert_equal(warehouse, STAMPED)
    assert set(ops(warehouse, "lead")) == {"R", "I", "U", "D"}
    report = warehouse.read(compare_every=HOUR)
    assert set(report.objects) <= {"opportunity_history", "account_history"}, "nothing else was left to compare"
    assert_equal(warehouse)


def test_changes_and_creations_are_told_apart(world: SalesforceWorld, warehouse: Warehouse) -> None:
    org = world.org
    warehouse.read()
    org.now += HOUR
    old = some(org, "Contact")
    org.update("Contact", old, {"Title": "Dean"}, org.now - MINUTE)
    new = org.insert("Contact", [{"LastName": "New", "HasOptedOutOfEmail": False}], org.now - 2 * MINUTE)[0]
    warehouse.read()
    org.update("Contact", new, {"Title": "Dean"}, org.now + MINUTE)
    org.now += 2 * MINUTE
    warehouse.read()
    assert warehouse.changes("Contact", old) == ["R", "U"]
    assert warehouse.changes("Contact", new) == ["I", "U"]
    assert_equal(warehouse)


def test_an_idle_read_costs_few_requests_and_no_file(
    world: SalesforceWorld, server: SalesforceServer, warehouse: Warehouse
) -> None:
    warehouse.read()
    world.org.now += 30 * MINUTE
    server.faults.seen.clear()
    report = warehouse.read()
    assert (report.rows, report.batches) == (0, 1)
    assert len(server.faults.seen) == 1 + 3 * len(warehouse.settings.objects)
    assert not (warehouse.directory / "landing" / "salesforce" / "2026-11-02" / "0000000002").exists()


def test_a_change_shown_late_is_not_lost(world: SalesforceWorld, warehouse: Warehouse) -> None:
    """A long transaction stamps its change before a read and shows it after."""
    org = world.org
    warehouse.read()
    org.now += HOUR
    org.update("Contact", some(org, "Contact", 1), {"Title": "On time"}, org.now - MINUTE)
    warehouse.read()
    org.update("Contact", some(org, "Contact", 0), {"Title": "Late"}, org.now - 8 * MINUTE)
    org.now += 30 * MINUTE
    report = warehouse.read()
    assert report.objects == {"contact": 1}
    assert_equal(warehouse)


def test_two_changes_in_one_second_are_both_seen(world: SalesforceWorld, warehouse: Warehouse) -> None:
    org = world.org
    warehouse.read()
    org.now += HOUR
    contact = some(org, "Contact")
    for title in ("First", "Second"):
        org.update("Contact", contact, {"Title": title}, org.now)
        warehouse.read()
    assert warehouse.changes("Contact", contact) == ["R", "U", "U"]
    assert_equal(warehouse)


def test_records_changed_while_paging_are_neither_lost_nor_doubled(
    world: SalesforceWorld, server: SalesforceServer, make_warehouse: Callable[..., Warehouse]
) -> None:
    """Every page finds some records changed, created or gone since the query was asked."""
    org = world.org
    warehouse = make_warehouse(batch_rows=20)
    server.page_rows = 10
    meddle = iter(range(10**6))

    def change_something(request: Request) -> None:
        if "/query/01g" not in request.path:
            return
        n = next(meddle)
        org.now += timedelta(seconds=7)
        if n % 3 == 2:
            server.expire_locators()
        leads = org.ids("Lead", '"IsDeleted" = 0')
        org.update("Lead", leads[n * 13 % len(leads)], {"Rating": f"Rating {n}"}, org.now)
        if n % 5 == 0:
            org.insert("Lead", [{"LastName": f"Born {n}", "IsConverted": False}], org.now)
        if n % 7 == 0:
            org.delete("Lead", leads[n * 29 % len(leads)], org.now)
        if n % 11 == 0 and (bin := org.ids("Lead", '"IsDeleted"')):
            org.purge("Lead", bin[0])

    server.on_request = change_something
    for _ in range(3):
        warehouse.read()
        org.now += HOUR
    server.on_request = None
    warehouse.read()
    assert next(meddle) > 20
    assert_equal(warehouse)


def test_a_changed_record_at_the_end_of_a_page_says_nothing_of_the_position(
    world: SalesforceWorld, server: SalesforceServer, warehouse: Warehouse
) -> None:
    """It comes with its new stamp; when the query is lost then, the records before that stamp are still to be read."""
    org = world.org
    server.page_rows = 10
    in_order = sorted(org.ids("Lead"), key=lambda id: (org.record("Lead", id)["SystemModstamp"], id))
    pages: list[str] = []

    def meddle(request: Request) -> None:
        if request.path.endswith("/queryAll/") and "FROM+Lead" in request.target:
            pages.append("first")
        elif "/query/01g" in request.path and pages:
            pages.append("next")
            if len(pages) == 2:
                org.now += 5 * MINUTE
                org.update("Lead", in_order[19], {"Rating": "Hot"}, org.now)
            elif len(pages) == 3:
                server.expire_locators()

    server.on_request = meddle
    warehouse.read()
    assert pages.count("first") == 2
    assert_equal(warehouse)


def test_soft_deletion_lands_with_values_and_undeletion_as_update(world: SalesforceWorld, warehouse: Warehouse) -> None:
    org = world.org
    warehouse.read()
    org.now += HOUR
    lead = some(org, "Lead")
    org.delete("Lead", lead, org.now)
    warehouse.read()
    row = warehouse.connection.execute(
        "SELECT last_name, is_deleted, _commit_ts = system_modstamp FROM raw_salesforce.lead "
        "WHERE id = ? AND _op = 'D'",
        [lead],
    ).fetchall()
    assert row == [(org.record("Lead", lead)["LastName"], True, True)]
    org.now += HOUR
    org.undelete("Lead", lead, org.now)
    warehouse.read()
    assert warehouse.changes("Lead", lead) == ["R", "D", "U"]
    assert_equal(warehouse)


def test_deletion_of_an_account_takes_its_children_along(world: SalesforceWorld, warehouse: Warehouse) -> None:
    """History rows are deleted without a stamp: the comparison finds them."""
    org = world.org
    warehouse.read()
    account = org.ids("Account", "\"Type\" = 'Customer'")[0]
    history = org.ids("AccountHistory", '"AccountId" = ?', (account,))
    contacts = org.ids("Contact", '"AccountId" = ?', (account,))
    org.now += HOUR
    org.delete("Account", account, org.now)
    warehouse.read()
    assert [warehouse.changes("Contact", c) for c in contacts] == [["R", "D"]] * len(contacts)
    assert warehouse.changes("AccountHistory", history[0]) == ["R"]
    org.now += 7 * 24 * HOUR
    warehouse.read()
    assert warehouse.changes("AccountHistory", history[0]) == ["R", "D"]
    assert_equal(warehouse)
    org.now += HOUR
    org.undelete("Account", account, org.now)
    org.now += 7 * 24 * HOUR
    warehouse.read()
    assert warehouse.changes("AccountHistory", history[0]) == ["R", "D", "U"]
    assert_equal(warehouse)


def test_hard_deletion_is_found_in_the_log_once(world: SalesforceWorld, warehouse: Warehouse) -> None:
    org = world.org
    warehouse.read()
    org.now += HOUR
    straight, by_way_of_the_bin, unseen = (some(org, "Lead", n) for n in range(3))
    newborn = org.insert("Lead", [{"LastName": "Brief", "IsConverted": False}], org.now)[0]
    org.delete("Lead", by_way_of_the_bin, org.now)
    warehouse.read()
    org.now += HOUR
    for lead in (straight, newborn):
        org.delete("Lead", lead, org.now)
        org.purge("Lead", lead)
    org.purge("Lead", by_way_of_the_bin)
    org.now += 5 * MINUTE
    for _ in range(3):
        warehouse.read()
        org.now += 30 * MINUTE
    assert warehouse.changes("Lead", straight) == ["R", "D"]
    assert warehouse.changes("Lead", by_way_of_the_bin) == ["R", "D"]
    assert warehouse.changes("Lead", newborn) == ["I", "D"]
    assert warehouse.changes("Lead", unseen) == ["R"]
    assert_equal(warehouse)


def test_deletion_undone_between_two_reads_is_no_deletion(world: SalesforceWorld, warehouse: Warehouse) -> None:
    """The log names the record all the same."""
    org = world.org
    warehouse.read()
    org.now += HOUR
    lead = some(org, "Lead")
    org.delete("Lead", lead, org.now - 20 * MINUTE)
    org.undelete("Lead", lead, org.now - 10 * MINUTE)
    warehouse.read()
    assert warehouse.changes("Lead", lead) == ["R", "U"]
    assert_equal(warehouse)


def test_a_record_hidden_for_a_while_is_live_again(
    world: SalesforceWorld, make_warehouse: Callable[..., Warehouse]
) -> None:
    """Taken from the integration user's sight and given back, without a change of the record."""
    org = world.org
    warehouse = make_warehouse(compare_every=timedelta(0))
    warehouse.read()
    lead = some(org, "Lead")
    org.now += HOUR
    org.update("Lead", lead, {"Rating": "Hot"}, org.now)
    warehouse.read()
    stored = org.record("Lead", lead)
    org.delete("Lead", lead, org.now)
    org.purge("Lead", lead)
    warehouse.read()
    org.insert("Lead", [{**stored, "Id": lead}], org.now)
    warehouse.read()
    assert warehouse.changes("Lead", lead) == ["R", "U", "D", "U"]
    assert live_in_raw(warehouse.connection, org, "Lead") == live_in_org(org, "Lead")


def test_comparison_finds_what_the_log_has_forgotten(world: SalesforceWorld, warehouse: Warehouse) -> None:
    org = world.org
    warehouse.read()
    org.now += HOUR
    lead = some(org, "Lead")
    org.delete("Lead", lead, org.now)
    org.purge("Lead", lead)
    org.now += 45 * 24 * HOUR
    report = warehouse.read()
    assert {n.kind for n in report.notices} == {"deleted_log_missed"}
    assert warehouse.changes("Lead", lead) == ["R", "D"]
    assert_equal(warehouse)


def test_comparison_finds_hard_deletions_of_objects_without_a_log(
    world: SalesforceWorld, make_warehouse: Callable[..., Warehouse]
) -> None:
    org = world.org
    org.objects["Lead"].replicateable = False
    warehouse = make_warehouse(compare_every=timedelta(days=2))
    warehouse.read()
    lead = some(org, "Lead")
    org.now += HOUR
    org.delete("Lead", lead, org.now)
    org.purge("Lead", lead)
    org.now += HOUR
    warehouse.read()
    assert warehouse.changes("Lead", lead) == ["R"]
    org.now += 48 * HOUR
    warehouse.read()
    warehouse.read()
    assert warehouse.changes("Lead", lead) == ["R", "D"]
    assert_equal(warehouse)


def test_comparison_finds_records_that_became_visible_unchanged(world: SalesforceWorld, warehouse: Warehouse) -> None:
    org = world.org
    warehouse.read()
    id = org.insert("Lead", [{"LastName": "Shared", "IsConverted": False}], org.now - 100 * 24 * HOUR)[0]
    org.now += 24 * HOUR
    warehouse.read()
    assert warehouse.changes("Lead", id) == []
    org.now += 7 * 24 * HOUR
    warehouse.read()
    warehouse.read()
    assert warehouse.changes("Lead", id) == ["U"]
    assert_equal(warehouse)


def test_a_small_overlap_is_noticed_and_loses_no_later_change(
    world: SalesforceWorld, make_warehouse: Callable[..., Warehouse]
) -> None:
    org = world.org
    warehouse = make_warehouse(overlap_rows=5)
    warehouse.read()
    for round in range(3):
        org.now += HOUR
        for n in range(12):
            org.update("Lead", some(org, "Lead", n), {"Rating": f"Round {round}"}, org.now - n * timedelta(seconds=20))
        report = warehouse.read()
        assert {n.kind for n in report.notices} == {"overlap_shortened"}
        assert len(warehouse.state("Lead")["recent"]) <= 5
        assert_equal(warehouse)
    assert warehouse.read().rows == 0


def test_owner_changes_are_complete(world: SalesforceWorld, warehouse: Warehouse) -> None:
    """Two changes between two reads: the account shows the last, AccountHistory both."""
    org = world.org
    warehouse.read()
    account = some(org, "Account")
    sellers = [u for u in org.ids("User") if u != org.record("Account", account)["OwnerId"]][:2]
    for seller in sellers:
        org.now += HOUR
        org.update("Account", account, {"OwnerId": seller}, org.now)
    warehouse.read()
    rows = warehouse.connection.execute(
        "SELECT new_value FROM raw_salesforce.account_history "
        "WHERE account_id = ? AND field = 'Owner' AND data_type = 'EntityId' AND _op = 'I' ORDER BY _seq",
        [account],
    ).fetchall()
    assert rows == [(seller,) for seller in sellers]


def test_another_org_is_refused(world: SalesforceWorld, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse.read()
    monkeypatch.setattr(world.org, "org_id", "00DNS0000000002YAA")
    with pytest.raises(IngestError, match="another org"):
        warehouse.read()


def test_an_object_that_is_not_visible_is_named(world: SalesforceWorld, warehouse: Warehouse) -> None:
    del world.org.objects["Contract"]
    with pytest.raises(IngestError, match=r"describe Contract \(404.*NORTHSTAR_SALESFORCE_OBJECTS"):
        warehouse.read()


def test_batches_carry_when_the_source_is_complete(
    world: SalesforceWorld, make_warehouse: Callable[..., Warehouse]
) -> None:
    warehouse = make_warehouse(batch_rows=1)
    first = warehouse.batches()
    assert [b.source_as_of.year for b in first[:-1]] == [1970] * (len(first) - 1)
    assert first[-1].source_as_of == world.org.now
    assert [b.load_id for b in first] == sorted({b.load_id for b in first})
