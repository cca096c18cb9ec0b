"""Which Stripe objects are landed, where they are listed, and their typed columns.

Amounts are integers in the minor unit of the row's currency; instants are naive UTC.  A path leads through the
object's JSON; ``[]`` sums what it leads to over a list.  What is not a column here is still in ``_payload``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

API_VERSION = "2026-10-28.endive"
"""The API version that the paths below are written for; pinned on the client."""

TEXT = pa.string()
WHOLE = pa.int64()
FLOAT = pa.float64()
FLAG = pa.bool_()
INSTANT = pa.timestamp("us")
DECIMAL = pa.decimal128(38, 12)


@dataclass(frozen=True)
class Column:
    """One typed column of a raw table."""

    name: str
    type: pa.DataType
    path: str


@dataclass(frozen=True)
class Nested:
    """A list inside an object, whose elements are landed as rows of their own."""

    object: str
    """Raw table of the elements."""
    field: str
    """Where the parent holds them: a list object, a plain list (of objects or ids), or a single object."""
    path: str
    """Endpoint of the whole list, with ``{id}`` for the parent's id."""
    parameter: str | None = None
    """Query parameter of the endpoint that takes the parent's id, when it is not in the path."""
    expanded: bool = False
    """The endpoint is the parent's own, and shows the whole list when asked to expand the field."""


@dataclass(frozen=True)
class RawObject:
    """One kind of Stripe object and its raw table."""

    name: str
    columns: tuple[Column, ...]
    path: str | None = None
    """Endpoint that lists every object, None for those that come only inside another."""
    parameters: dict[str, object] = field(default_factory=dict)
    """What the list must be asked with so that it hides nothing."""
    nested: tuple[Nested, ...] = ()
    deletable: bool = False
    """Whether an object can vanish from its list."""
    is_nested: bool = False
    """Whether rows carry ``_parent``, the id of the object that they hang on."""


def _columns(**types: str) -> tuple[Column, ...]:
    """Columns from ``type: "name name=path ..."``; the path is the name unless given."""
    kinds = {"text": TEXT, "whole": WHOLE, "float": FLOAT, "flag": FLAG, "instant": INSTANT, "decimal": DECIMAL}
    found = [Column("id", TEXT, "id")]
    for kind, names in types.items():
        for item in names.split():
            name, _, path = item.partition("=")
            found.append(Column(name, kinds[kind], path or name))
    return tuple(found)


_PRICE = (
    "price_currency=price.currency recurring_interval=price.recurring.interval usage_type=price.recurring.usage_type "
    "billing_scheme=price.billing_scheme"
)

OBJECTS: dict[str, RawObject] = {
    raw.name: raw
    for raw in (
        RawObject(
            "product",
            _columns(
                text="name description unit_label default_price", flag="active livemode", instant="created updated"
            ),
            "/v1/products",
            deletable=True,
        ),
        RawObject(
            "price",
            _columns(
                text="product currency type billing_scheme tiers_mode tax_behavior lookup_key nickname "
                "recurring_interval=recurring.interval usage_type=recurring.usage_type meter=recurring.meter",
                whole="unit_amount recurring_interval_count=recurring.interval_count",
                decimal="unit_amount_decimal",
                flag="active livemode",
                instant="created",
            ),
            "/v1/prices",
            deletable=True,
        ),
        RawObject(
            "coupon",
            _columns(
                text="name currency duration",
                whole="amount_off duration_in_months times_redeemed max_redemptions",
                float="percent_off",
                flag="valid livemode",
                instant="created redeem_by",
            ),
            "/v1/coupons",
            deletable=True,
        ),
        RawObject(
            "customer",
            _columns(
                text="name email phone description currency address_country=address.country "
                "address_postal_code=address.postal_code tax_exempt account_number=metadata.account_number",
                whole="balance",
                flag="delinquent livemode",
                instant="created",
            ),
            "/v1/customers",
            nested=(Nested("discount", "discount", "/v1/customers/{id}", expanded=True),),
            deletable=True,
        ),
        RawObject(
            "subscription",
            _columns(
                text="customer status currency collection_method latest_invoice schedule "
                "cancellation_reason=cancellation_details.reason pause_behavior=pause_collection.behavior",
                whole="days_until_due",
                flag="cancel_at_period_end livemode",
                instant="created start_date ended_at cancel_at canceled_at trial_start trial_end billing_cycle_anchor "
                "pause_resumes_at=pause_collection.resumes_at",
            ),
            "/v1/subscriptions",
            {"status": "all", "expand": ["data.discounts"]},
            nested=(
                Nested("subscription_item", "items", "/v1/subscription_items", "subscription"),
                Nested("discount", "discounts", "/v1/subscriptions/{id}", expanded=True),
            ),
        ),
        RawObject(
            "subscription_item",
            _columns(
                text=f"subscription price=price.id product=price.product {_PRICE}",
                whole="quantity unit_amount=price.unit_amount recurring_interval_count=price.recurring.interval_count",
                decimal="unit_amount_decimal=price.unit_amount_decimal",
                instant="created current_period_start current_period_end",
            ),
            is_nested=True,
        ),
        RawObject(
            "discount",
            _columns(
                text="customer subscription subscription_item invoice invoice_item promotion_code coupon=source.coupon",
                instant="start end",
            ),
            is_nested=True,
        ),
        RawObject(
            "invoice",
            _columns(
                text="customer subscription=parent.subscription_details.subscription number status currency "
                "billing_reason collection_method",
                whole="amount_due amount_paid amount_paid_off_stripe amount_remaining amount_overpaid amount_shipping "
                "subtotal subtotal_excluding_tax total total_excluding_tax total_tax=total_taxes[].amount "
                "total_discount=total_discount_amounts[].amount starting_balance ending_balance attempt_count "
                "pre_payment_credit_notes_amount post_payment_credit_notes_amount",
                flag="attempted auto_advance livemode",
                instant="created due_date effective_at period_start period_end next_payment_attempt "
                "finalized_at=status_transitions.finalized_at paid_at=status_transitions.paid_at "
                "marked_uncollectible_at=status_transitions.marked_uncollectible_at "
                "voided_at=status_transitions.voided_at",
            ),
            "/v1/invoices",
            nested=(Nested("invoice_line_item", "lines", "/v1/invoices/{id}/lines"),),
            deletable=True,
        ),
        RawObject(
            "invoice_line_item",
            _columns(
                text="invoice currency description subscription parent_type=parent.type "
                "subscription_item=parent.subscription_item_details.subscription_item "
                "invoice_item=parent.invoice_item_details.invoice_item price=pricing.price_details.price "
                "product=pricing.price_details.product",
                whole="amount subtotal quantity discount_amount=discount_amounts[].amount tax_amount=taxes[].amount",
                decimal="unit_amount_decimal=pricing.unit_amount_decimal",
                flag="discountable livemode is_subscription_proration=parent.subscription_item_details.proration "
                "is_invoice_item_proration=parent.invoice_item_details.proration",
                instant="period_start=period.start period_end=period.end",
            ),
            is_nested=True,
        ),
        RawObject(
            "invoice_payment",
            _columns(
                text="invoice currency status payment_type=payment.type payment_intent=payment.payment_intent "
                "charge=payment.charge",
                whole="amount_paid amount_requested",
                flag="is_default livemode",
                instant="created paid_at=status_transitions.paid_at canceled_at=status_transitions.canceled_at",
            ),
            "/v1/invoice_payments",
        ),
        RawObject(
            "credit_note",
            _columns(
                text="customer invoice number currency status type reason",
                whole="amount subtotal total total_tax=total_taxes[].amount discount_amount pre_payment_amount "
                "post_payment_amount out_of_band_amount",
                flag="livemode",
                instant="created effective_at voided_at",
            ),
            "/v1/credit_notes",
        ),
        RawObject(
            "payment_intent",
            _columns(
                text="customer currency status latest_charge cancellation_reason capture_method "
                "error_code=last_payment_error.code decline_code=last_payment_error.decline_code",
                whole="amount amount_received amount_capturable",
                flag="livemode",
                instant="created canceled_at",
            ),
            "/v1/payment_intents",
        ),
        RawObject(
            "charge",
            _columns(
                text="customer currency status payment_intent balance_transaction failure_code "
                "payment_method_type=payment_method_details.type outcome_type=outcome.type",
                whole="amount amount_captured amount_refunded",
                flag="paid captured refunded disputed livemode",
                instant="created",
            ),
            "/v1/charges",
        ),
        RawObject(
            "refund",
            _columns(
                text="charge payment_intent balance_transaction currency status reason failure_reason",
                whole="amount",
                instant="created",
            ),
            "/v1/refunds",
        ),
        RawObject(
            "dispute",
            _columns(
                text="charge payment_intent currency status reason network_reason_code",
                whole="amount balance_net=balance_transactions[].net balance_fee=balance_transactions[].fee",
                flag="is_charge_refundable livemode",
                instant="created evidence_due_by=evidence_details.due_by",
            ),
            "/v1/disputes",
        ),
        RawObject(
            "balance_transaction",
            _columns(
                text="source type reporting_category currency status description balance_type",
                whole="amount fee net",
                float="exchange_rate",
                instant="created available_on",
            ),
            "/v1/balance_transactions",
        ),
        RawObject(
            "payout",
            _columns(
                text="currency status type method balance_transaction failure_balance_transaction failure_code "
                "reconciliation_status reversed_by original_payout",
                whole="amount",
                flag="automatic livemode",
                instant="created arrival_date",
            ),
            "/v1/payouts",
            # Not inside the payout: its transactions can be listed once it is reconciled, and then never change.
            nested=(Nested("payout_transaction", "", "/v1/balance_transactions", "payout"),),
        ),
        RawObject("payout_transaction", _columns(text="payout"), is_nested=True),
    )
}
"""By name of the raw table, in the order in which they are listed."""

STRIPE_NAMES = {"line_item": "invoice_line_item"}
"""Raw tables whose name is not the ``object`` of what they hold."""

LISTED = tuple(raw.name for raw in OBJECTS.values() if raw.path is not None)
"""The kinds that a listing goes through, in order."""
