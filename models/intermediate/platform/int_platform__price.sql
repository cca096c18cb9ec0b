MODEL (
  name intermediate.int_platform__price,
  kind VIEW,
  owner data_engineering,
  grain price_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per price of a product, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  price_id::VARCHAR AS price_id, /* Price, natural key */
  product_id::VARCHAR AS product_id, /* Product that it is a price of */
  currency::VARCHAR AS currency, /* ISO 4217 currency */
  billing_interval::VARCHAR AS billing_interval, /* day, week, month or year; NULL when charged once */
  interval_count::BIGINT AS interval_count, /* Intervals between two charges */
  usage_type::VARCHAR AS usage_type, /* licensed or metered */
  billing_scheme::VARCHAR AS billing_scheme, /* per_unit or tiered */
  unit_amount_minor::DECIMAL(38, 12) AS unit_amount_minor, /* Price of one unit, minor units, with decimals */
  is_active::BOOLEAN AS is_active, /* Whether it can be sold */
  created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__price_change, price_id)
)
