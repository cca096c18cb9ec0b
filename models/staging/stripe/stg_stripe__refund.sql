MODEL (
  name staging.stg_stripe__refund,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=stripe', 'phi=none'),
  description 'One row per change of a refund of a charge.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  id::VARCHAR AS refund_id, /* Refund, natural key */
  charge::VARCHAR AS charge_id, /* Charge that is given back */
  balance_transaction::VARCHAR AS balance_transaction_id, /* Balance transaction that it made */
  UPPER(currency)::VARCHAR AS currency, /* ISO 4217 currency */
  status::VARCHAR AS status, /* pending, requires_action, succeeded, failed or canceled */
  reason::VARCHAR AS reason_code, /* Reason, as Stripe calls it */
  amount::BIGINT AS amount_minor, /* Amount, minor units */
  created::TIMESTAMP AS created_at, /* When it was made, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_stripe.refund
