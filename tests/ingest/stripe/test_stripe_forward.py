"""The first read and every read after it leave raw as the account is, each change exactly once and in order."""

from __future__ import annotations

import pytest
from stripe_helpers import Warehouse, assert_equal, landed_events, live, plain

from northstar.ingest.contract import IngestError
from northstar.ingest.stripe import from_environment
from northstar.simulator.stripe import Store, StripeServer, StripeWorld


def customer(store: Store, name: str = "Elm", **fields: object) -> dict:
    return store.create("customer", "customer.created", name=name, balance=0, **fields)


def test_the_first_read_lands_every_object_as_it_is(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse
) -> None:
    warehouse.tick(server)
    assert_equal(warehouse, world.store)
    for object in warehouse.tables():
        assert warehouse.rows(f"SELECT DISTINCT _op FROM raw_stripe.{object}") == [("R",)]


def test_later_reads_land_each_event_once_and_in_the_order_of_the_list(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse
) -> None:
    warehouse.tick(server)
    last = [event["id"] for event in world.store.kinds["event"]][-1]
    for _ in range(4):
        live(world, days=6)
        warehouse.tick(server, objects_per_batch=25)
        assert_equal(warehouse, world.store)
    expected = landed_events(world.store, last)
    assert len(expected) > 100
    assert warehouse.events() == expected


def test_events_become_insert_update_and_delete(store: Store, small: StripeServer, warehouse: Warehouse) -> None:
    first = customer(store)
    warehouse.tick(small)
    second = customer(store, "Oak")
    store.update(second, "customer.updated", name="Oak Hill")
    store.delete(first, "customer.deleted")
    warehouse.tick(small)
    rows = warehouse.rows("SELECT _op, id, name, _event_type FROM raw_stripe.customer ORDER BY _seq")
    assert rows == [
        ("R", first["id"], "Elm", None),
        ("I", second["id"], "Oak", "customer.created"),
        ("U", second["id"], "Oak Hill", "customer.updated"),
        ("D", first["id"], "Elm", "customer.deleted"),
    ]


def test_an_ended_subscription_is_updated_and_not_deleted(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse
) -> None:
    warehouse.tick(server)
    running = [row for row in world.store.kinds["subscription"] if row["status"] == "active"]
    world.store.update(running[0], "customer.subscription.deleted", status="canceled", discounts=[])
    warehouse.tick(server)
    assert warehouse.rows(
        "SELECT _op, status FROM raw_stripe.subscription WHERE _event_type = 'customer.subscription.deleted'"
    ) == [("U", "canceled")]
    assert_equal(warehouse, world.store)


def test_nothing_is_lost_between_the_place_in_the_events_and_the_lists(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse
) -> None:
    """The account lives on while it is listed: between any two requests of the first read."""
    server.before_answer = lambda request: live(world, minutes=45)
    warehouse.tick(server, objects_per_batch=50)
    server.before_answer = None
    warehouse.tick(server)
    assert_equal(warehouse, world.store)


def test_an_idle_read_costs_two_requests_and_records_nothing(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse
) -> None:
    warehouse.tick(server)
    ledger = warehouse.rows("SELECT count(*) FROM ops.load_ledger")
    before = len(server.requests)
    report = warehouse.tick(server)
    assert [target.split("?")[0] for target in server.requests[before:]] == ["/v1/events", "/v1/balance_transactions"]
    assert report.rows == 0
    assert warehouse.rows("SELECT count(*) FROM ops.load_ledger") == ledger


def test_typed_columns_hold_what_the_payload_says(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse
) -> None:
    warehouse.tick(server)
    invoices = world.store.kinds["invoice"]
    for identifier, total, tax, discount, subscription, created, finalized in warehouse.rows(
        "SELECT id, total, total_tax, total_discount, subscription, epoch(created), epoch(finalized_at) "
        "FROM raw_stripe.invoice"
    ):
        invoice = invoices.get(identifier)
        assert total == invoice["total"] == invoice["subtotal"] - discount + tax
        assert subscription == invoice["parent"]["subscription_details"]["subscription"]
        assert created == invoice["created"]
        assert finalized == invoice["status_transitions"]["finalized_at"]
    items = warehouse.rows(
        "SELECT _parent, subscription, price, unit_amount, unit_amount_decimal, recurring_interval, usage_type, "
        "quantity FROM raw_stripe.subscription_item"
    )
    assert {item[5] for item in items} == {"month", "year"}
    assert {item[6] for item in items} == {"licensed", "metered"}
    for parent, subscription, price, amount, exact, interval, usage, quantity in items:
        assert parent == subscription
        row = world.store.kinds["price"].get(price)
        assert (amount, exact, interval) == (row["unit_amount"], row["unit_amount"], row["recurring"]["interval"])
        assert (quantity is None) == (usage == "metered")
    rates = warehouse.rows("SELECT count(*) FROM raw_stripe.balance_transaction WHERE exchange_rate > 1")
    assert rates[0][0] > 0


def test_a_value_of_another_type_than_declared_stops_the_read(
    store: Store, small: StripeServer, warehouse: Warehouse
) -> None:
    store.create("customer", "customer.created", name="Elm", balance="much")
    with pytest.raises(IngestError, match=r"customer\.balance is not int64"):
        warehouse.tick(small)
    assert warehouse.tables() == set()


def test_an_account_without_events_is_read_on_from_its_time(
    store: Store, small: StripeServer, warehouse: Warehouse
) -> None:
    warehouse.tick(small)
    assert warehouse.sink.ledger("stripe").cursor["after"] is None
    for name in ("Elm", "Oak", "Fir"):
        store.set_clock(store.now + 1)
        customer(store, name)
    warehouse.tick(small)
    assert warehouse.rows("SELECT _op, name FROM raw_stripe.customer ORDER BY _seq") == [
        ("I", "Elm"), ("I", "Oak"), ("I", "Fir"),
    ]  # fmt: skip
    assert warehouse.tick(small).rows == 0


def test_balance_transactions_are_found_without_events_and_when_they_become_available(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse
) -> None:
    warehouse.tick(server)
    for _ in range(16):
        live(world, hours=30)
        warehouse.tick(server)
        landed = warehouse.current("balance_transaction")
        assert landed == {row["id"]: plain(row) for row in world.store.kinds["balance_transaction"]}
    ops = dict(warehouse.rows("SELECT _op, count(*) FROM raw_stripe.balance_transaction GROUP BY 1"))
    assert ops["I"] > 10 and ops["U"] > 5
    repeated = warehouse.rows(
        "SELECT id FROM raw_stripe.balance_transaction GROUP BY id, _content_hash HAVING count(*) > 1"
    )
    assert repeated == []


def test_a_lagging_change_of_status_is_still_found(store: Store, small: StripeServer, warehouse: Warehouse) -> None:
    """Stripe may make funds available later than it announced, and after newer transactions were read."""

    def transaction(available_in: int) -> dict:
        return store.create(
            "balance_transaction", amount=1, fee=0, net=1, currency="usd", status="pending",
            available_on=store.now + available_in,
        )  # fmt: skip

    late = transaction(3_600)
    warehouse.tick(small)
    for _ in range(3):
        store.set_clock(store.now + 8_000)
        transaction(2_000_000)
        warehouse.tick(small)
    store.update(late, status="available")
    warehouse.tick(small)
    assert warehouse.rows("SELECT _op, status FROM raw_stripe.balance_transaction WHERE id = '" + late["id"] + "'") == [
        ("R", "pending"), ("U", "available"),
    ]  # fmt: skip
    assert warehouse.tick(small).rows == 0


def test_the_environment_names_what_is_missing() -> None:
    with pytest.raises(IngestError, match="NORTHSTAR_STRIPE_API_KEY"):
        from_environment({})
    with pytest.raises(IngestError, match="no secret or restricted key"):
        from_environment({"NORTHSTAR_STRIPE_API_KEY": "pk_something"})
    assert from_environment({"NORTHSTAR_STRIPE_API_KEY": "rk_test_1"}).name == "stripe"
