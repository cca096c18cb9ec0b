MODEL (
  name staging.stg_stripe__invoice_payment,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=stripe', 'phi=none'),
  description 'One row per change of a payment of an invoice in Stripe. Rows of test mode stay in raw.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  id::VARCHAR AS invoice_payment_id, /* Invoice payment, natural key */
  invoice::VARCHAR AS stripe_invoice_id, /* Invoice that is paid */
  payment_intent::VARCHAR AS payment_intent_id, /* Payment intent that pays it; NULL when a charge does by itself */
  charge::VARCHAR AS charge_id, /* Charge that pays it; NULL when a payment intent does */
  UPPER(currency)::VARCHAR AS currency, /* ISO 4217 currency */
  status::VARCHAR AS status, /* open, paid or canceled */
  amount_paid::BIGINT AS amount_minor, /* Amount paid, minor units */
  created::TIMESTAMP AS created_at, /* When it was made, UTC */
  paid_at::TIMESTAMP AS paid_at, /* When it was paid, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_stripe.invoice_payment
WHERE
  COALESCE(livemode, TRUE)
