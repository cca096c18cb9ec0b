MODEL (
  name intermediate.int_receivables__patient_unbalanced,
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
      entries_minor = open_minor
    ))
  ),
  description 'One row per patient''s invoice, touched by an interval, whose entries do not sum up to the balance that its own totals
tell; there should be none, and one blocks what follows. Invoices with a row in quarantine are left out: their entries cannot
be complete. Use it for: finding what blocks. Not for: analysis. The cost is a look-up of the touched invoices.'
);

WITH touched AS (
  SELECT DISTINCT
    invoice_id
  FROM intermediate.int_receivables__touched_patient_invoice
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), told AS (
  SELECT
    invoice_id,
    IFF(status IN ('open', 'paid'), total_minor - paid_minor - credited_minor, 0) AS open_minor
  FROM (
    @before_and_after(intermediate.int_billing__invoice_change, invoice_id, touched, @start_ts, @end_ts)
  )
  WHERE
    side = 1
), booked AS (
  SELECT
    touched.invoice_id,
    COALESCE(SUM(billed_minor + paid_minor + credited_minor + voided_minor + written_off_minor + recovered_minor), 0) AS entries_minor
  FROM touched
  LEFT JOIN intermediate.int_receivables__patient_posting AS posting
    ON posting.invoice_id = touched.invoice_id AND posting.posted_at <= @end_ts
  GROUP BY
    touched.invoice_id
)
SELECT
  booked.invoice_id::BIGINT AS invoice_id, /* Invoice */
  booked.entries_minor::BIGINT AS entries_minor, /* Sum of its entries, minor units */
  COALESCE(told.open_minor, 0)::BIGINT AS open_minor, /* Balance by its own totals, minor units */
  @end_ts::TIMESTAMP AS posted_at /* End of the interval that touched it, UTC */
FROM booked
LEFT JOIN told
  ON told.invoice_id = booked.invoice_id
LEFT JOIN intermediate.int_billing__invoice_balance AS balance
  ON balance.invoice_id = booked.invoice_id
WHERE
  booked.entries_minor <> COALESCE(told.open_minor, 0) AND NOT COALESCE(balance.has_quarantined_row, FALSE)
