MODEL (
  name staging.stg_app__payment,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=pseudonymous'),
  description 'One row per change of a payment of a patient or payer in the app''s change log.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  payment_id::BIGINT AS payment_id, /* Payment, natural key */
  account_id::BIGINT AS account_id, /* Account that is paid */
  @patient_key(patient_id)::BIGINT AS patient_key, /* Pseudonym of the patient whose care is paid */
  payer_id::BIGINT AS payer_id, /* Payer, NULL when the patient pays */
  method::VARCHAR AS method, /* card, cash, check, ach or insurance */
  status::VARCHAR AS status, /* succeeded or failed */
  failure_code::VARCHAR AS failure_code, /* Why it failed, NULL when it did not */
  UPPER(currency)::VARCHAR AS currency, /* ISO 4217 currency of the amounts */
  amount_minor::BIGINT AS amount_minor, /* Amount paid or tried, minor units */
  processor_fee_minor::BIGINT AS processor_fee_minor, /* Fee of the payment processor, minor units */
  received_at::TIMESTAMP AS received_at, /* When the money was received, UTC; NULL for a failed one */
  created_at::TIMESTAMP AS created_at, /* When the row was made, UTC */
  updated_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.billing__payments
