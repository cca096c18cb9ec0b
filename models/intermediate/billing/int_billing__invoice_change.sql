MODEL (
  name intermediate.int_billing__invoice_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  clustered_by (loaded_at::DATE, created_at::DATE),
  grain (invoice_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (invoice_id, commit_lsn, commit_seq)),
    not_null(columns := (invoice_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a patient''s invoice, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__invoice, invoice_id, @start_ts, @end_ts)
)
SELECT
  arrived.invoice_id::BIGINT AS invoice_id, /* Invoice, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.account_id::BIGINT AS account_id, /* Account that bills */
  arrived.clinic_id::BIGINT AS clinic_id, /* Clinic that bills */
  arrived.patient_key::BIGINT AS patient_key, /* Pseudonym of the patient */
  arrived.status::VARCHAR AS status, /* draft, open, paid, void or uncollectible */
  arrived.currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  arrived.subtotal_minor::BIGINT AS subtotal_minor, /* Sum of the lines before tax, minor units */
  arrived.tax_minor::BIGINT AS tax_minor, /* Sum of the lines' tax, minor units */
  arrived.total_minor::BIGINT AS total_minor, /* Subtotal and tax, minor units */
  arrived.paid_minor::BIGINT AS paid_minor, /* What payments were applied, minor units; refunds do not lower it */
  arrived.credited_minor::BIGINT AS credited_minor, /* Sum of its credit notes, minor units */
  arrived.due_on::DATE AS due_on, /* Day by which it is to be paid, local date of the clinic; NULL while a draft */
  arrived.opened_at::TIMESTAMP AS opened_at, /* When it was finalized, UTC: from here on it is billed */
  arrived.paid_at::TIMESTAMP AS paid_at, /* When nothing was left to pay, UTC */
  arrived.voided_at::TIMESTAMP AS voided_at, /* When it was voided, UTC */
  arrived.uncollectible_at::TIMESTAMP AS uncollectible_at, /* When it was written off, UTC */
  arrived.created_at::TIMESTAMP AS created_at, /* When the draft was made, UTC */
  arrived.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN account_id IS NULL OR clinic_id IS NULL OR patient_key IS NULL
    THEN 'missing_key'
    WHEN NOT COALESCE(status, '') IN ('draft', 'open', 'paid', 'void', 'uncollectible')
    THEN 'unknown_status'
    WHEN known.currency IS NULL
    THEN 'unknown_currency'
    WHEN subtotal_minor + tax_minor + total_minor + paid_minor + credited_minor IS NULL
    THEN 'missing_amount'
    WHEN LEAST(subtotal_minor, tax_minor, paid_minor, credited_minor) < 0
    THEN 'negative_amount'
    WHEN total_minor <> subtotal_minor + tax_minor
    THEN 'total_mismatch'
    WHEN CASE status WHEN 'paid' THEN paid_at WHEN 'void' THEN voided_at WHEN 'uncollectible' THEN uncollectible_at ELSE created_at END IS NULL
    OR created_at IS NULL
    OR (
      status IN ('open', 'paid', 'uncollectible') AND opened_at IS NULL
    )
    OR (
      NOT opened_at IS NULL AND due_on IS NULL
    )
    THEN 'missing_time'
    WHEN status = 'draft' AND NOT opened_at IS NULL
    THEN 'opened_draft'
    WHEN paid_at < opened_at OR voided_at < opened_at OR uncollectible_at < opened_at
    THEN 'settled_before_opened'
    WHEN @implausible((created_at, opened_at, due_on, paid_at, voided_at, uncollectible_at), committed_at)
    THEN 'implausible_date'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
LEFT JOIN reference.currency AS known
  ON known.currency = arrived.currency
