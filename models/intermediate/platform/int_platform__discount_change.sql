MODEL (
  name intermediate.int_platform__discount_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (discount_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=stripe'),
  signals (
    source_sealed(source := 'stripe')
  ),
  audits (
    unique_combination_of_columns(columns := (discount_id, commit_lsn, commit_seq)),
    not_null(columns := (discount_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a discount: a coupon as applied to a customer or a subscription, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  arrived.discount_id::VARCHAR AS discount_id, /* Discount, natural key */
  arrived.operation::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  arrived.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  arrived.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who gets it */
  arrived.subscription_id::VARCHAR AS subscription_id, /* Subscription that it applies to, NULL for all of the customer */
  arrived.subscription_item_id::VARCHAR AS subscription_item_id, /* Item that it applies to, NULL for all of the subscription */
  arrived.coupon_id::VARCHAR AS coupon_id, /* Coupon that it applies */
  arrived.starts_at::TIMESTAMP AS starts_at, /* When it begins, UTC */
  arrived.ends_at::TIMESTAMP AS ends_at, /* When it ends, exclusive, UTC; NULL for never */
  CASE WHEN arrived.operation = 'D' THEN NULL WHEN coupon_id IS NULL THEN 'missing_key' END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_stripe__discount AS arrived
WHERE
  arrived.loaded_at BETWEEN @start_ts AND @end_ts
