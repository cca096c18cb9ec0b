"""The simulated server speaks Stripe's protocol to the official client."""

from __future__ import annotations

import pytest
import stripe
from stripe_helpers import ANCHOR

from northstar.simulator.stripe import Store, StripeServer, StripeWorld
from northstar.simulator.stripe.store import API_VERSION, EMBEDDED, EVENT_RETENTION


def client(server: StripeServer, key: str | None = None) -> stripe.StripeClient:
    return stripe.StripeClient(key or server.live_key, base_addresses={"api": server.url}, max_network_retries=0)


def customers(store: Store, count: int, seconds_apart: int = 0) -> list[str]:
    """Ids of new customers, oldest first."""
    ids = []
    for number in range(count):
        store.set_clock(store.now + seconds_apart)
        ids.append(store.create("customer", "customer.created", name=str(number), balance=0)["id"])
    return ids


def test_lists_are_newest_first_and_page_both_ways(store: Store, small: StripeServer) -> None:
    ids = customers(store, 250)
    api = client(small).v1.customers
    assert [row.id for row in api.list()] == ids[:-11:-1]
    assert [row.id for row in api.list({"limit": 100}).auto_paging_iter()] == ids[::-1]
    older = api.list({"limit": 3, "starting_after": ids[100]})
    assert [row.id for row in older] == [ids[99], ids[98], ids[97]] and older.has_more
    newer = api.list({"limit": 3, "ending_before": ids[100]})
    assert [row.id for row in newer] == [ids[103], ids[102], ids[101]] and newer.has_more
    assert [row.id for row in api.list({"limit": 7, "ending_before": ids[100]}).auto_paging_iter()] == ids[101:]
    assert not api.list({"limit": 100, "starting_after": ids[100]}).has_more
    assert api.list({"ending_before": ids[-1]}).data == []


@pytest.mark.parametrize("limit", [0, 101, "x"])
def test_the_limit_is_between_1_and_100(small: StripeServer, limit: object) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client(small).v1.customers.list({"limit": limit})  # type: ignore[typeddict-item]
    assert caught.value.http_status == 400


def test_created_narrows_a_list(store: Store, small: StripeServer) -> None:
    ids = customers(store, 20, seconds_apart=10)
    start = int(ANCHOR.timestamp()) + 10
    api = client(small).v1.customers

    def listed(**bounds: int) -> list[str]:
        return [row.id for row in api.list({"limit": 100, "created": bounds})][::-1]  # type: ignore[typeddict-item]

    assert listed(gte=start + 50) == ids[5:]
    assert listed(gt=start + 50) == ids[6:]
    assert listed(gte=start + 20, lt=start + 50) == ids[2:5]
    assert listed(lte=start + 20) == ids[:3]
    assert [row.id for row in api.list({"created": start + 20})] == [ids[2]]


def test_deleted_objects_leave_their_list_and_can_be_no_cursor(store: Store, small: StripeServer) -> None:
    ids = customers(store, 4)
    store.delete(store.kinds["customer"].get(ids[1]), "customer.deleted")
    api = client(small).v1.customers
    assert [row.id for row in api.list()] == [ids[3], ids[2], ids[0]]
    for parameters in ({"starting_after": ids[1]}, {"ending_before": "cus_unknown"}):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.list(parameters)  # type: ignore[arg-type]
        assert (caught.value.code, caught.value.http_status) == ("resource_missing", 404)


def test_events_tell_snapshots_and_previous_values(store: Store, small: StripeServer) -> None:
    row = store.create("customer", "customer.created", name="Elm", balance=0)
    store.update(row, "customer.updated", name="Oak", balance=5)
    store.delete(row, "customer.deleted")
    deleted, updated, created = client(small).v1.events.list().data
    assert [event.type for event in (created, updated, deleted)] == [
        "customer.created", "customer.updated", "customer.deleted",
    ]  # fmt: skip
    assert created.data.object["name"] == "Elm"
    assert updated.data.object["name"] == "Oak"
    assert updated.to_dict()["data"]["previous_attributes"] == {"name": "Elm", "balance": 0}
    assert "previous_attributes" not in created.to_dict()["data"]
    assert created.api_version == API_VERSION


def test_events_are_filtered_by_type(world: StripeWorld, server: StripeServer) -> None:
    api = client(server).v1.events
    wanted = ["invoice.paid", "payout.paid"]
    types = {event.type for event in api.list({"types": wanted, "limit": 100})}
    assert types == set(wanted)
    assert {event.type for event in api.list({"type": "invoice.*", "limit": 100})} > {
        "invoice.paid",
        "invoice.finalized",
    }
    with pytest.raises(stripe.InvalidRequestError, match="up to 20"):
        api.list({"types": [f"invoice.x{number}" for number in range(21)]})


def test_events_expire_by_the_accounts_own_clock(store: Store, small: StripeServer) -> None:
    customers(store, 1)
    api = client(small).v1.events
    (event,) = api.list().data
    store.set_clock(store.now + EVENT_RETENTION)
    assert [found.id for found in api.list()] == [event.id]
    store.set_clock(store.now + 1)
    assert api.list().data == []
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.list({"ending_before": event.id})
    assert caught.value.code == "resource_missing"


def test_nested_lists_are_cut_off_and_have_endpoints_of_their_own(store: Store, small: StripeServer) -> None:
    lines = [{"id": f"il_{number}", "object": "line_item", "amount": number} for number in range(25)]
    items = [{"id": f"si_{number}", "object": "subscription_item"} for number in range(3)]
    invoice = store.create("invoice", lines=lines, total=1)
    subscription = store.create("subscription", items=items, discounts=[], status="active")
    api = client(small).v1
    shown = api.invoices.retrieve(invoice["id"]).lines
    assert shown.has_more and len(shown.data) == EMBEDDED
    paged = api.invoices.line_items.list(invoice["id"], {"limit": 10}).auto_paging_iter()
    assert [line.id for line in paged] == [line["id"] for line in lines]
    listed = api.subscription_items.list({"subscription": subscription["id"]})
    assert [item.id for item in listed] == ["si_0", "si_1", "si_2"] and not listed.has_more


def test_subscriptions_hide_the_ended_ones_unless_asked_and_expand_discounts(
    world: StripeWorld, server: StripeServer
) -> None:
    api = client(server).v1.subscriptions
    subscriptions = world.store.kinds["subscription"]
    world.store.update(next(iter(subscriptions)), status="canceled")
    known = {row.id for row in api.list({"limit": 100}).auto_paging_iter()}
    all_of_them = list(api.list({"limit": 100, "status": "all", "expand": ["data.discounts"]}).auto_paging_iter())
    assert len(all_of_them) == len(subscriptions) and len(known) < len(subscriptions)
    discounts = [discount for row in all_of_them for discount in row.discounts]
    assert discounts and all(discount.source.coupon for discount in discounts)
    assert all(isinstance(discount, str) for row in api.list({"limit": 100}) for discount in row.discounts)
    with pytest.raises(stripe.InvalidRequestError):
        api.list({"expand": ["data.nonsense"]})


def test_a_payouts_transactions_are_found_by_it(world: StripeWorld, server: StripeServer) -> None:
    api = client(server).v1
    payout = api.payouts.list({"limit": 1}).data[0]
    members = list(api.balance_transactions.list({"payout": payout.id, "limit": 100}).auto_paging_iter())
    assert sum(member.net for member in members if member.type != "payout") == payout.amount
    assert sum(member.net for member in members) == 0


def test_a_key_sees_its_own_mode(world: StripeWorld, server: StripeServer) -> None:
    for key, livemode in ((server.live_key, True), (server.test_key, False)):
        rows = list(client(server, key).v1.customers.list({"limit": 100}).auto_paging_iter())
        assert rows and {row.livemode for row in rows} == {livemode}


def test_errors_and_versions_are_told_as_stripe_does(store: Store, small: StripeServer) -> None:
    with pytest.raises(stripe.AuthenticationError):
        client(small, "sk_live_wrong").v1.customers.list()
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client(small).v1.customers.retrieve("cus_unknown")
    assert caught.value.code == "resource_missing" and caught.value.request_id
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter"):
        client(small).v1.customers.list({"color": "red"})  # type: ignore[typeddict-unknown-key]
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized"):
        client(small).raw_request("get", "/v1/nonsense")
    response = client(small).raw_request("get", "/v1/customers", stripe_version="2025-03-31.basil")
    assert response.headers["Stripe-Version"] == "2025-03-31.basil"
    assert response.headers["Date"] == "Mon, 02 Nov 2026 00:00:00 GMT"


def test_faults_come_when_asked_for(small: StripeServer) -> None:
    api = client(small).v1.customers
    small.faults.next("rate_limit", path="/v1/customers")
    small.faults.next("server_error")
    small.faults.next("drop")
    client(small).v1.products.list()
    with pytest.raises(stripe.RateLimitError):
        api.list()
    with pytest.raises(stripe.APIError):
        api.list()
    with pytest.raises(stripe.APIConnectionError):
        api.list()
    assert api.list().data == []
    assert small.faults.committed == 3
