MODEL (
  name intermediate.int_platform__credit_note_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (credit_note_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=stripe'),
  signals (
    source_sealed(source := 'stripe')
  ),
  audits (
    unique_combination_of_columns(columns := (credit_note_id, commit_lsn, commit_seq)),
    not_null(columns := (credit_note_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a credit note on an invoice in Stripe, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  arrived.credit_note_id::VARCHAR AS credit_note_id, /* Credit note, natural key */
  arrived.operation::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  arrived.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  arrived.stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice that is reduced */
  arrived.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who was billed */
  arrived.currency::VARCHAR AS currency, /* ISO 4217 currency */
  arrived.status::VARCHAR AS status, /* issued or void */
  arrived.credit_note_type::VARCHAR AS credit_note_type, /* pre_payment, post_payment or mixed */
  arrived.reason_code::VARCHAR AS reason_code, /* Reason, as Stripe calls it */
  arrived.total_minor::BIGINT AS total_minor, /* Amount taken off, tax included, minor units */
  arrived.tax_minor::BIGINT AS tax_minor, /* Of that, tax, minor units */
  arrived.pre_payment_minor::BIGINT AS pre_payment_minor, /* Of that, taken off what was due, minor units */
  arrived.post_payment_minor::BIGINT AS post_payment_minor, /* Of that, given back after payment, minor units */
  arrived.issued_at::TIMESTAMP AS issued_at, /* When it was issued, UTC */
  arrived.voided_at::TIMESTAMP AS voided_at, /* When it was voided, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN stripe_invoice_id IS NULL
    THEN 'missing_key'
    WHEN known.currency IS NULL
    THEN 'unknown_currency'
    WHEN total_minor IS NULL
    THEN 'missing_amount'
    WHEN issued_at IS NULL
    THEN 'missing_time'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_stripe__credit_note AS arrived
LEFT JOIN reference.currency AS known
  ON known.currency = arrived.currency
WHERE
  arrived.loaded_at BETWEEN @start_ts AND @end_ts
