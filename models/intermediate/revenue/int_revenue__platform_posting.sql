MODEL (
  name intermediate.int_revenue__platform_posting,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column posted_at
  ),
  owner data_engineering,
  cron '@hourly',
  grain (stripe_invoice_id, stripe_customer_id, currency, revenue_date, posted_at),
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  audits (
    unique_combination_of_columns(columns := (stripe_invoice_id, stripe_customer_id, currency, revenue_date, posted_at)),
    not_null(columns := (stripe_invoice_id, stripe_customer_id, currency, revenue_date))
  ),
  description 'One row per invoice of Northstar''s and day whose revenue an interval''s changes moved, by how much. Before tax, after discounts.
A line is spread evenly over the UTC days of its period, by cumulative rounding, so that its days sum up to it; days ahead are
posted at once. Use it for: int_revenue__platform_day. Not for: reading a single row as what happened; corrections are rows of
their own. Grows by what is billed, a row per day of its period.'
);

WITH touched AS (
  SELECT DISTINCT
    stripe_invoice_id
  FROM intermediate.int_receivables__touched_platform_invoice
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), invoice AS (
  SELECT
    side,
    stripe_invoice_id AS invoice_id,
    stripe_customer_id,
    currency,
    COALESCE(subtotal_minor, 0) - COALESCE(discount_minor, 0) AS net_minor,
    total_minor,
    finalized_at::DATE AS finalized_on,
    voided_at::DATE AS voided_on
  FROM (
    @before_and_after(intermediate.int_platform__invoice_change, stripe_invoice_id, touched, @start_ts, @end_ts)
  )
  WHERE
    NOT finalized_at IS NULL
), line AS (
  SELECT
    side,
    stripe_invoice_id AS invoice_id,
    amount_minor - COALESCE(discount_minor, 0) AS amount_minor,
    period_starts_at::DATE AS first_date,
    GREATEST(DATEDIFF(DAY, period_starts_at::DATE, period_ends_at::DATE), 1) AS day_count
  FROM (
    @before_and_after(intermediate.int_platform__invoice_line_change, invoice_line_id, touched, @start_ts, @end_ts, stripe_invoice_id)
  )
), note AS (
  SELECT
    note.side,
    invoice.invoice_id,
    note.issued_at::DATE AS issued_on,
    note.voided_at::DATE AS note_voided_on,
    IFF(invoice.total_minor > 0, @share_of(note.total_minor, invoice.net_minor, invoice.total_minor), note.total_minor) AS net_minor
  FROM (
    @before_and_after(intermediate.int_platform__credit_note_change, credit_note_id, touched, @start_ts, @end_ts, stripe_invoice_id)
  ) AS note
  JOIN invoice
    ON invoice.side = note.side AND invoice.invoice_id = note.stripe_invoice_id
), movement AS (
  SELECT
    side,
    invoice_id,
    finalized_on AS revenue_date,
    net_minor AS billed_minor,
    0 AS recognised_minor
  FROM invoice
  UNION ALL
  SELECT
    line.side,
    line.invoice_id,
    day.calendar_date,
    0,
    @share_of(line.amount_minor, DATEDIFF(DAY, line.first_date, day.calendar_date) + 1, line.day_count) - @share_of(line.amount_minor, DATEDIFF(DAY, line.first_date, day.calendar_date), line.day_count)
  FROM line
  JOIN reference.calendar_date AS day
    ON day.calendar_date BETWEEN line.first_date AND DATEADD(DAY, line.day_count - 1, line.first_date)::DATE
  UNION ALL
  SELECT
    side,
    invoice_id,
    issued_on,
    -net_minor,
    -net_minor
  FROM note
  UNION ALL
  SELECT
    side,
    invoice_id,
    note_voided_on,
    net_minor,
    net_minor
  FROM note
  WHERE
    NOT note_voided_on IS NULL
)
SELECT
  invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice */
  stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who is billed */
  currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  revenue_date::DATE AS revenue_date, /* UTC day */
  billed_minor::BIGINT AS billed_minor, /* Change of what was billed that day, minor units */
  recognised_minor::BIGINT AS recognised_minor, /* Change of what is recognised that day, minor units */
  @end_ts::TIMESTAMP AS posted_at /* End of the interval that made the difference, UTC */
FROM (
  @revenue_postings(stripe_customer_id)
)
