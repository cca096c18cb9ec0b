MODEL (
  name intermediate.int_platform__balance_transaction_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (balance_transaction_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=stripe'),
  signals (
    source_sealed(source := 'stripe')
  ),
  audits (
    unique_combination_of_columns(columns := (balance_transaction_id, commit_lsn, commit_seq)),
    not_null(columns := (balance_transaction_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a movement of Northstar''s balance at Stripe, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  arrived.balance_transaction_id::VARCHAR AS balance_transaction_id, /* Balance transaction, natural key */
  arrived.operation::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  arrived.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  arrived.source_id::VARCHAR AS source_id, /* Charge, refund, dispute, payout ... that made it */
  arrived.transaction_type::VARCHAR AS transaction_type, /* Stripe's type */
  arrived.reporting_category::VARCHAR AS reporting_category, /* Stripe's reporting category */
  arrived.currency::VARCHAR AS currency, /* ISO 4217 currency */
  arrived.status::VARCHAR AS status, /* pending or available */
  arrived.amount_minor::BIGINT AS amount_minor, /* Gross amount, minor units of the settlement currency */
  arrived.fee_minor::BIGINT AS fee_minor, /* Fees, minor units */
  arrived.net_minor::BIGINT AS net_minor, /* Amount less fees, minor units */
  arrived.exchange_rate::DOUBLE AS exchange_rate, /* Units of the settlement currency for one of the presentment currency; NULL when they are one */
  arrived.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  arrived.available_at::TIMESTAMP AS available_at, /* When it becomes available for payouts, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN known.currency IS NULL
    THEN 'unknown_currency'
    WHEN amount_minor IS NULL OR fee_minor IS NULL OR net_minor IS NULL
    THEN 'missing_amount'
    WHEN net_minor <> amount_minor - fee_minor
    THEN 'net_does_not_balance'
    WHEN created_at IS NULL
    THEN 'missing_time'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_stripe__balance_transaction AS arrived
LEFT JOIN reference.currency AS known
  ON known.currency = arrived.currency
WHERE
  arrived.loaded_at BETWEEN @start_ts AND @end_ts
