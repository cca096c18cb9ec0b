MODEL (
  name intermediate.int_platform__month_item_billed,
  kind VIEW,
  owner data_engineering,
  grain (subscription_id, month_start, subscription_item_id),
  tags (
    'layer=intermediate'
  ),
  description 'One row per month before Stripe was first read, subscription and licensed item, from the invoice line whose service period
covers the end of the month: its price and quantity, never those of today projected back. Lines of drafts and void invoices, given
back time and metered use do not count. Use it for: int_platform__subscription_mrr. Not for: months that the log knows.
A view: the logs behind it are small.'
);

WITH line AS (
  SELECT
    month.subscription_id,
    month.month_start,
    line.subscription_item_id,
    line.quantity,
    line.amount_minor,
    line.discount_minor,
    price.unit_amount_minor,
    @monthly_parts(price.billing_interval, price.interval_count)
  FROM intermediate.int_platform__subscription_month AS month
  JOIN intermediate.int_platform__invoice_line AS line
    ON line.subscription_id = month.subscription_id
    AND line.period_starts_at < month.month_end
    AND line.period_ends_at >= month.month_end
  JOIN intermediate.int_platform__invoice AS invoice
    USING (stripe_invoice_id)
  JOIN intermediate.int_platform__price AS price
    ON price.price_id = line.price_id
  WHERE
    NOT month.is_logged
    AND NOT line.is_deleted
    AND line.amount_minor > 0
    AND price.usage_type = 'licensed'
    AND NOT invoice.is_deleted
    AND NOT invoice.finalized_at IS NULL
    AND invoice.status <> 'void'
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY month.subscription_id, month.month_start, line.subscription_item_id
      ORDER BY line.period_starts_at DESC, invoice.created_at DESC, line.invoice_line_id DESC
    ) = 1
)
SELECT
  subscription_id::VARCHAR AS subscription_id, /* Subscription, natural key */
  month_start::DATE AS month_start, /* First day of the month */
  subscription_item_id::VARCHAR AS subscription_item_id, /* Item of the subscription */
  amount_minor::BIGINT AS amount_minor, /* Amount of the line, minor units, more than 0 */
  discount_minor::BIGINT AS discount_minor, /* Discount of the line, minor units */
  @monthly_minor(unit_amount_minor, COALESCE(quantity, 1), monthly_part, monthly_whole)::BIGINT AS mrr_minor /* Contracted at the end of the month, minor units a month */
FROM line
