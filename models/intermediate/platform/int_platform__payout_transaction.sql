MODEL (
  name intermediate.int_platform__payout_transaction,
  kind VIEW,
  owner data_engineering,
  grain balance_transaction_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per balance transaction that a payout holds, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  balance_transaction_id::VARCHAR AS balance_transaction_id, /* Balance transaction, natural key */
  payout_id::VARCHAR AS payout_id, /* Payout that holds it */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__payout_transaction_change, balance_transaction_id)
)
