MODEL (
  name intermediate.int_revenue__platform_cash_posting,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column posted_at
  ),
  owner data_engineering,
  cron '@hourly',
  grain (stripe_customer_id, currency, revenue_date, posted_at),
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  audits (
    unique_combination_of_columns(columns := (stripe_customer_id, currency, revenue_date, posted_at)),
    not_null(columns := (stripe_customer_id, currency, revenue_date))
  ),
  description 'One row per customer, currency and day whose cash or fees an interval''s changes moved, by how much: charges, payments outside
Stripe, refunds, lost disputes, and the fees of all of them in the currency of the charge. A dispute counts from the instant that
Stripe first told it lost; one that was lost before it was first seen, from its opening.
Use it for: int_revenue__platform_day. Not for: reading a single row as what happened; corrections are rows of their own.
Grows by customers and intervals; the logs behind it are small.'
);

WITH touched AS (
  SELECT DISTINCT
    charge_id
  FROM intermediate.int_revenue__touched_charge
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), touched_invoice AS (
  SELECT DISTINCT
    stripe_invoice_id
  FROM intermediate.int_receivables__touched_platform_invoice
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), charge AS (
  @before_and_after(intermediate.int_platform__charge_change, charge_id, touched, @start_ts, @end_ts)
), refund AS (
  @before_and_after(intermediate.int_platform__refund_change, refund_id, touched, @start_ts, @end_ts, charge_id)
), dispute AS (
  @before_and_after(intermediate.int_platform__dispute_change, dispute_id, touched, @start_ts, @end_ts, charge_id)
), source AS (
  @charge_sources(charge, refund, dispute)
), movement AS (
  SELECT
    cash.side,
    COALESCE(charge.stripe_customer_id, '-1') AS stripe_customer_id,
    charge.currency,
    cash.moved_at::DATE AS revenue_date,
    cash.received_minor,
    cash.returned_minor,
    0 AS fee_minor
  FROM (
    @charge_cash(charge, refund, dispute, intermediate.int_platform__dispute_change, @start_ts, @end_ts)
  ) AS cash
  JOIN charge
    ON charge.side = cash.side AND charge.charge_id = cash.charge_id
  UNION ALL
  SELECT
    invoice.side,
    invoice.stripe_customer_id,
    invoice.currency,
    invoice.paid_at::DATE,
    invoice.paid_off_stripe_minor,
    0,
    0
  FROM (
    @before_and_after(intermediate.int_platform__invoice_change, stripe_invoice_id, touched_invoice, @start_ts, @end_ts)
  ) AS invoice
  WHERE
    NOT invoice.paid_at IS NULL AND invoice.paid_off_stripe_minor <> 0
  UNION ALL
  SELECT
    fee.side,
    COALESCE(charge.stripe_customer_id, '-1'),
    charge.currency,
    fee.created_at::DATE,
    0,
    0,
    @converted(fee.fee_minor, settled.exponent, charged.exponent, fee.exchange_rate)
  FROM (
    @before_and_after(intermediate.int_platform__balance_transaction_change, balance_transaction_id, source, @start_ts, @end_ts, source_id)
  ) AS fee
  JOIN source
    ON source.side = fee.side AND source.source_id = fee.source_id
  JOIN charge
    ON charge.side = source.side AND charge.charge_id = source.charge_id
  JOIN reference.currency AS settled
    ON settled.currency = fee.currency
  JOIN reference.currency AS charged
    ON charged.currency = charge.currency
)
SELECT
  stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who pays; -1 for a charge without one */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the charge or invoice */
  revenue_date::DATE AS revenue_date, /* UTC day */
  SUM(side * received_minor)::BIGINT AS received_minor, /* Change of what came in that day, tax included, minor units */
  SUM(side * returned_minor)::BIGINT AS returned_minor, /* Change of what was refunded or lost that day, minor units */
  SUM(side * fee_minor)::BIGINT AS fee_minor, /* Change of the fees of that day, minor units */
  @end_ts::TIMESTAMP AS posted_at /* End of the interval that made the difference, UTC */
FROM movement
GROUP BY
  stripe_customer_id,
  currency,
  revenue_date
HAVING
  SUM(side * received_minor) <> 0 OR SUM(side * returned_minor) <> 0 OR SUM(side * fee_minor) <> 0
