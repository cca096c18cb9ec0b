MODEL (
  name intermediate.int_platform__subscription_item,
  kind VIEW,
  owner data_engineering,
  grain subscription_item_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per item of a subscription: a price and how many of it, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  subscription_item_id::VARCHAR AS subscription_item_id, /* Subscription item, natural key */
  subscription_id::VARCHAR AS subscription_id, /* Subscription that it is an item of */
  price_id::VARCHAR AS price_id, /* Price */
  product_id::VARCHAR AS product_id, /* Product */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the price */
  billing_interval::VARCHAR AS billing_interval, /* day, week, month or year */
  interval_count::BIGINT AS interval_count, /* Intervals between two charges */
  usage_type::VARCHAR AS usage_type, /* licensed or metered */
  quantity::BIGINT AS quantity, /* Units, such as seats; NULL when metered */
  unit_amount_minor::DECIMAL(38, 12) AS unit_amount_minor, /* Price of one unit, minor units, with decimals */
  created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__subscription_item_change, subscription_item_id)
)
