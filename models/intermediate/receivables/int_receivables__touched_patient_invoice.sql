MODEL (
  name intermediate.int_receivables__touched_patient_invoice,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column touched_at
  ),
  owner data_engineering,
  cron '@hourly',
  grain (invoice_id, touched_at),
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  depends_on (
    intermediate.int_billing__balance_audited
  ),
  description 'One row per patient''s invoice whose days an interval may have moved: its amounts changed, or a day began on which it
may pass into another ageing bucket. Use it for: bounding the postings of invoices. Not for: analysis.
Grows by what arrives, and by the invoices due 1, 31, 61 and 91 days before each new day. It waits until all that the interval
touched has been proved to balance.'
);

WITH touched AS (
  SELECT
    invoice_id
  FROM intermediate.int_billing__touched_invoice
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    invoice_id
  FROM (
    @due_between(intermediate.int_billing__invoice_change, invoice_id, due_on, @start_ts, @end_ts)
  )
)
SELECT
  invoice_id::BIGINT AS invoice_id, /* Invoice */
  @end_ts::TIMESTAMP AS touched_at /* End of the interval that touched it, UTC */
FROM touched
