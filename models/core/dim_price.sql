MODEL (
  name core.dim_price,
  kind VIEW,
  owner analytics_engineering,
  grain price_id,
  references (product_id, currency),
  tags (
    'layer=core'
  ),
  depends_on (core.dim_currency, core.dim_product),
  audits (
    unique_values(columns := price_id),
    not_null(columns := (price_id, product_id, currency)),
    referential_integrity(references := (product_id = core.dim_product, currency = core.dim_currency), blocking := FALSE)
  ),
  description 'One row per price of a product, without history: a price never changes, it is replaced. Deleted ones stay, flagged.
Use it for: price points and intervals of subscriptions. Not for: what was really paid; lines carry discounts.'
);

SELECT
  price_id::VARCHAR AS price_id, /* Price, natural key */
  product_id::VARCHAR AS product_id, /* Product that it is a price of */
  currency::VARCHAR AS currency, /* ISO 4217 currency */
  created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  billing_interval::VARCHAR AS billing_interval, /* day, week, month or year; NULL when charged once */
  interval_count::BIGINT AS interval_count, /* Intervals between two charges */
  usage_type::VARCHAR AS usage_type, /* licensed or metered */
  billing_scheme::VARCHAR AS billing_scheme, /* per_unit or tiered */
  is_active::BOOLEAN AS is_active, /* Whether it can be sold */
  is_deleted::BOOLEAN AS is_deleted, /* Whether it was deleted at the source */
  unit_amount_minor::DECIMAL(38, 12) AS unit_amount_minor /* Price of one unit, minor units, with decimals */
FROM intermediate.int_platform__price
