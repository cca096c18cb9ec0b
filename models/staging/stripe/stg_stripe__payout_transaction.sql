MODEL (
  name staging.stg_stripe__payout_transaction,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=stripe', 'phi=none'),
  description 'One row per change of a balance transaction that a payout holds.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  id::VARCHAR AS balance_transaction_id, /* Balance transaction, natural key */
  COALESCE(payout, _parent)::VARCHAR AS payout_id, /* Payout that holds it */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_stripe.payout_transaction
