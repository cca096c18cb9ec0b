MODEL (
  name intermediate.int_platform__subscription_item_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (subscription_item_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=stripe'),
  signals (
    source_sealed(source := 'stripe')
  ),
  audits (
    unique_combination_of_columns(columns := (subscription_item_id, commit_lsn, commit_seq)),
    not_null(columns := (subscription_item_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of an item of a subscription: a price and how many of it, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  arrived.subscription_item_id::VARCHAR AS subscription_item_id, /* Subscription item, natural key */
  arrived.operation::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  arrived.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  arrived.subscription_id::VARCHAR AS subscription_id, /* Subscription that it is an item of */
  arrived.price_id::VARCHAR AS price_id, /* Price */
  arrived.product_id::VARCHAR AS product_id, /* Product */
  arrived.currency::VARCHAR AS currency, /* ISO 4217 currency of the price */
  arrived.billing_interval::VARCHAR AS billing_interval, /* day, week, month or year */
  arrived.interval_count::BIGINT AS interval_count, /* Intervals between two charges */
  arrived.usage_type::VARCHAR AS usage_type, /* licensed or metered */
  arrived.quantity::BIGINT AS quantity, /* Units, such as seats; NULL when metered */
  arrived.unit_amount_minor::DECIMAL(38, 12) AS unit_amount_minor, /* Price of one unit, minor units, with decimals */
  arrived.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN subscription_id IS NULL
    THEN 'missing_key'
    WHEN NOT COALESCE(billing_interval, '') IN ('day', 'week', 'month', 'year')
    THEN 'unknown_interval'
    WHEN quantity < 0
    THEN 'negative_quantity'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_stripe__subscription_item AS arrived
WHERE
  arrived.loaded_at BETWEEN @start_ts AND @end_ts
