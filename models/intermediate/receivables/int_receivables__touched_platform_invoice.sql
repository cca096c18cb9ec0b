MODEL (
  name intermediate.int_receivables__touched_platform_invoice,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column touched_at
  ),
  owner data_engineering,
  cron '@hourly',
  grain (stripe_invoice_id, touched_at),
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  description 'One row per invoice of Northstar''s to a customer whose days an interval may have moved: it changed itself, or a line or a credit
note of it did, or a day began on which it may pass into another ageing bucket.
Use it for: bounding the postings of invoices. Not for: analysis. Grows by what arrives; the logs behind it are small.'
);

WITH touched AS (
  SELECT
    stripe_invoice_id
  FROM intermediate.int_platform__invoice_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    stripe_invoice_id
  FROM (
    @documents_of(intermediate.int_platform__invoice_line_change, invoice_line_id, stripe_invoice_id, @start_ts, @end_ts)
  )
  UNION
  SELECT
    stripe_invoice_id
  FROM (
    @documents_of(intermediate.int_platform__credit_note_change, credit_note_id, stripe_invoice_id, @start_ts, @end_ts)
  )
  UNION
  SELECT
    stripe_invoice_id
  FROM (
    @due_between(intermediate.int_platform__invoice_change, stripe_invoice_id, COALESCE(due_at, finalized_at)::DATE, @start_ts, @end_ts)
  )
)
SELECT
  stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice */
  @end_ts::TIMESTAMP AS touched_at /* End of the interval that touched it, UTC */
FROM touched
