MODEL (
  name intermediate.int_receivables__platform_posting,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column posted_at
  ),
  owner data_engineering,
  cron '@hourly',
  grain (stripe_invoice_id, stripe_customer_id, currency, due_on, entry_date, posted_at),
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  audits (
    unique_combination_of_columns(columns := (stripe_invoice_id, stripe_customer_id, currency, due_on, entry_date, posted_at)),
    not_null(columns := (stripe_invoice_id, stripe_customer_id, currency, due_on, entry_date)),
    buckets_equal_entries
  ),
  description 'One row per invoice of Northstar''s and day whose movements an interval''s changes moved, by how much: what Stripe''s log says now
less what it said before the interval. The sum of all rows of a day is what is known of it now.
An invoice that is charged automatically is due on the day of its finalisation. A part paid of an invoice that is still open is
dated by the change that told of it. Use it for: balances and their age. Not for: reading a single row as what happened.
Grows by what arrives; the logs behind it are small.'
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
    COALESCE(due_at, finalized_at)::DATE AS due_on,
    finalized_at,
    due_minor + COALESCE(pre_payment_credit_minor, 0) AS billed_minor,
    COALESCE(paid_at, committed_at) AS paid_at,
    COALESCE(paid_minor, 0) AS paid_minor,
    IFF(status = 'open', NULL, COALESCE(LEAST(voided_at, uncollectible_at), voided_at, uncollectible_at)) AS closed_at,
    IFF(voided_at <= COALESCE(uncollectible_at, voided_at), 'voided', 'written_off') AS closing_kind
  FROM (
    @before_and_after(intermediate.int_platform__invoice_change, stripe_invoice_id, touched, @start_ts, @end_ts)
  )
  WHERE
    NOT finalized_at IS NULL
), note AS (
  SELECT
    note.side,
    note.stripe_invoice_id AS invoice_id,
    note.issued_at,
    note.voided_at,
    note.pre_payment_minor
  FROM (
    @before_and_after(intermediate.int_platform__credit_note_change, credit_note_id, touched, @start_ts, @end_ts, stripe_invoice_id)
  ) AS note
  JOIN invoice
    ON invoice.side = note.side AND invoice.invoice_id = note.stripe_invoice_id
), movement AS (
  SELECT
    side,
    invoice_id,
    finalized_at AS moved_at,
    'billed' AS entry_kind,
    billed_minor AS amount_minor
  FROM invoice
  UNION ALL
  SELECT
    side,
    invoice_id,
    paid_at,
    'paid',
    -paid_minor
  FROM invoice
  WHERE
    paid_minor <> 0
  UNION ALL
  SELECT
    side,
    invoice_id,
    issued_at,
    'credited',
    -pre_payment_minor
  FROM note
  UNION ALL
  SELECT
    side,
    invoice_id,
    voided_at,
    'credited',
    pre_payment_minor
  FROM note
  WHERE
    NOT voided_at IS NULL
)
SELECT
  invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice */
  stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who is billed */
  currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  due_on::DATE AS due_on, /* UTC day by which it is to be paid */
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
  @receivable_postings(stripe_customer_id, @start_ts, @end_ts)
)
