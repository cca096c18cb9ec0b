MODEL (
  name intermediate.int_platform__invoice_payment_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (invoice_payment_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=stripe'),
  signals (
    source_sealed(source := 'stripe')
  ),
  audits (
    unique_combination_of_columns(columns := (invoice_payment_id, commit_lsn, commit_seq)),
    not_null(columns := (invoice_payment_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a payment of an invoice in Stripe, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  arrived.invoice_payment_id::VARCHAR AS invoice_payment_id, /* Invoice payment, natural key */
  arrived.operation::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  arrived.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  arrived.stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice that is paid */
  arrived.payment_intent_id::VARCHAR AS payment_intent_id, /* Payment intent that pays it; NULL when a charge does by itself */
  arrived.charge_id::VARCHAR AS charge_id, /* Charge that pays it; NULL when a payment intent does */
  arrived.currency::VARCHAR AS currency, /* ISO 4217 currency */
  arrived.status::VARCHAR AS status, /* open, paid or canceled */
  arrived.amount_minor::BIGINT AS amount_minor, /* Amount paid, minor units */
  arrived.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  arrived.paid_at::TIMESTAMP AS paid_at, /* When it was paid, UTC */
  CASE WHEN arrived.operation = 'D' THEN NULL WHEN stripe_invoice_id IS NULL THEN 'missing_key' END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_stripe__invoice_payment AS arrived
WHERE
  arrived.loaded_at BETWEEN @start_ts AND @end_ts
