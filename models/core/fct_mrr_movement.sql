MODEL (
  name core.fct_mrr_movement,
  kind VIEW,
  cron '@hourly',
  owner analytics_engineering,
  grain (account_id, stripe_customer_id, currency, month_start),
  references (account_id, currency),
  tags ('layer=core', 'fact=periodic_snapshot'),
  depends_on (core.dim_account, core.dim_currency),
  audits (
    unique_combination_of_columns(columns := (account_id, stripe_customer_id, currency, month_start)),
    not_null(columns := (account_id, currency, month_start, opening_minor, closing_minor)),
    forall(
      criteria := (
        opening_minor + new_minor + reactivation_minor + expansion_minor - contraction_minor - churn_minor = closing_minor
      )
    ),
    referential_integrity(references := (account_id = core.dim_account, currency = core.dim_currency), blocking := FALSE),
    reconciles(other := core.fct_subscription_mrr, key := (currency, month_start), measure := closing_minor, other_measure := mrr_minor)
  ),
  description 'One row per account, currency and month: how monthly recurring revenue moved from the end of the month before to the end of
this one, in one class. Customers in Stripe that match no account stand by themselves (stripe_customer_id). New only if the account
never had recurring revenue in the currency before; reactivation if it had none at the beginning but once had.
Use it for: marts of MRR. Not for: discounts, which contracted MRR leaves out. A view over months of customers, which are few.'
);

WITH month AS (
  SELECT
    customer.account_id,
    IFF(customer.account_id = -1, customer.stripe_customer_id, NULL) AS stripe_customer_id,
    mrr.currency,
    mrr.month_start,
    SUM(mrr.mrr_minor) AS closing_minor,
    SUM(mrr.billed_mrr_minor) AS billed_minor
  FROM core.fct_subscription_mrr AS mrr
  JOIN core.dim_stripe_customer AS customer
    USING (stripe_customer_id)
  GROUP BY
    customer.account_id,
    IFF(customer.account_id = -1, customer.stripe_customer_id, NULL),
    mrr.currency,
    mrr.month_start
), sequence AS (
  SELECT
    month.*,
    COALESCE(LAG(closing_minor) OVER (PARTITION BY account_id, stripe_customer_id, currency ORDER BY month_start), 0) AS opening_minor,
    COALESCE(
      MAX(closing_minor) OVER (
        PARTITION BY account_id, stripe_customer_id, currency
        ORDER BY month_start
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ),
      0
    ) > 0 AS had_before
  FROM month
)
SELECT
  account_id::BIGINT AS account_id, /* Account; -1 for a customer that matches none */
  stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer in Stripe that matches no account, else NULL */
  currency::VARCHAR AS currency, /* ISO 4217 currency */
  month_start::DATE AS month_start, /* First day of the month */
  CASE
    WHEN opening_minor = 0 AND closing_minor > 0
    THEN IFF(had_before, 'reactivation', 'new')
    WHEN opening_minor > 0 AND closing_minor = 0
    THEN 'churn'
    WHEN closing_minor > opening_minor
    THEN 'expansion'
    WHEN closing_minor < opening_minor
    THEN 'contraction'
    ELSE 'none'
  END::VARCHAR AS movement_class, /* new, reactivation, expansion, contraction, churn or none */
  opening_minor::BIGINT AS opening_minor, /* At the end of the month before, minor units */
  IFF(opening_minor = 0 AND NOT had_before, closing_minor, 0)::BIGINT AS new_minor, /* Of an account that never had any, minor units */
  IFF(opening_minor = 0 AND had_before, closing_minor, 0)::BIGINT AS reactivation_minor, /* Of an account that had none, but once had, minor units */
  IFF(opening_minor > 0, GREATEST(closing_minor - opening_minor, 0), 0)::BIGINT AS expansion_minor, /* More than before, minor units */
  IFF(closing_minor > 0, GREATEST(opening_minor - closing_minor, 0), 0)::BIGINT AS contraction_minor, /* Less than before, to be taken off, minor units */
  IFF(closing_minor = 0, opening_minor, 0)::BIGINT AS churn_minor, /* All of it gone, to be taken off, minor units */
  closing_minor::BIGINT AS closing_minor, /* At the end of the month, minor units */
  billed_minor::BIGINT AS billed_minor /* At the end of the month, after discounts, minor units */
FROM sequence
