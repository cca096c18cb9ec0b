MODEL (
  name intermediate.int_billing__invoice_balance,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key invoice_id
  ),
  owner data_engineering,
  grain invoice_id,
  tags ('layer=intermediate', 'phi=pseudonymous'),
  depends_on (
    intermediate.int_directory__account,
    intermediate.int_directory__clinic,
    intermediate.int_patients__patient,
    reference.currency
  ),
  audits (
    not_null(
      columns := (invoice_id, account_id, clinic_id, patient_key, currency, total_minor),
      condition := settled_at BETWEEN @start_ts AND @end_ts
    ),
    invoice_balances(condition := settled_at BETWEEN @start_ts AND @end_ts),
    referential_integrity(
      references := (
        account_id = intermediate.int_directory__account,
        clinic_id = intermediate.int_directory__clinic,
        patient_key = intermediate.int_patients__patient,
        currency = reference.currency
      ),
      condition := settled_at BETWEEN @start_ts AND @end_ts
    )
  ),
  description 'One row per invoice: what its header says, beside what its lines, allocations, credit notes and refunds add up to.
Use it for: proving that both agree before anything is published. Not for: analysis (core.fct_patient_invoice).
The app writes an invoice and what moves it in one transaction, so there is nothing in flight to allow for. An invoice of which a
row is in quarantine need not agree. Recomputed for touched invoices: a look-up of their keys in five logs.'
);

WITH touched AS (
  SELECT DISTINCT
    invoice_id
  FROM intermediate.int_billing__touched_invoice
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), header AS (
  @latest_image(intermediate.int_billing__invoice_change, invoice_id, touched)
), own AS (
  @totals(intermediate.int_billing__invoice_change, invoice_id, invoice_id, header, total_minor)
), line AS (
  @totals(intermediate.int_billing__invoice_line_change, invoice_line_id, invoice_id, header, (amount_minor, tax_minor))
), allocation AS (
  @totals(intermediate.int_billing__payment_allocation_change, payment_allocation_id, invoice_id, header, amount_minor)
), note AS (
  @totals(intermediate.int_billing__credit_note_change, credit_note_id, invoice_id, header, amount_minor, currency)
), refund AS (
  @totals(intermediate.int_billing__refund_change, refund_id, invoice_id, header, amount_minor, currency)
)
SELECT
  header.invoice_id::BIGINT AS invoice_id, /* Invoice, natural key */
  header.account_id::BIGINT AS account_id, /* Account that bills */
  header.clinic_id::BIGINT AS clinic_id, /* Clinic that bills */
  header.patient_key::BIGINT AS patient_key, /* Pseudonym of the patient */
  header.currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  header.is_deleted::BOOLEAN AS is_deleted, /* Whether the invoice was deleted at the source */
  header.subtotal_minor::BIGINT AS subtotal_minor, /* Before tax, as its header says, minor units */
  header.tax_minor::BIGINT AS tax_minor, /* Tax, as its header says, minor units */
  header.total_minor::BIGINT AS total_minor, /* With tax, as its header says, minor units */
  header.paid_minor::BIGINT AS paid_minor, /* Paid, as its header says, minor units */
  header.credited_minor::BIGINT AS credited_minor, /* Credited, as its header says, minor units */
  COALESCE(line.amount_minor, 0)::BIGINT AS line_amount_minor, /* Sum of its lines before tax, minor units */
  COALESCE(line.tax_minor, 0)::BIGINT AS line_tax_minor, /* Sum of its lines' tax, minor units */
  COALESCE(allocation.amount_minor, 0)::BIGINT AS allocated_minor, /* Sum of the payments applied to it, minor units */
  COALESCE(note.amount_minor, 0)::BIGINT AS noted_minor, /* Sum of its credit notes, minor units */
  COALESCE(refund.amount_minor, 0)::BIGINT AS refunded_minor, /* Sum of the refunds of its payments, minor units */
  (
    COALESCE(note.foreign_count, 0) + COALESCE(refund.foreign_count, 0)
  )::BIGINT AS foreign_currency_count, /* Credit notes and refunds in another currency than the invoice's */
  (
    own.has_quarantined_row
    OR COALESCE(line.has_quarantined_row, FALSE)
    OR COALESCE(allocation.has_quarantined_row, FALSE)
    OR COALESCE(note.has_quarantined_row, FALSE)
    OR COALESCE(refund.has_quarantined_row, FALSE)
  )::BOOLEAN AS has_quarantined_row, /* Whether the last change of one of its rows is in quarantine */
  @end_ts::TIMESTAMP AS settled_at /* End of the interval that computed the row, UTC */
FROM header
JOIN own
  ON own.invoice_id = header.invoice_id
LEFT JOIN line
  ON line.invoice_id = header.invoice_id
LEFT JOIN allocation
  ON allocation.invoice_id = header.invoice_id
LEFT JOIN note
  ON note.invoice_id = header.invoice_id
LEFT JOIN refund
  ON refund.invoice_id = header.invoice_id
