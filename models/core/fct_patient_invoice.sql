MODEL (
  name core.fct_patient_invoice,
  kind VIEW,
  owner analytics_engineering,
  grain invoice_id,
  references (account_id, clinic_id, patient_key, currency),
  tags ('layer=core', 'zone=restricted', 'fact=accumulating_snapshot', 'flow=steady', 'phi=pseudonymous'),
  depends_on (core.dim_account, core.dim_clinic, core.dim_patient, core.dim_currency),
  audits (
    unique_values(columns := invoice_id, condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)),
    not_null(columns := invoice_id),
    not_null(
      columns := (account_id, clinic_id, patient_key, currency, created_at, status, total_minor, open_minor),
      condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)
    ),
    referential_integrity(
      references := (account_id = core.dim_account, clinic_id = core.dim_clinic, patient_key = core.dim_patient, currency = core.dim_currency),
      condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)
    ),
    freshness(column := created_at, max_age_minutes := 72 * 60),
    volume_in_line(column := created_at)
  ),
  description 'One row per invoice of a clinic to a patient, an accumulating snapshot: its milestones fill up as it is settled.
Use it for: days to pay, what is open now, what was billed (by opened_at, drafts have none). Not for: the balance as of an
earlier day (fct_receivable_entry), cash (fct_patient_payment), what Northstar bills (fct_subscription_invoice). Deleted
invoices stay, flagged. A view over state that only audited changes reach.'
);

SELECT
  invoice_id::BIGINT AS invoice_id, /* Invoice, natural key */
  account_id::BIGINT AS account_id, /* Account that bills */
  clinic_id::BIGINT AS clinic_id, /* Clinic that bills */
  patient_key::BIGINT AS patient_key, /* Pseudonym of the patient */
  currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  created_at::TIMESTAMP AS created_at, /* When the draft was made, UTC */
  opened_at::TIMESTAMP AS opened_at, /* When it was finalized, UTC: from here on it is billed; NULL while a draft */
  due_on::DATE AS due_on, /* Day by which it is to be paid, local date of the clinic; NULL while a draft */
  paid_at::TIMESTAMP AS paid_at, /* When nothing was left to pay, UTC */
  voided_at::TIMESTAMP AS voided_at, /* When it was voided, UTC */
  uncollectible_at::TIMESTAMP AS uncollectible_at, /* When it was written off, UTC */
  status::VARCHAR AS status, /* draft, open, paid, void or uncollectible */
  is_deleted::BOOLEAN AS is_deleted, /* Whether it was deleted at the source */
  has_quarantined_row::BOOLEAN AS has_quarantined_row, /* Whether the last change of one of its rows waits in quarantine, so that amounts may not agree */
  subtotal_minor::BIGINT AS subtotal_minor, /* Sum of its lines before tax, minor units */
  tax_minor::BIGINT AS tax_minor, /* Sum of its lines' tax, minor units */
  total_minor::BIGINT AS total_minor, /* Subtotal and tax, minor units */
  paid_minor::BIGINT AS paid_minor, /* Sum of the payments applied, minor units; refunds do not lower it */
  credited_minor::BIGINT AS credited_minor, /* Sum of its credit notes, minor units */
  refunded_minor::BIGINT AS refunded_minor, /* Sum of the refunds of its payments, minor units; changes nothing that is owed */
  IFF(status IN ('open', 'paid') AND NOT is_deleted, total_minor - paid_minor - credited_minor, 0)::BIGINT AS open_minor, /* What is still owed now, minor units; 0 for drafts, void and uncollectible invoices */
  changed_at::TIMESTAMP AS changed_at /* When the app last changed the row, UTC */
FROM intermediate.int_billing__invoice
