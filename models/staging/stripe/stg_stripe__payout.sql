MODEL (
  name staging.stg_stripe__payout,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=stripe', 'phi=none'),
  description 'One row per change of a payout from the balance at Stripe to the bank. Rows of test mode stay in raw.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  id::VARCHAR AS payout_id, /* Payout, natural key */
  balance_transaction::VARCHAR AS balance_transaction_id, /* Balance transaction that it made */
  failure_balance_transaction::VARCHAR AS failure_balance_transaction_id, /* Balance transaction by which it came back */
  UPPER(currency)::VARCHAR AS currency, /* ISO 4217 currency */
  status::VARCHAR AS status, /* pending, in_transit, paid, failed or canceled */
  failure_code::VARCHAR AS failure_code, /* Why it failed */
  automatic::BOOLEAN AS is_automatic, /* Whether Stripe made it by schedule; only these tell their transactions */
  reconciliation_status::VARCHAR AS reconciliation_status, /* not_applicable, in_progress or completed */
  amount::BIGINT AS amount_minor, /* Amount, minor units */
  created::TIMESTAMP AS created_at, /* When it was made, UTC */
  arrival_date::TIMESTAMP AS arrives_at, /* When it is to arrive at the bank, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_stripe.payout
WHERE
  COALESCE(livemode, TRUE)
