MODEL (
  name intermediate.int_revenue__@{stream}_day,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (@party, currency, revenue_date)
  ),
  owner data_engineering,
  cron '@hourly',
  grain (@party, currency, revenue_date),
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  blueprints ((stream := patient, party := account_id), (stream := platform, party := stripe_customer_id)),
  depends_on (
    intermediate.int_revenue__@{stream}_unbalanced
  ),
  audits (
    unique_combination_of_columns(columns := (@party, currency, revenue_date))
  ),
  description 'One row per billing party, currency and day: the sum of all postings of the day. Days ahead have rows where
something is to be recognised then. Use it for: its namesake in core. Not for: single invoices.
Recomputed for the days that an interval''s postings touched: the cost is finding those days in two logs of postings.'
);

WITH touched AS (
  SELECT
    @party AS party,
    currency,
    revenue_date
  FROM intermediate.int_revenue__@{stream}_posting
  WHERE
    posted_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    @party AS party,
    currency,
    revenue_date
  FROM intermediate.int_revenue__@{stream}_cash_posting
  WHERE
    posted_at BETWEEN @start_ts AND @end_ts
), booked AS (
  SELECT
    @party AS party,
    currency,
    revenue_date,
    billed_minor,
    recognised_minor,
    0 AS received_minor,
    0 AS returned_minor,
    0 AS fee_minor
  FROM intermediate.int_revenue__@{stream}_posting
  WHERE
    posted_at <= @audited_through(intermediate.int_revenue__@{stream}_posting)
  UNION ALL
  SELECT
    @party AS party,
    currency,
    revenue_date,
    0,
    0,
    received_minor,
    returned_minor,
    fee_minor
  FROM intermediate.int_revenue__@{stream}_cash_posting
  WHERE
    posted_at <= @audited_through(intermediate.int_revenue__@{stream}_cash_posting)
)
SELECT
  touched.party AS @party, /* Who bills (account) or is billed (Stripe customer) */
  touched.currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  touched.revenue_date::DATE AS revenue_date, /* UTC day; of a patient's service, the clinic's local day */
  SUM(booked.billed_minor)::BIGINT AS billed_minor, /* Billed that day, before tax, minor units */
  SUM(booked.recognised_minor)::BIGINT AS recognised_minor, /* Recognised that day, before tax, minor units */
  SUM(booked.received_minor)::BIGINT AS received_minor, /* Cash that came in that day, tax included, minor units */
  SUM(booked.returned_minor)::BIGINT AS returned_minor, /* Cash refunded or lost to disputes that day, minor units */
  SUM(booked.fee_minor)::BIGINT AS fee_minor /* Processing fees of that day, minor units */
FROM touched
JOIN booked
  ON booked.party = touched.party AND booked.currency = touched.currency AND booked.revenue_date = touched.revenue_date
GROUP BY
  touched.party,
  touched.currency,
  touched.revenue_date
