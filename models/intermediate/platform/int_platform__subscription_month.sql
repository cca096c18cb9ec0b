MODEL (
  name intermediate.int_platform__subscription_month,
  kind VIEW,
  owner data_engineering,
  grain (subscription_id, month_start),
  references (
    stripe_customer_id
  ),
  tags (
    'layer=intermediate'
  ),
  description 'One row per subscription and month, from the first month in which its customer subscribed or was billed to the month
of the data. Use it for: int_platform__subscription_mrr. Not for: whether the subscription ran in the month.
is_logged tells whether its state at the end of the month is known from the log of changes, which begins when Stripe was first
read. A view: there are as many rows as subscriptions times months.'
);

WITH subscription AS (
  SELECT
    subscription_id,
    MAX_BY(stripe_customer_id, commit_lsn) AS stripe_customer_id,
    MAX_BY(currency, commit_lsn) AS currency,
    MIN(started_at) AS started_at,
    MIN(committed_at) AS known_from
  FROM intermediate.int_platform__subscription_change
  WHERE
    fault_rule IS NULL AND operation <> 'D' AND loaded_at <= @audited_through(intermediate.int_platform__subscription_change)
  GROUP BY
    subscription_id
), billed AS (
  SELECT
    line.subscription_id,
    MIN(line.period_starts_at) AS billed_from
  FROM intermediate.int_platform__invoice_line_change AS line
  WHERE
    line.fault_rule IS NULL
    AND line.operation <> 'D'
    AND line.loaded_at <= @audited_through(intermediate.int_platform__invoice_line_change)
  GROUP BY
    line.subscription_id
), customer AS (
  SELECT
    subscription.stripe_customer_id,
    DATE_TRUNC('MONTH', MIN(LEAST(subscription.started_at, COALESCE(billed.billed_from, subscription.started_at))))::DATE AS first_month
  FROM subscription
  LEFT JOIN billed
    USING (subscription_id)
  GROUP BY
    subscription.stripe_customer_id
)
SELECT
  subscription.subscription_id::VARCHAR AS subscription_id, /* Subscription, natural key */
  subscription.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who subscribes */
  subscription.currency::VARCHAR AS currency, /* ISO 4217 currency */
  month.calendar_date::DATE AS month_start, /* First day of the month */
  DATEADD(MONTH, 1, month.calendar_date)::DATE AS month_end, /* First day of the next month */
  (
    subscription.known_from < DATEADD(MONTH, 1, month.calendar_date)
  )::BOOLEAN AS is_logged /* Whether the log tells its state at the end of the month */
FROM subscription
JOIN customer
  USING (stripe_customer_id)
JOIN reference.calendar_date AS month
  ON DATE_PART('DAY', month.calendar_date) = 1
  AND month.calendar_date >= customer.first_month
  AND month.calendar_date <= @audited_through(intermediate.int_platform__subscription_change)
