MODEL (
  name intermediate.int_platform__payout,
  kind VIEW,
  owner data_engineering,
  grain payout_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per payout from the balance at Stripe to the bank, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  payout_id::VARCHAR AS payout_id, /* Payout, natural key */
  balance_transaction_id::VARCHAR AS balance_transaction_id, /* Balance transaction that it made */
  failure_balance_transaction_id::VARCHAR AS failure_balance_transaction_id, /* Balance transaction by which it came back */
  currency::VARCHAR AS currency, /* ISO 4217 currency */
  status::VARCHAR AS status, /* pending, in_transit, paid, failed or canceled */
  failure_code::VARCHAR AS failure_code, /* Why it failed */
  is_automatic::BOOLEAN AS is_automatic, /* Whether Stripe made it by schedule; only these tell their transactions */
  reconciliation_status::VARCHAR AS reconciliation_status, /* not_applicable, in_progress or completed */
  amount_minor::BIGINT AS amount_minor, /* Amount, minor units */
  created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  arrives_at::TIMESTAMP AS arrives_at, /* When it is to arrive at the bank, UTC */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__payout_change, payout_id)
)
