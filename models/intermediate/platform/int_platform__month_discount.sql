MODEL (
  name intermediate.int_platform__month_discount,
  kind VIEW,
  owner data_engineering,
  grain (subscription_id, month_start),
  tags (
    'layer=intermediate'
  ),
  description 'One row per subscription and month at whose end, by the log of changes, a discount is in force: its own or its customer''s.
Percentages apply one after another, at most two; then amounts, which are per invoice. Coupons that apply once, and discounts of
single items, do not count. Use it for: int_platform__subscription_mrr. Not for: what an invoice was reduced by; lines say so.
A view: the logs behind it are small.'
);

WITH told AS (
  SELECT
    month.subscription_id,
    month.month_start,
    month.currency,
    discount.*
    EXCLUDE (subscription_id)
  FROM intermediate.int_platform__subscription_month AS month
  JOIN intermediate.int_platform__discount_change AS discount
    ON COALESCE(discount.subscription_id, month.subscription_id) = month.subscription_id
    AND discount.stripe_customer_id = month.stripe_customer_id
    AND discount.committed_at < month.month_end
  WHERE
    month.is_logged
    AND discount.subscription_item_id IS NULL
    AND discount.fault_rule IS NULL
    AND discount.loaded_at <= @audited_through(intermediate.int_platform__discount_change)
), in_force AS (
  SELECT
    told.*
  FROM told
  LEFT JOIN intermediate.int_platform__discount_change AS gone
    ON gone.discount_id = told.discount_id
    AND gone.commit_lsn > told.commit_lsn
    AND gone.committed_at < DATEADD(MONTH, 1, told.month_start)
    AND gone.loaded_at <= @audited_through(intermediate.int_platform__discount_change)
  WHERE
    gone.discount_id IS NULL
    AND told.operation <> 'D'
    AND told.starts_at < DATEADD(MONTH, 1, told.month_start)
    AND COALESCE(told.ends_at, '9999-12-31'::TIMESTAMP) >= DATEADD(MONTH, 1, told.month_start)
), ranked AS (
  SELECT
    in_force.subscription_id,
    in_force.month_start,
    IFF(coupon.currency = in_force.currency, coupon.amount_off_minor, NULL) AS amount_off_minor,
    ROUND((
      100 - coupon.percent_off
    ) * 10000, 0) AS kept,
    ROW_NUMBER() OVER (
      PARTITION BY in_force.subscription_id, in_force.month_start, coupon.percent_off IS NULL
      ORDER BY in_force.starts_at, in_force.discount_id
    ) AS place
  FROM in_force
  JOIN intermediate.int_platform__coupon AS coupon
    USING (coupon_id)
  WHERE
    coupon.duration <> 'once'
)
SELECT
  subscription_id::VARCHAR AS subscription_id, /* Subscription, natural key */
  month_start::DATE AS month_start, /* First day of the month */
  COALESCE(MAX(IFF(place = 1, kept, NULL)), 1000000)::BIGINT AS first_kept, /* Millionths kept after the first percentage */
  COALESCE(MAX(IFF(place = 2, kept, NULL)), 1000000)::BIGINT AS second_kept, /* Millionths kept after the second percentage */
  COALESCE(SUM(amount_off_minor), 0)::BIGINT AS amount_off_minor /* Amounts taken off each invoice, minor units */
FROM ranked
GROUP BY
  subscription_id,
  month_start
