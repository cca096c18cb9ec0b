MODEL (
  name intermediate.int_platform__charge_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (charge_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=stripe'),
  signals (
    source_sealed(source := 'stripe')
  ),
  audits (
    unique_combination_of_columns(columns := (charge_id, commit_lsn, commit_seq)),
    not_null(columns := (charge_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a charge: one try to collect money, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  arrived.charge_id::VARCHAR AS charge_id, /* Charge, natural key */
  arrived.operation::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  arrived.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  arrived.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who is charged */
  arrived.payment_intent_id::VARCHAR AS payment_intent_id, /* Payment intent that it is a try of */
  arrived.balance_transaction_id::VARCHAR AS balance_transaction_id, /* Balance transaction that it made, NULL when it failed */
  arrived.currency::VARCHAR AS currency, /* ISO 4217 currency */
  arrived.status::VARCHAR AS status, /* succeeded, pending or failed */
  arrived.failure_code::VARCHAR AS failure_code, /* Why it failed */
  arrived.payment_method_type::VARCHAR AS payment_method_type, /* card ... */
  arrived.amount_minor::BIGINT AS amount_minor, /* Amount, minor units */
  arrived.captured_minor::BIGINT AS captured_minor, /* Captured of it, minor units */
  arrived.refunded_minor::BIGINT AS refunded_minor, /* Given back of it, minor units */
  arrived.is_disputed::BOOLEAN AS is_disputed, /* Whether it was ever disputed */
  arrived.created_at::TIMESTAMP AS created_at, /* When it was tried, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN known.currency IS NULL
    THEN 'unknown_currency'
    WHEN amount_minor IS NULL
    THEN 'missing_amount'
    WHEN amount_minor < 0
    THEN 'negative_amount'
    WHEN NOT COALESCE(status, '') IN ('succeeded', 'pending', 'failed')
    THEN 'unknown_status'
    WHEN created_at IS NULL
    THEN 'missing_time'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_stripe__charge AS arrived
LEFT JOIN reference.currency AS known
  ON known.currency = arrived.currency
WHERE
  arrived.loaded_at BETWEEN @start_ts AND @end_ts
