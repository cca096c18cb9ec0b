MODEL (
  name core.fct_subscription_mrr,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (stripe_customer_id, currency, month_start)
  ),
  cron '@hourly',
  owner analytics_engineering,
  grain (stripe_customer_id, currency, month_start),
  references (stripe_customer_id, currency),
  tags ('layer=core', 'fact=periodic_snapshot'),
  depends_on (core.dim_currency, core.dim_stripe_customer),
  signals (
    parents_due()
  ),
  audits (
    unique_combination_of_columns(columns := (stripe_customer_id, currency, month_start)),
    not_null(columns := (stripe_customer_id, currency, month_start, mrr_minor, billed_mrr_minor)),
    referential_integrity(references := (stripe_customer_id = core.dim_stripe_customer, currency = core.dim_currency))
  ),
  description 'One row per customer, currency and month, zeros included: monthly recurring revenue at the end of the month, from the first
month in which the customer subscribed or was billed. A periodic snapshot; the running month shows the state as last told.
A subscription counts while it is active or past due and its collection is not paused; trials, metered use and add-ons by use do not.
Months before Stripe was first read come from invoice lines. Use it for: MRR and its movements, who pays. Not for: revenue in
a period (fct_revenue_day). Merged for touched customers after the audits of their subscriptions have passed.'
);

SELECT
  stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer in Stripe */
  currency::VARCHAR AS currency, /* ISO 4217 currency */
  month_start::DATE AS month_start, /* First day of the month */
  COUNT_IF(mrr_minor > 0)::BIGINT AS subscription_count, /* Subscriptions with recurring revenue */
  SUM(mrr_minor)::BIGINT AS mrr_minor, /* Contracted, before discounts, minor units a month */
  SUM(billed_mrr_minor)::BIGINT AS billed_mrr_minor /* After discounts, minor units a month */
FROM intermediate.int_platform__subscription_mrr
WHERE
  stripe_customer_id IN (
    SELECT
      stripe_customer_id
    FROM intermediate.int_platform__subscription_mrr
    WHERE
      settled_at BETWEEN @start_ts AND @end_ts
  )
GROUP BY
  stripe_customer_id,
  currency,
  month_start
