MODEL (
  name staging.stg_stripe__invoice,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=stripe', 'phi=none'),
  description 'One row per change of an invoice that Northstar sends a customer through Stripe. Rows of test mode stay in raw.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  id::VARCHAR AS stripe_invoice_id, /* Invoice, natural key */
  customer::VARCHAR AS stripe_customer_id, /* Customer who is billed */
  subscription::VARCHAR AS subscription_id, /* Subscription that is billed, NULL for none */
  number::VARCHAR AS invoice_number, /* Number by which people call it, NULL while a draft */
  status::VARCHAR AS status, /* draft, open, paid, uncollectible or void */
  UPPER(currency)::VARCHAR AS currency, /* ISO 4217 currency */
  billing_reason::VARCHAR AS billing_reason, /* What made it: subscription_create, subscription_cycle, subscription_update, manual ... */
  collection_method::VARCHAR AS collection_method, /* charge_automatically or send_invoice */
  subtotal::BIGINT AS subtotal_minor, /* Sum of the lines before discounts and tax, minor units */
  total_discount::BIGINT AS discount_minor, /* Discounts, minor units */
  total_tax::BIGINT AS tax_minor, /* Taxes, minor units */
  total::BIGINT AS total_minor, /* Subtotal less discounts plus taxes, minor units */
  amount_due::BIGINT AS due_minor, /* Total with the customer's balance applied, less credit notes before payment, minor units */
  amount_paid::BIGINT AS paid_minor, /* Paid, minor units */
  amount_paid_off_stripe::BIGINT AS paid_off_stripe_minor, /* Of that, paid outside Stripe, minor units */
  amount_remaining::BIGINT AS remaining_minor, /* Still to be paid, minor units */
  starting_balance::BIGINT AS starting_balance_minor, /* Customer's balance before it, negative for a credit, minor units */
  ending_balance::BIGINT AS ending_balance_minor, /* Customer's balance after it, minor units */
  pre_payment_credit_notes_amount::BIGINT AS pre_payment_credit_minor, /* Credit notes before payment, minor units */
  post_payment_credit_notes_amount::BIGINT AS post_payment_credit_minor, /* Credit notes after payment, minor units */
  created::TIMESTAMP AS created_at, /* When it was made, UTC */
  finalized_at::TIMESTAMP AS finalized_at, /* When it was finalised, UTC: from here on it is revenue */
  due_date::TIMESTAMP AS due_at, /* When it is due, UTC; NULL when charged automatically */
  paid_at::TIMESTAMP AS paid_at, /* When it was paid, UTC */
  voided_at::TIMESTAMP AS voided_at, /* When it was voided, UTC */
  marked_uncollectible_at::TIMESTAMP AS uncollectible_at, /* When it was given up, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_stripe.invoice
WHERE
  COALESCE(livemode, TRUE)
