MODEL (
  name intermediate.int_platform__subscription_mrr,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (subscription_id, month_start)
  ),
  cron '@hourly',
  owner data_engineering,
  grain (subscription_id, month_start),
  references (stripe_customer_id, currency),
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  audits (
    unique_combination_of_columns(columns := (subscription_id, month_start)),
    not_null(columns := (subscription_id, month_start, stripe_customer_id, currency, mrr_minor, billed_mrr_minor)),
    accepted_range(column := mrr_minor, min_v := 0),
    accepted_range(column := billed_mrr_minor, min_v := 0)
  ),
  description 'One row per subscription and month, zeros included: monthly recurring revenue as of the end of the month; of the running
month as last told. Use it for: core.fct_subscription_mrr. Not for: analysis before its audits have passed.
Recomputed for customers of whom something was told, and for all when a month begins; platform billing is small.'
);

WITH touched AS (
  SELECT
    stripe_customer_id
  FROM intermediate.int_platform__subscription_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    month.stripe_customer_id
  FROM intermediate.int_platform__subscription_month AS month
  JOIN intermediate.int_platform__subscription_item_change AS item
    ON item.subscription_id = month.subscription_id
  JOIN intermediate.int_platform__subscription_item_change AS told
    ON told.subscription_item_id = item.subscription_item_id
  WHERE
    told.loaded_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    known.stripe_customer_id
  FROM intermediate.int_platform__discount_change AS told
  JOIN intermediate.int_platform__discount_change AS known
    USING (discount_id)
  WHERE
    told.loaded_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    known.stripe_customer_id
  FROM intermediate.int_platform__invoice_change AS told
  JOIN intermediate.int_platform__invoice_change AS known
    USING (stripe_invoice_id)
  WHERE
    told.loaded_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    month.stripe_customer_id
  FROM intermediate.int_platform__subscription_month AS month
  WHERE
    month.month_start > DATEADD(SECOND, -1, @start_ts::TIMESTAMP) AND month.month_start <= @end_ts
), item AS (
  SELECT
    subscription_id,
    month_start,
    mrr_minor,
    mrr_minor AS kept_minor,
    monthly_part,
    monthly_whole
  FROM intermediate.int_platform__month_item_logged
  UNION ALL
  SELECT
    subscription_id,
    month_start,
    mrr_minor,
    @share_of(mrr_minor, amount_minor - discount_minor, amount_minor) AS kept_minor,
    1 AS monthly_part,
    1 AS monthly_whole
  FROM intermediate.int_platform__month_item_billed
), contracted AS (
  SELECT
    subscription_id,
    month_start,
    SUM(mrr_minor) AS mrr_minor,
    SUM(kept_minor) AS kept_minor,
    MAX(monthly_part) AS monthly_part,
    MAX(monthly_whole) AS monthly_whole
  FROM item
  GROUP BY
    subscription_id,
    month_start
)
SELECT
  month.subscription_id::VARCHAR AS subscription_id, /* Subscription, natural key */
  month.month_start::DATE AS month_start, /* First day of the month */
  month.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who subscribes */
  month.currency::VARCHAR AS currency, /* ISO 4217 currency */
  month.is_logged::BOOLEAN AS is_logged, /* Whether the log of changes tells it; else invoice lines do */
  COALESCE(contracted.mrr_minor, 0)::BIGINT AS mrr_minor, /* Contracted, before discounts, minor units a month */
  GREATEST(
    COALESCE(
      @share_of(contracted.kept_minor, COALESCE(discount.first_kept * discount.second_kept, 1000000000000), 1000000000000) - COALESCE(@share_of(discount.amount_off_minor, contracted.monthly_part, contracted.monthly_whole), 0),
      0
    ),
    0
  )::BIGINT AS billed_mrr_minor, /* After discounts, minor units a month */
  @end_ts::TIMESTAMP AS settled_at /* End of the interval that computed the row, UTC */
FROM intermediate.int_platform__subscription_month AS month
LEFT JOIN contracted
  USING (subscription_id, month_start)
LEFT JOIN intermediate.int_platform__month_discount AS discount
  USING (subscription_id, month_start)
WHERE
  month.stripe_customer_id IN (
    SELECT
      stripe_customer_id
    FROM touched
  )
