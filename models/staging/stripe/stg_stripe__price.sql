MODEL (
  name staging.stg_stripe__price,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=stripe', 'phi=none'),
  description 'One row per change of a price of a product. Rows of test mode stay in raw.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  id::VARCHAR AS price_id, /* Price, natural key */
  product::VARCHAR AS product_id, /* Product that it is a price of */
  UPPER(currency)::VARCHAR AS currency, /* ISO 4217 currency */
  recurring_interval::VARCHAR AS billing_interval, /* day, week, month or year; NULL when charged once */
  recurring_interval_count::BIGINT AS interval_count, /* Intervals between two charges */
  usage_type::VARCHAR AS usage_type, /* licensed or metered */
  billing_scheme::VARCHAR AS billing_scheme, /* per_unit or tiered */
  unit_amount_decimal::DECIMAL(38, 12) AS unit_amount_minor, /* Price of one unit, minor units, with decimals */
  active::BOOLEAN AS is_active, /* Whether it can be sold */
  created::TIMESTAMP AS created_at, /* When it was made, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_stripe.price
WHERE
  COALESCE(livemode, TRUE)
