MODEL (
  name intermediate.int_receivables__@{stream}_touched,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column touched_at
  ),
  owner data_engineering,
  cron '@hourly',
  grain (@party, currency, touched_at),
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  blueprints ((stream := patient, party := account_id), (stream := platform, party := stripe_customer_id)),
  description 'One row per billing party and currency whose balances an interval moved, and from which day on. When a day begins, all
parties are touched. Use it for: bounding the recomputation of balances by day. Not for: analysis.'
);

WITH touched AS (
  SELECT
    @party AS party,
    currency,
    entry_date
  FROM intermediate.int_receivables__@{stream}_posting
  WHERE
    posted_at BETWEEN @start_ts AND @end_ts
  UNION ALL
  SELECT
    @party AS party,
    currency,
    revenue_date
  FROM intermediate.int_revenue__@{stream}_cash_posting
  WHERE
    posted_at BETWEEN @start_ts AND @end_ts AND received_minor <> 0
  UNION ALL
  /* A day began */
  SELECT
    @party AS party,
    currency,
    GREATEST(MIN(entry_date), DATEADD(MICROSECOND, -1, DATEADD(DAY, 1, @start_ts::TIMESTAMP))::DATE)
  FROM intermediate.int_receivables__@{stream}_movement
  WHERE
    entry_date <= @end_ts::DATE AND DATEADD(MICROSECOND, -1, @start_ts::TIMESTAMP)::DATE < @end_ts::DATE
  GROUP BY
    @party,
    currency
)
SELECT
  party AS @party, /* Who bills (account) or is billed (Stripe customer) */
  currency::VARCHAR AS currency, /* ISO 4217 currency */
  MIN(entry_date)::DATE AS first_date, /* UTC day from which balances may have moved */
  @end_ts::TIMESTAMP AS touched_at /* End of the interval that touched them, UTC */
FROM touched
GROUP BY
  party,
  currency
