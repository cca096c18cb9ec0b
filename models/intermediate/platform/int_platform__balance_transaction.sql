MODEL (
  name intermediate.int_platform__balance_transaction,
  kind VIEW,
  owner data_engineering,
  grain balance_transaction_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per movement of Northstar''s balance at Stripe, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  balance_transaction_id::VARCHAR AS balance_transaction_id, /* Balance transaction, natural key */
  source_id::VARCHAR AS source_id, /* Charge, refund, dispute, payout ... that made it */
  transaction_type::VARCHAR AS transaction_type, /* Stripe's type */
  reporting_category::VARCHAR AS reporting_category, /* Stripe's reporting category */
  currency::VARCHAR AS currency, /* ISO 4217 currency */
  status::VARCHAR AS status, /* pending or available */
  amount_minor::BIGINT AS amount_minor, /* Gross amount, minor units of the settlement currency */
  fee_minor::BIGINT AS fee_minor, /* Fees, minor units */
  net_minor::BIGINT AS net_minor, /* Amount less fees, minor units */
  exchange_rate::DOUBLE AS exchange_rate, /* Units of the settlement currency for one of the presentment currency; NULL when they are one */
  created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  available_at::TIMESTAMP AS available_at, /* When it becomes available for payouts, UTC */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__balance_transaction_change, balance_transaction_id)
)
