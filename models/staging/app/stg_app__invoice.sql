MODEL (
  name staging.stg_app__invoice,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=pseudonymous'),
  description 'One row per change of a patient''s invoice in the app''s change log. The number, which the patient knows, stays in raw.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  invoice_id::BIGINT AS invoice_id, /* Invoice, natural key */
  account_id::BIGINT AS account_id, /* Account that bills */
  clinic_id::BIGINT AS clinic_id, /* Clinic that bills */
  @patient_key(patient_id)::BIGINT AS patient_key, /* Pseudonym of the patient */
  status::VARCHAR AS status, /* draft, open, paid, void or uncollectible */
  UPPER(currency)::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  subtotal_minor::BIGINT AS subtotal_minor, /* Sum of the lines before tax, minor units */
  tax_minor::BIGINT AS tax_minor, /* Sum of the lines' tax, minor units */
  total_minor::BIGINT AS total_minor, /* Subtotal and tax, minor units */
  amount_paid_minor::BIGINT AS paid_minor, /* What payments were applied, minor units; refunds do not lower it */
  amount_credited_minor::BIGINT AS credited_minor, /* Sum of its credit notes, minor units */
  due_on::DATE AS due_on, /* Day by which it is to be paid, local date of the clinic; NULL while a draft */
  opened_at::TIMESTAMP AS opened_at, /* When it was finalized, UTC: from here on it is billed */
  paid_at::TIMESTAMP AS paid_at, /* When nothing was left to pay, UTC */
  voided_at::TIMESTAMP AS voided_at, /* When it was voided, UTC */
  uncollectible_at::TIMESTAMP AS uncollectible_at, /* When it was written off, UTC */
  created_at::TIMESTAMP AS created_at, /* When the draft was made, UTC */
  updated_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.billing__invoices
