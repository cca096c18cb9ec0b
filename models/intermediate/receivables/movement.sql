MODEL (
  name intermediate.int_receivables__@{stream}_movement,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (@party, currency, entry_date)
  ),
  owner data_engineering,
  cron '@hourly',
  grain (@party, currency, entry_date),
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  blueprints ((stream := patient, party := account_id), (stream := platform, party := stripe_customer_id)),
  depends_on (
    intermediate.int_receivables__@{stream}_unbalanced
  ),
  audits (unique_combination_of_columns(columns := (@party, currency, entry_date)), buckets_equal_entries),
  description 'One row per billing party, currency and day on which a balance moved: the sum of all postings of the day.
Use it for: balances by day. Not for: single invoices. Days ahead have rows where something is booked ahead.
Recomputed for the days that an interval''s postings touched: the cost is finding those days in the log of postings.'
);

WITH touched AS (
  SELECT
    @party AS party,
    currency,
    entry_date
  FROM intermediate.int_receivables__@{stream}_posting
  WHERE
    posted_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    @party AS party,
    currency,
    revenue_date
  FROM intermediate.int_revenue__@{stream}_cash_posting
  WHERE
    posted_at BETWEEN @start_ts AND @end_ts AND received_minor <> 0
), booked AS (
  SELECT
    @party AS party,
    currency,
    entry_date,
    billed_minor,
    paid_minor,
    credited_minor,
    voided_minor,
    written_off_minor,
    recovered_minor,
    not_due_minor,
    d1_30_minor,
    d31_60_minor,
    d61_90_minor,
    d90_plus_minor,
    paid_minor AS unapplied_minor
  FROM intermediate.int_receivables__@{stream}_posting
  WHERE
    posted_at <= @audited_through(intermediate.int_receivables__@{stream}_posting)
  UNION ALL
  SELECT
    @party AS party,
    currency,
    revenue_date,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    received_minor
  FROM intermediate.int_revenue__@{stream}_cash_posting
  WHERE
    posted_at <= @audited_through(intermediate.int_revenue__@{stream}_cash_posting)
)
SELECT
  touched.party AS @party, /* Who bills (account) or is billed (Stripe customer) */
  touched.currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  touched.entry_date::DATE AS entry_date, /* UTC day */
  SUM(booked.billed_minor)::BIGINT AS billed_minor, /* Billed that day, tax included, minor units */
  SUM(booked.paid_minor)::BIGINT AS paid_minor, /* Taken away by payments that day, negative */
  SUM(booked.credited_minor)::BIGINT AS credited_minor, /* Taken away by credit notes that day, negative */
  SUM(booked.voided_minor)::BIGINT AS voided_minor, /* Taken away by voiding that day, negative */
  SUM(booked.written_off_minor)::BIGINT AS written_off_minor, /* Given up as bad debt that day, negative */
  SUM(booked.recovered_minor)::BIGINT AS recovered_minor, /* Came in that day for closed invoices; offsets the payment */
  SUM(booked.not_due_minor)::BIGINT AS not_due_minor, /* What the day adds to the balance not past due */
  SUM(booked.d1_30_minor)::BIGINT AS d1_30_minor, /* What the day adds to the balance 1 to 30 days past due */
  SUM(booked.d31_60_minor)::BIGINT AS d31_60_minor, /* What the day adds to the balance 31 to 60 days past due */
  SUM(booked.d61_90_minor)::BIGINT AS d61_90_minor, /* What the day adds to the balance 61 to 90 days past due */
  SUM(booked.d90_plus_minor)::BIGINT AS d90_plus_minor, /* What the day adds to the balance more than 90 days past due */
  SUM(booked.unapplied_minor)::BIGINT AS unapplied_minor /* Payments received that day less what was applied to invoices */
FROM touched
JOIN booked
  ON booked.party = touched.party AND booked.currency = touched.currency AND booked.entry_date = touched.entry_date
GROUP BY
  touched.party,
  touched.currency,
  touched.entry_date
