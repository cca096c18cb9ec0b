MODEL (
  name intermediate.int_platform__refund,
  kind VIEW,
  owner data_engineering,
  grain refund_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per refund of a charge, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  refund_id::VARCHAR AS refund_id, /* Refund, natural key */
  charge_id::VARCHAR AS charge_id, /* Charge that is given back */
  balance_transaction_id::VARCHAR AS balance_transaction_id, /* Balance transaction that it made */
  currency::VARCHAR AS currency, /* ISO 4217 currency */
  status::VARCHAR AS status, /* pending, requires_action, succeeded, failed or canceled */
  reason_code::VARCHAR AS reason_code, /* Reason, as Stripe calls it */
  amount_minor::BIGINT AS amount_minor, /* Amount, minor units */
  created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__refund_change, refund_id)
)
