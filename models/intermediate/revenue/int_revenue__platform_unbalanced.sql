MODEL (
  name intermediate.int_revenue__platform_unbalanced,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column posted_at
  ),
  owner data_engineering,
  cron '@hourly',
  grain (stripe_invoice_id, posted_at),
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
  description 'One row per invoice of Northstar''s, touched by an interval, that is not recognised for what it is billed over all its days; there should be
none, and one blocks what follows. Invoices with a row in quarantine are left out: their days cannot be complete.
Use it for: finding what blocks. Not for: analysis. The cost is a look-up of the touched invoices in the log of postings.'
);

WITH touched AS (
  SELECT DISTINCT
    stripe_invoice_id
  FROM intermediate.int_receivables__touched_platform_invoice
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), booked AS (
  SELECT
    posting.stripe_invoice_id,
    SUM(posting.billed_minor) AS billed_minor,
    SUM(posting.recognised_minor) AS recognised_minor
  FROM touched
  JOIN intermediate.int_revenue__platform_posting AS posting
    ON posting.stripe_invoice_id = touched.stripe_invoice_id AND posting.posted_at <= @end_ts
  GROUP BY
    posting.stripe_invoice_id
), quarantined AS (
  @quarantined(intermediate.int_platform__invoice_change, stripe_invoice_id, stripe_invoice_id, @end_ts)
  UNION
  @quarantined(intermediate.int_platform__invoice_line_change, invoice_line_id, stripe_invoice_id, @end_ts)
  UNION
  @quarantined(intermediate.int_platform__credit_note_change, credit_note_id, stripe_invoice_id, @end_ts)
)
SELECT
  booked.stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice */
  booked.billed_minor::BIGINT AS billed_minor, /* Billed over all days, before tax, minor units */
  booked.recognised_minor::BIGINT AS recognised_minor, /* Recognised over all days, before tax, minor units */
  @end_ts::TIMESTAMP AS posted_at /* End of the interval that touched it, UTC */
FROM booked
LEFT JOIN quarantined
  ON quarantined.stripe_invoice_id = booked.stripe_invoice_id
WHERE
  booked.billed_minor <> booked.recognised_minor AND quarantined.stripe_invoice_id IS NULL
