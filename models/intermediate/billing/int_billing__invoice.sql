MODEL (
  name intermediate.int_billing__invoice,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key invoice_id
  ),
  owner data_engineering,
  grain invoice_id,
  tags ('layer=intermediate', 'phi=pseudonymous'),
  audits (
    unique_values(columns := invoice_id),
    not_null(columns := (invoice_id, account_id, clinic_id, patient_key, status, currency))
  ),
  description 'One row per patient''s invoice, as last told by the source; deleted ones stay, flagged.
Use it for: core.fct_patient_invoice. Not for: how it came to be.
Recomputed for those that changed: the cost is a look-up of their keys in the log.'
);

WITH touched AS (
  SELECT DISTINCT
    invoice_id
  FROM intermediate.int_billing__invoice_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  invoice_id::BIGINT AS invoice_id, /* Invoice, natural key */
  account_id::BIGINT AS account_id, /* Account that bills */
  clinic_id::BIGINT AS clinic_id, /* Clinic that bills */
  patient_key::BIGINT AS patient_key, /* Pseudonym of the patient */
  status::VARCHAR AS status, /* draft, open, paid, void or uncollectible */
  currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  subtotal_minor::BIGINT AS subtotal_minor, /* Sum of the lines before tax, minor units */
  tax_minor::BIGINT AS tax_minor, /* Sum of the lines' tax, minor units */
  total_minor::BIGINT AS total_minor, /* Subtotal and tax, minor units */
  paid_minor::BIGINT AS paid_minor, /* What payments were applied, minor units; refunds do not lower it */
  credited_minor::BIGINT AS credited_minor, /* Sum of its credit notes, minor units */
  due_on::DATE AS due_on, /* Day by which it is to be paid, local date of the clinic; NULL while a draft */
  opened_at::TIMESTAMP AS opened_at, /* When it was finalized, UTC: from here on it is billed */
  paid_at::TIMESTAMP AS paid_at, /* When nothing was left to pay, UTC */
  voided_at::TIMESTAMP AS voided_at, /* When it was voided, UTC */
  uncollectible_at::TIMESTAMP AS uncollectible_at, /* When it was written off, UTC */
  created_at::TIMESTAMP AS created_at, /* When the draft was made, UTC */
  changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_billing__invoice_change, invoice_id, touched)
)
