MODEL (
  name intermediate.int_platform__payout_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (payout_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=stripe'),
  signals (
    source_sealed(source := 'stripe')
  ),
  audits (
    unique_combination_of_columns(columns := (payout_id, commit_lsn, commit_seq)),
    not_null(columns := (payout_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a payout from the balance at Stripe to the bank, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  arrived.payout_id::VARCHAR AS payout_id, /* Payout, natural key */
  arrived.operation::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  arrived.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  arrived.balance_transaction_id::VARCHAR AS balance_transaction_id, /* Balance transaction that it made */
  arrived.failure_balance_transaction_id::VARCHAR AS failure_balance_transaction_id, /* Balance transaction by which it came back */
  arrived.currency::VARCHAR AS currency, /* ISO 4217 currency */
  arrived.status::VARCHAR AS status, /* pending, in_transit, paid, failed or canceled */
  arrived.failure_code::VARCHAR AS failure_code, /* Why it failed */
  arrived.is_automatic::BOOLEAN AS is_automatic, /* Whether Stripe made it by schedule; only these tell their transactions */
  arrived.reconciliation_status::VARCHAR AS reconciliation_status, /* not_applicable, in_progress or completed */
  arrived.amount_minor::BIGINT AS amount_minor, /* Amount, minor units */
  arrived.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  arrived.arrives_at::TIMESTAMP AS arrives_at, /* When it is to arrive at the bank, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN known.currency IS NULL
    THEN 'unknown_currency'
    WHEN amount_minor IS NULL
    THEN 'missing_amount'
    WHEN created_at IS NULL
    THEN 'missing_time'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_stripe__payout AS arrived
LEFT JOIN reference.currency AS known
  ON known.currency = arrived.currency
WHERE
  arrived.loaded_at BETWEEN @start_ts AND @end_ts
