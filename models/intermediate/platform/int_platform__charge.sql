MODEL (
  name intermediate.int_platform__charge,
  kind VIEW,
  owner data_engineering,
  grain charge_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per charge: one try to collect money, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  charge_id::VARCHAR AS charge_id, /* Charge, natural key */
  stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who is charged */
  payment_intent_id::VARCHAR AS payment_intent_id, /* Payment intent that it is a try of */
  balance_transaction_id::VARCHAR AS balance_transaction_id, /* Balance transaction that it made, NULL when it failed */
  currency::VARCHAR AS currency, /* ISO 4217 currency */
  status::VARCHAR AS status, /* succeeded, pending or failed */
  failure_code::VARCHAR AS failure_code, /* Why it failed */
  payment_method_type::VARCHAR AS payment_method_type, /* card ... */
  amount_minor::BIGINT AS amount_minor, /* Amount, minor units */
  captured_minor::BIGINT AS captured_minor, /* Captured of it, minor units */
  refunded_minor::BIGINT AS refunded_minor, /* Given back of it, minor units */
  is_disputed::BOOLEAN AS is_disputed, /* Whether it was ever disputed */
  created_at::TIMESTAMP AS created_at, /* When it was tried, UTC */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__charge_change, charge_id)
)
