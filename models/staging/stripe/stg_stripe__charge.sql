MODEL (
  name staging.stg_stripe__charge,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=stripe', 'phi=none'),
  description 'One row per change of a charge: one try to collect money. Rows of test mode stay in raw.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  id::VARCHAR AS charge_id, /* Charge, natural key */
  customer::VARCHAR AS stripe_customer_id, /* Customer who is charged */
  payment_intent::VARCHAR AS payment_intent_id, /* Payment intent that it is a try of */
  balance_transaction::VARCHAR AS balance_transaction_id, /* Balance transaction that it made, NULL when it failed */
  UPPER(currency)::VARCHAR AS currency, /* ISO 4217 currency */
  status::VARCHAR AS status, /* succeeded, pending or failed */
  failure_code::VARCHAR AS failure_code, /* Why it failed */
  payment_method_type::VARCHAR AS payment_method_type, /* card ... */
  amount::BIGINT AS amount_minor, /* Amount, minor units */
  amount_captured::BIGINT AS captured_minor, /* Captured of it, minor units */
  amount_refunded::BIGINT AS refunded_minor, /* Given back of it, minor units */
  disputed::BOOLEAN AS is_disputed, /* Whether it was ever disputed */
  created::TIMESTAMP AS created_at, /* When it was tried, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_stripe.charge
WHERE
  COALESCE(livemode, TRUE)
