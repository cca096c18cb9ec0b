MODEL (
  name intermediate.int_receivables__platform_unbalanced,
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
      entries_minor = open_minor
    ))
  ),
  description 'One row per invoice of Northstar''s, touched by an interval, whose entries do not sum up to what Stripe says remains; there should
be none, and one blocks what follows. Invoices with a row in quarantine are left out: their entries cannot be complete.
Use it for: finding what blocks. Not for: analysis. The cost is a look-up of the touched invoices in small logs.'
);

WITH touched AS (
  SELECT DISTINCT
    stripe_invoice_id
  FROM intermediate.int_receivables__touched_platform_invoice
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), told AS (
  SELECT
    stripe_invoice_id,
    IFF(status = 'open', remaining_minor, 0) AS open_minor
  FROM (
    @before_and_after(intermediate.int_platform__invoice_change, stripe_invoice_id, touched, @start_ts, @end_ts)
  )
  WHERE
    side = 1
), booked AS (
  SELECT
    touched.stripe_invoice_id,
    COALESCE(SUM(billed_minor + paid_minor + credited_minor + voided_minor + written_off_minor + recovered_minor), 0) AS entries_minor
  FROM touched
  LEFT JOIN intermediate.int_receivables__platform_posting AS posting
    ON posting.stripe_invoice_id = touched.stripe_invoice_id AND posting.posted_at <= @end_ts
  GROUP BY
    touched.stripe_invoice_id
), quarantined AS (
  @quarantined(intermediate.int_platform__invoice_change, stripe_invoice_id, stripe_invoice_id, @end_ts)
  UNION
  @quarantined(intermediate.int_platform__invoice_line_change, invoice_line_id, stripe_invoice_id, @end_ts)
  UNION
  @quarantined(intermediate.int_platform__credit_note_change, credit_note_id, stripe_invoice_id, @end_ts)
)
SELECT
  booked.stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice */
  booked.entries_minor::BIGINT AS entries_minor, /* Sum of its entries, minor units */
  COALESCE(told.open_minor, 0)::BIGINT AS open_minor, /* What Stripe says remains, minor units */
  @end_ts::TIMESTAMP AS posted_at /* End of the interval that touched it, UTC */
FROM booked
LEFT JOIN told
  ON told.stripe_invoice_id = booked.stripe_invoice_id
LEFT JOIN quarantined
  ON quarantined.stripe_invoice_id = booked.stripe_invoice_id
WHERE
  booked.entries_minor <> COALESCE(told.open_minor, 0) AND quarantined.stripe_invoice_id IS NULL
