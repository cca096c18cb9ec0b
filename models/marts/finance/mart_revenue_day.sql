MODEL (
  name marts_finance.mart_revenue_day,
  kind VIEW,
  owner analytics_engineering,
  cron '@hourly',
  grain (revenue_stream, account_id, currency, revenue_date),
  references (account_id, currency),
  tags ('layer=mart', 'subject=finance', 'cadence=hour'),
  signals (
    parents_due()
  ),
  audits (
    unique_combination_of_columns(columns := (revenue_stream, account_id, currency, revenue_date)),
    not_null(
      columns := (revenue_stream, account_id, currency, revenue_date, billed_amount, recognised_amount, collected_amount, fee_amount)
    ),
    accepted_values(column := revenue_stream, is_in := ('patient', 'platform'))
  ),
  description 'One row per stream, account, currency and UTC day with any movement, up to the last day begun.
Answers: what was billed, earned, taken in and paid in fees, by day. Use it for: revenue by day, by naming one of the measures.
Not for: adding streams (patient is what clinics bill, platform what Northstar bills them) or currencies; use US dollars.
Billed: before tax, after discounts, at finalisation, less voided and credited on their days; bad debt stays billed.
Recognised: the same, on the days of the service: a visit on its day, a subscription evenly over the days of its period.
Collected: payments with tax, less refunds and lost disputes. US dollars: at the rate of the day, rounded by row.
Account -1: a Stripe customer that matches no account.'
);

WITH day AS (
  SELECT
    fact.revenue_stream,
    COALESCE(fact.account_id, customer.account_id, -1) AS account_id,
    fact.currency,
    fact.revenue_date,
    SUM(fact.billed_minor) AS billed_minor,
    SUM(fact.recognised_minor) AS recognised_minor,
    SUM(fact.collected_minor) AS collected_minor,
    SUM(fact.fee_minor) AS fee_minor
  FROM core.fct_revenue_day AS fact
  LEFT JOIN core.dim_stripe_customer AS customer
    ON customer.stripe_customer_id = fact.stripe_customer_id
  GROUP BY
    fact.revenue_stream,
    COALESCE(fact.account_id, customer.account_id, -1),
    fact.currency,
    fact.revenue_date
)
SELECT
  day.revenue_stream::VARCHAR AS revenue_stream, /* patient: clinics bill their patients; platform: Northstar bills its customers */
  day.account_id::BIGINT AS account_id, /* Account that bills (patient) or is billed (platform); -1 when unknown */
  day.currency::VARCHAR AS currency, /* ISO 4217 currency of the amounts that are not in US dollars */
  day.revenue_date::DATE AS revenue_date, /* UTC day; of a patient's service, the clinic's local day */
  (
    DATEADD(DAY, 1, day.revenue_date) <= watermark.complete_through
  )::BOOLEAN AS is_complete, /* Whether the day is over in data that has arrived */
  @major(day.billed_minor, currency.exponent)::DECIMAL(18, 3) AS billed_amount, /* Billed, before tax */
  @major(day.recognised_minor, currency.exponent)::DECIMAL(18, 3) AS recognised_amount, /* Recognised over the service period, before tax */
  @major(day.collected_minor, currency.exponent)::DECIMAL(18, 3) AS collected_amount, /* Cash received less refunds and lost disputes, tax included */
  @major(day.fee_minor, currency.exponent)::DECIMAL(18, 3) AS fee_amount, /* Processing fees */
  @major(day.collected_minor - day.fee_minor, currency.exponent)::DECIMAL(18, 3) AS net_of_fees_amount, /* Collected less fees */
  @reporting(day.billed_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS billed_amount_usd, /* Billed, in US dollars of the day */
  @reporting(day.recognised_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS recognised_amount_usd, /* Recognised, in US dollars of the day */
  @reporting(day.collected_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS collected_amount_usd, /* Collected, in US dollars of the day */
  @reporting(day.fee_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS fee_amount_usd, /* Fees, in US dollars of the day */
  @reporting(day.collected_minor - day.fee_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS net_of_fees_amount_usd /* Collected less fees, in US dollars of the day */
FROM day
JOIN core.dim_currency AS currency
  ON currency.currency = day.currency
LEFT JOIN core.dim_exchange_rate AS rate
  ON rate.currency = day.currency AND @as_of(rate, day.revenue_date)
JOIN core.watermark_finance AS watermark
  ON watermark.subject = day.revenue_stream || '_finance' AND day.revenue_date < watermark.complete_through
