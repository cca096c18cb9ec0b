"""The simulated account's books balance, and its life is the same whenever it is lived."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from stripe_helpers import ANCHOR, live, plain

from northstar.simulator.company import Company
from northstar.simulator.stripe import StripeWorld
from northstar.simulator.stripe.money import CURRENCIES, settled

HALF_A_YEAR = timedelta(days=183)
LONG = StripeWorld(Company(5, 2.0, ANCHOR))
live(LONG, days=90)


def everything(world: StripeWorld) -> dict[str, list]:
    return {kind: [plain(row) for row in rows] for kind, rows in world.store.kinds.items()}


def test_the_same_seed_lives_the_same_life_in_one_stretch_or_in_several() -> None:
    once, often = (StripeWorld(Company(9, 0.5, ANCHOR), HALF_A_YEAR) for _ in range(2))
    live(once, days=12)
    for _ in range(8):
        live(often, hours=36)
    assert everything(once) == everything(often)
    other = StripeWorld(Company(10, 0.5, ANCHOR), HALF_A_YEAR)
    live(other, days=12)
    assert everything(other) != everything(once)


@pytest.mark.parametrize("seed", [5, 19, 42])
def test_a_company_of_hardly_anybody_lives_too(seed: int) -> None:
    """The first hours have scenes with customers who pay, and there may be none."""
    world = StripeWorld(Company(seed, 0.02, ANCHOR), HALF_A_YEAR)
    live(world, hours=3)
    assert len(world.customers) <= 4


def test_life_goes_on_from_where_the_clock_stands() -> None:
    world = StripeWorld(Company(9, 0.1, ANCHOR))
    with pytest.raises(ValueError, match="stands at"):
        world.advance(ANCHOR + timedelta(hours=1), ANCHOR + timedelta(hours=2))


def test_an_invoice_is_its_lines_less_discounts_plus_taxes() -> None:
    discounted = taxed = 0
    for invoice in LONG.store.kinds["invoice"]:
        lines = invoice["lines"]
        off = sum(amount["amount"] for line in lines for amount in line["discount_amounts"])
        tax = sum(amount["amount"] for line in lines for amount in line["taxes"])
        assert invoice["subtotal"] == sum(line["amount"] for line in lines)
        assert invoice["total"] == invoice["subtotal"] - off + tax
        assert off == sum(amount["amount"] for amount in invoice["total_discount_amounts"])
        assert tax == sum(amount["amount"] for amount in invoice["total_taxes"])
        assert invoice["amount_remaining"] == invoice["amount_due"] - invoice["amount_paid"]
        discounted, taxed = discounted + (off > 0), taxed + (tax > 0)
        if invoice["status"] not in ("draft",) and invoice["ending_balance"] is not None:
            applied = invoice["ending_balance"] - invoice["starting_balance"]
            credited = invoice["pre_payment_credit_notes_amount"]
            assert invoice["amount_due"] == invoice["total"] - applied - credited
    assert discounted and taxed


def test_what_was_paid_on_an_invoice_is_its_charges_or_came_by_wire() -> None:
    payments, wires = Counter(), 0
    for payment in LONG.store.kinds["invoice_payment"]:
        intent = LONG.store.kinds["payment_intent"].get(payment["payment"]["payment_intent"])
        charge = LONG.store.kinds["charge"].get(intent["latest_charge"])
        assert payment["amount_paid"] == intent["amount_received"] == charge["amount"]
        payments[payment["invoice"]] += payment["amount_paid"]
    for invoice in LONG.store.kinds["invoice"]:
        assert invoice["amount_paid"] == payments[invoice["id"]] + invoice["amount_paid_off_stripe"]
        wires += invoice["amount_paid_off_stripe"] > 0
    assert wires


def test_customers_credit_is_what_their_invoices_left() -> None:
    for customer in LONG.store.kinds["customer"]:
        finalized = [
            invoice
            for invoice in LONG.store.kinds["invoice"]
            if invoice["customer"] == customer["id"] and invoice["status_transitions"]["finalized_at"]
        ]
        finalized.sort(key=lambda invoice: (invoice["status_transitions"]["finalized_at"], invoice["number"]))
        balance = 0
        for invoice in finalized:
            assert invoice["starting_balance"] == balance
            balance = invoice["ending_balance"]
        assert customer["balance"] == balance


def test_a_balance_transaction_is_net_of_its_fee_and_converted_at_its_rate() -> None:
    converted = 0
    charges = LONG.store.kinds["charge"]
    for row in LONG.store.kinds["balance_transaction"]:
        assert row["net"] == row["amount"] - row["fee"]
        assert row["fee"] == sum(detail["amount"] for detail in row["fee_details"])
        if row["type"] == "charge":
            charge = charges.get(row["source"])
            rate = None if row["exchange_rate"] is None else Decimal(str(row["exchange_rate"]))
            assert row["amount"] == settled(charge["amount"], CURRENCIES[charge["currency"]], rate)
            assert (row["currency"] == charge["currency"]) == (rate is None)
            assert row["fee"] > 0
            converted += rate is not None
    assert converted


def test_payouts_tie_to_the_balance_to_the_cent_in_each_currency() -> None:
    transactions = LONG.store.kinds["balance_transaction"]
    balance, unpaid, seen = Counter(), Counter(), set()
    for payout in LONG.store.kinds["payout"]:
        members = [transactions.get(identifier) for identifier in LONG.store.paid_out[payout["id"]]]
        assert {member["currency"] for member in members} == {payout["currency"]}
        assert payout["amount"] == sum(member["net"] for member in members if member["type"] != "payout")
        assert all(member["available_on"] <= payout["created"] for member in members)
        assert not seen & {member["id"] for member in members}
        seen |= {member["id"] for member in members}
    for row in transactions:
        balance[row["currency"]] += row["net"]
        unpaid[row["currency"]] += row["net"] if row["id"] not in seen else 0
    assert balance == unpaid
    assert {row["status"] for row in LONG.store.kinds["payout"]} >= {"paid", "failed"}


def test_refunds_and_disputes_move_what_they_say() -> None:
    transactions, refunded = LONG.store.kinds["balance_transaction"], Counter()
    for refund in LONG.store.kinds["refund"]:
        refunded[refund["charge"]] += refund["amount"]
        assert transactions.get(refund["balance_transaction"])["type"] == "refund"
    charges = LONG.store.kinds["charge"]
    assert any(0 < charge["amount_refunded"] < charge["amount"] for charge in charges)
    assert any(charge["refunded"] for charge in charges)
    for charge in charges:
        assert charge["amount_refunded"] == refunded[charge["id"]] <= charge["amount"]
    statuses = set()
    for dispute in LONG.store.kinds["dispute"]:
        moved = [row["amount"] for row in dispute["balance_transactions"]]
        assert (sum(moved) == 0) == (dispute["status"] == "won")
        statuses.add(dispute["status"])
    assert statuses >= {"won", "lost"}


def test_credit_notes_stand_in_their_invoices() -> None:
    before, after = Counter(), Counter()
    for note in LONG.store.kinds["credit_note"]:
        before[note["invoice"]] += note["pre_payment_amount"]
        after[note["invoice"]] += note["post_payment_amount"]
    assert before.total() and after.total()
    for invoice in LONG.store.kinds["invoice"]:
        assert invoice["pre_payment_credit_notes_amount"] == before[invoice["id"]]
        assert invoice["post_payment_credit_notes_amount"] == after[invoice["id"]]


def test_amounts_obey_their_currency() -> None:
    currencies = {price["currency"] for price in LONG.store.kinds["price"]}
    assert currencies == set(CURRENCIES)
    amounts = {(price["currency"], price["unit_amount"]) for price in LONG.store.kinds["price"]}
    assert ("jpy", 7350) in amounts and ("usd", 4900) in amounts
    assert all(amount % 10 == 0 for currency, amount in amounts if currency == "kwd")
    assert {row["currency"] for row in LONG.store.kinds["charge"]} >= {"usd", "jpy", "kwd"}


def test_accounts_stand_at_the_anchor_as_the_company_says() -> None:
    company = Company(11, 6.0, ANCHOR)
    world = StripeWorld(company, HALF_A_YEAR)
    customers = world.store.kinds["customer"]
    subscriptions = {row["customer"]: row for row in world.store.kinds["subscription"]}
    statuses = Counter()
    for account in company.accounts:
        if account.stripe_customer_id is None:
            continue
        assert account.stripe_customer_id in customers
        row = subscriptions[account.stripe_customer_id]
        assert row["currency"] == account.currency.lower()
        wanted = {
            "trial": row["status"] == "trialing",
            "past_due": row["status"] == "past_due",
            "churned": row["status"] == "canceled",
            "suspended": row["pause_collection"] is not None,
            "active": row["status"] in ("active", "past_due", "trialing") and row["pause_collection"] is None,
        }
        assert wanted[account.status], (account.status, row["status"], account.account_id)
        statuses[account.status] += 1
    assert len(statuses) == 5
    known = {account.stripe_customer_id for account in company.accounts}
    assert any(row["id"] not in known and row["livemode"] for row in customers), "a customer that no account matches"


@pytest.mark.parametrize("seed", [1, 7, 42])
def test_the_first_hours_after_the_anchor_bring_something_of_everything(seed: int) -> None:
    world = StripeWorld(Company(seed, 1.0, ANCHOR), HALF_A_YEAR)
    live(world, hours=2)
    types = {event["type"] for event in world.store.kinds["event"] if event["created"] >= ANCHOR.timestamp()}
    assert types >= {
        "customer.subscription.updated", "invoice.created", "invoice.paid", "invoice.payment_failed",
        "charge.succeeded", "charge.failed", "charge.refunded", "charge.dispute.created",
    }  # fmt: skip


def test_later_life_knows_churn_return_new_prices_and_deleted_customers() -> None:
    types = Counter(event["type"] for event in LONG.store.kinds["event"])
    assert types["customer.deleted"] and types["customer.subscription.updated"]
    by_customer = Counter(row["customer"] for row in LONG.store.kinds["subscription"])
    assert max(by_customer.values()) > 1, "somebody came back"
    assert any(not price["active"] for price in LONG.store.kinds["price"])
    statuses = Counter(row["status"] for row in LONG.store.kinds["invoice"])
    assert statuses.keys() >= {"paid", "open", "void", "uncollectible"}
    assert any(
        line["parent"]["subscription_item_details"]["proration"] and line["amount"] < 0
        for invoice in LONG.store.kinds["invoice"]
        for line in invoice["lines"]
    )
