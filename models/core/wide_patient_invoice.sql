MODEL (
  name core.wide_patient_invoice,
  kind VIEW,
  cron '@daily',
  owner analytics_engineering,
  grain invoice_id,
  references (account_id, clinic_id, patient_key, currency),
  tags ('layer=core', 'zone=restricted', 'phi=pseudonymous'),
  audits (
    unique_values(columns := invoice_id),
    not_null(columns := (invoice_id, account_version_key, clinic_version_key, status, currency, open_minor)),
    forall(
      criteria := (
        patient_paid_minor + commercial_paid_minor + medicare_paid_minor + medicaid_paid_minor + other_paid_minor = paid_minor
      )
    ),
    reconciles(
      other := core.fct_patient_invoice,
      key := clinic_id,
      measure := total_minor,
      other_measure := total_minor,
      other_condition := NOT is_deleted
    )
  ),
  description 'One row per invoice of a clinic to a patient, deleted ones left out, with the account and the clinic as they were
when it was opened, who paid it, and what is open. Answers: which payers pay how much and how fast, by segment, region and clinic.
Use it for: slicing invoices without writing the as-of join. Not for: BI or release, as it is invoice-level (marts_finance);
adding amounts over currencies; the balance as of an earlier day (fct_receivable_entry).
A view: it costs what is read. Its audits read all of it, once a day.'
);

WITH paid AS (
  SELECT
    allocation.invoice_id,
    COUNT(DISTINCT IFF(payer.payer_id > 0, payer.payer_id, NULL)) AS payer_count,
    SUM(IFF(payer.payer_kind = 'self_pay', allocation.amount_minor, 0)) AS patient_paid_minor,
    SUM(IFF(payer.payer_kind = 'commercial', allocation.amount_minor, 0)) AS commercial_paid_minor,
    SUM(IFF(payer.payer_kind = 'medicare', allocation.amount_minor, 0)) AS medicare_paid_minor,
    SUM(IFF(payer.payer_kind = 'medicaid', allocation.amount_minor, 0)) AS medicaid_paid_minor,
    SUM(IFF(payer.payer_kind IN ('self_pay', 'commercial', 'medicare', 'medicaid'), 0, allocation.amount_minor)) AS other_paid_minor
  FROM core.fct_patient_payment_allocation AS allocation
  LEFT JOIN core.fct_patient_payment AS payment
    USING (payment_id)
  LEFT JOIN core.dim_payer AS payer
    ON payer.payer_id = COALESCE(payment.payer_id, -1)
  GROUP BY
    allocation.invoice_id
)
SELECT
  invoice.invoice_id::BIGINT AS invoice_id, /* Invoice, natural key */
  invoice.account_id::BIGINT AS account_id, /* Account that bills */
  account.account_version_key::BIGINT AS account_version_key, /* Version of the account when the invoice was opened */
  invoice.clinic_id::BIGINT AS clinic_id, /* Clinic that bills */
  clinic.clinic_version_key::BIGINT AS clinic_version_key, /* Version of the clinic when the invoice was opened */
  invoice.patient_key::BIGINT AS patient_key, /* Pseudonym of the patient */
  invoice.created_at::TIMESTAMP AS created_at, /* When the draft was made, UTC */
  invoice.opened_at::TIMESTAMP AS opened_at, /* When it was finalized, UTC; NULL while a draft */
  invoice.due_on::DATE AS due_on, /* Day by which it is to be paid, local date of the clinic */
  invoice.paid_at::TIMESTAMP AS paid_at, /* When nothing was left to pay, UTC */
  invoice.voided_at::TIMESTAMP AS voided_at, /* When it was voided, UTC */
  invoice.uncollectible_at::TIMESTAMP AS uncollectible_at, /* When it was written off, UTC */
  account.account_name::VARCHAR AS account_name, /* Name of the account, as of opening; of a draft as of its making */
  account.segment::VARCHAR AS segment, /* smb, mid_market or enterprise, as of then */
  account.plan_code::VARCHAR AS plan_code, /* Plan of the account, as of then */
  clinic.clinic_name::VARCHAR AS clinic_name, /* Name of the clinic, as of then */
  clinic.region_code::VARCHAR AS region_code, /* Sales region of the clinic, as of then */
  clinic.country::VARCHAR AS country, /* ISO 3166 country of the clinic, as of then */
  invoice.status::VARCHAR AS status, /* draft, open, paid, void or uncollectible */
  invoice.has_quarantined_row::BOOLEAN AS has_quarantined_row, /* Whether amounts may not agree, as a row waits in quarantine */
  invoice.currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  invoice.total_minor::BIGINT AS total_minor, /* Billed with tax, minor units */
  invoice.credited_minor::BIGINT AS credited_minor, /* Sum of its credit notes, minor units */
  invoice.paid_minor::BIGINT AS paid_minor, /* Sum of the payments applied, minor units */
  invoice.refunded_minor::BIGINT AS refunded_minor, /* Sum of the refunds of its payments, minor units */
  invoice.open_minor::BIGINT AS open_minor, /* What is still owed now, minor units */
  COALESCE(paid.patient_paid_minor, 0)::BIGINT AS patient_paid_minor, /* Paid by the patient, minor units */
  COALESCE(paid.commercial_paid_minor, 0)::BIGINT AS commercial_paid_minor, /* Paid by commercial payers, minor units */
  COALESCE(paid.medicare_paid_minor, 0)::BIGINT AS medicare_paid_minor, /* Paid by Medicare, minor units */
  COALESCE(paid.medicaid_paid_minor, 0)::BIGINT AS medicaid_paid_minor, /* Paid by Medicaid, minor units */
  COALESCE(paid.other_paid_minor, 0)::BIGINT AS other_paid_minor, /* Paid by other and unknown payers, minor units */
  COALESCE(paid.payer_count, 0)::INT AS payer_count, /* Payers other than the patient that paid a part */
  DATEDIFF(DAY, invoice.opened_at::DATE, invoice.paid_at::DATE)::INT AS days_to_pay, /* From opening to full payment, UTC dates; NULL until paid */
  IFF(
    invoice.open_minor > 0,
    GREATEST(DATEDIFF(DAY, invoice.due_on, DATEADD(MICROSECOND, -1, watermark.complete_through)::DATE), 0),
    NULL
  )::INT AS days_past_due /* Days that an open balance is past due on the day of the data, 0 when it is not; NULL when nothing is open */
FROM core.fct_patient_invoice AS invoice
JOIN core.watermark_patient_billing AS watermark
  ON watermark.subject = 'patient_billing'
LEFT JOIN core.dim_account AS account
  ON account.account_id = invoice.account_id AND @as_of(account, COALESCE(invoice.opened_at, invoice.created_at))
LEFT JOIN core.dim_clinic AS clinic
  ON clinic.clinic_id = invoice.clinic_id AND @as_of(clinic, COALESCE(invoice.opened_at, invoice.created_at))
LEFT JOIN paid
  ON paid.invoice_id = invoice.invoice_id
WHERE
  NOT invoice.is_deleted
