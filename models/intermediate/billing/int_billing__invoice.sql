MODEL (
  name intermediate.int_billing__invoice,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key invoice_id
  ),
  owner data_engineering,
  clustered_by (
    created_at::DATE
  ),
  grain invoice_id,
  tags ('layer=intermediate', 'phi=pseudonymous'),
  audits (
    unique_values(columns := invoice_id, condition := settled_at BETWEEN @start_ts AND @end_ts),
    not_null(
      columns := (invoice_id, account_id, clinic_id, patient_key, status, currency, total_minor),
      condition := settled_at BETWEEN @start_ts AND @end_ts
    )
  ),
  description 'One row per invoice of a clinic to a patient, as last told by the source and once it balances; deleted ones stay,
flagged. Use it for: core.fct_patient_invoice. Not for: how it came to be.
What was paid, credited and refunded is the sum of the rows that tell of it, which the header was proved to agree with.
Recomputed for touched invoices: the cost is a look-up of their keys in the log.'
);

WITH touched AS (
  SELECT DISTINCT
    invoice_id
  FROM intermediate.int_billing__touched_invoice
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
)
SELECT
  image.invoice_id::BIGINT AS invoice_id, /* Invoice, natural key */
  image.account_id::BIGINT AS account_id, /* Account that bills */
  image.clinic_id::BIGINT AS clinic_id, /* Clinic that bills */
  image.patient_key::BIGINT AS patient_key, /* Pseudonym of the patient */
  image.currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  image.created_at::TIMESTAMP AS created_at, /* When the draft was made, UTC */
  image.opened_at::TIMESTAMP AS opened_at, /* When it was finalized, UTC: from here on it is billed */
  image.due_on::DATE AS due_on, /* Day by which it is to be paid, local date of the clinic; NULL while a draft */
  image.paid_at::TIMESTAMP AS paid_at, /* When nothing was left to pay, UTC */
  image.voided_at::TIMESTAMP AS voided_at, /* When it was voided, UTC */
  image.uncollectible_at::TIMESTAMP AS uncollectible_at, /* When it was written off, UTC */
  image.status::VARCHAR AS status, /* draft, open, paid, void or uncollectible */
  image.is_deleted::BOOLEAN AS is_deleted, /* Whether it was deleted at the source */
  balance.has_quarantined_row::BOOLEAN AS has_quarantined_row, /* Whether the last change of one of its rows is in quarantine */
  image.subtotal_minor::BIGINT AS subtotal_minor, /* Sum of its lines before tax, minor units */
  image.tax_minor::BIGINT AS tax_minor, /* Sum of its lines' tax, minor units */
  image.total_minor::BIGINT AS total_minor, /* Subtotal and tax, minor units */
  balance.allocated_minor::BIGINT AS paid_minor, /* Sum of the payments applied, minor units; refunds do not lower it */
  balance.noted_minor::BIGINT AS credited_minor, /* Sum of its credit notes, minor units */
  balance.refunded_minor::BIGINT AS refunded_minor, /* Sum of the refunds of its payments, minor units */
  image.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  @end_ts::TIMESTAMP AS settled_at /* End of the interval that computed the row, UTC */
FROM (
  @latest_image(intermediate.int_billing__invoice_change, invoice_id, touched, intermediate.int_billing__balance)
) AS image
JOIN intermediate.int_billing__invoice_balance AS balance
  ON balance.invoice_id = image.invoice_id AND balance.settled_at <= @audited_through(intermediate.int_billing__balance)
