MODEL (
  name intermediate.int_platform__payout_transaction_change,
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
  description 'One row per change of a balance transaction that a payout holds, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  arrived.balance_transaction_id::VARCHAR AS balance_transaction_id, /* Balance transaction, natural key */
  arrived.operation::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  arrived.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  arrived.payout_id::VARCHAR AS payout_id, /* Payout that holds it */
  CASE WHEN arrived.operation = 'D' THEN NULL WHEN payout_id IS NULL THEN 'missing_key' END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_stripe__payout_transaction AS arrived
WHERE
  arrived.loaded_at BETWEEN @start_ts AND @end_ts
