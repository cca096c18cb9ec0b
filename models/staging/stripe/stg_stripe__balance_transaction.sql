MODEL (
  name staging.stg_stripe__balance_transaction,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=stripe', 'phi=none'),
  description 'One row per change of a movement of Northstar''s balance at Stripe.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  id::VARCHAR AS balance_transaction_id, /* Balance transaction, natural key */
  source::VARCHAR AS source_id, /* Charge, refund, dispute, payout ... that made it */
  type::VARCHAR AS transaction_type, /* Stripe's type */
  reporting_category::VARCHAR AS reporting_category, /* Stripe's reporting category */
  UPPER(currency)::VARCHAR AS currency, /* ISO 4217 currency */
  status::VARCHAR AS status, /* pending or available */
  amount::BIGINT AS amount_minor, /* Gross amount, minor units of the settlement currency */
  fee::BIGINT AS fee_minor, /* Fees, minor units */
  net::BIGINT AS net_minor, /* Amount less fees, minor units */
  exchange_rate::DOUBLE AS exchange_rate, /* Units of the settlement currency for one of the presentment currency; NULL when they are one */
  created::TIMESTAMP AS created_at, /* When it was made, UTC */
  available_on::TIMESTAMP AS available_at, /* When it becomes available for payouts, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_stripe.balance_transaction
