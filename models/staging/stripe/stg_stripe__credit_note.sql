MODEL (
  name staging.stg_stripe__credit_note,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=stripe', 'phi=none'),
  description 'One row per change of a credit note on an invoice in Stripe. Rows of test mode stay in raw.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  id::VARCHAR AS credit_note_id, /* Credit note, natural key */
  invoice::VARCHAR AS stripe_invoice_id, /* Invoice that is reduced */
  customer::VARCHAR AS stripe_customer_id, /* Customer who was billed */
  UPPER(currency)::VARCHAR AS currency, /* ISO 4217 currency */
  status::VARCHAR AS status, /* issued or void */
  type::VARCHAR AS credit_note_type, /* pre_payment, post_payment or mixed */
  reason::VARCHAR AS reason_code, /* Reason, as Stripe calls it */
  total::BIGINT AS total_minor, /* Amount taken off, tax included, minor units */
  total_tax::BIGINT AS tax_minor, /* Of that, tax, minor units */
  pre_payment_amount::BIGINT AS pre_payment_minor, /* Of that, taken off what was due, minor units */
  post_payment_amount::BIGINT AS post_payment_minor, /* Of that, given back after payment, minor units */
  created::TIMESTAMP AS issued_at, /* When it was issued, UTC */
  voided_at::TIMESTAMP AS voided_at, /* When it was voided, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_stripe.credit_note
WHERE
  COALESCE(livemode, TRUE)
