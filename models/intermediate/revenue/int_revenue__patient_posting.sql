MODEL (
  name intermediate.int_revenue__patient_posting,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column posted_at
  ),
  owner data_engineering,
  clustered_by (posted_at::DATE, revenue_date),
  cron '@hourly',
  grain (invoice_id, account_id, currency, revenue_date, posted_at),
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  depends_on (
    intermediate.int_directory__account
  ),
  audits (
    unique_combination_of_columns(columns := (invoice_id, account_id, currency, revenue_date, posted_at)),
    not_null(columns := (invoice_id, account_id, currency, revenue_date)),
    referential_integrity(references := (
      account_id = intermediate.int_directory__account
    ), blocking := FALSE)
  ),
  description 'One row per patient''s invoice and day whose revenue an interval''s changes moved, by how much. Before tax.
Use it for: int_revenue__patient_day. Not for: reading a single row as what happened; corrections are rows of their own.
Grows by what arrives; the cost is a look-up of the touched invoices in three logs.'
);

WITH touched AS (
  SELECT DISTINCT
    invoice_id
  FROM intermediate.int_receivables__touched_patient_invoice
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), invoice AS (
  SELECT
    side,
    invoice_id,
    account_id,
    currency,
    subtotal_minor,
    total_minor,
    opened_at::DATE AS opened_on,
    voided_at::DATE AS voided_on
  FROM (
    @before_and_after(intermediate.int_billing__invoice_change, invoice_id, touched, @start_ts, @end_ts)
  )
  WHERE
    NOT opened_at IS NULL
), credit AS (
  SELECT
    note.side,
    note.invoice_id,
    note.issued_at::DATE AS revenue_date,
    -COALESCE(@share_of(note.amount_minor, invoice.subtotal_minor, invoice.total_minor), note.amount_minor) AS revenue_minor
  FROM (
    @before_and_after(intermediate.int_billing__credit_note_change, credit_note_id, touched, @start_ts, @end_ts, invoice_id)
  ) AS note
  JOIN invoice
    ON invoice.side = note.side AND invoice.invoice_id = note.invoice_id
), movement AS (
  SELECT
    side,
    invoice_id,
    opened_on AS revenue_date,
    subtotal_minor AS billed_minor,
    0 AS recognised_minor
  FROM invoice
  UNION ALL
  SELECT
    side,
    invoice_id,
    service_date,
    0,
    amount_minor
  FROM (
    @before_and_after(intermediate.int_billing__invoice_line_change, invoice_line_id, touched, @start_ts, @end_ts, invoice_id)
  )
  UNION ALL
  SELECT
    side,
    invoice_id,
    revenue_date,
    revenue_minor,
    revenue_minor
  FROM credit
)
SELECT
  invoice_id::BIGINT AS invoice_id, /* Invoice */
  account_id::BIGINT AS account_id, /* Account that bills */
  currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  revenue_date::DATE AS revenue_date, /* UTC day; of a service, the clinic's local day */
  billed_minor::BIGINT AS billed_minor, /* Change of what was billed that day, minor units */
  recognised_minor::BIGINT AS recognised_minor, /* Change of what was recognised that day, minor units */
  @end_ts::TIMESTAMP AS posted_at /* End of the interval that made the difference, UTC */
FROM (
  @revenue_postings(account_id)
)
