MODEL (
  name core.fct_account_standing,
  kind VIEW,
  cron '@hourly',
  owner analytics_engineering,
  grain (account_id, currency),
  references (account_id, currency),
  tags ('layer=core', 'fact=periodic_snapshot'),
  depends_on (
    core.dim_account
  ),
  audits (
    unique_combination_of_columns(columns := (account_id, currency)),
    not_null(columns := (account_id, currency, as_of_date, mrr_minor, overdue_minor, overdue_from_days)),
    referential_integrity(references := (
      account_id = core.dim_account
    ), blocking := FALSE)
  ),
  description 'One row per account and currency: what it pays the platform a month, and what it owes it past the due date, as last known.
A periodic snapshot of which only the last is kept. Use it for: mart_account_health. Not for: history (fct_mrr_movement,
fct_receivable_day). Customers in Stripe that match no account are left out. A view over the last month and day of customers.'
);

WITH through AS (
  SELECT
    MIN(IFF(subject = 'platform_finance', DATEADD(MICROSECOND, -1, complete_through), NULL))::DATE AS owed_on,
    MIN(IFF(subject = 'platform_billing', DATEADD(MICROSECOND, -1, complete_through), NULL))::DATE AS billed_on
  FROM core.watermark
), owed AS (
  SELECT
    customer.account_id,
    day.currency,
    SUM(day.closing_minor - day.not_due_minor) AS overdue_minor,
    MAX(
      CASE
        WHEN day.d90_plus_minor > 0
        THEN 91
        WHEN day.d61_90_minor > 0
        THEN 61
        WHEN day.d31_60_minor > 0
        THEN 31
        WHEN day.d1_30_minor > 0
        THEN 1
        ELSE 0
      END
    ) AS overdue_from_days
  FROM core.fct_receivable_day AS day
  JOIN through
    ON through.owed_on = day.as_of_date
  JOIN core.dim_stripe_customer AS customer
    ON customer.stripe_customer_id = day.stripe_customer_id
  WHERE
    day.revenue_stream = 'platform'
  GROUP BY
    customer.account_id,
    day.currency
), recurring AS (
  SELECT
    movement.account_id,
    movement.currency,
    SUM(movement.closing_minor) AS mrr_minor
  FROM core.fct_mrr_movement AS movement
  JOIN through
    ON movement.month_start = DATE_TRUNC('MONTH', through.billed_on)::DATE
  GROUP BY
    movement.account_id,
    movement.currency
), standing AS (
  SELECT
    COALESCE(recurring.account_id, owed.account_id) AS account_id,
    COALESCE(recurring.currency, owed.currency) AS currency,
    recurring.mrr_minor,
    owed.overdue_minor,
    owed.overdue_from_days
  FROM recurring
  FULL JOIN owed
    ON owed.account_id = recurring.account_id AND owed.currency = recurring.currency
)
SELECT
  standing.account_id::BIGINT AS account_id, /* Account */
  standing.currency::VARCHAR AS currency, /* ISO 4217 currency of the amounts */
  through.owed_on::DATE AS as_of_date, /* Day at whose end the balance is taken, UTC */
  COALESCE(standing.overdue_from_days, 0)::INT AS overdue_from_days, /* The oldest is so many days past due at least: 0 none, 1, 31, 61 or 91 */
  COALESCE(standing.mrr_minor, 0)::BIGINT AS mrr_minor, /* Monthly recurring revenue of the running month, minor units */
  COALESCE(standing.overdue_minor, 0)::BIGINT AS overdue_minor /* Owed past the due date, minor units; negative for a credit */
FROM standing
CROSS JOIN through
WHERE
  standing.account_id <> -1
