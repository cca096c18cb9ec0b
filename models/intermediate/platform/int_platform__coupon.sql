MODEL (
  name intermediate.int_platform__coupon,
  kind VIEW,
  owner data_engineering,
  grain coupon_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per coupon, the terms of discounts, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  coupon_id::VARCHAR AS coupon_id, /* Coupon, natural key */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the amount taken off; NULL for a percentage */
  percent_off::DOUBLE AS percent_off, /* Percentage taken off, NULL for an amount */
  amount_off_minor::BIGINT AS amount_off_minor, /* Amount taken off, minor units; NULL for a percentage */
  duration::VARCHAR AS duration, /* once, repeating or forever */
  duration_in_months::BIGINT AS duration_in_months, /* Months of a repeating one */
  created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__coupon_change, coupon_id)
)
