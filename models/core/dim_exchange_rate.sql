MODEL (
  name core.dim_exchange_rate,
  kind VIEW,
  owner analytics_engineering,
  grain (currency, valid_from),
  references (
    currency
  ),
  tags (
    'layer=core'
  ),
  depends_on (
    core.dim_currency
  ),
  audits (
    unique_combination_of_columns(columns := (currency, valid_from)),
    not_null(columns := (currency, valid_from, valid_to, usd_per_unit)),
    referential_integrity(references := (
      currency = core.dim_currency
    ))
  ),
  description 'One row per currency and span of days with one rate against the US dollar, half-open, without gaps: a rate holds until
the next, the first also for the time before it, the last for all time after. The US dollar is 1 by rule.
Use it for: amounts in the reporting currency (macros as_of with a DATE, and reporting). Not for: currencies that have no row
here; outer-join, so that their amounts stay, without a value in US dollars.'
);

SELECT
  currency::VARCHAR AS currency, /* ISO 4217 code */
  IFF(LAG(valid_from) OVER (PARTITION BY currency ORDER BY valid_from) IS NULL, '1900-01-01'::DATE, valid_from::DATE)::DATE AS valid_from, /* First day of the rate; 1900-01-01 for the first known */
  COALESCE(LEAD(valid_from::DATE) OVER (PARTITION BY currency ORDER BY valid_from), '9999-12-31'::DATE)::DATE AS valid_to, /* Day from which the next rate holds; 9999-12-31 for the last known */
  usd_per_unit::DECIMAL(18, 8) AS usd_per_unit /* US dollars for one unit of the currency */
FROM reference.exchange_rate
UNION ALL
SELECT
  'USD'::VARCHAR,
  '1900-01-01'::DATE,
  '9999-12-31'::DATE,
  1::DECIMAL(18, 8)
