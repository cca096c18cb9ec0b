MODEL (
  name core.fct_revenue_day,
  kind VIEW,
  owner analytics_engineering,
  cron '@hourly',
  grain (revenue_stream, account_id, stripe_customer_id, currency, revenue_date),
  references (account_id, stripe_customer_id, currency),
  tags ('layer=core', 'fact=periodic_snapshot'),
  signals (
    parents_due()
  ),
  audits (
    unique_combination_of_columns(columns := (revenue_stream, account_id, stripe_customer_id, currency, revenue_date)),
    not_null(columns := (revenue_stream, currency, revenue_date, billed_minor, recognised_minor, collected_minor, fee_minor)),
    accepted_values(column := revenue_stream, is_in := ('patient', 'platform'))
  ),
  description 'One row per stream, billing party, currency and day with any movement, a periodic snapshot: billed, recognised,
collected and fees. Days ahead are there where revenue is to be recognised then. Use it for: revenue by day; add days, never
streams or currencies. Not for: reports (mart_revenue_day has amounts in major units and US dollars); single invoices.
A view over one table per stream, each of its own source.'
);

WITH day AS (
  SELECT
    'patient' AS revenue_stream,
    account_id,
    NULL::VARCHAR AS stripe_customer_id,
    currency,
    revenue_date,
    @EACH([billed, recognised, received, returned, fee], x -> @{x}_minor)
  FROM core.fct_patient_revenue_day
  UNION ALL
  SELECT
    'platform',
    NULL,
    stripe_customer_id,
    currency,
    revenue_date,
    @EACH([billed, recognised, received, returned, fee], x -> @{x}_minor)
  FROM core.fct_platform_revenue_day
)
SELECT
  revenue_stream::VARCHAR AS revenue_stream, /* patient: clinics bill their patients; platform: Northstar bills its customers */
  account_id::BIGINT AS account_id, /* Account that bills its patients; NULL in the platform stream */
  stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer whom Northstar bills; NULL in the patient stream */
  currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  revenue_date::DATE AS revenue_date, /* UTC day; of a patient's service, the clinic's local day */
  billed_minor::BIGINT AS billed_minor, /* Billed that day, before tax and after discounts, less voided and credited, minor units */
  recognised_minor::BIGINT AS recognised_minor, /* The same, on the days of the service, minor units */
  received_minor::BIGINT AS received_minor, /* Cash that came in that day, tax included, minor units */
  returned_minor::BIGINT AS returned_minor, /* Cash refunded or lost to disputes that day, minor units */
  (
    received_minor - returned_minor
  )::BIGINT AS collected_minor, /* Cash received less returned, minor units */
  fee_minor::BIGINT AS fee_minor /* Processing fees of that day, minor units */
FROM day
WHERE
  billed_minor <> 0 OR recognised_minor <> 0 OR received_minor <> 0 OR returned_minor <> 0 OR fee_minor <> 0
