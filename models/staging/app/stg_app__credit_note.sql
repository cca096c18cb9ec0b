MODEL (
  name staging.stg_app__credit_note,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=none'),
  description 'One row per change of a credit note on a patient''s invoice in the app''s change log.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  credit_note_id::BIGINT AS credit_note_id, /* Credit note, natural key */
  invoice_id::BIGINT AS invoice_id, /* Invoice that is reduced */
  reason_code::VARCHAR AS reason_code, /* contractual_adjustment, billing_error or courtesy */
  UPPER(currency)::VARCHAR AS currency, /* ISO 4217 currency of the amount */
  amount_minor::BIGINT AS amount_minor, /* Amount taken off, minor units */
  issued_at::TIMESTAMP AS issued_at, /* When it was issued, UTC */
  updated_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.billing__credit_notes
