MODEL (
  name staging.stg_stripe__subscription_item,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=stripe', 'phi=none'),
  description 'One row per change of an item of a subscription: a price and how many of it.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  id::VARCHAR AS subscription_item_id, /* Subscription item, natural key */
  subscription::VARCHAR AS subscription_id, /* Subscription that it is an item of */
  price::VARCHAR AS price_id, /* Price */
  product::VARCHAR AS product_id, /* Product */
  UPPER(price_currency)::VARCHAR AS currency, /* ISO 4217 currency of the price */
  recurring_interval::VARCHAR AS billing_interval, /* day, week, month or year */
  recurring_interval_count::BIGINT AS interval_count, /* Intervals between two charges */
  usage_type::VARCHAR AS usage_type, /* licensed or metered */
  quantity::BIGINT AS quantity, /* Units, such as seats; NULL when metered */
  unit_amount_decimal::DECIMAL(38, 12) AS unit_amount_minor, /* Price of one unit, minor units, with decimals */
  created::TIMESTAMP AS created_at, /* When it was made, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_stripe.subscription_item
