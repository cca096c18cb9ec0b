MODEL (
  name intermediate.int_platform__coupon_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (coupon_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=stripe'),
  signals (
    source_sealed(source := 'stripe')
  ),
  audits (
    unique_combination_of_columns(columns := (coupon_id, commit_lsn, commit_seq)),
    not_null(columns := (coupon_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a coupon, the terms of discounts, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  arrived.coupon_id::VARCHAR AS coupon_id, /* Coupon, natural key */
  arrived.operation::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  arrived.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  arrived.currency::VARCHAR AS currency, /* ISO 4217 currency of the amount taken off; NULL for a percentage */
  arrived.percent_off::DOUBLE AS percent_off, /* Percentage taken off, NULL for an amount */
  arrived.amount_off_minor::BIGINT AS amount_off_minor, /* Amount taken off, minor units; NULL for a percentage */
  arrived.duration::VARCHAR AS duration, /* once, repeating or forever */
  arrived.duration_in_months::BIGINT AS duration_in_months, /* Months of a repeating one */
  arrived.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN percent_off IS NULL AND amount_off_minor IS NULL
    THEN 'missing_amount'
    WHEN NOT percent_off BETWEEN 0 AND 100
    THEN 'implausible_percentage'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_stripe__coupon AS arrived
WHERE
  arrived.loaded_at BETWEEN @start_ts AND @end_ts
