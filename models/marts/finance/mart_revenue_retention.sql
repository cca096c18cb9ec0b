MODEL (
  name marts_finance.mart_revenue_retention,
  kind VIEW,
  cron '@hourly',
  owner analytics_engineering,
  grain (month_start, segment),
  tags ('layer=mart', 'subject=finance', 'cadence=hour'),
  audits (
    unique_combination_of_columns(columns := (month_start, segment)),
    not_null(columns := (month_start, segment, account_count, opening_amount_usd)),
    forall(criteria := (kept_amount_usd <= closing_amount_usd, kept_amount_usd <= opening_amount_usd))
  ),
  description 'One row per month and segment, and one for all segments: what became of the monthly recurring revenue of twelve months before.
The cohort is every account and currency with MRR then; accounts won since are left out. All in US dollars at the rates of the
month twelve months before, so that rates don''t look like retention. Answers: net and gross revenue retention.
Use it for: NRR and GRR, with the size of the cohort beside them. Not for: averaging ratios over months or segments; add numerators
and denominators. Segment as of the end of the month twelve months before.'
);

WITH pair AS (
  SELECT
    now.month_start,
    now.account_id,
    COALESCE(account.segment, 'unknown') AS segment,
    @major(before.closing_minor, currency.exponent)::DECIMAL(38, 3) * rate.usd_per_unit AS opening_usd,
    @major(now.closing_minor, currency.exponent)::DECIMAL(38, 3) * rate.usd_per_unit AS closing_usd,
    @major(LEAST(before.closing_minor, now.closing_minor), currency.exponent)::DECIMAL(38, 3) * rate.usd_per_unit AS kept_usd,
    now.closing_minor > 0 AS is_retained
  FROM core.fct_mrr_movement AS before
  JOIN core.fct_mrr_movement AS now
    ON now.account_id = before.account_id
    AND EQUAL_NULL(now.stripe_customer_id, before.stripe_customer_id)
    AND now.currency = before.currency
    AND now.month_start = DATEADD(MONTH, 12, before.month_start)::DATE
  JOIN core.dim_currency AS currency
    ON currency.currency = before.currency
  LEFT JOIN core.dim_exchange_rate AS rate
    ON rate.currency = before.currency AND @as_of(rate, DATEADD(DAY, -1, DATEADD(MONTH, 1, before.month_start))::DATE)
  LEFT JOIN core.dim_account AS account
    ON account.account_id = before.account_id
    AND @as_of(account, DATEADD(SECOND, -1, DATEADD(MONTH, 1, before.month_start)::TIMESTAMP))
  WHERE
    before.closing_minor > 0
), grouped AS (
  SELECT
    month_start,
    segment,
    opening_usd,
    closing_usd,
    kept_usd,
    is_retained
  FROM pair
  UNION ALL
  SELECT
    month_start,
    'all',
    opening_usd,
    closing_usd,
    kept_usd,
    is_retained
  FROM pair
)
SELECT
  grouped.month_start::DATE AS month_start, /* First day of the month at whose end retention is measured */
  grouped.segment::VARCHAR AS segment, /* smb, mid_market, enterprise, unknown, or all */
  (
    DATEADD(MONTH, 1, grouped.month_start) <= MAX(watermark.complete_through)
  )::BOOLEAN AS is_complete, /* Whether the month is over in data that has arrived */
  COUNT(*)::BIGINT AS account_count, /* Accounts and currencies with MRR twelve months before */
  COUNT_IF(grouped.is_retained)::BIGINT AS retained_count, /* Of these, with MRR now */
  ROUND(SUM(grouped.opening_usd), 2)::DECIMAL(18, 2) AS opening_amount_usd, /* MRR twelve months before */
  ROUND(SUM(grouped.closing_usd), 2)::DECIMAL(18, 2) AS closing_amount_usd, /* Their MRR now */
  ROUND(SUM(grouped.kept_usd), 2)::DECIMAL(18, 2) AS kept_amount_usd, /* Their MRR now, of none more than twelve months before */
  ROUND(SUM(grouped.closing_usd) / NULLIF(SUM(grouped.opening_usd), 0), 4)::DECIMAL(9, 4) AS net_revenue_retention, /* Closing by opening */
  ROUND(SUM(grouped.kept_usd) / NULLIF(SUM(grouped.opening_usd), 0), 4)::DECIMAL(9, 4) AS gross_revenue_retention /* Kept by opening, at most 1 */
FROM grouped
CROSS JOIN (
  SELECT
    complete_through
  FROM core.watermark_platform_billing
  WHERE
    subject = 'platform_billing'
) AS watermark
GROUP BY
  grouped.month_start,
  grouped.segment
