MODEL (
  name staging.stg_stripe__coupon,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=stripe', 'phi=none'),
  description 'One row per change of a coupon, the terms of discounts. Rows of test mode stay in raw.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  id::VARCHAR AS coupon_id, /* Coupon, natural key */
  UPPER(currency)::VARCHAR AS currency, /* ISO 4217 currency of the amount taken off; NULL for a percentage */
  percent_off::DOUBLE AS percent_off, /* Percentage taken off, NULL for an amount */
  amount_off::BIGINT AS amount_off_minor, /* Amount taken off, minor units; NULL for a percentage */
  duration::VARCHAR AS duration, /* once, repeating or forever */
  duration_in_months::BIGINT AS duration_in_months, /* Months of a repeating one */
  created::TIMESTAMP AS created_at, /* When it was made, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_stripe.coupon
WHERE
  COALESCE(livemode, TRUE)
