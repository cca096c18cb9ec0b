"""Faults of the server and of the network, expired events, cut-off lists, the other mode, and another API version."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from stripe_helpers import Warehouse, assert_equal, landed_events, live

from northstar.ingest.contract import IngestError
from northstar.ingest.http import Retries
from northstar.ingest.stripe.source import from_environment
from northstar.simulator.loopback import Request
from northstar.simulator.stripe import Store, StripeServer, StripeWorld
from northstar.simulator.stripe.store import EMBEDDED, EVENT_RETENTION


@pytest.mark.parametrize("fault", ["rate_limit", "server_error", "drop"])
def test_passing_faults_are_waited_out(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse, fault: str
) -> None:
    server.faults.every(7, fault)
    warehouse.tick(server)
    live(world, days=5)
    warehouse.tick(server)
    assert server.faults.committed > 10
    server.faults.every(0, fault)
    assert_equal(warehouse, world.store)


@pytest.mark.parametrize("fault", ["rate_limit", "server_error", "drop"])
def test_lasting_faults_end_the_read_and_leave_the_source_unsealed(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse, fault: str
) -> None:
    server.faults.next(fault, times=4, path="/v1/invoices")
    with pytest.raises(IngestError, match=r"Stripe /v1/invoices: gave up after 4 attempts"):
        warehouse.tick(server)
    assert warehouse.sink.sealed_through("stripe") is None
    landed_before = warehouse.numbers()
    assert landed_before
    warehouse.tick(server)
    assert_equal(warehouse, world.store)
    assert len(warehouse.numbers()) > len(landed_before)


def test_waits_grow_and_honour_what_the_server_asks_for() -> None:
    waits: list[float] = []

    def fails() -> None:
        raise TimeoutError

    with pytest.raises(IngestError, match="gave up after 4 attempts"):
        Retries(4, first_wait=1, longest_wait=3).call(fails, lambda error: 0.0, "it", waits.append)
    assert waits == [1, 2, 3]
    waits.clear()
    with pytest.raises(IngestError):
        Retries(3, first_wait=1, longest_wait=60).call(fails, lambda error: 5.0, "it", waits.append)
    assert waits == [5, 5]
    with pytest.raises(TimeoutError):
        Retries(3).call(fails, lambda error: None, "it", waits.append)
    assert waits == [5, 5]


def test_a_refused_key_is_not_tried_again(server: StripeServer, warehouse: Warehouse) -> None:
    with pytest.raises(IngestError, match="refused the key in NORTHSTAR_STRIPE_API_KEY"):
        warehouse.tick(server, key="sk_live_wrong")
    assert len(server.requests) == 1


def test_errors_hold_no_data(store: Store, small: StripeServer, warehouse: Warehouse) -> None:
    small.before_answer = lambda request: small.faults.next("server_error") if "customers" in request.target else None
    store.create("customer", "customer.created", name="Elm", balance=0)
    with pytest.raises(IngestError) as caught:
        warehouse.tick(small)
    assert "Elm" not in str(caught.value)


@pytest.mark.parametrize("silence_days", [31, 75])
def test_an_expired_place_in_the_events_is_healed_by_lists(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse, silence_days: int
) -> None:
    warehouse.tick(server)
    live(world, days=silence_days)
    report = warehouse.tick(server)
    assert [notice.kind for notice in report.notices] == ["event_cursor_expired"]
    assert_equal(warehouse, world.store)
    assert 0 < report.objects["invoice"] < len(world.store.kinds["invoice"]) / 2
    ops = {op for (op,) in warehouse.rows("SELECT DISTINCT _op FROM raw_stripe.customer")}
    assert ops == {"R", "D"}
    twice = [
        object
        for object in warehouse.tables()
        if warehouse.rows(
            f"SELECT 1 FROM (SELECT _content_hash, lag(_content_hash) OVER (PARTITION BY id ORDER BY _seq) AS before "
            f"FROM raw_stripe.{object}) WHERE _content_hash = before"
        )
    ]
    assert twice == []
    live(world, days=3)
    assert not warehouse.tick(server).notices
    assert_equal(warehouse, world.store)


def test_an_account_that_was_silent_is_listed_once_and_not_at_every_read(
    store: Store, small: StripeServer, warehouse: Warehouse
) -> None:
    store.create("customer", "customer.created", name="Elm", balance=0)
    warehouse.tick(small)
    store.set_clock(store.now + EVENT_RETENTION + 1)
    assert warehouse.tick(small).rows == 0
    before = len(small.requests)
    assert warehouse.tick(small).rows == 0
    assert len(small.requests) - before == 2
    store.create("customer", "customer.created", name="Oak", balance=0)
    warehouse.tick(small)
    assert_equal(warehouse, store)


def test_healing_lands_what_was_missed_and_nothing_else(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse
) -> None:
    warehouse.tick(server)
    assert warehouse.tick(server, heal=True).rows == 0
    invoices, subscriptions = world.store.kinds["invoice"], world.store.kinds["subscription"]
    changed = next(iter(invoices))
    world.store.update(changed, description="changed without an event")
    draft = next(row for row in reversed(list(invoices)) if row["livemode"])
    invoices.remove(draft["id"])
    subscription = next(row for row in subscriptions if len(row["items"]) > 1)
    world.store.update(subscription, items=subscription["items"][:1])
    missing_live = changed["livemode"]
    report = warehouse.tick(server, heal=True)
    assert_equal(warehouse, world.store)
    gone = {("D", draft["id"])}
    landed = set(warehouse.rows(f"SELECT _op, id FROM raw_stripe.invoice WHERE _load_id >= '{report.batches:010d}' "
                                f"AND _op = 'D'"))  # fmt: skip
    assert landed == gone
    assert report.objects["invoice"] == 1 + missing_live
    assert report.objects["invoice_line_item"] == len(draft["lines"])
    assert report.objects["subscription_item"] == 1
    assert set(report.objects) == {"invoice", "invoice_line_item", "subscription_item"}


def test_lists_that_are_cut_off_are_read_to_their_end(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse
) -> None:
    invoice = [row for row in world.store.kinds["invoice"] if row["livemode"]][-1]
    subscription = next(row for row in world.store.kinds["subscription"] if row["status"] == "active")

    def grow(row: dict, name: str, to: int, event: str) -> None:
        template, kind = row[name][0], "line_item" if name == "lines" else "subscription_item"
        more = [{**template, "id": world.store.new_id(kind)} for _ in range(to - len(row[name]))]
        world.store.update(row, event, **{name: [*row[name], *more]})

    grow(invoice, "lines", 250, "invoice.updated")
    grow(subscription, "items", EMBEDDED + 5, "customer.subscription.updated")
    warehouse.tick(server)
    assert_equal(warehouse, world.store)
    grow(invoice, "lines", 320, "invoice.updated")
    grow(subscription, "items", EMBEDDED + 9, "customer.subscription.updated")
    report = warehouse.tick(server)
    assert_equal(warehouse, world.store)
    assert report.objects["invoice_line_item"] == 70
    assert report.objects["subscription_item"] == 4
    assert set(warehouse.rows("SELECT _op, _event_type FROM raw_stripe.invoice_line_item WHERE _op <> 'R'")) == {
        ("I", "invoice.updated")
    }


def test_an_item_that_disappears_is_deleted_and_what_stays_is_not_landed_again(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse
) -> None:
    warehouse.tick(server)
    subscription = next(row for row in world.store.kinds["subscription"] if len(row["items"]) > 1)
    kept, dropped = subscription["items"]
    world.store.update(subscription, "customer.subscription.updated", items=[kept], description="without reminders")
    changed = {**kept, "quantity": kept["quantity"] + 1}
    world.store.update(subscription, "customer.subscription.updated", items=[changed])
    warehouse.tick(server)
    assert_equal(warehouse, world.store)
    assert warehouse.rows(
        "SELECT _op, id, _parent FROM raw_stripe.subscription_item WHERE _op <> 'R' ORDER BY _seq"
    ) == [
        ("D", dropped["id"], subscription["id"]),
        ("U", kept["id"], subscription["id"]),
    ]


def test_the_lines_of_a_deleted_draft_are_deleted(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse
) -> None:
    warehouse.tick(server)
    draft = [row for row in world.store.kinds["invoice"] if row["livemode"]][-1]
    world.store.delete(draft, "invoice.deleted")
    warehouse.tick(server)
    assert_equal(warehouse, world.store)
    deleted = {
        identifier for (identifier,) in warehouse.rows("SELECT id FROM raw_stripe.invoice_line_item WHERE _op = 'D'")
    }
    assert deleted == {line["id"] for line in draft["lines"]}


def test_a_discount_is_known_even_if_no_event_of_its_own_told_of_it(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse
) -> None:
    warehouse.tick(server)
    discounted = next(row for row in world.store.kinds["subscription"] if row["discounts"])
    plain = next(row for row in world.store.kinds["subscription"] if not row["discounts"] and row["status"] == "active")
    moved = {**discounted["discounts"][0], "id": world.store.new_id("discount"), "subscription": plain["id"]}
    world.store.update(plain, "customer.subscription.updated", discounts=[moved])
    world.store.update(discounted, "customer.subscription.updated", discounts=[])
    warehouse.tick(server)
    assert_equal(warehouse, world.store)
    assert [op for (op,) in warehouse.rows("SELECT _op FROM raw_stripe.discount WHERE _op <> 'R' ORDER BY _seq")] == [
        "I", "D",
    ]  # fmt: skip


def test_a_live_key_lands_live_objects_only(world: StripeWorld, warehouse: Warehouse) -> None:
    with StripeServer(world.store, mixes_modes=True) as server:
        report = warehouse.tick(server)
        assert_equal(warehouse, world.store)
        notices = {notice.object: notice for notice in report.notices}
        assert notices.keys() == {"product", "customer", "invoice"}
        assert {notice.kind for notice in report.notices} == {"other_mode"}
        assert notices["customer"].detail.startswith("3 of test mode")
        world.store.create("customer", "customer.created", livemode=False, name="Test", balance=0)
        report = warehouse.tick(server)
        assert report.rows == 0
        assert [notice.object for notice in report.notices] == ["event"]
        assert_equal(warehouse, world.store)
        with pytest.raises(IngestError, match="other mode"):
            warehouse.tick(server, key=server.test_key)


def test_a_test_key_lands_test_objects(world: StripeWorld, server: StripeServer, warehouse: Warehouse) -> None:
    warehouse.tick(server, key=server.test_key)
    assert len(warehouse.current("customer")) == 3
    assert not any(body["livemode"] for body in warehouse.current("invoice").values())


def test_events_in_another_api_version_have_their_objects_read_in_ours(
    store: Store, small: StripeServer, warehouse: Warehouse
) -> None:
    customer = store.create("customer", "customer.created", name="Elm", balance=0)
    warehouse.tick(small)
    store.update(customer, name="Oak")
    for _ in range(3):
        old_shape = {"id": customer["id"], "object": "customer", "livemode": True, "account_balance": 0}
        event = store.tell("customer.updated", customer, api_version="2019-02-19")
        event["data"]["object"] = old_shape
    before = len(small.requests)
    report = warehouse.tick(small)
    assert [notice.kind for notice in report.notices] == ["event_api_version"]
    assert "2019-02-19" in report.notices[0].detail
    assert sum("/v1/customers/" in target for target in small.requests[before:]) == 1
    assert_equal(warehouse, store)
    assert warehouse.events() == landed_events(store)[1:]


def test_a_list_whose_last_read_object_is_deleted_is_begun_anew(
    store: Store, small: StripeServer, warehouse: Warehouse
) -> None:
    rows = [store.create("customer", "customer.created", name=str(number), balance=0) for number in range(250)]

    def delete_the_cursor(request: Request) -> None:
        after = request.parameter("starting_after")
        if after is not None and after in store.kinds["customer"] and len(store.kinds["customer"]) > 248:
            store.delete(store.kinds["customer"].get(after), "customer.deleted")

    small.before_answer = delete_the_cursor
    warehouse.tick(small, objects_per_batch=40)
    small.before_answer = None
    assert len(store.kinds["customer"]) == len(rows) - 2
    assert_equal(warehouse, store)


def test_an_outage_of_many_events_is_caught_up_in_batches(
    world: StripeWorld, server: StripeServer, warehouse: Warehouse
) -> None:
    warehouse.tick(server)
    live(world, days=29)
    started = time.monotonic()
    report = warehouse.tick(server, objects_per_batch=30)
    assert report.batches > 10 and time.monotonic() - started < 60
    assert_equal(warehouse, world.store)


def test_once_a_week_everything_is_compared(store: Store, small: StripeServer, warehouse: Warehouse) -> None:
    customer = store.create("customer", "customer.created", name="Elm", balance=0)

    def requests() -> int:
        before = len(small.requests)
        warehouse.tick(small, heal_after=timedelta(days=7))
        return len(small.requests) - before

    requests()
    store.set_clock(store.now + 7 * 86_400 - 60)
    customer["name"] = "Oak"  # as no event tells
    usual = requests()
    assert warehouse.current("customer")[customer["id"]]["name"] == "Elm"
    store.set_clock(store.now + 60)
    assert requests() > usual + 5
    assert_equal(warehouse, store)
    assert requests() == usual


def test_healing_by_the_calendar_is_asked_for_by_name() -> None:
    with pytest.raises(IngestError, match="NORTHSTAR_STRIPE_HEAL is 'monthly'; give weekly"):
        from_environment({"NORTHSTAR_STRIPE_API_KEY": "sk_test_1", "NORTHSTAR_STRIPE_HEAL": "monthly"})
