MODEL (
  name intermediate.int_receivables__patient_posting,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column posted_at
  ),
  owner data_engineering,
  clustered_by (posted_at::DATE, entry_date),
  cron '@hourly',
  grain (invoice_id, account_id, currency, due_on, entry_date, posted_at),
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
    unique_combination_of_columns(columns := (invoice_id, account_id, currency, due_on, entry_date, posted_at)),
    not_null(columns := (invoice_id, account_id, currency, due_on, entry_date)),
    buckets_equal_entries,
    referential_integrity(references := (
      account_id = intermediate.int_directory__account
    ), blocking := FALSE)
  ),
  description 'One row per patient''s invoice and day whose movements an interval''s changes moved, by how much: what the logs say now
less what they said before the interval. The sum of all rows of a day is what is known of it now.
Use it for: balances and their age. Not for: reading a single row as what happened; corrections are rows of their own.
Grows by what arrives; the cost is a look-up of the touched invoices in four logs.'
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
    due_on,
    opened_at,
    total_minor,
    IFF(status = 'open', NULL, COALESCE(LEAST(voided_at, uncollectible_at), voided_at, uncollectible_at)) AS closed_at,
    IFF(voided_at <= COALESCE(uncollectible_at, voided_at), 'voided', 'written_off') AS closing_kind
  FROM (
    @before_and_after(intermediate.int_billing__invoice_change, invoice_id, touched, @start_ts, @end_ts)
  )
  WHERE
    NOT opened_at IS NULL
), movement AS (
  SELECT
    side,
    invoice_id,
    opened_at AS moved_at,
    'billed' AS entry_kind,
    total_minor AS amount_minor
  FROM invoice
  UNION ALL
  SELECT
    allocation.side,
    allocation.invoice_id,
    allocation.allocated_at,
    'paid',
    -allocation.amount_minor
  FROM (
    @before_and_after(intermediate.int_billing__payment_allocation_change, payment_allocation_id, touched, @start_ts, @end_ts, invoice_id)
  ) AS allocation
  JOIN invoice
    ON invoice.side = allocation.side AND invoice.invoice_id = allocation.invoice_id
  UNION ALL
  SELECT
    note.side,
    note.invoice_id,
    note.issued_at,
    'credited',
    -note.amount_minor
  FROM (
    @before_and_after(intermediate.int_billing__credit_note_change, credit_note_id, touched, @start_ts, @end_ts, invoice_id)
  ) AS note
  JOIN invoice
    ON invoice.side = note.side AND invoice.invoice_id = note.invoice_id
)
SELECT
  invoice_id::BIGINT AS invoice_id, /* Invoice */
  account_id::BIGINT AS account_id, /* Account that bills */
  currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  due_on::DATE AS due_on, /* Day by which it is to be paid */
  entry_date::DATE AS entry_date, /* UTC day of the movements */
  billed_minor::BIGINT AS billed_minor, /* Change of what was billed that day, tax included, minor units */
  paid_minor::BIGINT AS paid_minor, /* Change of what payments took away that day, negative when there are more */
  credited_minor::BIGINT AS credited_minor, /* Change of what credit notes took away that day */
  voided_minor::BIGINT AS voided_minor, /* Change of what voiding took away that day */
  written_off_minor::BIGINT AS written_off_minor, /* Change of what was given up as bad debt that day */
  recovered_minor::BIGINT AS recovered_minor, /* Change of what came in that day though the invoice was closed */
  not_due_minor::BIGINT AS not_due_minor, /* Change of what that day adds to the balance not past due */
  d1_30_minor::BIGINT AS d1_30_minor, /* Change of what it adds to the balance 1 to 30 days past due */
  d31_60_minor::BIGINT AS d31_60_minor, /* Change of what it adds to the balance 31 to 60 days past due */
  d61_90_minor::BIGINT AS d61_90_minor, /* Change of what it adds to the balance 61 to 90 days past due */
  d90_plus_minor::BIGINT AS d90_plus_minor, /* Change of what it adds to the balance more than 90 days past due */
  @end_ts::TIMESTAMP AS posted_at /* End of the interval that made the difference, UTC */
FROM (
  @receivable_postings(account_id, @start_ts, @end_ts)
)
