MODEL (
  name marts_growth.mart_cohort_retention,
  kind VIEW,
  cron '@hourly',
  owner analytics_engineering,
  grain (cohort_month, months_since, segment),
  tags ('layer=mart', 'subject=growth', 'cadence=hour'),
  audits (
    unique_combination_of_columns(columns := (cohort_month, months_since, segment)),
    not_null(columns := (cohort_month, months_since, segment, account_count, retained_count)),
    forall(criteria := (retained_count <= account_count, months_since <> 0 OR retained_count = account_count))
  ),
  description 'One row per cohort, month since and segment, and one for all segments: of the accounts that began to pay in one month, how many
paid in a later one. A cohort is the month at whose end an account had monthly recurring revenue (MRR) for the first time; it is
retained in a month at whose end it has some, so that an account which leaves and returns counts again from its return on.
Answers: how long do customers stay, and how much do they come to pay. Use it for: retention curves, one cohort or the same months
since of several. Not for: averaging rates over cohorts; add counts. Months that are not over are missing (right-censored), so that
young cohorts have short rows. Segment as of the end of the cohort''s month; US dollars at that day''s rate for all months, so that
rates don''t look like retention. Customers in Stripe that match no account count by themselves, in segment unknown.'
);

WITH month AS (
  SELECT
    movement.account_id,
    movement.stripe_customer_id,
    movement.currency,
    movement.month_start,
    movement.closing_minor,
    MIN(IFF(movement.closing_minor > 0, movement.month_start, NULL)) OVER (PARTITION BY movement.account_id, movement.stripe_customer_id) AS cohort_month
  FROM core.fct_mrr_movement AS movement
  JOIN core.watermark_platform_billing AS watermark
    ON watermark.subject = 'platform_billing'
    AND DATEADD(MONTH, 1, movement.month_start)::TIMESTAMP <= watermark.complete_through
), held AS (
  SELECT
    month.account_id,
    month.stripe_customer_id,
    month.cohort_month,
    month.month_start,
    MAX(month.closing_minor) > 0 AS is_retained,
    SUM(@reporting(month.closing_minor, currency.exponent, rate.usd_per_unit)) AS mrr_usd
  FROM month
  JOIN core.dim_currency AS currency
    ON currency.currency = month.currency
  LEFT JOIN core.dim_exchange_rate AS rate
    ON rate.currency = month.currency AND @as_of(rate, DATEADD(DAY, -1, DATEADD(MONTH, 1, month.cohort_month))::DATE)
  WHERE
    month.month_start >= month.cohort_month
  GROUP BY
    month.account_id,
    month.stripe_customer_id,
    month.cohort_month,
    month.month_start
), member AS (
  SELECT
    held.account_id,
    held.stripe_customer_id,
    held.cohort_month,
    COALESCE(account.segment, 'unknown') AS segment
  FROM held
  JOIN core.dim_account AS account
    ON account.account_id = held.account_id
    AND @as_of(account, DATEADD(MICROSECOND, -1, DATEADD(MONTH, 1, held.cohort_month)::TIMESTAMP))
  WHERE
    held.month_start = held.cohort_month
), grouped AS (
  SELECT
    account_id,
    stripe_customer_id,
    cohort_month,
    segment
  FROM member
  UNION ALL
  SELECT
    account_id,
    stripe_customer_id,
    cohort_month,
    'all'
  FROM member
)
SELECT
  grouped.cohort_month::DATE AS cohort_month, /* First day of the month at whose end the accounts first had MRR */
  DATEDIFF(MONTH, grouped.cohort_month, calendar.date_day)::INT AS months_since, /* Whole months since then; 0 for the cohort's own month */
  grouped.segment::VARCHAR AS segment, /* smb, mid_market, enterprise, unknown, or all */
  calendar.date_day::DATE AS month_start, /* First day of the month at whose end retention is measured */
  COUNT(*)::BIGINT AS account_count, /* Accounts of the cohort */
  COUNT_IF(COALESCE(held.is_retained, FALSE))::BIGINT AS retained_count, /* Of these, with MRR at the month's end */
  COALESCE(SUM(held.mrr_usd), 0)::DECIMAL(18, 2) AS retained_mrr_amount_usd, /* Their MRR at the month's end, at the cohort's rate */
  ROUND(COUNT_IF(COALESCE(held.is_retained, FALSE)) / NULLIF(COUNT(*), 0), 4)::DECIMAL(9, 4) AS retention_rate /* Retained by all of the cohort */
FROM grouped
JOIN core.dim_date AS calendar
  ON calendar.date_day = calendar.month_start
  AND calendar.date_day >= grouped.cohort_month
  AND calendar.date_day <= (
    SELECT
      MAX(month_start)
    FROM month
  )
LEFT JOIN held
  ON held.account_id = grouped.account_id
  AND EQUAL_NULL(held.stripe_customer_id, grouped.stripe_customer_id)
  AND held.month_start = calendar.date_day
GROUP BY
  grouped.cohort_month,
  calendar.date_day,
  grouped.segment
