MODEL (
  name intermediate.int_platform__month_item_logged,
  kind VIEW,
  owner data_engineering,
  grain (subscription_id, month_start, subscription_item_id),
  tags (
    'layer=intermediate'
  ),
  description 'One row per month, subscription that counts at its end, and licensed item of it, from the log of changes: status active or
past_due, collection not paused. Use it for: int_platform__subscription_mrr. Not for: months before Stripe was first read.
A view: the logs behind it are small.'
);

WITH subscription AS (
  SELECT
    month.subscription_id,
    month.month_start,
    month.month_end,
    told.status,
    told.pause_behavior,
    told.operation
  FROM intermediate.int_platform__subscription_month AS month
  JOIN intermediate.int_platform__subscription_change AS told
    ON told.subscription_id = month.subscription_id AND told.committed_at < month.month_end
  WHERE
    month.is_logged
    AND told.fault_rule IS NULL
    AND told.loaded_at <= @audited_through(intermediate.int_platform__subscription_change)
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY month.subscription_id, month.month_start ORDER BY told.commit_lsn DESC) = 1
), item_key AS (
  /* The change by which an item vanishes need not name its subscription */
  SELECT DISTINCT
    subscription_id,
    subscription_item_id
  FROM intermediate.int_platform__subscription_item_change
  WHERE
    NOT subscription_id IS NULL
), item AS (
  SELECT
    subscription.subscription_id,
    subscription.month_start,
    told.*
    EXCLUDE (subscription_id)
  FROM subscription
  JOIN item_key
    USING (subscription_id)
  JOIN intermediate.int_platform__subscription_item_change AS told
    ON told.subscription_item_id = item_key.subscription_item_id AND told.committed_at < subscription.month_end
  WHERE
    subscription.status IN ('active', 'past_due')
    AND subscription.pause_behavior IS NULL
    AND subscription.operation <> 'D'
    AND told.fault_rule IS NULL
    AND told.loaded_at <= @audited_through(intermediate.int_platform__subscription_item_change)
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY subscription.subscription_id, subscription.month_start, told.subscription_item_id
      ORDER BY told.commit_lsn DESC
    ) = 1
), monthly AS (
  SELECT
    item.*,
    @monthly_parts(billing_interval, interval_count)
  FROM item
  WHERE
    operation <> 'D' AND usage_type = 'licensed'
)
SELECT
  subscription_id::VARCHAR AS subscription_id, /* Subscription, natural key */
  month_start::DATE AS month_start, /* First day of the month */
  subscription_item_id::VARCHAR AS subscription_item_id, /* Item of the subscription */
  monthly_part::BIGINT AS monthly_part, /* An amount per interval times this ... */
  monthly_whole::BIGINT AS monthly_whole, /* ... by this is an amount per month */
  @monthly_minor(unit_amount_minor, COALESCE(quantity, 1), monthly_part, monthly_whole)::BIGINT AS mrr_minor /* Contracted at the end of the month, minor units a month */
FROM monthly
