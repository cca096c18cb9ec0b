MODEL (
  name intermediate.int_revenue__patient_cash_posting,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column posted_at
  ),
  owner data_engineering,
  cron '@hourly',
  grain (account_id, currency, revenue_date, posted_at),
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  depends_on (
    intermediate.int_billing__balance_audited
  ),
  audits (
    unique_combination_of_columns(columns := (account_id, currency, revenue_date, posted_at)),
    not_null(columns := (account_id, currency, revenue_date))
  ),
  description 'One row per account, currency and day whose cash an interval''s changes of payments and refunds moved, by how much.
Use it for: int_revenue__patient_day. Not for: reading a single row as what happened; corrections are rows of their own.
Grows by accounts and intervals; the cost is a look-up of the touched payments in two logs.'
);

WITH touched AS (
  SELECT DISTINCT
    payment_id
  FROM intermediate.int_billing__touched_payment
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), payment AS (
  SELECT
    side,
    payment_id,
    account_id,
    currency,
    received_at::DATE AS revenue_date,
    status,
    amount_minor,
    processor_fee_minor
  FROM (
    @before_and_after(intermediate.int_billing__payment_change, payment_id, touched, @start_ts, @end_ts)
  )
), movement AS (
  SELECT
    side,
    account_id,
    currency,
    revenue_date,
    amount_minor AS received_minor,
    0 AS returned_minor,
    processor_fee_minor AS fee_minor
  FROM payment
  WHERE
    status = 'succeeded'
  UNION ALL
  SELECT
    refund.side,
    payment.account_id,
    refund.currency,
    refund.refunded_at::DATE,
    0,
    refund.amount_minor,
    0
  FROM (
    @before_and_after(intermediate.int_billing__refund_change, refund_id, touched, @start_ts, @end_ts, payment_id)
  ) AS refund
  JOIN payment
    ON payment.side = refund.side AND payment.payment_id = refund.payment_id
)
SELECT
  account_id::BIGINT AS account_id, /* Account that receives */
  currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  revenue_date::DATE AS revenue_date, /* UTC day */
  SUM(side * received_minor)::BIGINT AS received_minor, /* Change of what came in that day, tax included, minor units */
  SUM(side * returned_minor)::BIGINT AS returned_minor, /* Change of what was given back that day, minor units */
  SUM(side * fee_minor)::BIGINT AS fee_minor, /* Change of the fees of that day, minor units */
  @end_ts::TIMESTAMP AS posted_at /* End of the interval that made the difference, UTC */
FROM movement
GROUP BY
  account_id,
  currency,
  revenue_date
HAVING
  SUM(side * received_minor) <> 0 OR SUM(side * returned_minor) <> 0 OR SUM(side * fee_minor) <> 0
