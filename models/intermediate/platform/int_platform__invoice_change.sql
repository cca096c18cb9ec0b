MODEL (
  name intermediate.int_platform__invoice_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (stripe_invoice_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=stripe'),
  signals (
    source_sealed(source := 'stripe')
  ),
  audits (
    unique_combination_of_columns(columns := (stripe_invoice_id, commit_lsn, commit_seq)),
    not_null(columns := (stripe_invoice_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of an invoice that Northstar sends a customer through Stripe, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  arrived.stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice, natural key */
  arrived.operation::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  arrived.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  arrived.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who is billed */
  arrived.subscription_id::VARCHAR AS subscription_id, /* Subscription that is billed, NULL for none */
  arrived.invoice_number::VARCHAR AS invoice_number, /* Number by which people call it, NULL while a draft */
  arrived.status::VARCHAR AS status, /* draft, open, paid, uncollectible or void */
  arrived.currency::VARCHAR AS currency, /* ISO 4217 currency */
  arrived.billing_reason::VARCHAR AS billing_reason, /* What made it: subscription_create, subscription_cycle, subscription_update, manual ... */
  arrived.collection_method::VARCHAR AS collection_method, /* charge_automatically or send_invoice */
  arrived.subtotal_minor::BIGINT AS subtotal_minor, /* Sum of the lines before discounts and tax, minor units */
  arrived.discount_minor::BIGINT AS discount_minor, /* Discounts, minor units */
  arrived.tax_minor::BIGINT AS tax_minor, /* Taxes, minor units */
  arrived.total_minor::BIGINT AS total_minor, /* Subtotal less discounts plus taxes, minor units */
  arrived.due_minor::BIGINT AS due_minor, /* Total with the customer's balance applied, less credit notes before payment, minor units */
  arrived.paid_minor::BIGINT AS paid_minor, /* Paid, minor units */
  arrived.paid_off_stripe_minor::BIGINT AS paid_off_stripe_minor, /* Of that, paid outside Stripe, minor units */
  arrived.remaining_minor::BIGINT AS remaining_minor, /* Still to be paid, minor units */
  arrived.starting_balance_minor::BIGINT AS starting_balance_minor, /* Customer's balance before it, negative for a credit, minor units */
  arrived.ending_balance_minor::BIGINT AS ending_balance_minor, /* Customer's balance after it, minor units */
  arrived.pre_payment_credit_minor::BIGINT AS pre_payment_credit_minor, /* Credit notes before payment, minor units */
  arrived.post_payment_credit_minor::BIGINT AS post_payment_credit_minor, /* Credit notes after payment, minor units */
  arrived.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  arrived.finalized_at::TIMESTAMP AS finalized_at, /* When it was finalised, UTC: from here on it is revenue */
  arrived.due_at::TIMESTAMP AS due_at, /* When it is due, UTC; NULL when charged automatically */
  arrived.paid_at::TIMESTAMP AS paid_at, /* When it was paid, UTC */
  arrived.voided_at::TIMESTAMP AS voided_at, /* When it was voided, UTC */
  arrived.uncollectible_at::TIMESTAMP AS uncollectible_at, /* When it was given up, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN stripe_customer_id IS NULL
    THEN 'missing_key'
    WHEN NOT COALESCE(status, '') IN ('draft', 'open', 'paid', 'uncollectible', 'void')
    THEN 'unknown_status'
    WHEN known.currency IS NULL
    THEN 'unknown_currency'
    WHEN total_minor IS NULL OR due_minor IS NULL
    THEN 'missing_amount'
    WHEN status <> 'draft' AND finalized_at IS NULL AND NOT status = 'void'
    THEN 'missing_time'
    WHEN @implausible((created_at, finalized_at, due_at, paid_at), committed_at)
    THEN 'implausible_date'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_stripe__invoice AS arrived
LEFT JOIN reference.currency AS known
  ON known.currency = arrived.currency
WHERE
  arrived.loaded_at BETWEEN @start_ts AND @end_ts
