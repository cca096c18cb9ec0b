MODEL (
  name marts_finance.mart_receivable_ageing,
  kind VIEW,
  owner analytics_engineering,
  cron '@hourly',
  grain (as_of_date, revenue_stream, account_id, currency),
  references (account_id, currency),
  tags ('layer=mart', 'subject=finance', 'cadence=hour'),
  signals (
    parents_due()
  ),
  audits (
    unique_combination_of_columns(columns := (as_of_date, revenue_stream, account_id, currency)),
    not_null(columns := (as_of_date, revenue_stream, account_id, currency, receivable_amount, unapplied_amount)),
    forall(criteria := (
      receivable_amount = not_due_amount + d1_30_amount + d31_60_amount + d61_90_amount + d90_plus_amount
    ))
  ),
  description 'One row per day, stream, account and currency from its first entry to the last day begun: what is owed at the end of the
day, by days past due. Answers: who owes how much, for how long, as of any day; how much cash is not applied yet.
Use it for: receivables as of one day. Not for: adding days, streams or currencies; revenue (tax is included).
Buckets: not due up to the due date, then 1 to 30, 31 to 60, 61 to 90 and more than 90 days past it. A negative bucket is a credit.
Unapplied: payments received less what was applied to invoices; it lowers no bucket. US dollars: at the rate of the day, rounded
by column, so that buckets may differ from the whole by a cent. Account -1: a Stripe customer that matches no account.'
);

WITH day AS (
  SELECT
    fact.as_of_date,
    fact.revenue_stream,
    COALESCE(fact.account_id, customer.account_id, -1) AS account_id,
    fact.currency,
    @EACH([closing, not_due, d1_30, d31_60, d61_90, d90_plus, unapplied], x -> SUM(fact.@{x}_minor) AS @{x}_minor)
  FROM core.fct_receivable_day AS fact
  LEFT JOIN core.dim_stripe_customer AS customer
    ON customer.stripe_customer_id = fact.stripe_customer_id
  GROUP BY
    fact.as_of_date,
    fact.revenue_stream,
    COALESCE(fact.account_id, customer.account_id, -1),
    fact.currency
)
SELECT
  day.as_of_date::DATE AS as_of_date, /* UTC day */
  day.revenue_stream::VARCHAR AS revenue_stream, /* patient: clinics bill their patients; platform: Northstar bills its customers */
  day.account_id::BIGINT AS account_id, /* Account that bills (patient) or is billed (platform); -1 when unknown */
  day.currency::VARCHAR AS currency, /* ISO 4217 currency of the amounts that are not in US dollars */
  (
    DATEADD(DAY, 1, day.as_of_date) <= watermark.complete_through
  )::BOOLEAN AS is_complete, /* Whether the day is over in data that has arrived */
  @major(day.not_due_minor, currency.exponent)::DECIMAL(18, 3) AS not_due_amount, /* Owed, not past due */
  @major(day.d1_30_minor, currency.exponent)::DECIMAL(18, 3) AS d1_30_amount, /* Owed, 1 to 30 days past due */
  @major(day.d31_60_minor, currency.exponent)::DECIMAL(18, 3) AS d31_60_amount, /* Owed, 31 to 60 days past due */
  @major(day.d61_90_minor, currency.exponent)::DECIMAL(18, 3) AS d61_90_amount, /* Owed, 61 to 90 days past due */
  @major(day.d90_plus_minor, currency.exponent)::DECIMAL(18, 3) AS d90_plus_amount, /* Owed, more than 90 days past due */
  @major(day.closing_minor, currency.exponent)::DECIMAL(18, 3) AS receivable_amount, /* Owed in all */
  @major(day.unapplied_minor, currency.exponent)::DECIMAL(18, 3) AS unapplied_amount, /* Payments not applied to invoices */
  @reporting(day.not_due_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS not_due_amount_usd, /* Owed, not past due, in US dollars of the day */
  @reporting(day.d1_30_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS d1_30_amount_usd, /* Owed, 1 to 30 days past due, in US dollars of the day */
  @reporting(day.d31_60_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS d31_60_amount_usd, /* Owed, 31 to 60 days past due, in US dollars of the day */
  @reporting(day.d61_90_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS d61_90_amount_usd, /* Owed, 61 to 90 days past due, in US dollars of the day */
  @reporting(day.d90_plus_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS d90_plus_amount_usd, /* Owed, more than 90 days past due, in US dollars of the day */
  @reporting(day.closing_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS receivable_amount_usd, /* Owed in all, in US dollars of the day */
  @reporting(day.unapplied_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS unapplied_amount_usd /* Payments not applied, in US dollars of the day */
FROM day
JOIN core.dim_currency AS currency
  ON currency.currency = day.currency
LEFT JOIN core.dim_exchange_rate AS rate
  ON rate.currency = day.currency AND @as_of(rate, day.as_of_date)
JOIN core.watermark_finance AS watermark
  ON watermark.subject = day.revenue_stream || '_finance'
