MODEL (
  name intermediate.int_platform__invoice_payment,
  kind VIEW,
  owner data_engineering,
  grain invoice_payment_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per payment of an invoice in Stripe, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  invoice_payment_id::VARCHAR AS invoice_payment_id, /* Invoice payment, natural key */
  stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice that is paid */
  payment_intent_id::VARCHAR AS payment_intent_id, /* Payment intent that pays it; NULL when a charge does by itself */
  charge_id::VARCHAR AS charge_id, /* Charge that pays it; NULL when a payment intent does */
  currency::VARCHAR AS currency, /* ISO 4217 currency */
  status::VARCHAR AS status, /* open, paid or canceled */
  amount_minor::BIGINT AS amount_minor, /* Amount paid, minor units */
  created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  paid_at::TIMESTAMP AS paid_at, /* When it was paid, UTC */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__invoice_payment_change, invoice_payment_id)
)
