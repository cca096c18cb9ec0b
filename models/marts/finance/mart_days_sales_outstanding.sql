MODEL (
  name marts_finance.mart_days_sales_outstanding,
  kind VIEW,
  owner analytics_engineering,
  cron '@hourly',
  grain (month_start, revenue_stream, currency),
  references (
    currency
  ),
  tags ('layer=mart', 'subject=finance', 'cadence=hour'),
  signals (
    parents_due()
  ),
  audits (
    unique_combination_of_columns(columns := (month_start, revenue_stream, currency)),
    not_null(columns := (month_start, revenue_stream, currency, as_of_date, receivable_amount, billed_90d_amount))
  ),
  description 'One row per month, stream and currency from the first entry on: how many days of billing are still owed.
Formula: receivables at the end of the month, divided by what was billed in the 90 days that end there, times 90; billed is
gross: with tax, nothing taken off. Answers: how fast billing turns into cash. Use it for: comparing complete months.
Not for: the running month (is_complete); the first 90 days of a currency (window_days), when little was billed yet; adding
rows: divide the sums. US dollars: balances at the rate of the last day, billing at the rate of each day.'
);

WITH day AS (
  SELECT
    fact.revenue_stream,
    fact.currency,
    fact.as_of_date,
    MIN(currency.exponent) AS exponent,
    SUM(fact.closing_minor) AS closing_minor,
    SUM(fact.billed_minor) AS billed_minor,
    @reporting(SUM(fact.closing_minor), MIN(currency.exponent), MIN(rate.usd_per_unit)) AS receivable_usd,
    @major(SUM(fact.billed_minor), MIN(currency.exponent))::DECIMAL(38, 3) * MIN(rate.usd_per_unit) AS billed_usd
  FROM core.fct_receivable_day AS fact
  JOIN core.dim_currency AS currency
    ON currency.currency = fact.currency
  LEFT JOIN core.dim_exchange_rate AS rate
    ON rate.currency = fact.currency AND @as_of(rate, fact.as_of_date)
  GROUP BY
    fact.revenue_stream,
    fact.currency,
    fact.as_of_date
), running AS (
  SELECT
    day.*,
    DATE_TRUNC('MONTH', as_of_date)::DATE AS month_start,
    SUM(billed_minor) OVER (PARTITION BY revenue_stream, currency ORDER BY as_of_date ROWS BETWEEN 89 PRECEDING AND CURRENT ROW) AS billed_90d_minor,
    SUM(billed_usd) OVER (PARTITION BY revenue_stream, currency ORDER BY as_of_date ROWS BETWEEN 89 PRECEDING AND CURRENT ROW) AS billed_90d_usd,
    LEAST(ROW_NUMBER() OVER (PARTITION BY revenue_stream, currency ORDER BY as_of_date), 90) AS window_days
  FROM day
), last_day AS (
  SELECT
    running.*
  FROM running
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY revenue_stream, currency, month_start ORDER BY as_of_date DESC) = 1
)
SELECT
  month.month_start::DATE AS month_start, /* First day of the month */
  month.revenue_stream::VARCHAR AS revenue_stream, /* patient: clinics bill their patients; platform: Northstar bills its customers */
  month.currency::VARCHAR AS currency, /* ISO 4217 currency of the amounts that are not in US dollars */
  month.as_of_date::DATE AS as_of_date, /* Last day of the month, or the last day begun of the running one */
  (
    DATEADD(MONTH, 1, month.month_start) <= watermark.complete_through
  )::BOOLEAN AS is_complete, /* Whether the month is over in data that has arrived */
  month.window_days::INT AS window_days, /* Days since the first entry that the window of 90 holds */
  @major(month.closing_minor, month.exponent)::DECIMAL(18, 3) AS receivable_amount, /* Owed at the end of the last day, tax included */
  @major(month.billed_90d_minor, month.exponent)::DECIMAL(18, 3) AS billed_90d_amount, /* Billed in the 90 days up to it, tax included */
  (
    @share_of(month.closing_minor, 9000, month.billed_90d_minor) * 0.01
  )::DECIMAL(12, 2) AS days_sales_outstanding, /* Owed by billed, times 90; NULL when nothing was billed */
  month.receivable_usd::DECIMAL(18, 2) AS receivable_amount_usd, /* Owed, in US dollars of the last day */
  ROUND(month.billed_90d_usd, 2)::DECIMAL(18, 2) AS billed_90d_amount_usd /* Billed, in US dollars of each day */
FROM last_day AS month
JOIN core.watermark_finance AS watermark
  ON watermark.subject = month.revenue_stream || '_finance'
