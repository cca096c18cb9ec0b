MODEL (
  name intermediate.int_platform__invoice,
  kind VIEW,
  owner data_engineering,
  grain stripe_invoice_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per invoice that Northstar sends a customer through Stripe, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice, natural key */
  stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who is billed */
  subscription_id::VARCHAR AS subscription_id, /* Subscription that is billed, NULL for none */
  invoice_number::VARCHAR AS invoice_number, /* Number by which people call it, NULL while a draft */
  status::VARCHAR AS status, /* draft, open, paid, uncollectible or void */
  currency::VARCHAR AS currency, /* ISO 4217 currency */
  billing_reason::VARCHAR AS billing_reason, /* What made it: subscription_create, subscription_cycle, subscription_update, manual ... */
  collection_method::VARCHAR AS collection_method, /* charge_automatically or send_invoice */
  subtotal_minor::BIGINT AS subtotal_minor, /* Sum of the lines before discounts and tax, minor units */
  discount_minor::BIGINT AS discount_minor, /* Discounts, minor units */
  tax_minor::BIGINT AS tax_minor, /* Taxes, minor units */
  total_minor::BIGINT AS total_minor, /* Subtotal less discounts plus taxes, minor units */
  due_minor::BIGINT AS due_minor, /* Total with the customer's balance applied, less credit notes before payment, minor units */
  paid_minor::BIGINT AS paid_minor, /* Paid, minor units */
  paid_off_stripe_minor::BIGINT AS paid_off_stripe_minor, /* Of that, paid outside Stripe, minor units */
  remaining_minor::BIGINT AS remaining_minor, /* Still to be paid, minor units */
  starting_balance_minor::BIGINT AS starting_balance_minor, /* Customer's balance before it, negative for a credit, minor units */
  ending_balance_minor::BIGINT AS ending_balance_minor, /* Customer's balance after it, minor units */
  pre_payment_credit_minor::BIGINT AS pre_payment_credit_minor, /* Credit notes before payment, minor units */
  post_payment_credit_minor::BIGINT AS post_payment_credit_minor, /* Credit notes after payment, minor units */
  created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  finalized_at::TIMESTAMP AS finalized_at, /* When it was finalised, UTC: from here on it is revenue */
  due_at::TIMESTAMP AS due_at, /* When it is due, UTC; NULL when charged automatically */
  paid_at::TIMESTAMP AS paid_at, /* When it was paid, UTC */
  voided_at::TIMESTAMP AS voided_at, /* When it was voided, UTC */
  uncollectible_at::TIMESTAMP AS uncollectible_at, /* When it was given up, UTC */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__invoice_change, stripe_invoice_id)
)
