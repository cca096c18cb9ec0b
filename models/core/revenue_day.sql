MODEL (
  name core.fct_@{stream}_revenue_day,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (@party, currency, revenue_date)
  ),
  owner analytics_engineering,
  clustered_by revenue_date,
  cron '@hourly',
  grain (@party, currency, revenue_date),
  references (@party, currency),
  tags ('layer=core', 'fact=periodic_snapshot'),
  signals (
    parents_due()
  ),
  blueprints ((stream := patient, party := account_id), (stream := platform, party := stripe_customer_id)),
  depends_on (
    core.dim_currency
  ),
  audits (
    unique_combination_of_columns(columns := (@party, currency, revenue_date)),
    not_null(columns := (@party, currency, revenue_date)),
    referential_integrity(references := (
      currency = core.dim_currency
    ))
  ),
  description 'One row per billing party, currency and day, a periodic snapshot of one stream; days on which nothing is
left after a correction stay, with zeros. Use it for: core.fct_revenue_day, which has both streams. Not for: reports.
Published from an intermediate model of the same grain once its audits have passed; only touched days are written.'
);

WITH touched AS (
  SELECT
    @party AS party,
    currency,
    revenue_date
  FROM intermediate.int_revenue__@{stream}_posting
  WHERE
    posted_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    @party AS party,
    currency,
    revenue_date
  FROM intermediate.int_revenue__@{stream}_cash_posting
  WHERE
    posted_at BETWEEN @start_ts AND @end_ts
)
SELECT
  day.@party AS @party, /* Who bills (account) or is billed (Stripe customer) */
  day.currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  day.revenue_date::DATE AS revenue_date, /* UTC day; of a patient's service, the clinic's local day */
  day.billed_minor::BIGINT AS billed_minor, /* Billed that day, before tax, minor units */
  day.recognised_minor::BIGINT AS recognised_minor, /* Recognised that day, before tax, minor units */
  day.received_minor::BIGINT AS received_minor, /* Cash that came in that day, tax included, minor units */
  day.returned_minor::BIGINT AS returned_minor, /* Cash refunded or lost to disputes that day, minor units */
  day.fee_minor::BIGINT AS fee_minor /* Processing fees of that day, minor units */
FROM touched
JOIN intermediate.int_revenue__@{stream}_day AS day
  ON day.@party = touched.party AND day.currency = touched.currency AND day.revenue_date = touched.revenue_date
