MODEL (
  name intermediate.int_revenue__patient_unbalanced,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column posted_at
  ),
  owner data_engineering,
  cron '@hourly',
  grain (invoice_id, posted_at),
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  audits (
    forall(criteria := (
      recognised_minor = billed_minor
    ))
  ),
  description 'One row per invoice of a clinic''s, touched by an interval, that is not recognised for what it is billed over all its days; there should be
none, and one blocks what follows. Invoices with a row in quarantine are left out: their days cannot be complete.
Use it for: finding what blocks. Not for: analysis. The cost is a look-up of the touched invoices in the log of postings.'
);

WITH touched AS (
  SELECT DISTINCT
    invoice_id
  FROM intermediate.int_receivables__touched_patient_invoice
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), booked AS (
  SELECT
    posting.invoice_id,
    SUM(posting.billed_minor) AS billed_minor,
    SUM(posting.recognised_minor) AS recognised_minor
  FROM touched
  JOIN intermediate.int_revenue__patient_posting AS posting
    ON posting.invoice_id = touched.invoice_id AND posting.posted_at <= @end_ts
  GROUP BY
    posting.invoice_id
)
SELECT
  booked.invoice_id::BIGINT AS invoice_id, /* Invoice */
  booked.billed_minor::BIGINT AS billed_minor, /* Billed over all days, before tax, minor units */
  booked.recognised_minor::BIGINT AS recognised_minor, /* Recognised over all days, before tax, minor units */
  @end_ts::TIMESTAMP AS posted_at /* End of the interval that touched it, UTC */
FROM booked
LEFT JOIN intermediate.int_billing__invoice_balance AS balance
  ON balance.invoice_id = booked.invoice_id
WHERE
  booked.billed_minor <> booked.recognised_minor AND NOT COALESCE(balance.has_quarantined_row, FALSE)
