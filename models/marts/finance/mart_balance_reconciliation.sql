MODEL (
  name marts_finance.mart_balance_reconciliation,
  kind VIEW,
  cron '@hourly',
  owner analytics_engineering,
  grain (currency, month_start),
  references (
    currency
  ),
  tags ('layer=mart', 'subject=finance', 'cadence=hour'),
  audits (
    unique_combination_of_columns(columns := (currency, month_start)),
    not_null(columns := (currency, month_start, opening_amount, closing_amount)),
    rolls_forward(
      key := currency,
      period := month_start,
      opening := opening_amount,
      movement := gross_amount - fee_amount - payout_amount,
      closing := closing_amount,
      step := 'MONTH'
    )
  ),
  description 'One row per settlement currency and month, from the first movement on: Northstar''s balance at Stripe, opening plus gross
less fees less payouts is closing. Months are of the time at which Stripe made the movement, UTC; movements of the running hour are not in it.
Answers: how much of what was collected has not been paid out; what fees were. Use it for: the balance sheet''s cash in transit.
Not for: amounts in customers'' currencies; for the running month as if it were over (is_complete).'
);

WITH passed AS (
  SELECT
    DATE_TRUNC('HOUR', complete_through) AS complete_through
  FROM core.watermark_platform_billing
  WHERE
    subject = 'platform_billing'
), movement AS (
  SELECT
    balance.currency,
    DATE_TRUNC('MONTH', balance.created_at)::DATE AS month_start,
    SUM(IFF(balance.transaction_type IN ('payout', 'payout_failure', 'payout_cancel'), 0, balance.amount_minor)) AS gross_minor,
    SUM(balance.fee_minor) AS fee_minor,
    SUM(IFF(balance.transaction_type IN ('payout', 'payout_failure', 'payout_cancel'), -balance.amount_minor, 0)) AS payout_minor,
    SUM(balance.net_minor) AS net_minor
  FROM core.fct_balance_transaction AS balance
  JOIN passed
    ON balance.created_at < passed.complete_through
  GROUP BY
    balance.currency,
    DATE_TRUNC('MONTH', balance.created_at)::DATE
), month AS (
  SELECT
    first.currency,
    day.date_day AS month_start,
    COALESCE(movement.gross_minor, 0) AS gross_minor,
    COALESCE(movement.fee_minor, 0) AS fee_minor,
    COALESCE(movement.payout_minor, 0) AS payout_minor,
    COALESCE(movement.net_minor, 0) AS net_minor
  FROM (
    SELECT
      currency,
      MIN(month_start) AS first_month
    FROM movement
    GROUP BY
      currency
  ) AS first
  JOIN core.dim_date AS day
    ON day.day_of_month = 1 AND day.date_day >= first.first_month
  JOIN passed
    ON day.date_day < passed.complete_through
  LEFT JOIN movement
    ON movement.currency = first.currency AND movement.month_start = day.date_day
), rolled AS (
  SELECT
    month.*,
    SUM(net_minor) OVER (PARTITION BY currency ORDER BY month_start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS closing_minor
  FROM month
)
SELECT
  rolled.currency::VARCHAR AS currency, /* ISO 4217 settlement currency */
  rolled.month_start::DATE AS month_start, /* First day of the month */
  (
    DATEADD(MONTH, 1, rolled.month_start) <= passed.complete_through
  )::BOOLEAN AS is_complete, /* Whether the month is over in data that has arrived */
  @major(rolled.closing_minor - rolled.net_minor, currency.exponent)::DECIMAL(18, 3) AS opening_amount, /* Balance at the beginning */
  @major(rolled.gross_minor, currency.exponent)::DECIMAL(18, 3) AS gross_amount, /* Charges, refunds, disputes and the rest, gross */
  @major(rolled.fee_minor, currency.exponent)::DECIMAL(18, 3) AS fee_amount, /* Fees, to be taken off */
  @major(rolled.payout_minor, currency.exponent)::DECIMAL(18, 3) AS payout_amount, /* Payouts less what came back of them, to be taken off */
  @major(rolled.closing_minor, currency.exponent)::DECIMAL(18, 3) AS closing_amount /* Balance at the end */
FROM rolled
JOIN core.dim_currency AS currency
  ON currency.currency = rolled.currency
CROSS JOIN passed
